"""Keys given and taken back, as central sees them: who may, from when on, and what waits for the district (P.18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.central.machine import A, Colleague, Desk, H, X, said
from tests.central.support import RAMPUR, TODAY, World
from vaccinator_app.central import schema
from vaccinator_app.central.desks.staff import list_staff, promote_staff, revoke_staff
from vaccinator_app.central.district import held
from vaccinator_app.central.district.alarms import list_alarms
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.domain.events import Arrived, Body, DeferReason, DoseDeferred, SignedIn
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import Notice, Noticed, RemovalReason, StaffAdded, StaffRemoved, VaultRekeyed
from vaccinator_app.domain.stock_events import StockReceived
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.messages import Status
from vaccinator_app.trust import seal
from vaccinator_app.trust.certificates import Certificate, Subject, issue
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id

ONCE = pytest.mark.parametrize("made_home", ["sqlite"], indirect=True)
"""For what no database decides."""

UNKNOWN, NOT_THEIRS, WAITS = (X, (R.UNKNOWN_STAFF,)), (X, (R.NOT_ALLOWED,)), (H, (R.NOT_ALLOWED,))
GOOD: tuple[Status, tuple[R, ...]] = (A, ())


def removal(staff: str, *keys: SigningKey, reason: RemovalReason = RemovalReason.LEFT) -> StaffRemoved:
    return StaffRemoved(staff=staff, keys=tuple(key_id(key.public) for key in keys), reason=reason)


def of_colleague(colleague: Colleague) -> StaffRemoved:
    return removal(colleague.staff, colleague.key)


def of_in_charge(desk: Desk) -> StaffRemoved:
    return removal(desk.reply.in_charge, desk.staff_key)


def rekeyed(desk: Desk, epoch: int, key: bytes = bytes(32)) -> VaultRekeyed:
    people = desk.file.central.people
    sealed = seal.seal_for_decades(key, people, seal.recovery_binding(desk.device))
    return VaultRekeyed(epoch=epoch, key=key_id(people), sealed=sealed)


def decide(world: World, desk: Desk, seq: int, *, accepted: bool) -> None:
    act = held.accept if accepted else held.reject
    act(world.home, RAMPUR, desk.device, seq, by="officer-7", why=OfficerReason.STAFF_ASKED, clock=world.clock)


# Taken back


def test_a_removal_takes_effect_in_its_place(world: World, desk: Desk) -> None:
    """In one ledger the order says what came after, whatever date it carries; and no key comes back."""
    colleague, other, again = Colleague(), Desk(world), SigningKey.generate()
    colleague.join(desk)
    colleague.record(desk, SignedIn())
    desk.record(of_colleague(colleague))
    colleague.record(desk, SignedIn(), at=world.clock() - timedelta(hours=1))
    colleague.join(desk)
    desk.record(desk.colleague(colleague.staff, again))
    desk.record(SignedIn(), again, staff=colleague.staff)
    expected = {1: GOOD, 2: GOOD, 3: GOOD, 4: UNKNOWN, 5: NOT_THEIRS, 6: GOOD, 7: GOOD}
    assert said(desk.push()) == expected
    assert said(desk.push()) == expected, "the same again gets the same answer"
    colleague.record(desk, SignedIn(), at=world.clock() - timedelta(hours=1))
    colleague.join(desk)
    assert said(desk.push(desk.ledger[7:])) == {8: UNKNOWN, 9: NOT_THEIRS}
    (told,) = other.pull().revoked
    assert (told.keyid, told.staff, told.at) == (key_id(colleague.key.public), colleague.staff, world.clock())
    (line,) = [one for one in list_staff(world.home, RAMPUR) if one.revoked_at is not None]
    assert (line.keyid, line.revoked_by) == (told.keyid, desk.reply.in_charge)


@ONCE
def test_in_another_ledger_what_says_that_it_is_older_waits(world: World, desk: Desk) -> None:
    colleague, other = Colleague(), Desk(world)
    colleague.join(desk)
    desk.push()
    colleague.record(other, SignedIn())
    world.clock.move(hours=1)
    desk.record(of_colleague(colleague))
    desk.push()
    colleague.record(other, SignedIn())
    assert said(other.push()) == {1: WAITS, 2: UNKNOWN}


@ONCE
def test_a_removal_dated_long_ago_undoes_nothing_that_was_done_meanwhile(world: World, desk: Desk) -> None:
    """It is later than the last contact at which it was not there."""
    colleague, other = Colleague(), Desk(world)
    colleague.join(desk)
    desk.push()
    colleague.record(other, SignedIn(), at=world.clock() - timedelta(minutes=1))
    desk.record(of_colleague(colleague), at=datetime(1999, 1, 1, tzinfo=UTC))
    desk.push()
    assert said(other.push()) == {1: WAITS}
    (told,) = other.pull().revoked
    assert told.at == world.clock()


def test_two_in_charges_who_remove_each_other_go_on_until_the_district_decided(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(of_in_charge(other))
    other.record(of_in_charge(desk))
    assert (said(desk.push()), said(other.push())) == ({1: WAITS}, {1: WAITS})
    desk.record(SignedIn())
    other.record(SignedIn())
    assert said(desk.push()) == {1: WAITS, 2: GOOD}
    assert said(other.push()) == {1: WAITS, 2: GOOD}
    assert desk.pull().revoked == []
    with world.home.database.read() as connection:
        raised = list_alarms(connection, "Rampur", world.clock() - timedelta(days=1))
    assert {(one.kind, one.subject) for one in raised} == {
        ("removal", f"{desk.device}.1"),
        ("removal", f"{other.device}.1"),
    }
    late = other.record(SignedIn())
    world.clock.move(hours=1)
    decide(world, desk, 1, accepted=True)
    decide(world, other, 1, accepted=False)
    other.record(SignedIn())
    assert said(other.push([late, other.ledger[-1]])) == {3: WAITS, 4: UNKNOWN}, "from the district's word on"
    assert [(one.staff, one.at) for one in desk.pull().revoked] == [(other.reply.in_charge, world.clock())]
    desk.record(SignedIn())
    assert said(desk.push())[3] == GOOD


@ONCE
def test_what_is_not_the_authors_to_take_back_waits(world: World, desk: Desk) -> None:
    colleague, friend, stranger = Colleague(), Colleague("s-friend"), SigningKey.generate()
    colleague.join(desk)
    friend.join(desk)
    desk.record(removal("s-new", friend.key))
    desk.record(removal("s-new", colleague.key, stranger))
    desk.record(removal(desk.device, desk.device_key))
    desk.record(removal("s-new", colleague.key, reason=RemovalReason.CENTRAL))
    colleague.record(desk, of_colleague(friend))
    colleague.record(desk, SignedIn())
    friend.record(desk, removal("s-new", colleague.key, reason=RemovalReason.CENTRAL))
    answers = said(desk.push())
    assert [answers[seq] for seq in range(3, 10)] == [WAITS, WAITS, WAITS, WAITS, NOT_THEIRS, GOOD, WAITS]
    assert desk.pull().revoked == []
    world.clock.move(hours=1)
    revoke_staff(world.home, RAMPUR, "s-new", clock=world.clock)
    friend.record(desk, removal("s-new", colleague.key, reason=RemovalReason.CENTRAL))
    assert said(desk.push(desk.ledger[9:])) == {10: GOOD}, "a desk that noted central's word"


@ONCE
def test_who_was_removed_removes_and_adds_nobody(world: World, desk: Desk) -> None:
    other, colleague, fresh = Desk(world), Colleague(), SigningKey.generate()
    colleague.join(desk)
    desk.push()
    before = other.event(of_colleague(colleague)).at
    world.clock.move(hours=1)
    revoke_staff(world.home, RAMPUR, other.reply.in_charge, clock=world.clock)
    other.record(of_colleague(colleague))
    other.record(of_colleague(colleague), at=before)
    other.record(other.colleague("s-fresh", fresh), at=before)
    other.record(SignedIn(), fresh, staff="s-fresh")
    assert said(other.push()) == {1: UNKNOWN, 2: WAITS, 3: UNKNOWN, 4: UNKNOWN}
    colleague.record(desk, SignedIn())
    assert said(desk.push())[2] == GOOD


# Given


@ONCE
@pytest.mark.parametrize("whose", ["device", "own", "colleague", "in_charge", "id"])
def test_a_key_is_one_persons_and_a_person_of_central_is_centrals(world: World, desk: Desk, whose: str) -> None:
    """A machine's key, the in-charge's own, a colleague's, another in-charge's; another in-charge's name."""
    colleague, other, fresh = Colleague(), Desk(world), SigningKey.generate()
    colleague.join(desk)
    staff, key = {
        "device": ("s-false", desk.device_key),
        "own": ("s-false", desk.staff_key),
        "colleague": ("s-false", colleague.key),
        "in_charge": ("s-false", other.staff_key),
        "id": (other.reply.in_charge, fresh),
    }[whose]
    desk.record(desk.colleague(staff, key))
    desk.record(SignedIn(), key, staff=staff)
    colleague.record(desk, SignedIn())
    assert said(desk.push()) == {1: GOOD, 2: NOT_THEIRS, 3: UNKNOWN, 4: GOOD}


