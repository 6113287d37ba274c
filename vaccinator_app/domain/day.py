"""A day's events from one or more desks of a centre, and who was booked: what tally and exceptions stand on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vaccinator_app.domain.closing_events import DayClosed, ExceptionSettled
from vaccinator_app.domain.events import (
    VOIDABLE,
    Body,
    DoseGiven,
    RecordViewed,
    SignedIn,
    SignedOut,
    Voided,
    appointment_of,
)
from vaccinator_app.domain.staff_events import (
    AuditExported,
    DetailsPurged,
    Noticed,
    StaffAdded,
    StaffRemoved,
    VaultRekeyed,
)

BREAK = timedelta(hours=1)
"""A gap between booked slots that ends a session."""

Name = tuple[str, int]
"""A record: its device and ``seq``."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One record: ``at`` carries the centre's own offset, so that its date is the day at the centre.

    ``boot`` and ``uptime_ms`` speak for the clock (DESIGN 3.3); a record is named by ``device`` and ``seq``.
    """

    device: str
    seq: int
    at: datetime
    staff: str
    body: Body
    boot: str = ""
    uptime_ms: int = 0

    @property
    def name(self) -> Name:
        """What names this record at every desk."""
        return self.device, self.seq

    @property
    def when(self) -> datetime:
        """When it happened: ``at``, but for a dose that corrects another the time the dose went in."""
        given_at = self.body.given_at if isinstance(self.body, DoseGiven) else None
        return self.at if given_at is None else given_at.astimezone(self.at.tzinfo)


@dataclass(frozen=True, slots=True)
class Booked:
    """An online appointment of the day; or, without a name, those of so many people of whom nothing is recorded.

    ``slot`` carries the centre's own offset.
    """

    appointment: str
    slot: datetime
    vaccine: str
    dose: int
    cancelled: bool = False
    people: int = 1


def sessions(booked: Iterable[Booked]) -> tuple[datetime, ...]:
    """When each session of the day begins: a run of booked slots without a break of an hour is one."""
    starts: list[datetime] = []
    last: datetime | None = None
    for slot in sorted({one.slot for one in booked}):
        if last is None or slot - last > BREAK:
            starts.append(slot)
        last = slot
    return tuple(starts)


def session_at(starts: Sequence[datetime], moment: datetime) -> int:
    """The number of the session that ``moment`` falls in, from 1: the last that has begun, or the first."""
    return max(1, bisect_right(starts, moment))


def voided_records(happened: Sequence[Happened]) -> dict[Name, Happened]:
    """The void of each voided record, by the record's name.

    A void holds for a record of its own desk and appointment that came before it and is of a kind that may be taken
    back; the first that holds is the one. A void of a void, or of nothing that ``happened`` holds, voids nothing.
    """
    claims: dict[Name, list[Happened]] = {}
    for one in happened:
        if isinstance(one.body, Voided) and one.body.seq < one.seq:
            claims.setdefault((one.device, one.body.seq), []).append(one)
    if not claims:
        return {}
    found: dict[Name, Happened] = {}
    for one in happened:
        claimed = claims.get((one.device, one.seq))
        if claimed is None or not isinstance(one.body, VOIDABLE):
            continue
        holding = [void for void in claimed if appointment_of(void.body) == one.body.appointment]
        if holding:
            found[one.name] = min(holding, key=lambda void: void.seq)
    return found


def standing_doses(happened: Sequence[Happened]) -> list[Happened]:
    """Every ``dose_given`` that nobody voided, in the order of time, device and ``seq``."""
    voids = voided_records(happened)
    doses = [one for one in happened if isinstance(one.body, DoseGiven) and one.name not in voids]
    return sorted(doses, key=in_time)


def in_time(one: Happened) -> tuple[datetime, str, int]:
    """An order of what happened that does not depend on the order in which the records came."""
    return one.when, one.device, one.seq


_ABOUT_STAFF = (
    *(AuditExported, DayClosed, DetailsPurged, ExceptionSettled, Noticed, RecordViewed),
    *(SignedIn, SignedOut, StaffAdded, StaffRemoved, VaultRekeyed),
)


def is_empty(day: date, happened: Iterable[Happened]) -> bool:
    """Nobody came on ``day`` and no vial moved: at most the staff came, looked and went."""
    return not any(one.when.date() == day for one in happened if not isinstance(one.body, _ABOUT_STAFF))
