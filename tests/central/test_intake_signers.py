"""Records come in: who signed, and who may ask (DESIGN 5.3)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.central.machine import A, Colleague, Desk, H, X, said
from tests.central.support import BHOJPUR, MORNING, RAMPUR, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.domain.events import (
    SignedIn,
    SignedOut,
)
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import StaffAdded
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import MAX_BATCH_RECORDS, PUSH_TYPE, PushRequest
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import FIRST_PREV, Record
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.keys import SigningKey


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


def test_what_they_signed_before_and_comes_late_is_held(world: World, desk: Desk) -> None:
    """A desk without a network is late, and a date is easily written: the district looks."""
    colleague, booked = Colleague(), world.book()
    colleague.join(desk)
    desk.push()
    colleague.record(desk, desk.dose(booked))
    world.clock.move(hours=1)
    assert revoke_staff(world.home, desk.centre, colleague.staff, clock=world.clock) == 1
    colleague.record(desk, SignedIn(), at=world.clock() - timedelta(seconds=1))
    colleague.record(desk, desk.colleague("s-newer", SigningKey.generate()), at=world.clock() - timedelta(seconds=1))
    colleague.record(desk, SignedIn())
    desk.record(SignedIn())
    doubted, unknown = (H, (R.NOT_ALLOWED,)), (X, (R.UNKNOWN_STAFF,))
    assert said(desk.push()) == {1: (A, ()), 2: doubted, 3: doubted, 4: unknown, 5: unknown, 6: (A, ())}
    assert count(world, schema.doses) == 0
    with pytest.raises(CentralError):
        revoke_staff(world.home, desk.centre, colleague.staff, clock=world.clock)


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


@pytest.mark.parametrize("name", ["", "d\0", "x" * 5000, "dé"])
def test_a_device_by_no_possible_name_is_unknown(world: World, desk: Desk, name: str) -> None:
    for changes in ({"device": name}, {"centre": name}):
        with pytest.raises(Refused) as refused:
            world.api.push(desk.packed([], **changes))
        assert refused.value.code == "device_unknown"


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


HOSTILE_CERTIFICATES: list[dict[str, object]] = [
    {"not_before": "2020-01-01T00:00:00", "not_after": "2030-01-01T00:00:00"},
    {"not_after": "0001-01-01T00:00:00+14:00"},
    {"not_after": "soon"},
    {"signing_key": "AAAA"},
    {"signing_key": 7},
    {"id": "x\u0000y"},
    {"id": "x" * 5000},
    {"centre": None},
    {"role": "boss"},
    {"subject": "device"},
    {"v": 2},
    {"v": "1"},
]


def test_a_hostile_certificate_is_refused_and_blocks_nobody(world: World, desk: Desk) -> None:
    key = SigningKey.generate()
    good = json.loads(Envelope.from_json(desk.colleague("s-new", key).certificate).payload)
    for changes in HOSTILE_CERTIFICATES:
        text = json.dumps({**good, **changes}).encode()
        envelope = Envelope.seal(CERTIFICATE_TYPE, text, desk.staff_key).to_json()
        desk.record(StaffAdded(staff="s-new", certificate=envelope))
    for nonsense in ("", "{}", "[]", '{"payload": 1}'):
        desk.record(StaffAdded(staff="s-new", certificate=nonsense))
    desk.record(SignedOut())
    answers = said(desk.push())
    assert answers.pop(len(desk.ledger)) == (A, ())
    assert set(answers.values()) == {(X, (R.NOT_ALLOWED,))}


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 31, b"x" * 32, b"x" * 48, b"\x00" * 60, b"x" * 2000])
def test_any_bytes_for_a_seal_are_held(world: World, desk: Desk, sealed: bytes) -> None:
    desk.record(desk.dose(world.book(), proof=replace(desk.proof("1", "0000"), sealed=sealed)))
    desk.record(desk.walk_in("W0123456789abcdef", sealed=sealed))
    assert set(said(desk.push()).values()) == {(H, (R.SEAL_UNREADABLE,))}