@ONCE
def test_a_renewed_certificate_is_the_same_person_for_longer(world: World, desk: Desk) -> None:
    colleague = Colleague()
    colleague.join(desk)
    world.clock.move(days=360)
    colleague.join(desk)
    assert said(desk.push()) == {1: GOOD, 2: GOOD}
    world.clock.move(days=30)
    colleague.record(desk, SignedIn())
    assert said(desk.push(desk.ledger[2:])) == {3: GOOD}
    assert [one.staff for one in list_staff(world.home, RAMPUR)].count("s-new") == 1


@ONCE
@pytest.mark.parametrize("flaw", ["before", "after", "centre", "role", "three", "twice"])
def test_a_chain_that_does_not_hold_adds_nobody_and_the_next_record_stands(world: World, desk: Desk, flaw: str) -> None:
    now, colleague, key = world.clock(), Colleague(), SigningKey.generate()
    colleague.join(desk)
    fields: dict[str, object] = {
        "subject": Subject.STAFF,
        "id": "s-false",
        "centre": RAMPUR,
        "name": "N. N.",
        "role": Role.VACCINATOR,
        "signing_key": key.public,
        "sealing_key": SealingKey.generate().public,
        "not_before": now - timedelta(hours=1),
        "not_after": now + timedelta(days=366),
    }
    changes: dict[str, dict[str, object]] = {
        "before": {"not_before": now + timedelta(days=1)},
        "after": {"not_after": now - timedelta(minutes=1)},
        "centre": {"centre": "100002"},
        "role": {"role": Role.IN_CHARGE},
    }
    certificate = Certificate(**{**fields, **changes.get(flaw, {})})  # type: ignore[arg-type]
    envelope = issue(certificate, colleague.key if flaw == "three" else desk.staff_key).to_json()
    staff = "s-other" if flaw == "twice" else "s-false"
    desk.record(StaffAdded(staff=staff, certificate=envelope))
    desk.record(SignedIn(), key, staff="s-false")
    desk.record(SignedIn())
    assert said(desk.push()) == {1: GOOD, 2: NOT_THEIRS, 3: UNKNOWN, 4: GOOD}


