"""Records come in: verified, opened, decided, answered (DESIGN 4.2, 4.3, 5.3, 7.1, 7.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, func, select, update

from tests.central.support import BHOJPUR, MORNING, RAMPUR, TODAY, Desk, World
from vaccinator_app.central import schema
from vaccinator_app.central.errors import Refused
from vaccinator_app.domain.events import (
    Arrived,
    EligibilityShown,
    ObservationEnded,
    ObservationOutcome,
    Proof,
    ProofKind,
    SignedIn,
    SignedOut,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.people import Role
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import MAX_BATCH_RECORDS, PUSH_TYPE, PushRequest, Receipt, Status
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import EVENT_TYPE, FIRST_PREV, Record
from vaccinator_app.trust import dsse
from vaccinator_app.trust.code import MODULUS
from vaccinator_app.trust.keys import SigningKey

A, H, X = Status.ACCEPTED, Status.HELD, Status.REFUSED


def said(receipt: Receipt) -> dict[int, tuple[Status, tuple[R, ...]]]:
    return {outcome.seq: (outcome.status, outcome.reasons) for outcome in receipt.outcomes}


def count(world: World, table: Table, *where: Any) -> int:
    with world.home.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    return found


def other_code(code: str, *, same_bucket: bool) -> str:
    """A wrong code: one the desk's check lets through, or one it stops."""
    step = MODULUS if same_bucket else 1
    return f"{(int(code) + step) % 10_000 if int(code) + step < 10_000 else int(code) - step:04d}"


