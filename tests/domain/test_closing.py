"""The close: what it covers, what came after, and what may not be signed (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.books import NOON, book, desk
from tests.domain.given import (
    NINE,
    TODAY,
    appointments_of_the_day,
    closed,
    days,
    dose_given,
    observed,
    opened,
    received,
    refused,
    settled,
    voided,
)
from vaccinator_app.domain.closing import CannotClose, covered, late, make_close, newest_close
from vaccinator_app.domain.closing_events import CountedBatch, DayClosed, LedgerHead, VarianceReason
from vaccinator_app.domain.day import Booked, Happened, is_empty
from vaccinator_app.domain.daybook import DayBook, Machine
from vaccinator_app.domain.events import Arrived, Body, DoseGiven, SignedIn, Voided
from vaccinator_app.domain.exceptions import ExceptionKind
from vaccinator_app.domain.find_exceptions import find
from vaccinator_app.domain.tally import tally

NAME = ("two", "4121Z025")
COUNTED = {NAME: (4, VarianceReason.NONE)}
DAY: list[Body] = [received(5), opened(3), dose_given("a"), observed("a")]
Count = Mapping[tuple[str, str], tuple[int, VarianceReason]]


def known(happened: list[Happened], **more: object) -> DayBook:
    """A book with a machine for each desk that ``happened`` is of, known as far as it goes."""
    upto = {one.device: 0 for one in happened}
    for one in happened:
        upto[one.device] = max(upto[one.device], one.seq)
    machines = tuple(
        Machine(device=device, name=device, own=device == "d1", upto=seq, head=f"{seq:064x}", heard_at=NOON)
        for device, seq in upto.items()
    )
    return book(happened, machines=machines, **{"now": NOON, **more})  # type: ignore[arg-type]


def close(of: DayBook, counted: Count = COUNTED, previous: str = "") -> DayClosed:
    return make_close(of, counted, find(of), previous)


def signed(of: DayBook, body: DayClosed) -> Happened:
    """The close as the next record of this desk."""
    seq = max((one.seq for one in of.happened if one.device == "d1"), default=0) + 1
    return Happened("d1", seq, of.now, "boss", body)


def test_a_day_is_closed() -> None:
    other = desk(Arrived(appointment="b"), device="d2")
    of = known([*desk(*DAY), *other])
    body = close(of)
    assert body == DayClosed(
        day=TODAY,
        amendment=0,
        previous="",
        heads=(LedgerHead("d1", 4, f"{4:064x}"), LedgerHead("d2", 1, f"{1:064x}")),
        tally=tally(TODAY, of.happened, of.booked),
        counted=(CountedBatch(vaccine="two", batch="4121Z025", counted=4, computed=4),),
        open_exceptions=(),
    )
    assert body.tally.total.given == 1


def test_a_machine_of_which_nothing_is_known_is_not_covered() -> None:
    of = known(desk(*DAY))
    silent = Machine(device="d9", name="Desk 9", own=False, upto=0, head="")
    body = close(replace(of, machines=(*of.machines, silent)))
    assert [head.device for head in body.heads] == ["d1"]
    assert body.open_exceptions == (f"unsynced:{TODAY}:d9",)


def test_the_tally_is_of_what_the_heads_cover() -> None:
    """A record that came in behind a gap is not signed for."""
    of = known([*desk(*DAY), *desk(Arrived(appointment="b"), first=7, device="d2")])
    behind = replace(of, machines=tuple(replace(one, upto=5) if one.device == "d2" else one for one in of.machines))
    assert close(of).tally.total.arrived == 2
    assert close(behind).tally.total.arrived == 1


def test_open_exceptions_are_those_nobody_settled() -> None:
    twice = desk(*DAY, dose_given("a"), observed("a"), dose_given("a"), observed("a"), settled("duplicate:d1:5"))
    assert close(known(twice)).open_exceptions == ("duplicate:d1:7",)


# What cannot be closed


def refusal(of: DayBook, counted: Count = COUNTED, previous: str = "") -> str:
    with pytest.raises(CannotClose) as caught:
        close(of, counted, previous)
    assert str(caught.value) == caught.value.message.key
    return caught.value.message.key


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({}, "close.count_missing"),
        ({NAME: (3, VarianceReason.NONE)}, "close.why_missing"),
        ({NAME: (-1, VarianceReason.UNEXPLAINED)}, "close.below_zero"),
        ({**COUNTED, ("two", "B2"): (1, VarianceReason.NONE)}, "close.why_missing"),
    ],
)
def test_counts_that_cannot_be_signed(counted: Count, said: str) -> None:
    assert refusal(known(desk(*DAY)), counted) == said


def test_a_count_needs_a_reason_only_when_it_is_other_than_the_records() -> None:
    body = close(
        known(desk(*DAY)), {NAME: (3, VarianceReason.BROKEN_UNRECORDED), ("two", "B2"): (0, VarianceReason.NONE)}
    )
    assert [(one.batch, one.counted, one.computed, one.reason) for one in body.counted] == [
        ("4121Z025", 3, 4, VarianceReason.BROKEN_UNRECORDED),
        ("B2", 0, 0, VarianceReason.NONE),
    ]
    same = close(known(desk(*DAY)), {NAME: (4, VarianceReason.DOSE_SPILT)})
    assert same.counted[0].reason is VarianceReason.NONE


def test_a_batch_that_is_used_up_needs_no_count() -> None:
    body = close(known(desk(received(1), *DAY[1:])), {})
    assert body.counted == ()


def test_a_day_without_events_and_a_day_to_come() -> None:
    yesterday = [replace(one, at=one.at - timedelta(days=1)) for one in desk(SignedIn())]
    assert refusal(known(yesterday)) == "close.empty_day"
    assert refusal(known([])) == "close.empty_day"
    assert refusal(known(desk(*DAY), now=NINE - timedelta(days=1))) == "close.future_day"


# After it


def test_closed_already_and_nothing_new() -> None:
    of = known(desk(*DAY))
    first = signed(of, close(of))
    again = known([*of.happened, first, *desk(SignedIn(), first=6, at=NOON)])
    assert refusal(again, previous="aa") == "close.nothing_new"
    counted = close(again, {NAME: (3, VarianceReason.UNEXPLAINED)}, "aa")
    assert (counted.amendment, counted.previous) == (1, "aa")


@pytest.mark.parametrize("previous", ["", "aa"])
def test_a_close_names_the_one_it_amends_and_nothing_else(previous: str) -> None:
    of = known(desk(*DAY))
    after = known([*of.happened, signed(of, close(of)), *desk(Arrived(appointment="b"), first=6, at=NOON)])
    with pytest.raises(ValueError, match="hash"):
        close(of if previous else after, previous=previous)


def test_a_person_is_late_once_and_the_vial_opened_for_them_with_them() -> None:
    of = known(desk(*DAY))
    first = signed(of, close(of))
    vial = dose_given("b").vial
    told: list[Body] = [opened(vial), dose_given("b")]
    more: list[Body] = [Arrived(appointment="b"), *told, Arrived(appointment="c")]
    after = known([*of.happened, first, *desk(*more, first=6, at=NOON)])
    assert [one.key for one in find(after) if one.kind is ExceptionKind.LATE] == ["late:b", "late:c"]
    alone = known([*of.happened, first, *desk(told[0], first=6, at=NOON)])
    assert [one.key for one in find(alone) if one.kind is ExceptionKind.LATE] == ["late:d1:6"]


def test_late_records_become_an_amendment() -> None:
    of = known(desk(*DAY))
    first = signed(of, close(of))
    after = known([*of.happened, first, *desk(Arrived(appointment="b"), refused("b"), first=6, at=NOON)])
    assert [one.key for one in find(after) if one.kind is ExceptionKind.LATE] == ["late:b"]
    second = close(after, previous="aa")
    assert (second.amendment, second.open_exceptions) == (1, ())
    assert second.tally.total.arrived == 2
    assert late(TODAY, after.happened, signed(after, second)) == []


def test_the_newest_close_is_the_furthest_amendment() -> None:
    closes = [
        Happened("d1", 9, NOON, "boss", closed({}, 1)),
        Happened("d2", 4, NOON + timedelta(hours=1), "boss", closed({}, 0)),
        Happened("d2", 3, NOON, "boss", closed({}, 1)),
        Happened("d1", 1, NOON, "boss", replace(closed({}, 7), day=TODAY - timedelta(days=1))),
    ]
    assert newest_close(TODAY, closes) is closes[2]
    assert newest_close(TODAY, closes[3:]) is None


def test_what_heads_cover() -> None:
    ledger = [*desk(SignedIn(), SignedIn()), *desk(SignedIn(), device="d2"), *desk(SignedIn(), device="d3")]
    heads = (LedgerHead("d1", 1, ""), LedgerHead("d2", 5, ""))
    assert [one.name for one in covered(ledger, heads)] == [("d1", 1), ("d2", 1)]


def test_what_is_late_is_about_the_day() -> None:
    """Tomorrow's void of today's dose is; tomorrow's dose is not; who looked or signed in is never."""
    dosed = desk(*DAY)
    tomorrow = NINE + timedelta(days=1)
    right = replace(dose_given("a"), corrects=3, given_at=dosed[2].at)
    after = desk(voided(3, "a"), right, dose_given("b"), SignedIn(), received(1), voided(8, "b"), first=6, at=tomorrow)
    last = Happened("d1", 5, NOON, "boss", closed({"d1": 4}))
    assert sorted(one.seq for one in late(TODAY, [*dosed, last, *after], last)) == [6, 7]
    assert [one.seq for one in late(TODAY + timedelta(days=1), [*dosed, last, *after], last)] == [8, 10, 11]


