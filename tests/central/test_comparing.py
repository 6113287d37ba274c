"""Every count of a tally is compared, and named so that a person finds it (P.12.5)."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.central.support import TODAY
from vaccinator_app.central.intake.comparing import MOST, differences
from vaccinator_app.domain.counts import BatchCount, Counts, DayTally, Deferral, Hour, Line
from vaccinator_app.protocol.messages import CountedElsewhere

COUNTS = Counts(**{field.name: n for n, field in enumerate(fields(Counts), 1)})
STOCK = {field.name: n for n, field in enumerate(fields(BatchCount), 1) if field.name not in ("vaccine", "batch")}
DAY = DayTally(
    day=TODAY,
    total=COUNTS,
    sessions=(Line("1", COUNTS), Line("2", COUNTS)),
    vaccines=(Line("covishield", COUNTS),),
    batches=(Line("covishield/B1", COUNTS),),
    staff=(Line("s01", COUNTS),),
    bookings=(Line("online", COUNTS), Line("walk_in", COUNTS)),
    deferrals=(Deferral("unwell", 3),),
    hours=(Hour(9, 4, 5), Hour(10, 6, 7)),
    stock=(BatchCount(vaccine="covishield", batch="B1", **STOCK),),
)
LINES = {
    "sessions": "session.1",
    "vaccines": "vaccine.covishield",
    "batches": "batch.covishield/B1",
    "staff": "staff.s01",
    "bookings": "booking.online",
}


def test_the_same_day_has_no_differences() -> None:
    assert differences(DAY, replace(DAY)) == ()


@pytest.mark.parametrize("name", [field.name for field in fields(Counts)])
@pytest.mark.parametrize("where", ["total", *LINES])
def test_each_count_of_people(where: str, name: str) -> None:
    more = replace(COUNTS, **{name: getattr(COUNTS, name) + 1})
    if where == "total":
        other, prefix = replace(DAY, total=more), "total"
    else:
        first, *rest = getattr(DAY, where)
        changed: Any = {where: (replace(first, counts=more), *rest)}
        other, prefix = replace(DAY, **changed), LINES[where]
    here, there = getattr(COUNTS, name), getattr(more, name)
    assert differences(DAY, other) == (CountedElsewhere(f"{prefix}.{name}", here, there),)
    assert differences(other, DAY) == (CountedElsewhere(f"{prefix}.{name}", there, here),)


@pytest.mark.parametrize("name", STOCK)
def test_each_count_of_stock(name: str) -> None:
    changed: Any = {name: -5}
    other = replace(DAY, stock=(replace(DAY.stock[0], **changed),))
    assert differences(DAY, other) == (CountedElsewhere(f"stock.covishield/B1.{name}", STOCK[name], -5),)


def test_hours_deferrals_and_another_day() -> None:
    other = replace(
        DAY, day=TODAY.replace(day=22), hours=(Hour(9, 4, 6), Hour(11, 6, 0)), deferrals=(Deferral("refused", 1),)
    )
    assert {one.what: (one.here, one.there) for one in differences(DAY, other)} == {
        "day": (20261121, 20261122),
        "deferral.unwell.people": (3, 0),
        "deferral.refused.people": (0, 1),
        "hour.9.given": (5, 6),
        "hour.10.arrived": (6, 0),
        "hour.10.given": (7, 0),
        "hour.11.arrived": (0, 6),
    }


def test_a_line_one_side_lacks_counts_as_zeros() -> None:
    found = differences(DAY, replace(DAY, staff=()))
    assert {one.what for one in found} == {f"staff.s01.{field.name}" for field in fields(Counts)}
    assert all(one.there == 0 for one in found)
    assert differences(replace(DAY, staff=(*DAY.staff, Line("s02", Counts()))), DAY) == ()


def test_at_most_fifty_the_total_first_and_no_name_without_end() -> None:
    nothing = DayTally(day=TODAY, total=Counts())
    found = differences(DAY, nothing)
    assert len(found) == MOST
    assert found[0].what == "total.booked"
    (one,) = differences(replace(DAY, staff=(*DAY.staff, Line("s" * 1000, Counts(given=1)))), DAY)
    assert len(one.what) == 100
