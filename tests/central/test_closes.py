"""Central counts a closed day again from its own records (DESIGN 7.3; P.12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.central.closing import close_of, counted, head_of
from tests.central.machine import A, Colleague, Desk, H, other_code, said
from tests.central.support import BATCH, EXPIRY, TODAY, World
from tests.support.postgres import copy_home
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.intake.comparing import differences
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.domain.closing_events import LedgerHead
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    DeferReason,
    DoseDeferred,
    Proof,
    ProofKind,
    SignedIn,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.stock_events import DiscardReason, StockReceived, VialDiscarded, VialOpened
from vaccinator_app.protocol.messages import CloseAnswer, Outcome
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import Record

AGREES, DIFFERS, BROKEN = (A, ()), (H, (R.TALLY_DIFFERS,)), (H, (R.CHAIN_BROKEN,))


def stock(vials: int = 5) -> StockReceived:
    return StockReceived(vaccine="covishield", batch=BATCH, expiry=EXPIRY, vials=vials, doses_per_vial=10)


def differing(desk: Desk) -> dict[str, tuple[int, int]]:
    """What the last close's answer lists."""
    return {one.what: (one.here, one.there) for one in desk.pull().closes[-1].differences}


def a_day(world: World, desk: Desk) -> None:
    """Somebody booked and vaccinated, somebody who did not come, a vial."""
    world.book()
    desk.record(stock())
    desk.record(VialOpened(vaccine="covishield", batch=BATCH, vial=1, doses=10))
    desk.record(desk.dose(world.book()))


def test_a_close_that_agrees_is_accepted_and_every_desk_is_told(world: World, desk: Desk) -> None:
    other = Desk(world)
    a_day(world, desk)
    desk.record(close_of(desk))
    assert said(desk.push())[4] == AGREES
    answer = [CloseAnswer(desk.device, 4, ())]
    assert desk.pull().closes == answer
    assert other.pull().closes == answer
    world.clock.move(days=30, seconds=1)
    assert other.pull().closes == []


def test_a_close_that_differs_is_held_and_every_difference_is_named(world: World, desk: Desk) -> None:
    a_day(world, desk)
    body = close_of(desk)
    wrong = replace(body.tally, total=replace(body.tally.total, given=2, no_show=0))
    desk.record(replace(body, tally=wrong))
    receipt = desk.push()
    assert said(receipt)[4] == DIFFERS
    assert desk.push().outcomes == receipt.outcomes
    assert differing(desk) == {"total.given": (2, 1), "total.no_show": (0, 1)}
    assert desk.pull().outcomes == []


def test_refused_records_are_none_here_and_held_ones_happened(world: World, desk: Desk) -> None:
    one, two = world.book(), world.book()
    desk.record(desk.dose(one, other_code(one.code, same_bucket=True)))
    spoiled = desk.record(desk.dose(two))
    desk.ledger[-1] = Record(spoiled.payload, spoiled.keyid, bytes(64))
    desk.record(close_of(desk))
    answers = said(desk.push())
    assert [answers[seq][0].value for seq in (1, 2, 3)] == ["held", "refused", "held"]
    found = differing(desk)
    assert (found["total.given"], found["total.no_show"]) == ((2, 1), (0, 1))


