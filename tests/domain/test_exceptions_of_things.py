"""Vials, machines and closes that need somebody, and what it means that somebody saw to it (DESIGN 7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.domain.books import DAY, NOON, OWN, book, day, desk, found, keys
from tests.domain.given import (
    NINE,
    TODAY,
    closed,
    dose_given,
    noticed,
    observed,
    opened,
    received,
    settled,
    thrown,
    voided,
)
from vaccinator_app.domain.closing_events import (
    CountedBatch,
    Settlement,
    SettleReason,
    VarianceReason,
)
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import Difference, Machine, Said
from vaccinator_app.domain.events import Arrived, Body, RecordViewed, SignedIn
from vaccinator_app.domain.exceptions import Act, ExceptionKind
from vaccinator_app.domain.find_exceptions import find, open_ones
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed, RemovalReason, StaffRemoved
from vaccinator_app.domain.stock_events import DiscardReason

# Keys taken back


def test_a_removal_that_waits_says_what_it_is_about_and_that_nobody_is_put_out() -> None:
    removal = StaffRemoved(staff="s9", keys=("0" * 16,), reason=RemovalReason.LEFT)
    outcomes = {("d1", 1): Said("held", ("not_allowed",))}
    (one,) = found(desk(removal), outcomes=outcomes, names={"s9": "K. Rao"}).values()
    assert one.words == Message.of("exception.removal", name="K. Rao")
    assert one.acts == (Act.EXPLAIN, Act.ESCALATE)
    (other,) = found(desk(removal), outcomes={("d1", 1): Said("refused", ("not_allowed",))}).values()
    assert other.words.key == "exception.refused"


# Vials

VARIANCE = f"variance:{TODAY}:two/4121Z025"


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ([received(1), opened(3, doses=1), dose_given("a")], []),
        ([received(1), opened(3, doses=1), dose_given("a"), dose_given("b")], ["exception.doses_over"]),
        (
            [received(1), opened(3), thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=9, vial=3)],
            ["exception.doses_missing"],
        ),
        ([received(1), opened(1, doses=0), opened(2, doses=0)], ["exception.below_zero"]),
        ([opened(1, doses=0)], ["exception.never_received"]),
        ([opened(3, doses=0), dose_given("a")], ["exception.never_received", "exception.doses_over"]),
    ],
)
def test_vials_and_doses_that_do_not_agree(history: list[Body], said: list[str]) -> None:
    one = found(desk(*history)).get(VARIANCE)
    assert ([] if one is None else [one.words.key, *(step.words.key for step in one.history)]) == said


def test_an_explanation_covers_what_it_explained() -> None:
    """One dose too many was explained; the second needs somebody again."""
    over = day(
        opened(1, doses=1), replace(dose_given("a"), vial=1), replace(dose_given("b"), vial=1), settled(VARIANCE)
    )
    assert found(over)[VARIANCE].settled is not None
    more = [*over, *desk(replace(dose_given("c"), vial=1), first=7, at=NINE + timedelta(minutes=9))]
    assert found(more)[VARIANCE].settled is None
    assert found(more)[VARIANCE].history[-1].words.key == "settled.explained"
    again = [*more, *desk(settled(VARIANCE), first=8, at=NINE + timedelta(minutes=12))]
    assert found(again)[VARIANCE].settled is not None


def test_what_is_left_in_a_vial_whose_time_is_over() -> None:
    left = day(dose_given("a"), observed("a"))
    over = left[1].at + timedelta(hours=4)
    key = "vial_left:d1:two/4121Z025:3"
    assert key not in keys(left, now=over - timedelta(seconds=1))
    one = found(left, now=over)[key]
    assert one.words == Message.of("exception.discard_left", machine="Desk 1", batch="4121Z025", vial=3, n=9)
    gone = thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=9, vial=3)
    assert key not in keys([*left, *desk(gone, first=5, at=over + DAY)], now=over + 2 * DAY)
    empty = desk(received(1), opened(3, doses=1), dose_given("a"))
    assert key not in keys(empty, now=over)
    assert key in keys([*empty, *desk(voided(3, "a"), first=4)], now=over)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (thrown(DiscardReason.BROKEN, vials=2), "exception.vials_lost"),
        (thrown(DiscardReason.VVM, vials=1), "exception.vials_lost"),
        (thrown(DiscardReason.BROKEN, doses=10, vial=3), "exception.vial_lost"),
        (thrown(DiscardReason.BROKEN, vial=3), None),
        (thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=10, vial=3), None),
    ],
)
def test_vials_lost(lost: Body, said: str | None) -> None:
    one = found(day(lost)).get("vial_lost:d1:3")
    assert (None if one is None else one.words.key) == said


# Machines


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(120, None), (121, "exception.clock_ahead"), (-120, None), (-121, "exception.clock_back")],
)
def test_a_clock_that_jumped(seconds: int, said: str | None) -> None:
    jump = timedelta(seconds=seconds)
    ledger = desk(Arrived(appointment="a"), Arrived(appointment="b"), Arrived(appointment="c"))
    moved = [ledger[0], *(replace(one, at=one.at + jump) for one in ledger[1:])]
    exceptions = found(moved)
    assert set(exceptions) == (set() if said is None else {"clock:d1:2"})
    if said is not None:
        assert exceptions["clock:d1:2"].words == Message.of(said, machine="Desk 1", span=abs(jump))
    booted = [moved[0], *(replace(one, boot="later") for one in moved[1:])]
    assert keys(booted) == set()
    unseen = [replace(one, boot="") for one in moved]
    assert keys(unseen) == set()


def test_a_jump_is_at_the_same_record_at_every_desk() -> None:
    """What stays on its own machine is not there elsewhere to find the jump by."""
    ledger = desk(Arrived(appointment="a"), SignedIn(), RecordViewed(appointment="a"), Arrived(appointment="b"))
    moved = [ledger[0], *(replace(one, at=one.at + DAY / 24) for one in ledger[1:])]
    assert keys(moved) == keys([moved[0], moved[3]]) == {"clock:d1:4"}


def test_a_clock_that_jumped_over_midnight_is_of_both_days() -> None:
    ledger = desk(received(1), received(1))
    moved = [ledger[0], replace(ledger[1], at=ledger[1].at + 3 * DAY)]
    assert "clock:d1:2" in keys(moved)
    assert "clock:d1:2" in keys(moved, day=TODAY + 3 * DAY)
    assert "clock:d1:2" not in keys(moved, day=TODAY + DAY)


OTHER = Machine(device="d2", name="Desk 2", own=False, upto=9, head="aa", heard_at=NINE)


@pytest.mark.parametrize(
    ("machine", "now", "said"),
    [
        (replace(OWN, unconfirmed=3, oldest_at=NINE), NINE + timedelta(hours=4), None),
        (replace(OWN, unconfirmed=3, oldest_at=NINE), NINE + timedelta(hours=5), "exception.unconfirmed"),
        (OTHER, NINE + timedelta(hours=4), None),
        (OTHER, NINE + timedelta(hours=5), "exception.machine_silent"),
        (replace(OTHER, missing=1), NINE, "exception.machine_missing"),
        (replace(OTHER, heard_at=None), NINE, "exception.machine_never"),
        (OTHER, NINE + DAY, "exception.machine_silent"),
        (replace(OTHER, heard_at=NINE + timedelta(minutes=1)), NINE + DAY, None),
    ],
)
def test_a_machine_that_was_not_heard(machine: Machine, now: datetime, said: str | None) -> None:
    last = desk(Arrived(appointment="a"))
    one = found(last, machines=(machine,), now=now).get(f"unsynced:{TODAY}:{machine.device}")
    assert (None if one is None else one.words.key) == said


# After the close


def close(seq: int, upto: int, *counted: CountedBatch, amendment: int = 0) -> Happened:
    (one,) = desk(closed({"d1": upto}, amendment, counted), first=seq, at=NINE + timedelta(hours=1), staff="boss")
    return one


def test_what_was_recorded_after_the_close() -> None:
    dosed = day(dose_given("a"))
    late = [*dosed, close(4, 3), *desk(Arrived(appointment="b"), observed("a"), voided(3, "a"), first=5, at=NOON)]
    assert keys(late, now=NINE) == {"late:b", "late:a", "voided:d1:7"}
    assert found(late)["late:b"].acts == (Act.AMEND, Act.OPEN)
    assert keys([*late, close(8, 7, amendment=1)], now=NINE) == {"voided:d1:7"}
    other = desk(Arrived(appointment="b"), device="d2")
    assert keys([*dosed, close(4, 3), *other], now=NINE) == {"late:b"}
    tomorrow = desk(Arrived(appointment="c"), first=5, at=NINE + DAY)
    assert keys([*dosed, close(4, 3), *tomorrow], now=NINE) == set()


def test_a_close_that_central_counts_otherwise() -> None:
    closed = [*day(dose_given("a"), observed("a")), close(5, 4)]
    said = {("d1", 5): Said("held", ("tally_differs",))}
    differ = {("d1", 5): (Difference("total.given", 1, 2), Difference("stock.two/A1.left", 3, 4))}
    one = found(closed, outcomes=said, differences=differ)["tally_differs:d1:5"]
    assert set(found(closed, outcomes=said, differences=differ)) == {"tally_differs:d1:5"}
    assert [step.words.key for step in one.history] == ["history.closed", "history.differs", "history.differs"]
    assert one.history[1].words.params == {"what": Message.of("history.given"), "here": 1, "there": 2}
    assert one.history[2].words.params["what"] == Message.of("history.count_of", count="left", group="two/A1")
    assert keys([*closed, close(6, 5, amendment=1)], outcomes=said, differences=differ) == set()


@pytest.mark.parametrize(
    ("counted", "reason", "open_"),
    [
        (4, VarianceReason.NONE, None),
        (3, VarianceReason.UNEXPLAINED, True),
        (3, VarianceReason.BROKEN_UNRECORDED, False),
    ],
)
def test_a_count_by_hand_that_is_other_than_the_records(
    counted: int, reason: VarianceReason, open_: bool | None
) -> None:
    by_hand = CountedBatch(vaccine="two", batch="4121Z025", counted=counted, computed=4, reason=reason)
    one = found([*day(), close(3, 2, by_hand)]).get(f"counted:{TODAY}:two/4121Z025")
    assert (None if one is None else one.settled is None) is open_
    if one is not None:
        assert bool(one.acts) is open_


# Settling


def test_a_settled_exception_stays_and_asks_for_nothing() -> None:
    lost = thrown(DiscardReason.BROKEN, vials=1)
    one = found(day(lost, settled("vial_lost:d1:3"), settled("vial_lost:d1:3", Settlement.ESCALATED)))["vial_lost:d1:3"]
    assert one.settled is not None
    assert (one.settled.how, one.settled.reason, one.settled.staff) == (
        Settlement.ESCALATED, SettleReason.COUNTED_AGAIN, "s1",
    )  # fmt: skip
    assert one.acts == ()
    assert [step.words.key for step in one.history] == ["settled.explained", "settled.escalated"]
    assert open_ones(find(book(day(lost, settled("vial_lost:d1:3"))))) == ()
    assert len(open_ones(find(book(day(lost, settled("vial_lost:d1:4")))))) == 1


def test_whatever_a_machine_notices_of_itself_is_on_the_list_and_stays() -> None:
    listed = found(desk(*noticed(), device="d2"), names={"s2": "S. Devi"})
    assert [one.kind for one in listed.values()] == [
        *[ExceptionKind.OLD_COPY] * 3,
        ExceptionKind.LOOKUPS,
        *[ExceptionKind.CLOCK] * 2,
    ]
    looked = listed["lookups:d2:6"]
    assert looked.words == Message.of("notice.many_lookups", machine="d2", name="S. Devi", n=31)
    assert (looked.staff, looked.acts) == ("s2", (Act.EXPLAIN, Act.ESCALATE))


def test_a_clock_that_the_machine_noticed_itself_is_one_exception() -> None:
    """Not one for the notice and another for the jump at it."""
    noted = Noticed(what=Notice.CLOCK_FORWARD, seconds=3600)
    before, after = desk(Arrived(appointment="a"), noted)
    listed = found([before, replace(after, at=after.at + timedelta(hours=1))])
    assert {one.words.key for one in listed.values()} == {"notice.clock_forward"}