def test_a_day_is_accepted_and_head_and_upto_are_the_ledgers(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(SignedIn())
    desk.record(Arrived(appointment=booked.reference))
    desk.record(desk.refused_code(booked, other_code(booked.code, same_bucket=False)))
    desk.record(desk.dose(booked))
    desk.record(ObservationEnded(appointment=booked.reference, outcome=ObservationOutcome.WELL))
    desk.record(SignedOut())
    receipt = desk.push()
    assert set(said(receipt).values()) == {(A, ())}
    assert (receipt.upto, receipt.head, receipt.forked) == (6, desk.head, [])
    assert (receipt.centre, receipt.device, receipt.at) == (RAMPUR, desk.device, MORNING)


def test_an_empty_push_tells_where_central_stands(world: World, desk: Desk) -> None:
    receipt = desk.push([])
    assert (receipt.upto, receipt.head, receipt.outcomes) == (0, FIRST_PREV, [])
    desk.record(SignedIn())
    desk.push()
    assert desk.push([]).upto == 1


def test_the_same_batch_again_gets_the_same_answer_and_changes_nothing(world: World, desk: Desk) -> None:
    right, wrong = world.book(), world.book()
    desk.record(desk.dose(right))
    desk.record(desk.dose(wrong, other_code(wrong.code, same_bucket=True)))
    first = desk.push()
    before = {table.name: count(world, table) for table in schema.metadata.sorted_tables}
    world.clock.move(minutes=5)
    again = desk.push()
    assert again.outcomes == first.outcomes
    assert {table.name: count(world, table) for table in schema.metadata.sorted_tables} == before


def test_nothing_is_stored_beyond_a_gap(world: World, desk: Desk) -> None:
    for _ in range(5):
        desk.record(SignedIn())
    receipt = desk.push([*desk.ledger[:2], *desk.ledger[3:]])
    assert (receipt.upto, receipt.head) == (2, desk.ledger[1].hash)
    assert list(said(receipt)) == [1, 2]
    assert desk.push(desk.ledger[4:]).upto == 2
    assert desk.push(desk.ledger[2:]).upto == 5


def test_a_fork_is_kept_and_reported_and_the_ledger_does_not_move(world: World, desk: Desk) -> None:
    shared = [desk.record(SignedIn()) for _ in range(2)]
    desk.record(SignedOut())
    honest = desk.ledger
    desk.push()
    desk.ledger = list(shared)
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.record(SignedOut())
    receipt = desk.push(desk.ledger[2:])
    assert receipt.forked == [3, 4]
    assert (receipt.upto, receipt.head) == (3, honest[-1].hash)
    assert said(receipt) == {3: (X, (R.SEQ_FORKED,)), 4: (X, (R.SEQ_FORKED,))}
    assert count(world, schema.forks) == 2
    assert count(world, schema.doses) == 0
    # ... however it is cut up and repeated
    assert desk.push(desk.ledger[3:]).forked == [4]
    assert desk.push().forked == [3, 4]
    assert count(world, schema.forks) == 2
    # and the true history goes on
    desk.ledger = honest
    desk.record(SignedIn())
    receipt = desk.push(desk.ledger[3:])
    assert (receipt.upto, receipt.forked, said(receipt)[4]) == (4, [], (A, ()))


def test_poison_is_stored_answered_and_blocks_nobody(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(SignedIn())
    desk.ledger.append(Record(b"\xff not json", "nobody", bytes(64)))
    desk.record(Arrived(appointment=booked.reference))
    good = desk.record(SignedIn())
    desk.ledger[-1] = Record(good.payload, good.keyid, bytes(64))
    desk.record(desk.dose(booked))
    unsigned_kind = desk.event(SignedIn(), kind="future_kind")
    payload = msgspec.json.encode(unsigned_kind)
    desk.ledger.append(Record(payload, good.keyid, dsse.sign(EVENT_TYPE, payload, desk.staff_key)))
    desk.record(SignedOut())
    expected = {
        1: (A, ()),
        2: (X, (R.UNREADABLE,)),
        3: (A, ()),
        4: (X, (R.BAD_SIGNATURE,)),
        5: (A, ()),
        6: (X, (R.UNREADABLE,)),
        7: (A, ()),
    }
    assert said(desk.push()) == expected
    assert said(desk.push()) == expected
    assert count(world, schema.records) == 7


def test_poison_alone_in_a_batch_finds_its_place(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.ledger.append(Record(b"poison 2", "k", b""))
    desk.ledger.append(Record(b"poison 3", "k", b""))
    assert [desk.push([record]).upto for record in desk.ledger] == [1, 2, 3]
    assert said(desk.push([desk.ledger[1]])) == {2: (X, (R.UNREADABLE,))}
    assert said(desk.push([desk.ledger[2]])) == {3: (X, (R.UNREADABLE,))}
    assert desk.push([]).upto == 3


def test_bytes_before_the_first_record_are_passed_over(world: World, desk: Desk) -> None:
    first = desk.record(SignedIn())
    receipt = desk.push([Record(b"x", "k", b""), Record(b"y", "k", b""), first])
    assert (receipt.upto, receipt.forked, said(receipt)) == (1, [], {1: (A, ())})


def test_an_edited_record_is_refused_and_the_next_one_held_since_the_chain_broke(world: World, desk: Desk) -> None:
    original = desk.record(SignedIn())
    desk.record(SignedOut())
    desk.record(SignedIn())
    desk.ledger[0] = Record(original.payload.replace(b"signed_in", b"signed_at"), original.keyid, original.signature)
    assert said(desk.push()) == {1: (X, (R.UNREADABLE,)), 2: (H, (R.CHAIN_BROKEN,)), 3: (A, ())}


def test_a_record_of_another_device_or_centre_is_refused_and_blocks_nobody(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.record(SignedIn(), device="d000000000000")
    desk.record(SignedIn(), centre=BHOJPUR)
    desk.record(SignedOut())
    assert said(desk.push()) == {
        1: (A, ()),
        2: (X, (R.CHAIN_BROKEN,)),
        3: (X, (R.OTHER_CENTRE,)),
        4: (A, ()),
    }


# Who signed


def test_a_colleague_acts_once_the_in_charge_added_them_and_not_before(world: World, desk: Desk) -> None:
    key = SigningKey.generate()
    desk.record(SignedIn(), key, staff="s-new")
    desk.record(desk.colleague("s-new", key))
    desk.record(SignedIn(), key, staff="s-new")
    expected = {1: (X, (R.UNKNOWN_STAFF,)), 2: (A, ()), 3: (A, ())}
    assert said(desk.push()) == expected
    desk.record(SignedOut(), key, staff="s-new")
    assert said(desk.push(desk.ledger[3:])) == {4: (A, ())}


def test_nobody_signs_in_anothers_name(world: World, desk: Desk) -> None:
    key = SigningKey.generate()
    desk.record(desk.colleague("s-new", key))
    desk.record(SignedIn(), key)
    assert said(desk.push())[2] == (X, (R.UNKNOWN_STAFF,))


def test_only_the_in_charge_adds_people(world: World, desk: Desk) -> None:
    key, friend = SigningKey.generate(), SigningKey.generate()
    desk.record(desk.colleague("s-new", key))
    desk.record(desk.colleague("s-friend", friend, issuer=key), key, staff="s-new")
    desk.record(SignedIn(), friend, staff="s-friend")
    desk.record(desk.colleague("s-boss", friend, role=Role.IN_CHARGE))
    desk.record(desk.colleague("s-lie", friend, issuer=key))
    expected = (X, (R.NOT_ALLOWED,))
    answers = said(desk.push())
    assert (answers[2], answers[4], answers[5]) == (expected, expected, expected)
    assert answers[3] == (X, (R.UNKNOWN_STAFF,))


def test_an_added_colleague_whose_record_was_edited_is_nobody(world: World, desk: Desk) -> None:
    key = SigningKey.generate()
    record = desk.record(desk.colleague("s-new", key))
    desk.ledger[-1] = Record(record.payload, record.keyid, bytes(64))
    desk.record(SignedIn(), key, staff="s-new")
    assert said(desk.push()) == {1: (X, (R.BAD_SIGNATURE,)), 2: (X, (R.UNKNOWN_STAFF,))}


def test_a_revoked_certificate_signs_no_more(world: World, desk: Desk) -> None:
    with world.home.database.write() as connection:
        connection.execute(update(schema.certificates).values(revoked_at=MORNING))
    desk.record(SignedIn())
    assert said(desk.push()) == {1: (X, (R.UNKNOWN_STAFF,))}


def test_a_certificate_is_good_for_its_time_by_either_clock(world: World, desk: Desk) -> None:
    desk.record(SignedIn(), at=datetime(1999, 1, 1, tzinfo=UTC))
    assert said(desk.push()) == {1: (A, ())}
    world.clock.move(days=800)
    desk.record(SignedIn(), at=MORNING)
    desk.record(SignedIn())
    assert said(desk.push()) == {1: (A, ()), 2: (A, ()), 3: (X, (R.NOT_ALLOWED,))}


# The request itself


def test_a_request_by_another_key_is_refused(world: World, desk: Desk) -> None:
    desk.device_key = SigningKey.generate()
    with pytest.raises(Refused) as refused:
        desk.push([])
    assert (refused.value.code, refused.value.http_status) == ("bad_signature", 403)


def test_a_device_asks_only_for_its_own_centre(world: World, desk: Desk) -> None:
    desk.centre = BHOJPUR
    for ask in (lambda: desk.push([]), desk.pull):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == "device_unknown"


def test_a_revoked_device_is_refused(world: World, desk: Desk) -> None:
    with world.home.database.write() as connection:
        connection.execute(update(schema.devices).values(revoked_at=MORNING))
    for ask in (lambda: desk.push([]), desk.pull):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == "device_revoked"


def test_too_large_a_batch_is_refused_but_one_large_record_is_not(world: World, desk: Desk) -> None:
    one = Record(b"x", "k", b"")
    with pytest.raises(Refused) as refused:
        desk.push([one] * (MAX_BATCH_RECORDS + 1))
    assert (refused.value.code, refused.value.http_status) == ("batch_too_large", 413)
    large = Record(b"x" * 700_000, "k", b"")
    with pytest.raises(Refused):
        desk.push([large, large])
    assert desk.push([Record(b"x" * 1_100_000, "k", b"")]).upto == 1


def test_bytes_that_are_no_request_are_refused(world: World, desk: Desk) -> None:
    for packed in (b"", b"rubbish", desk.packed([])[:-3]):
        for ask in (world.api.push, world.api.pull, world.api.enrol):
            with pytest.raises(Refused) as refused:
                ask(packed)
            assert refused.value.code == "unreadable_request"


def test_a_request_of_a_later_version_is_refused_as_such(world: World, desk: Desk) -> None:
    request = PushRequest(v=2, centre=RAMPUR, device=desk.device, head_seq=0, head_hash=FIRST_PREV, records=[])
    with pytest.raises(Refused) as refused:
        world.api.push(packing.pack(request, PUSH_TYPE, desk.device_key))
    assert refused.value.code == "unknown_version"


def test_what_the_device_says_of_its_own_ledger_is_kept(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.record(SignedIn())
    desk.push(desk.ledger[:1])
    with world.home.database.read() as connection:
        row = connection.execute(select(schema.device_heads)).one()
    assert (row.seq, row.claimed_seq, row.claimed_hash) == (1, 2, desk.head)


# Codes and slips


def test_a_slip_proves_as_much_as_the_code(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.slip_dose(booked))
    assert said(desk.push()) == {1: (A, ())}


def test_a_code_in_the_right_bucket_that_is_wrong_is_held_and_replaced(world: World, desk: Desk) -> None:
    booked = world.book()
    phone = world.mobile()
    desk.pull()
    cursor = desk.pull().cursor
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    assert said(desk.push()) == {1: (H, (R.CODE_MISMATCH,))}
    assert count(world, schema.doses) == 0
    told = world.inbox(phone)[-1]
    assert "new security code" in told
    fresh = told.split("new security code is ")[1][:4]
    (changed,) = desk.pull(cursor).appointments
    assert changed.appointment == booked.reference
    # The true person comes with the new code.
    desk.record(desk.dose(booked, fresh))
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}


def test_the_replaced_code_is_held_but_counts_against_nobody(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.record(desk.dose(booked))
    assert said(desk.push())[2] == (H, (R.CODE_MISMATCH,))
    assert count(world, schema.mismatches) == 1


def test_guesses_do_not_add_up(world: World, desk: Desk) -> None:
    """After three wrong ones not even the right code proves the appointment: forty tries would find it."""
    booked = world.book()
    phone = world.mobile()
    wrong = other_code(booked.code, same_bucket=True)
    desk.record(desk.dose(booked, wrong))
    desk.push()
    fresh = world.inbox(phone)[-1].split("new security code is ")[1][:4]
    bad = next(c for c in ("0001", "0002", "0003") if c not in (fresh, booked.code))
    desk.record(desk.dose(booked, bad))
    desk.record(desk.dose(booked, bad))
    desk.record(desk.dose(booked, fresh))
    assert [status for status, _ in said(desk.push(desk.ledger[1:])).values()] == [H, H, H]
    assert sum("new security code" in text for text in world.inbox(phone)) == 1


def test_two_mismatches_in_thirty_days_raise_one_alarm_each_for_person_and_machine(world: World, desk: Desk) -> None:
    def invent() -> None:
        booked = world.book(date=world.clock.now.date().isoformat())
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
        desk.push(desk.ledger[-1:])

    invent()
    assert count(world, schema.alarms) == 0
    invent()
    assert count(world, schema.alarms) == 2
    invent()
    assert count(world, schema.alarms) == 2
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.alarms.c.kind, schema.alarms.c.subject, schema.alarms.c["count"]))
        found = {tuple(row) for row in rows}
    assert found == {("staff", desk.reply.in_charge, 2), ("device", desk.device, 2)}


def test_mismatches_more_than_thirty_days_apart_raise_none(world: World, desk: Desk) -> None:
    first, second = world.book(), world.book()
    desk.record(desk.dose(first, other_code(first.code, same_bucket=True)))
    desk.push()
    world.clock.move(days=30, seconds=1)
    desk.record(desk.dose(second, other_code(second.code, same_bucket=True)))
    desk.push(desk.ledger[1:])
    assert count(world, schema.mismatches) == 2
    assert count(world, schema.alarms) == 0


def test_a_code_refused_at_the_desk_raises_nothing(world: World, desk: Desk) -> None:
    booked = world.book()
    for _ in range(3):
        desk.record(desk.refused_code(booked, other_code(booked.code, same_bucket=False)))
    assert set(said(desk.push()).values()) == {(A, ())}
    assert count(world, schema.mismatches) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: replace(proof, sealed=proof.sealed[:-1] + bytes([proof.sealed[-1] ^ 1])),
        lambda proof: replace(proof, seq=proof.seq + 1),
        lambda proof: replace(proof, seq=0),
        lambda proof: replace(proof, key="0" * 16),
        lambda proof: replace(proof, sealed=b""),
    ],
)
def test_a_seal_that_does_not_open_for_this_record_is_held(world: World, desk: Desk, spoil: Any) -> None:
    booked = world.book()
    desk.record(desk.dose(booked, proof=spoil(desk.proof(booked.reference, booked.code))))
    desk.record(replace(desk.refused_code(booked, "0000"), proof=spoil(desk.proof(booked.reference, "0000"))))
    assert said(desk.push()) == {1: (H, (R.SEAL_UNREADABLE,)), 2: (H, (R.SEAL_UNREADABLE,))}
    assert count(world, schema.mismatches) == 0


def test_a_seal_for_another_appointment_or_device_does_not_open(world: World, desk: Desk) -> None:
    one, two = world.book(), world.book()
    other = Desk(world)
    desk.record(desk.dose(one, proof=desk.proof(two.reference, one.code)))
    desk.record(desk.dose(two, proof=other.proof(two.reference, two.code, seq=2)))
    assert set(said(desk.push()).values()) == {(H, (R.SEAL_UNREADABLE,))}


def test_a_seal_counts_once(world: World, desk: Desk) -> None:
    booked = world.book()
    dose = desk.dose(booked)
    desk.record(dose)
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.WRONG_BATCH))
    desk.record(dose)
    desk.push(desk.ledger[:2])
    assert said(desk.push()) == {1: (A, ()), 2: (A, ()), 3: (H, (R.NO_PROOF,))}


