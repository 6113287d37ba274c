"""A machine out of use: its records are kept and wait for the district; it is told of nobody (P.21)."""

from __future__ import annotations

from tests.central.machine import A, Desk, H, other_code, said
from tests.central.speaking import standing, state
from tests.central.support import RAMPUR, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.district import held
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.domain.events import SignedIn, Voided, VoidReason
from vaccinator_app.protocol.messages import Outcome
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import read_event

WALK_IN = "W00000000000000aa"
PHONE = "9876543210"
OUT = R.DEVICE_REVOKED


def accept(world: World, desk: Desk, seq: int) -> Outcome:
    why = OfficerReason.PAPER_REGISTER
    return held.accept(world.home, RAMPUR, desk.device, seq, by="officer-7", why=why, clock=world.clock)


def test_its_records_are_held_replace_no_code_and_count_when_the_district_says_so(world: World, desk: Desk) -> None:
    neighbour = Desk(world)
    right, wrong, twice = world.book(PHONE), world.book(), world.book()
    neighbour.record(neighbour.dose(twice))
    neighbour.push()
    revoke_device(world.home, desk.device, world.clock())
    cursor = neighbour.pull().cursor
    desk.record(SignedIn())
    desk.record(desk.dose(right))
    desk.record(desk.dose(wrong, other_code(wrong.code, same_bucket=True)))
    desk.record(desk.walk_in(WALK_IN))
    desk.record(desk.dose(twice))
    receipt = desk.push()
    assert receipt.upto == 5
    assert receipt.revoked_at == world.clock()
    answers = said(receipt)
    assert {status for status, _ in answers.values()} == {H}
    assert {reasons[0] for _, reasons in answers.values()} == {OUT}
    assert answers[3] == (H, (OUT, R.CODE_MISMATCH))
    assert said(desk.push()) == answers

    assert standing(world) == [(1, True)]
    assert not [text for text in world.inbox(PHONE) if "recorded" in text]
    assert count(world, schema.mismatches) == 0
    told = neighbour.pull(cursor)
    assert told.peers == []
    assert [one.reasons for one in told.outcomes] == [()]  # of its own dose, that the message was delivered
    assert [one.appointment for one in told.appointments] == []

    listed = held.list_held(world.home, "Rampur")
    assert [one.seq for one in listed] == [2, 3, 4, 5]
    for seq in (2, 4):
        assert accept(world, desk, seq) == Outcome(seq, A)
    assert [(one.device, read_event(one.record.payload).seq) for one in neighbour.pull(told.cursor).peers] == [
        (desk.device, 2),
        (desk.device, 4),
    ]
    assert sorted(standing(world)) == [(1, True), (2, True)]
    assert state(world, desk, 2)[0] == A


def test_it_is_told_of_nobody(world: World, desk: Desk) -> None:
    neighbour = Desk(world)
    world.book()
    neighbour.record(neighbour.walk_in(WALK_IN))
    neighbour.push()
    assert desk.pull().appointments
    world.book()
    revoke_device(world.home, desk.device, world.clock())
    page = desk.pull()
    assert page.revoked_at == world.clock()
    assert (page.roster_key.key, page.cursor, page.more, page.total) == (b"", 0, False, 0)
    assert page.lease.expires_at == world.clock()
    for name in ("appointments", "outcomes", "batches", "peers", "desks", "staff", "closes", "revoked"):
        assert getattr(page, name) == [], name
    assert page.centres == {}


def test_a_void_that_came_with_it_takes_its_dose_back_once_the_district_says_so(world: World, desk: Desk) -> None:
    booked = world.book(PHONE)
    desk.record(desk.dose(booked))
    desk.push()
    revoke_device(world.home, desk.device, world.clock())
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.WRONG_PERSON))
    assert said(desk.push())[2] == (H, (OUT,))
    assert standing(world) == [(1, True)]
    assert accept(world, desk, 2) == Outcome(2, A)
    assert standing(world) == []
    assert held.list_held(world.home, "Rampur") == []