@ONCE
def test_whom_a_machine_out_of_use_adds_counts_nowhere(world: World, desk: Desk) -> None:
    """A lost machine and its in-charge's passphrase make nobody who signs at another; what was done there waits."""
    other, before, late = Desk(world), Colleague("s-before"), Colleague("s-late")
    before.join(desk)
    before.record(desk, SignedIn())
    world.clock.move(hours=1)
    revoke_device(world.home, desk.device, world.clock())
    late.join(desk)
    late.record(desk, SignedIn())
    late.record(desk, SignedIn(), at=world.clock() - timedelta(minutes=5))
    waits, late_as_well = (H, (R.DEVICE_REVOKED,)), (H, (R.DEVICE_REVOKED, R.NOT_ALLOWED))
    assert list(said(desk.push()).values()) == [waits, late_as_well, waits, UNKNOWN, late_as_well]
    late.record(other, SignedIn())
    assert said(other.push()) == {1: UNKNOWN}
    assert {one.staff for one in other.pull().revoked} == {"s-before", "s-late"}


@ONCE
def test_whom_a_held_record_brought_the_district_may_end(world: World, desk: Desk) -> None:
    colleague = Colleague()
    desk.record(desk.colleague(colleague.staff, colleague.key), prev=bytes(32).replace(b"\0", b"x"))
    colleague.record(desk, SignedIn())
    assert said(desk.push()) == {1: (H, (R.CHAIN_BROKEN,)), 2: GOOD}
    world.clock.move(hours=1)
    decide(world, desk, 1, accepted=False)
    colleague.record(desk, SignedIn())
    assert said(desk.push(desk.ledger[2:])) == {3: UNKNOWN}


# Made in-charge by central


def test_central_makes_a_colleague_in_charge_with_the_keys_that_they_have(world: World, desk: Desk) -> None:
    colleague, friend = Colleague(), SigningKey.generate()
    colleague.join(desk)
    colleague.record(desk, desk.colleague("s-friend", friend, issuer=colleague.key))
    assert said(desk.push())[2] == NOT_THEIRS
    assert promote_staff(world.home, RAMPUR, colleague.staff, clock=world.clock) == 1
    colleague.record(desk, desk.colleague("s-friend", friend, issuer=colleague.key))
    desk.record(SignedIn(), friend, staff="s-friend")
    # who led them before renews or removes them no more
    colleague.join(desk)
    desk.record(of_colleague(colleague))
    colleague.record(desk, removal("s-friend", friend))
    desk.record(SignedIn(), friend, staff="s-friend")
    answers = said(desk.push(desk.ledger[2:]))
    assert [answers[seq] for seq in range(3, 9)] == [GOOD, GOOD, NOT_THEIRS, WAITS, GOOD, UNKNOWN]
    line = next(one for one in list_staff(world.home, RAMPUR) if one.staff == colleague.staff)
    assert (line.role, line.by, line.until) == (Role.IN_CHARGE, "", world.clock() + timedelta(days=730))
    assert promote_staff(world.home, RAMPUR, desk.reply.in_charge, clock=world.clock) == 1