def test_a_seal_made_for_a_later_record_is_not_used_up_before(world: World, desk: Desk) -> None:
    booked = world.book()
    proof = desk.proof(booked.reference, booked.code, seq=2)
    desk.record(desk.dose(booked, proof=proof))
    desk.record(desk.dose(booked, proof=proof))
    assert said(desk.push(desk.ledger[:1])) == {1: (H, (R.SEAL_UNREADABLE,))}
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}
    desk.record(Voided(appointment=booked.reference, seq=2, reason=VoidReason.WRONG_BATCH))
    desk.record(desk.dose(booked, proof=proof))
    assert said(desk.push(desk.ledger[2:]))[4] == (H, (R.NO_PROOF,))


def test_an_earlier_seq_in_the_seal_is_what_a_desk_sends(world: World, desk: Desk) -> None:
    booked = world.book()
    proof = desk.proof(booked.reference, booked.code)
    desk.record(SignedIn())
    desk.record(desk.dose(booked, proof=proof))
    assert said(desk.push())[2] == (A, ())


def test_a_booked_person_without_proof_is_held(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book(), proof=Proof(how=ProofKind.NONE)))
    assert said(desk.push()) == {1: (H, (R.NO_PROOF,))}


@pytest.mark.parametrize("typed", ["", "12345", "12ab", "१२३४"])
def test_a_seal_that_holds_no_code_is_held_without_mark_or_crash(world: World, desk: Desk, typed: str) -> None:
    desk.record(desk.dose(world.book(), typed))
    ((status, reasons),) = said(desk.push()).values()
    assert status is H
    assert reasons in {(R.SEAL_UNREADABLE,), (R.CODE_MISMATCH,)}


