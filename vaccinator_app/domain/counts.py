"""The day in numbers: what a tally is made of, what the in-charge signs, what central compares (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """People and what became of them. ``codes_refused``, ``voided`` and ``twice`` count records, the others people.

    ``given`` counts each person's dose once: ``twice`` are further records of a dose that stands already. ``walk_ins``
    are registered at the desk, without a booking of the day, and came; ``no_show`` were booked and did not.
    """

    booked: int = 0
    walk_ins: int = 0
    arrived: int = 0
    given: int = 0
    deferred: int = 0
    no_show: int = 0
    by_code: int = 0
    by_slip: int = 0
    by_override: int = 0
    by_none: int = 0
    codes_refused: int = 0
    voided: int = 0
    twice: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)})


@dataclass(frozen=True, slots=True)
class Line:
    """The counts of one session, vaccine, batch, staff member or way of booking; ``key`` is its id."""

    key: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Hour:
    """People who arrived and doses given in the hour from ``hour`` (0 to 23) at the centre."""

    hour: int
    arrived: int
    given: int


@dataclass(frozen=True, slots=True)
class Deferral:
    """How many came and were deferred for ``reason``."""

    reason: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCount:
    """One batch on one day, all desks of the centre together.

    In vials: ``at_start`` unopened before the day, ``received``, ``opened``, ``discarded`` and ``transferred`` unopened
    on it. In doses: ``from_vials`` were in the vials opened this day, with what came on it out of vials opened before;
    ``given`` by every record that stands, ``wasted`` from open vials, ``left`` in vials opened this day. ``unopened``
    is what should lie in the carriers; below zero when more vials were opened than anybody received. ``variance`` is
    ``given + wasted + left - from_vials``: above zero, more doses came out than were in; below, doses are missing.
    """

    vaccine: str
    batch: str
    doses_per_vial: int
    at_start: int = 0
    received: int = 0
    opened: int = 0
    discarded: int = 0
    transferred: int = 0
    from_vials: int = 0
    given: int = 0
    wasted: int = 0
    left: int = 0
    variance: int = 0

    @property
    def unopened(self) -> int:
        """Vials that should be there."""
        return self.at_start + self.received - self.opened - self.discarded - self.transferred

    @property
    def lost(self) -> int:
        """Doses thrown away, opened or not."""
        return self.wasted + self.discarded * self.doses_per_vial


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTally:
    """The day. Lines stand in the order of their keys, lines without any count are left out."""

    day: date
    total: Counts
    sessions: tuple[Line, ...] = ()
    vaccines: tuple[Line, ...] = ()
    batches: tuple[Line, ...] = ()
    staff: tuple[Line, ...] = ()
    bookings: tuple[Line, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    hours: tuple[Hour, ...] = ()
    stock: tuple[BatchCount, ...] = ()


def wastage_rate(given: int, lost: int) -> float | None:
    """Doses thrown away of all doses used up, 0 to 1 (WHO); None when none was used."""
    return lost / (given + lost) if given + lost else None