@ONCE
@pytest.mark.parametrize("staff", ["s-nobody", "", "s\0", "x" * 100])
def test_nobody_is_made_in_charge_who_is_not_there(world: World, desk: Desk, staff: str) -> None:
    for act in (promote_staff, revoke_staff):
        with pytest.raises(CentralError):
            act(world.home, RAMPUR, staff, clock=world.clock)
    with pytest.raises(CentralError):
        list_staff(world.home, "100002")


# What a role may record


@ONCE
def test_a_verifiers_records_are_those_of_the_door(world: World, desk: Desk) -> None:
    verifier, booked = Colleague("s-door"), world.book()
    desk.record(desk.colleague(verifier.staff, verifier.key, role=Role.VERIFIER))
    bodies: list[tuple[Body, bool]] = [
        (SignedIn(), True),
        (Arrived(appointment=booked.reference), True),
        (desk.walk_in("W" + "0" * 16), True),
        (DoseDeferred(appointment=booked.reference, reason=DeferReason.UNWELL), True),
        (desk.dose(booked), False),
        (desk.refused_code(booked, "0000"), False),
        (StockReceived(vaccine="covishield", batch="B", expiry=TODAY, vials=1, doses_per_vial=10), False),
    ]
    for body, _ in bodies:
        verifier.record(desk, body)
    answers = said(desk.push())
    assert [answers[seq] for seq in range(2, 9)] == [GOOD if theirs else NOT_THEIRS for _, theirs in bodies]


# The machine's key


def test_each_new_database_key_is_kept_with_its_epoch(world: World, desk: Desk) -> None:
    """Two in one batch, at the moment of the enrolment; by whoever is at the desk."""
    colleague, opened = Colleague(), [bytes([n]) * 32 for n in (2, 3, 5)]
    colleague.join(desk)
    desk.record(rekeyed(desk, 2, opened[0]))
    colleague.record(desk, rekeyed(desk, 3, opened[1]))
    desk.push()
    desk.record(rekeyed(desk, 5, opened[2]))
    assert set(said(desk.push()).values()) == {GOOD}
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.recovery).order_by(schema.recovery.c.epoch)).all()
    assert [row.epoch for row in rows] == [1, 2, 3, 5]
    info = seal.recovery_binding(desk.device)
    assert [seal.open_for_decades(row.sealed, world.home.keys.people, info) for row in rows[1:]] == opened


@ONCE
def test_a_database_key_that_is_old_or_none_waits(world: World, desk: Desk) -> None:
    good, other = rekeyed(desk, 2), Desk(world)
    desk.record(good)
    desk.record(rekeyed(desk, 2))
    desk.record(rekeyed(desk, 1))
    desk.record(VaultRekeyed(epoch=3, key=good.key, sealed=b"nothing"))
    desk.record(VaultRekeyed(epoch=3, key="0" * 16, sealed=good.sealed))
    desk.record(VaultRekeyed(epoch=3, key=good.key, sealed=good.sealed + bytes(5000)))
    desk.record(rekeyed(desk, 3, bytes(31)))
    desk.record(rekeyed(other, 3))
    unreadable, old = (H, (R.SEAL_UNREADABLE,)), (H, (R.CHAIN_BROKEN,))
    answers = said(desk.push())
    assert list(answers.values()) == [GOOD, old, old, *[unreadable] * 5]
    with world.home.database.read() as connection:
        mine = schema.recovery.c.device == desk.device
        assert sorted(connection.scalars(select(schema.recovery.c.epoch).where(mine))) == [1, 2]
    with pytest.raises(CentralError, match="made anew"):
        decide(world, desk, 2, accepted=True)


@ONCE
def test_what_no_column_takes_is_no_record(world: World, desk: Desk) -> None:
    for keys in (("0" * 17,), ("0123456789ABCDEF",), ("",), ("0" * 16,) * 101):
        desk.record(StaffRemoved(staff="s-new", keys=keys, reason=RemovalReason.LEFT))
    desk.record(Noticed(what=Notice.MANY_LOOKUPS, of="x" * 33))
    desk.record(Noticed(what=Notice.MANY_LOOKUPS, of="s-new"))
    desk.record(Noticed(what=Notice.CLOCK_BACK, seconds=60))
    unreadable = (X, (R.UNREADABLE,))
    assert list(said(desk.push()).values()) == [*[unreadable] * 5, GOOD, GOOD]
