"""What may be drawn from, said before the needle; and vials and doses that agree, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.given import (
    MORNING,
    NINE,
    TODAY,
    TWO_DOSES,
    days,
    dose_given,
    opened,
    received,
    thrown,
    voided,
)
from vaccinator_app.domain.counts import BatchCount, wastage_rate
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.events import Body, DoseGiven
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch, Shelf, Vial, count_stock, first_to_expire, vial_is_usable, why_not
from vaccinator_app.domain.stock_events import DiscardReason, StockReceived, StockTransferred, VialOpened

VIAL = Vial(vaccine="two", batch="A1", vial=1, left=1, opened_at=MORNING)
DAY = timedelta(days=1)
EXAMPLES = settings(max_examples=40, deadline=None)


def batch(name: str, expiry: date, vaccine: str = "two") -> Batch:
    return Batch(vaccine=vaccine, batch=name, expiry=expiry, doses_per_vial=10)


@pytest.mark.parametrize(
    ("left", "minutes", "usable"), [(1, 0, True), (10, 239, True), (1, 240, False), (0, 0, False), (-1, 0, False)]
)
def test_a_vial_is_usable_for_its_hours_and_its_doses(left: int, minutes: int, usable: bool) -> None:
    vial = replace(VIAL, left=left)
    assert vial_is_usable(vial, TWO_DOSES, MORNING + timedelta(minutes=minutes)) is usable


def test_the_first_to_expire_goes_first() -> None:
    late, early = TODAY + timedelta(days=9), TODAY + timedelta(days=3)
    batches = [batch("B", late), batch("Z", early), batch("A", early), batch("A", early, "three")]
    assert [(b.vaccine, b.batch) for b in first_to_expire(batches)] == [
        ("three", "A"), ("two", "A"), ("two", "Z"), ("two", "B"),
    ]  # fmt: skip


GOOD = batch("A1", TODAY)
OVER = replace(VIAL, opened_at=MORNING - timedelta(hours=4))


@pytest.mark.parametrize(
    ("of", "shelf", "vial", "said"),
    [
        (GOOD, Shelf(received=1), None, None),
        (GOOD, Shelf(), None, None),  # nobody counted it in: the vials are there
        (GOOD, Shelf(opened=3), None, None),
        (GOOD, Shelf(received=1, opened=1), VIAL, None),
        (GOOD, Shelf(received=1, opened=1), None, "batch.exhausted"),
        (GOOD, Shelf(received=1, opened=1), OVER, "batch.exhausted"),
        (GOOD, Shelf(received=3, discarded=1, transferred=2), None, "batch.exhausted"),
        (replace(GOOD, expiry=TODAY - DAY), Shelf(received=1), VIAL, "batch.expired"),
        (replace(GOOD, withdrawn=True), Shelf(received=1), VIAL, "batch.withdrawn"),
    ],
)
def test_why_nothing_may_be_drawn(of: Batch, shelf: Shelf, vial: Vial | None, said: str | None) -> None:
    found = why_not(of, shelf, vial, TWO_DOSES, MORNING)
    assert (found.key if found is not None else None) == said


def test_an_expired_batch_is_named_with_its_day() -> None:
    assert why_not(replace(GOOD, expiry=TODAY - DAY), Shelf(), None, TWO_DOSES, MORNING) == Message.of(
        "batch.expired", batch="A1", day=TODAY - DAY
    )


# The count


def ledger(*history: Body, device: str = "d1", first: int = 1, days: int = 0) -> list[Happened]:
    return [
        Happened(device, seq, NINE + timedelta(minutes=seq, days=days), "s1", body)
        for seq, body in enumerate(history, first)
    ]


def dose(vial: int, number: int = 1) -> DoseGiven:
    return replace(dose_given(f"{number:012}"), vial=vial)


def only(happened: Sequence[Happened], day: date = TODAY) -> BatchCount:
    (found,) = count_stock(day, happened)
    return found


def test_a_day_of_two_desks() -> None:
    left = thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=8, vial=1)
    first = ledger(
        received(5), opened(1), dose(1, 1), dose(1, 2), left,
        StockTransferred(vaccine="two", batch="4121Z025", vials=2, to="Desk 2"),
    )  # fmt: skip
    second = ledger(received(2), opened(1), dose(1, 3), thrown(DiscardReason.BROKEN, vials=1), device="d2")
    assert only([*second, *first]) == BatchCount(
        vaccine="two", batch="4121Z025", doses_per_vial=10, received=7, opened=2, discarded=1, transferred=2,
        from_vials=20, given=3, wasted=8, left=9, variance=0,
    )  # fmt: skip
    assert only([*second, *first]).unopened == 2
    assert only([*second, *first]).lost == 18


@pytest.mark.parametrize(
    ("history", "variance"),
    [
        ([opened(1, doses=2), dose(1, 1), dose(1, 2), dose(1, 3)], 1),  # an eleventh dose, so to say
        ([opened(1, doses=2), dose(1, 1), thrown(DiscardReason.BROKEN, doses=0, vial=1)], -1),
        ([opened(1, doses=2), dose(1, 1), thrown(DiscardReason.BROKEN, doses=2, vial=1)], 1),
        ([opened(1, doses=2), dose(2, 1)], 1),  # from a vial that nobody opened
        ([opened(1, doses=2), dose(1, 1), dose(1, 2), dose(1, 3), voided(4, f"{3:012}")], 0),
        ([opened(1), opened(1), dose(1, 1)], 0),  # one vial, told twice
    ],
)
def test_variance(history: list[Body], variance: int) -> None:
    assert only(ledger(*history)).variance == variance


def test_a_vial_told_twice_was_opened_once_as_first_told() -> None:
    twice = ledger(received(3), opened(1, doses=10), opened(1, doses=5))
    assert only(twice) == only(twice[::-1])
    assert (only(twice).opened, only(twice).from_vials, only(twice).unopened) == (1, 10, 2)


def test_yesterdays_vials_are_todays_start() -> None:
    before = ledger(received(9), opened(1), dose(1), thrown(DiscardReason.VVM, vials=2), days=-1)
    found = only([*before, *ledger(opened(2), dose(2), first=5)])
    assert (found.at_start, found.opened, found.unopened, found.variance) == (6, 1, 5, 0)
    assert only(before, TODAY) == replace(only(before, TODAY - DAY), at_start=6, received=0, opened=0, discarded=0,
                                          from_vials=0, given=0, left=0)  # fmt: skip


def test_what_comes_out_of_yesterdays_vial_was_in_it() -> None:
    """Whether its doses of yesterday are known or not, today is not what makes them disagree."""
    before = ledger(received(9), opened(1), dose(1), days=-1)
    today = ledger(dose(1, 2), thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=8, vial=1), first=4)
    for known in (before, before[:2]):
        found = only([*known, *today])
        assert (found.from_vials, found.given, found.wasted, found.variance) == (9, 1, 8, 0)


def test_more_opened_than_received_is_below_zero() -> None:
    assert only(ledger(received(1), opened(1), opened(2))).unopened == -1


def test_a_dose_corrected_the_day_after_leaves_the_vial_as_it_was() -> None:
    given_then = ledger(received(1), opened(1), dose(1))
    right = replace(dose(1), dose=2, corrects=3, given_at=given_then[2].at)
    after = [*given_then, *ledger(voided(3, f"{1:012}"), right, first=4, days=1)]
    assert only(after) == only(given_then)
    assert count_stock(TODAY + DAY, after) == ()


@st.composite
def well_kept(draw: st.DrawFn) -> list[Happened]:
    """Any number of vials, each opened, drawn from no more often than it has doses, and sometimes thrown away."""
    found: list[Body] = [received(draw(st.integers(5, 9)))]
    for vial in range(1, draw(st.integers(1, 5)) + 1):
        given_from = draw(st.integers(0, 10))
        found.append(opened(vial))
        found += [dose(vial, vial * 100 + number) for number in range(given_from)]
        if draw(st.booleans()):
            found.append(thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=10 - given_from, vial=vial))
    return ledger(*found)


@EXAMPLES
@given(well_kept())
def test_a_well_kept_day_has_no_variance(day: list[Happened]) -> None:
    found = only(day)
    assert found.variance == 0
    assert found.unopened >= 0
    assert found.given == sum(isinstance(one.body, DoseGiven) for one in day)


@EXAMPLES
@given(days())
def test_every_vial_is_somewhere(day: list[Happened]) -> None:
    """What a day ends with is what the next begins with."""
    for count in count_stock(TODAY, day):
        later = [one for one in day if one.at.date() <= TODAY]
        tomorrow = {(one.vaccine, one.batch): one for one in count_stock(TODAY + DAY, later)}
        after = tomorrow.get((count.vaccine, count.batch))
        assert (0 if after is None else after.at_start) == count.unopened


@EXAMPLES
@given(days())
def test_each_kind_of_movement_is_counted(day: list[Happened]) -> None:
    today = [one.body for one in day if one.at.date() == TODAY]
    found = count_stock(TODAY, day)
    assert sum(one.received for one in found) == sum(body.vials for body in today if isinstance(body, StockReceived))
    assert sum(one.transferred for one in found) == sum(
        body.vials for body in today if isinstance(body, StockTransferred)
    )
    assert sum(one.opened for one in found) <= sum(isinstance(body, VialOpened) for body in today)


def test_the_wastage_rate_is_of_all_doses_used_up() -> None:
    assert (wastage_rate(90, 10), wastage_rate(0, 0)) == (0.1, None)