# Doses


def test_an_accepted_dose_is_on_record_and_the_person_is_told(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.push()
    with world.home.database.read() as connection:
        row = connection.execute(select(schema.doses)).one()
    assert (row.dose, row.vaccine, row.given_on, row.appointment) == (1, "covishield", TODAY, booked.reference)
    assert "dose 1 of Covishield was recorded at PHC Rampur on 21-11-2026" in world.inbox(world.mobile())[-1]


def test_two_desks_of_one_centre_cannot_both_give_it(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(desk.dose(booked))
    other.record(other.dose(booked))
    assert said(desk.push()) == {1: (A, ())}
    assert said(other.push()) == {1: (H, (R.ALREADY_DOSED,))}
    assert count(world, schema.doses) == 1
    (told,) = other.pull().appointments
    assert [(p.dose, p.given_on) for p in told.previous] == [(1, TODAY)]


def test_a_void_of_the_same_device_takes_the_dose_back_and_it_may_be_given_anew(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.push()
    cursor = desk.pull().cursor
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.WRONG_BATCH))
    desk.push(desk.ledger[1:])
    assert desk.pull(cursor).appointments[0].previous == ()
    assert count(world, schema.doses, schema.doses.c.voided_at.is_(None)) == 0
    assert "taken back" in world.inbox(world.mobile())[-1]
    desk.record(desk.dose(booked))
    assert said(desk.push(desk.ledger[2:])) == {3: (A, ())}


def test_nobody_voids_another_devices_dose_or_the_same_one_twice(world: World, desk: Desk) -> None:
    booked, other = world.book(), Desk(world)
    desk.record(desk.dose(booked))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.record(Voided(appointment="999999999999", seq=1, reason=VoidReason.NOT_GIVEN))
    desk.record(Voided(appointment=booked.reference, seq=77, reason=VoidReason.NOT_GIVEN))
    other.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    refused = (X, (R.NOTHING_TO_VOID,))
    assert said(desk.push()) == {1: (A, ()), 2: (A, ()), 3: refused, 4: refused, 5: refused}
    assert said(other.push()) == {1: refused}


def test_a_cancelled_appointment_is_held(world: World, desk: Desk) -> None:
    form = world.form()
    token = world.sign_in("9876543210")
    booked = world.bookings.book(token, form)
    world.bookings.cancel(token, booked.reference)
    desk.record(desk.dose(booked))
    assert said(desk.push()) == {1: (H, (R.APPOINTMENT_CANCELLED,))}


def test_unknown_and_other_centres_appointments_are_held(world: World, desk: Desk) -> None:
    booked, there = world.book(), world.book(centre=BHOJPUR)
    desk.record(desk.dose(there))
    desk.record(desk.dose(replace(booked, reference="000000000000")))
    assert said(desk.push()) == {1: (H, (R.OTHER_CENTRE,)), 2: (H, (R.UNKNOWN_APPOINTMENT,))}


def test_a_second_dose_too_early_is_held_by_centrals_own_record(world: World, desk: Desk) -> None:
    phone = "9876500001"
    first = world.book(phone, photo_id_number="1111 2222 3333", name="Ram Prasad")
    desk.record(desk.dose(first))
    second = world.book(phone, photo_id_number="111122223333", name="Ram Prasad", dose=2)
    claim = EligibilityShown(rule="x", previous_dose_on=TODAY - timedelta(days=200), from_certificate=True)
    desk.record(desk.dose(second, eligibility=claim))
    assert said(desk.push()) == {1: (A, ()), 2: (H, (R.TOO_EARLY,))}


@pytest.mark.parametrize(
    ("shown", "status"), [(TODAY - timedelta(days=84), A), (TODAY - timedelta(days=83), H), (None, H)]
)
def test_a_second_dose_without_a_first_on_record_stands_on_the_certificate(
    world: World, desk: Desk, shown: date | None, status: Status
) -> None:
    eligibility = EligibilityShown(rule="x", previous_dose_on=shown, from_certificate=True)
    desk.record(desk.dose(world.book(dose=2), eligibility=eligibility))
    assert said(desk.push())[1][0] is status


def test_other_vaccine_other_dose_and_expired_batch_are_held(world: World, desk: Desk) -> None:
    one, two, three, four = (world.book() for _ in range(4))
    desk.record(desk.dose(one, vaccine="covaxin"))
    desk.record(desk.dose(two, dose=2, eligibility=EligibilityShown(rule="x", previous_dose_on=date(2020, 1, 1))))
    desk.record(desk.dose(three, batch="unknown", expiry=TODAY - timedelta(days=1)))
    # what central allotted counts, not what the desk says
    desk.record(desk.dose(four, expiry=TODAY - timedelta(days=1)))
    assert said(desk.push()) == {
        1: (H, (R.OTHER_VACCINE,)),
        2: (H, (R.OTHER_VACCINE,)),
        3: (H, (R.BATCH_EXPIRED,)),
        4: (A, ()),
    }


def test_every_reason_is_told(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.record(desk.dose(booked, proof=Proof(how=ProofKind.NONE), vaccine="covaxin"))
    assert said(desk.push())[2] == (H, (R.NO_PROOF, R.ALREADY_DOSED, R.OTHER_VACCINE))


# Walk-ins


def test_a_walk_in_is_registered_dosed_without_code_and_told(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name, "9812345678"))
    dose = replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE))
    desk.record(dose)
    assert set(said(desk.push()).values()) == {(A, ())}
    assert world.inbox("9812345678")[-1].startswith("Mohd. Irfan: dose 1 of Covishield was recorded")
    assert name not in {one.appointment for one in desk.pull().appointments}


def test_a_walk_in_without_a_mobile_is_told_nothing(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name, ""))
    desk.record(replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    assert count(world, schema.sms_outbox, schema.sms_outbox.c.kind == "dose_recorded") == 0
    assert count(world, schema.doses) == 1


def test_a_walk_ins_dose_in_a_later_batch_is_found(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name))
    desk.record(replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    desk.push(desk.ledger[:1])
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}


def test_a_walk_in_whose_seal_does_not_open_is_held_and_so_is_the_dose(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    good = desk.walk_in("Wffffffffffffffff")
    desk.record(desk.walk_in(name, sealed=good.sealed))
    desk.record(replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    assert said(desk.push()) == {1: (H, (R.SEAL_UNREADABLE,)), 2: (H, (R.UNKNOWN_APPOINTMENT,))}


def test_outcomes_are_in_order_and_of_the_batch_alone(world: World, desk: Desk) -> None:
    for _ in range(6):
        desk.record(SignedIn())
    desk.push(desk.ledger[:3])
    assert [outcome.seq for outcome in desk.push(desk.ledger[2:]).outcomes] == [3, 4, 5, 6]
