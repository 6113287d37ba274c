"""Who did or saw what, a line a record, and which look-ups are unusual (DESIGN 5.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.audit_words import Names, words_of
from vaccinator_app.domain.closing_events import DayClosed, ExceptionSettled
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.events import (
    BODIES,
    Arrived,
    Body,
    CodeRefused,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    OverrideGranted,
    RecordViewed,
    SignedIn,
    SignedOut,
    Voided,
    WalkInRegistered,
    appointment_of,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import (
    AuditExported,
    DetailsPurged,
    Notice,
    Noticed,
    StaffAdded,
    StaffRemoved,
    VaultRekeyed,
)
from vaccinator_app.domain.stock_events import StockReceived, StockTransferred, VialDiscarded, VialOpened

ENOUGH = 20
"""People that one person of staff opens in an hour without a visit, from which on it is unusual: a table sees about as
many visits in an hour (DESIGN 9.1: two to three minutes each), and a wrong sheet or a question is a few of them."""
OTHER_DAYS = 5
"""Of people who are booked for another day."""
OUTSIDE = 3
"""Of looks more than ``MARGIN`` before the first or after the last slot of the day, or on a day without any."""
MARGIN = timedelta(hours=1)
AGAIN = 3
"""Hours in which one person of staff looks at the same person."""


class Sort(StrEnum):
    """What a line is about, as the in-charge chooses among them."""

    SAW = "saw"
    DID = "did"
    CORRECTED = "corrected"
    STOCK = "stock"
    STAFF = "staff"
    MACHINE = "machine"


_SORTS: dict[type[Body], Sort] = {
    RecordViewed: Sort.SAW,
    Arrived: Sort.DID,
    CodeRefused: Sort.DID,
    DoseGiven: Sort.DID,
    DoseDeferred: Sort.DID,
    WalkInRegistered: Sort.DID,
    ObservationEnded: Sort.DID,
    AefiReported: Sort.DID,
    OverrideGranted: Sort.DID,
    Voided: Sort.CORRECTED,
    ExceptionSettled: Sort.CORRECTED,
    DayClosed: Sort.CORRECTED,
    StockReceived: Sort.STOCK,
    StockTransferred: Sort.STOCK,
    VialOpened: Sort.STOCK,
    VialDiscarded: Sort.STOCK,
    StaffAdded: Sort.STAFF,
    StaffRemoved: Sort.STAFF,
    SignedIn: Sort.STAFF,
    SignedOut: Sort.STAFF,
    VaultRekeyed: Sort.MACHINE,
    Noticed: Sort.MACHINE,
    DetailsPurged: Sort.MACHINE,
    AuditExported: Sort.MACHINE,
}


def sort_of(body: Body) -> Sort:
    """What a record is about."""
    if isinstance(body, Noticed) and body.what is Notice.MANY_LOOKUPS:
        return Sort.SAW
    if isinstance(body, DoseGiven) and body.corrects:
        return Sort.CORRECTED
    return _SORTS[type(body)]


def kinds_of(sort: Sort) -> frozenset[str]:
    """The kinds of record, by their names on the wire, among which are all of ``sort``."""
    more: dict[Sort, set[str]] = {Sort.SAW: {Noticed.KIND}, Sort.CORRECTED: {DoseGiven.KIND}}
    return frozenset(kind for kind, body in BODIES.items() if _SORTS[body] is sort) | more.get(sort, set())


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. ``whom`` is the masked name of the person it is about, empty when it is about nobody, when the roster
    has no such person, and once their details were purged; ``token`` 0 stands for none. ``session`` is the day that
    person is booked for. ``seq`` 0: a sheet that is open, or was when the power went; its record follows.
    """

    device: str
    seq: int
    at: datetime
    staff: str
    name: str
    sort: Sort
    kind: str
    words: Message
    own: bool
    machine: str
    appointment: str | None = None
    token: int = 0
    whom: str = ""
    session: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """The person a record is about: masked, see ``Entry``."""

    token: int
    name: str
    session: date


def entry_of(
    one: Happened, names: Names, whom: Mapping[str, Whom], *, own: bool, machine: str, aside: bool = False
) -> Entry:
    """The line of a record; ``aside``: it was set aside, see ``vault.audit``."""
    appointment = appointment_of(one.body)
    person = None if appointment is None else whom.get(appointment)
    return Entry(
        device=one.device,
        seq=one.seq,
        at=one.at,
        staff=one.staff,
        name=names.person(one.staff),
        sort=sort_of(one.body),
        kind=one.body.KIND,
        words=_words(one, words_of(one.body, names, machine), aside=aside),
        own=own,
        machine=machine,
        appointment=appointment,
        token=0 if person is None else person.token,
        whom="" if person is None else person.name,
        session=None if person is None else person.session,
    )


def _words(one: Happened, words: Message, *, aside: bool) -> Message:
    if one.seq == 0:
        return Message.of("audit.looking")
    return Message.of("audit.aside", what=words) if aside else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one person of staff opened without a visit in one hour of the clock, beginning at ``hour``.

    ``people`` counts each person once; ``other_days`` those who are booked for another day; ``outside`` looks outside
    the hours in which anybody was booked; ``again`` people whom they looked at in three and more hours of those asked
    for.
    """

    staff: str
    name: str
    hour: datetime
    people: int
    other_days: int = 0
    outside: int = 0
    again: int = 0

    @property
    def why(self) -> tuple[Message, ...]:
        """What is unusual about it; empty when nothing is."""
        found = []
        if self.people >= ENOUGH:
            found.append(Message.of("looked.many", n=self.people))
        if self.other_days >= OTHER_DAYS:
            found.append(Message.of("looked.other_days", n=self.other_days))
        if self.outside >= OUTSIDE:
            found.append(Message.of("looked.outside", n=self.outside))
        if self.again:
            found.append(Message.of("looked.again", n=self.again))
        return tuple(found)


Hours = Mapping[date, tuple[datetime, datetime] | None]
"""The first and the last slot of each day; None for a day that nobody is booked for."""


def looked(entries: Iterable[Entry], hours: Hours) -> tuple[Looked, ...]:
    """Who opened how many people without a visit, an hour a line: the unusual ones first, then the newest.

    Only looks at this desk: others' are known at their own.
    """
    looks = [one for one in entries if one.own and one.kind == RecordViewed.KIND]
    often: dict[tuple[str, str | None], set[datetime]] = {}
    by_hour: dict[tuple[str, datetime], list[Entry]] = {}
    for one in looks:
        hour = one.at.replace(minute=0, second=0, microsecond=0)
        often.setdefault((one.staff, one.appointment), set()).add(hour)
        by_hour.setdefault((one.staff, hour), []).append(one)
    found = []
    for (staff, hour), theirs in by_hour.items():
        people = {one.appointment for one in theirs}
        found.append(
            Looked(
                staff=staff,
                name=theirs[0].name,
                hour=hour,
                people=len(people),
                other_days=len({one.appointment for one in theirs if one.session not in (None, one.at.date())}),
                outside=sum(_is_outside(one, hours) for one in theirs),
                again=sum(len(often[staff, person]) >= AGAIN for person in people),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.why, -one.hour.timestamp(), -one.people, one.staff)))


def _is_outside(one: Entry, hours: Hours) -> bool:
    slots = hours.get(one.at.date())
    return slots is None or not slots[0] - MARGIN <= one.at <= slots[1] + MARGIN