def test_a_close_waits_for_what_it_covers(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    other.record(stock())
    other.record(other.dose(booked))
    a_day(world, desk)
    desk.record(close_of(desk, other))
    assert said(desk.push())[4] == AGREES
    assert desk.pull().closes == []
    other.push(other.ledger[:1])
    assert desk.pull().closes == []
    other.push()
    assert desk.pull().closes == [CloseAnswer(desk.device, 4, ())]
    assert desk.pull().outcomes == []


def test_a_close_does_not_wait_for_a_machine_that_is_out_of_use(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    other.record(stock())
    other.record(other.dose(booked))
    a_day(world, desk)
    desk.record(close_of(desk, other))
    other.push(other.ledger[:1])
    desk.push()
    assert desk.pull().closes == []
    revoke_device(world.home, other.device, world.clock())
    desk.record(SignedIn())
    cursor = desk.pull().cursor
    desk.push()
    assert desk.pull(cursor).outcomes == [Outcome(4, H, (R.TALLY_DIFFERS,))]
    found = differing(desk)
    assert found[f"head.{other.device}"] == (2, 0)
    assert found["total.given"] == (2, 1)


def test_a_close_that_turns_out_to_differ_is_held_later(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    other.record(other.dose(booked))
    body = close_of(desk, other)
    desk.record(replace(body, tally=replace(body.tally, total=replace(body.tally.total, given=0))))
    desk.push()
    cursor, theirs = desk.pull().cursor, other.pull()
    assert [one.status for one in theirs.peers] == [A]
    other.push()
    assert desk.pull(cursor).outcomes == [Outcome(1, H, (R.TALLY_DIFFERS,))]
    assert [(one.status, one.reasons) for one in other.pull(theirs.cursor).peers] == [DIFFERS]
    assert differing(desk) == {"total.given": (0, 1)}


def test_what_a_close_does_not_cover_is_left_to_its_amendment(world: World, desk: Desk) -> None:
    other = Desk(world)
    first, late = world.book(), world.book()
    desk.record(desk.dose(first))
    close = close_of(desk)
    desk.record(close)
    other.record(other.dose(late))
    other.push()
    assert said(desk.push())[2] == AGREES
    amended = close_of(desk, other, amendment=1, previous=desk.head.hex())
    desk.record(amended)
    assert said(desk.push())[3] == AGREES
    assert [one.seq for one in desk.pull().closes] == [2, 3]


@pytest.mark.parametrize("together", [True, False])
def test_an_amendment_names_the_close_before(world: World, desk: Desk, together: bool) -> None:
    other = Desk(world)
    desk.record(close_of(desk))
    first = desk.head.hex()
    for amendment, previous in ((1, ""), (1, "00" * 32), (2, first), (0, ""), (0, first), (1, first), (1, first)):
        desk.record(close_of(desk, amendment=amendment, previous=previous))
    if not together:
        desk.push(desk.ledger[:3])
    assert said(desk.push()) == {1: AGREES, **dict.fromkeys((2, 3, 4, 5, 6), BROKEN), 7: AGREES, 8: BROKEN}
    other.record(close_of(other, amendment=2, previous=desk.ledger[6].hash.hex()))
    assert said(other.push()) == {1: AGREES}
    other.record(close_of(other, day=TODAY + timedelta(days=1)))
    assert said(other.push())[2] == AGREES
    assert {one.seq for one in desk.pull().closes if one.device == desk.device} == {1, 7}


def test_a_first_close_amends_nothing(world: World, desk: Desk) -> None:
    desk.record(close_of(desk, previous="00" * 32))
    desk.record(close_of(desk))
    assert said(desk.push()) == {1: BROKEN, 2: AGREES}


def test_two_desks_that_both_closed_a_day_find_out_of_it(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(close_of(desk))
    other.record(close_of(other))
    assert (said(desk.push()), said(other.push())) == ({1: AGREES}, {1: BROKEN})
    other.record(close_of(other, desk, amendment=1, previous=other.head.hex()))
    assert said(other.push())[2] == AGREES


def test_another_history_than_centrals_is_said(world: World, desk: Desk) -> None:
    a_day(world, desk)
    other = Desk(world)
    good = head_of(desk)
    heads = (
        replace(good, hash="00" * 32),
        LedgerHead(other.device, 0, "11" * 32),
        LedgerHead("d000000000000", 3, "22" * 32),
    )
    desk.record(close_of(desk, heads=heads))
    assert said(desk.push())[4] == DIFFERS
    assert differing(desk) == {
        f"head.{desk.device}": (3, 0),
        f"head.{other.device}": (0, 0),
        "head.d000000000000": (3, 0),
    }


def test_a_close_behind_a_gap_in_the_chain_is_held_and_not_counted(world: World, desk: Desk) -> None:
    desk.record(close_of(desk), prev=bytes(32))
    desk.record(close_of(desk), prev=bytes(32))
    assert said(desk.push())[2] == BROKEN
    assert [one.seq for one in desk.pull().closes] == [1]


def test_stock_goes_on_from_the_days_before_and_a_void_may_come_later(world: World, desk: Desk) -> None:
    desk.record(stock(7))
    desk.record(VialOpened(vaccine="covishield", batch=BATCH, vial=1, doses=10))
    dose = desk.dose(world.book())
    desk.record(dose)
    world.clock.move(days=1)
    desk.record(Voided(appointment=dose.appointment, seq=3, reason=VoidReason.NEVER_CAME))
    tomorrow = TODAY + timedelta(days=1)
    desk.record(VialDiscarded(vaccine="covishield", batch=BATCH, reason=DiscardReason.BROKEN, doses=20, vials=2))
    body = close_of(desk, day=tomorrow)
    assert (body.tally.stock[0].at_start, body.tally.stock[0].discarded) == (6, 2)
    desk.record(body)
    # Of yesterday a desk has the roster no more; its own list of who was booked is what it was.
    yesterday = close_of(desk)
    booked = replace(yesterday.tally.total, booked=1, no_show=1, voided=1)
    assert yesterday.tally.total.voided == 1
    desk.record(replace(yesterday, tally=replace(yesterday.tally, total=booked)))
    answers = said(desk.push())
    assert answers[6] == AGREES
    assert not any(name.startswith(("total", "stock")) for name in differing_of(desk, 7))


def differing_of(desk: Desk, seq: int) -> set[str]:
    return {one.what for close in desk.pull().closes if close.seq == seq for one in close.differences}


def test_the_day_is_the_centres_own(world: World, desk: Desk) -> None:
    """At 19:00 UTC it is the next day in Rampur, and half past midnight there."""
    booked = world.book(date=(TODAY + timedelta(days=1)).isoformat())
    world.clock.move(hours=14.5)
    desk.record(desk.dose(booked))
    body = close_of(desk, day=TODAY + timedelta(days=1))
    assert [(hour.hour, hour.given) for hour in body.tally.hours] == [(0, 1)]
    desk.record(body)
    assert said(desk.push())[2] == AGREES


def test_a_cancelled_appointment_is_no_no_show(world: World, desk: Desk) -> None:
    token = world.sign_in("9876543210")
    booked = world.bookings.book(token, world.form())
    world.book()
    world.bookings.cancel(token, booked.reference)
    body = close_of(desk)
    assert (body.tally.total.booked, body.tally.total.no_show) == (1, 1)
    desk.record(body)
    assert said(desk.push())[1] == AGREES


# Whatever happened, the same function counts the same on both sides


@dataclass
class Centre:
    """Two desks of a centre that has people booked."""

    before: Path
    world: World
    desks: tuple[Desk, Desk]
    booked: list[Booked]
    colleague: Colleague

    def begin(self) -> None:
        self.world.restore(self.before)
        for desk in self.desks:
            desk.ledger.clear()


@pytest.fixture(scope="module")
def centre(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("centre")
    copy_home(made_home, folder / "home")
    world = World(folder / "home", admin.open_home(folder / "home"))
    desks = (Desk(world), Desk(world))
    booked = [world.book(slot=slot) for slot in ("10:00", "10:15", "12:30", "10:00")]
    world.home.database.close()
    copy_home(folder / "home", folder / "before")
    yield Centre(folder / "before", world, desks, booked, Colleague())
    world.home.database.close()


def _walk_in(desk: Desk, booked: Booked, n: int) -> Body:
    return desk.walk_in(f"W{n:016x}")


def _walk_ins_dose(desk: Desk, booked: Booked, n: int) -> Body:
    return replace(desk.dose(booked, proof=Proof(how=ProofKind.NONE)), appointment=f"W{n:016x}")


def _void(desk: Desk, booked: Booked, n: int) -> Body:
    reason = list(VoidReason)[n % len(VoidReason)]
    seq = max(1, len(desk.ledger) - n)
    return Voided(appointment=booked.reference, seq=seq, reason=reason)


MAKERS: list[Callable[[Desk, Booked, int], Body]] = [
    lambda desk, booked, n: Arrived(appointment=booked.reference),
    lambda desk, booked, n: desk.dose(booked),
    lambda desk, booked, n: desk.dose(booked, batch=f"b{n}", vial=n),
    lambda desk, booked, n: desk.dose(booked, other_code(booked.code, same_bucket=True)),
    lambda desk, booked, n: desk.refused_code(booked, "0000"),
    lambda desk, booked, n: DoseDeferred(appointment=booked.reference, reason=DeferReason.UNWELL),
    _walk_in,
    _walk_ins_dose,
    _void,
    lambda desk, booked, n: stock(n + 1),
    lambda desk, booked, n: VialOpened(vaccine="covishield", batch=BATCH, vial=n, doses=10),
    lambda desk, booked, n: VialDiscarded(
        vaccine="covishield", batch=BATCH, reason=DiscardReason.OTHER, doses=n, vial=n
    ),
]
HAPPENING = st.tuples(
    st.integers(0, 1), st.integers(0, len(MAKERS) - 1), st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, 40])
)


@settings(max_examples=40, deadline=None)
@given(day=st.lists(HAPPENING, max_size=14), closer_first=st.booleans())
def test_central_counts_what_the_desks_counted(
    centre: Centre, day: list[tuple[int, int, int, int, int]], closer_first: bool
) -> None:
    centre.begin()
    began = centre.world.clock.now
    try:
        for which, kind, person, n, minutes in day:
            desk = centre.desks[which]
            desk.record(MAKERS[kind](desk, centre.booked[person], n))
            centre.world.clock.move(minutes=minutes)
        one, other = centre.desks
        close = close_of(one, other)
        one.record(close)
        first, second = (one, other) if closer_first else (other, one)
        answers = {(desk.device, o.seq): o for desk in (first, second) for o in desk.push().outcomes}
        refused = [name for name, o in answers.items() if o.status.value == "refused"]
        expected = differences(close.tally, counted(one, other, without=refused))
        assert one.pull().closes == [CloseAnswer(one.device, len(one.ledger), expected)]
        assert said(one.push())[len(one.ledger)] == (DIFFERS if expected else AGREES)
    finally:
        centre.world.clock.now = began
