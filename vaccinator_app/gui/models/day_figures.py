"""The day as numbers ready to be painted: made off the window's thread, a screen only shows them (DESIGN 9.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from itertools import accumulate
from operator import add

from vaccinator_app.domain.counts import BatchCount, Counts, DayTally, Line
from vaccinator_app.domain.day import Booked, Happened, sessions, standing_doses
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.tally import ONLINE
from vaccinator_app.domain.vaccines import Formulary

QUARTERS = 4
"""Points of the running count in an hour."""

_MINUTES = 60 // QUARTERS


class Group(StrEnum):
    """What the table is by."""

    SESSION = "session"
    VACCINE = "vaccine"
    BATCH = "batch"
    STAFF = "staff"
    BOOKING = "booking"


PEOPLE = ("booked", "walk_ins", "arrived", "given", "deferred", "no_show")
STAFF = ("given", "deferred", "codes_refused", "voided")
BATCH = ("from_vials", "given", "wasted", "left", "variance", "unopened")
COLUMNS: Mapping[Group, Sequence[str]] = {
    Group.SESSION: PEOPLE,
    Group.VACCINE: PEOPLE,
    Group.BATCH: BATCH,
    Group.STAFF: STAFF,
    Group.BOOKING: PEOPLE,
}
"""The counts of each table, by the names of `Counts` and `BatchCount`."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """``key`` names the line for ever; ``odd`` marks one that does not agree."""

    key: str
    name: Message | str
    cells: tuple[int, ...]
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of one grouping, and their sums."""

    group: Group
    rows: tuple[TableRow, ...]
    total: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doses:
    """Doses of all batches: ``given + wasted + left`` of ``from_vials``. ``missing`` and ``more`` are never below 0;
    both may be so at once, in different batches."""

    from_vials: int
    given: int
    wasted: int
    left: int
    missing: int
    more: int

    @property
    def agrees(self) -> bool:
        """Every batch by itself, not only their sum."""
        return not self.missing and not self.more


@dataclass(frozen=True, slots=True)
class HourBar:
    """What is drawn over one hour (0 to 23)."""

    hour: int
    arrived: int
    given: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Running counts from ``first_hour`` on: at its start, then at the end of each quarter of an hour."""

    first_hour: int
    given: tuple[int, ...]
    booked: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that Reconcile paints of a day. Hours stand without a gap."""

    total: Counts
    doses: Doses
    tables: Mapping[Group, Table]
    hours: tuple[HourBar, ...]
    vaccines: tuple[tuple[str, int], ...]
    curve: Curve


def figures(
    tally: DayTally,
    happened: Sequence[Happened],
    booked: Sequence[Booked],
    formulary: Formulary,
    names: Mapping[str, str],
) -> Figures:
    """``names`` are people's by staff id. Takes a while over a large day."""

    def vaccine(key: str) -> str:
        found = formulary.get(key)
        return key if found is None else found.name

    starts = sessions(booked)
    tables = {
        Group.SESSION: _people(Group.SESSION, tally.sessions, lambda key: _session(key, starts)),
        Group.VACCINE: _people(Group.VACCINE, tally.vaccines, vaccine),
        Group.BATCH: _batches(tally.stock, vaccine),
        Group.STAFF: _people(Group.STAFF, tally.staff, lambda key: names.get(key, key)),
        Group.BOOKING: _people(Group.BOOKING, tally.bookings, _booking),
    }
    given = sorted(((line.counts.given, vaccine(line.key)) for line in tally.vaccines), key=lambda p: (-p[0], p[1]))
    return Figures(
        total=tally.total,
        doses=doses_of(tally.stock),
        tables=tables,
        hours=_hours(tally),
        vaccines=tuple((name, count) for count, name in given if count),
        curve=_curve(tally, happened, booked),
    )


def doses_of(stock: Sequence[BatchCount]) -> Doses:
    """The doses of all batches together."""
    return Doses(
        from_vials=sum(one.from_vials for one in stock),
        given=sum(one.given for one in stock),
        wasted=sum(one.wasted for one in stock),
        left=sum(one.left for one in stock),
        missing=sum(max(0, -one.variance) for one in stock),
        more=sum(max(0, one.variance) for one in stock),
    )


def _people(group: Group, lines: Iterable[Line], named: Callable[[str], Message | str]) -> Table:
    found = list(lines)
    total = reduce(add, (line.counts for line in found), Counts())
    rows = tuple(TableRow(line.key, named(line.key), _cells(line.counts, COLUMNS[group])) for line in found)
    return Table(group, rows, _cells(total, COLUMNS[group]))


def _batches(stock: Sequence[BatchCount], vaccine: Callable[[str], str]) -> Table:
    rows = tuple(
        TableRow(
            f"{one.vaccine}/{one.batch}",
            f"{one.batch} {vaccine(one.vaccine)}",
            _cells(one, BATCH),
            odd=one.variance != 0 or one.unopened < 0,
        )
        for one in stock
    )
    return Table(Group.BATCH, rows, tuple(sum(row.cells[i] for row in rows) for i in range(len(BATCH))))


def _cells(counts: Counts | BatchCount, columns: Iterable[str]) -> tuple[int, ...]:
    return tuple(int(getattr(counts, name)) for name in columns)


def _session(key: str, starts: Sequence[datetime]) -> Message:
    number = int(key)
    if 1 <= number <= len(starts):
        return Message.of("reconcile.session_from", number=number, at=starts[number - 1])
    return Message.of("reconcile.session", number=number)


def _booking(key: str) -> Message:
    return Message.of("reconcile.online" if key == ONLINE else "reconcile.walk_in")


def _hours(tally: DayTally) -> tuple[HourBar, ...]:
    by_hour = {one.hour: one for one in tally.hours}
    if not by_hour:
        return ()
    hours = range(min(by_hour), max(by_hour) + 1)
    return tuple(
        HourBar(hour, by_hour[hour].arrived, by_hour[hour].given) if hour in by_hour else HourBar(hour, 0, 0)
        for hour in hours
    )


def _curve(tally: DayTally, happened: Sequence[Happened], booked: Sequence[Booked]) -> Curve:
    slots: Counter[int] = Counter()
    for one in booked:
        if not one.cancelled:
            slots[_quarter(one.slot)] += one.people
    first: dict[str, int] = {}
    for dose in standing_doses(happened):
        body = dose.body
        if isinstance(body, DoseGiven) and dose.at.date() == tally.day:
            first.setdefault(body.appointment, _quarter(dose.when))
    given = Counter(first.values())
    if not slots and not given:
        return Curve(0, (), ())
    begin = min(*slots, *given, 24 * QUARTERS) // QUARTERS
    end = max(*slots, *given, 0) // QUARTERS + 1
    quarters = range(begin * QUARTERS, end * QUARTERS)
    return Curve(begin, _running(given, quarters), _running(slots, quarters))


def _running(found: Mapping[int, int], quarters: range) -> tuple[int, ...]:
    return tuple(accumulate((found.get(quarter, 0) for quarter in quarters), initial=0))


def _quarter(at: datetime) -> int:
    return at.hour * QUARTERS + at.minute // _MINUTES