@settings(max_examples=50, deadline=None)
@given(days(), days(devices=("d1",)), appointments_of_the_day())
def test_a_closed_day_is_covered_whole_and_what_follows_is_late(
    before: list[Happened], after: list[Happened], booked: tuple[Booked, ...]
) -> None:
    before = [one for one in before if not isinstance(one.body, DayClosed)]
    of = known(before, booked=booked, now=NOON + timedelta(days=3))
    if is_empty(TODAY, before) and not booked:
        assert refusal(of) == "close.empty_day"
        return
    last = signed(of, close(of, _as_computed(of)))
    assert isinstance(last.body, DayClosed)
    assert last.body.tally == tally(TODAY, before, booked)
    assert late(TODAY, [*before, last], last) == []
    more = [
        replace(one, seq=one.seq + last.seq)
        for one in after
        if not isinstance(one.body, DayClosed | Voided | DoseGiven)
    ]
    found = late(TODAY, [*before, last, *more], last)
    if tally(TODAY, [*before, *more], booked).total != last.body.tally.total:
        assert found
    assert all(one in more for one in found)


def _as_computed(of: DayBook) -> dict[tuple[str, str], tuple[int, VarianceReason]]:
    """Counted as the records say, or none where they say less than none."""
    stock = tally(TODAY, of.happened, of.booked).stock
    reason = VarianceReason.UNEXPLAINED
    return {(one.vaccine, one.batch): (max(0, one.unopened), reason) for one in stock}


@given(st.integers(1, 20))
@settings(max_examples=10, deadline=None)
def test_every_amendment_counts_one_further(times: int) -> None:
    of = known(desk(*DAY))
    last = signed(of, close(of))
    for number in range(1, times + 1):
        fresh = Happened("d1", last.seq + 1, NOON, "s1", refused("a"))
        of = known([*of.happened, last, fresh])
        last = signed(of, close(of, previous="aa"))
        assert isinstance(last.body, DayClosed)
        assert (last.body.amendment, newest_close(TODAY, [*of.happened, last])) == (number, last)


def test_a_day_on_which_only_the_staff_came_is_empty() -> None:
    came = desk(SignedIn())
    assert is_empty(TODAY, came)
    assert not is_empty(TODAY, [*came, *desk(Arrived(appointment="a"), first=2)])
    assert not is_empty(TODAY, [*came, *desk(received(1), first=2)])
    assert is_empty(TODAY + timedelta(days=1), desk(*DAY))
