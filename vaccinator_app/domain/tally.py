"""The day in counts, from events alone: one function, the same at every desk and at central (DESIGN 7.3).

Whatever order the events come in, and from however many desks, the counts are the same; what was voided counts nowhere
but in ``voided``, and nobody's dose counts twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from vaccinator_app.domain.counts import Counts, DayTally, Deferral, Hour, Line
from vaccinator_app.domain.day import Booked, Happened, Name, in_time, session_at, sessions, voided_records
from vaccinator_app.domain.events import (
    PRESENT,
    Arrived,
    CodeRefused,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    ProofKind,
    VoidReason,
    WalkInRegistered,
)
from vaccinator_app.domain.stock import count_stock

ONLINE, WALK_IN = "online", "walk_in"
"""Keys of the lines by way of booking."""

_PROOFS = {
    ProofKind.CODE: "by_code",
    ProofKind.SLIP: "by_slip",
    ProofKind.OVERRIDE: "by_override",
    ProofKind.NONE: "by_none",
}
_COUNTED = (DoseGiven, Arrived, ObservationEnded, CodeRefused, DoseDeferred, WalkInRegistered)
"""What shows a person, or may be voided: the commonest first."""


def tally(day: date, happened: Sequence[Happened], booked: Sequence[Booked]) -> DayTally:
    """Count ``day``. ``happened`` may hold any other events beside: those of other days count nowhere but in stock.

    Each record stands in ``happened`` once. ``booked`` are the online appointments of the day. A record is of the day
    on which it happened, at the centre (`Happened.when`); a void is of the day of what it voids.

    Arrived is whoever any record shows at the desk, voided or not, unless a dose was taken back because the person
    never came. So ``arrived + no_show`` is ``booked + walk_ins`` and those who came with neither a booking of the day
    nor a registration. People count under the vaccine they came for, doses under the vaccine, batch and staff member of
    their own record, refused codes and voids under who typed or made them.
    """
    voids = voided_records(happened)
    records = _by_appointment(day, happened)
    on_list = {one.appointment: one for one in booked if one.appointment}
    counting = _Counting(sessions(booked))
    for appointment in on_list.keys() | records.keys():
        person = _Person(appointment, on_list.get(appointment))
        if appointment in records:
            _read(person, records[appointment], voids)
        counting.add(person)
    for alike in booked:
        if not alike.appointment:
            counting.add(_Person("", alike), alike.people)
    return DayTally(
        day=day,
        total=counting.total,
        sessions=counting.lines("session"),
        vaccines=counting.lines("vaccine"),
        batches=counting.lines("batch"),
        staff=counting.lines("staff"),
        bookings=counting.lines("booking"),
        deferrals=counting.deferrals,
        hours=counting.hours,
        stock=count_stock(day, happened, voids),
    )


@dataclass(slots=True)
class _Person:
    """One appointment and its records of the day. ``doses`` and ``deferrals`` are those that stand, oldest first.

    ``voided`` are records with their voids. ``arrived_at`` is when the first record shows the person here.
    """

    appointment: str
    booked: Booked | None
    voided: list[tuple[Happened, Happened]] = field(default_factory=list)
    registered: list[Happened] = field(default_factory=list)
    doses: list[Happened] = field(default_factory=list)
    deferrals: list[Happened] = field(default_factory=list)
    refusals: list[Happened] = field(default_factory=list)
    arrived_at: datetime | None = None

    @property
    def expected(self) -> bool:
        """Booked for the day; a cancelled appointment only when the person came all the same."""
        return self.booked is not None and (not self.booked.cancelled or self.arrived_at is not None)

    @property
    def walked_in(self) -> bool:
        """Came without a booking of the day and was registered."""
        return self.booked is None and bool(self.registered) and self.arrived_at is not None

    @property
    def booking(self) -> str:
        """The line by way of booking; a walk-in's name says so even when the registration does not stand."""
        return WALK_IN if self.booked is None and (self.registered or self.appointment[:1] == "W") else ONLINE

    @property
    def vaccine(self) -> str:
        """What the person came for; "" when nothing says so."""
        if self.booked is not None:
            return self.booked.vaccine
        for records in (self.registered, self.doses, [record for record, _ in self.voided]):
            named = [one for one in records if isinstance(one.body, WalkInRegistered | DoseGiven)]
            if named:
                body = min(named, key=in_time).body
                assert isinstance(body, WalkInRegistered | DoseGiven)
                return body.vaccine
        return ""

    @property
    def deferred(self) -> Happened | None:
        """The last deferral of somebody who was not vaccinated after all."""
        return self.deferrals[-1] if self.deferrals and not self.doses else None


def _by_appointment(day: date, happened: Iterable[Happened]) -> dict[str, list[Happened]]:
    found: dict[str, list[Happened]] = {}
    for one in happened:
        body = one.body
        if not isinstance(body, _COUNTED):
            continue
        when = one.when if isinstance(body, DoseGiven) else one.at
        if when.date() == day:
            records = found.get(body.appointment)
            if records is None:
                found[body.appointment] = [one]
            else:
                records.append(one)
    return found


def _read(person: _Person, records: Sequence[Happened], voids: Mapping[Name, Happened]) -> None:
    kept: dict[type, list[Happened]] = {
        DoseGiven: person.doses,
        DoseDeferred: person.deferrals,
        CodeRefused: person.refusals,
        WalkInRegistered: person.registered,
    }
    for one in records:
        void = voids.get((one.device, one.seq))
        if void is not None:
            person.voided.append((one, void))
        elif (standing := kept.get(type(one.body))) is not None:
            standing.append(one)
    if len(person.doses) > 1 or len(person.deferrals) > 1:
        person.doses.sort(key=in_time)
        person.deferrals.sort(key=in_time)
    person.arrived_at = _arrived_at(person, [one for one in records if isinstance(one.body, PRESENT)], voids)


def _arrived_at(person: _Person, seen: Sequence[Happened], voids: Mapping[Name, Happened]) -> datetime | None:
    never = [void for dose, void in person.voided if _says_never_came(dose, void, seen, voids)]
    if never:
        standing = {one.name for one in person.doses}
        seen = [one for one in seen if one.name in standing or not any(_was_known(one, void) for void in never)]
    return min((one.when for one in seen), default=None)


def _says_never_came(dose: Happened, void: Happened, seen: Iterable[Happened], voids: Mapping[Name, Happened]) -> bool:
    """Whether ``void`` took the dose back because nobody came, and no other dose of theirs stood on its desk."""
    if not isinstance(dose.body, DoseGiven) or getattr(void.body, "reason", None) is not VoidReason.NEVER_CAME:
        return False
    earlier = [one for one in seen if isinstance(one.body, DoseGiven) and _was_known(one, void, elsewhere=False)]
    return all(one.name in voids and voids[one.name].seq <= void.seq for one in earlier)


def _was_known(one: Happened, void: Happened, *, elsewhere: bool = True) -> bool:
    """Whether ``one`` was recorded when ``void`` was: by number on its own desk, by the clocks ``elsewhere``."""
    return one.seq < void.seq if one.device == void.device else elsewhere and one.at <= void.at


class _Counting:
    """Adds people up, by group and key. Each line holds how often each set of counts went up at once, so that a person
    costs one step of a dict a line, not one a number."""

    def __init__(self, starts: Sequence[datetime]) -> None:
        self._starts = starts
        self._lines: dict[tuple[str, str], dict[tuple[str, ...], int]] = {}
        self._deferrals: Counter[str] = Counter()
        self._arrived: Counter[int] = Counter()
        self._given: Counter[int] = Counter()

    def add(self, person: _Person, people: int = 1) -> None:
        """Put one person, and each of their records, into every line they belong to; or so many without a record."""
        whole = tuple(_of_the_person(person))
        everything = list(whole)
        came_for = ("vaccine", person.vaccine)
        self._put(came_for, whole, people)
        for number, dose in enumerate(person.doses):
            assert isinstance(dose.body, DoseGiven)
            counts = ("twice",) if number else ("given", _PROOFS[dose.body.proof.how])
            everything += counts
            for place in (*_drawn(dose.body), ("staff", dose.staff)):
                self._put(place, counts)
        for refused in person.refusals:
            everything.append("codes_refused")
            for place in (came_for, ("staff", refused.staff)):
                self._put(place, ("codes_refused",))
        for record, void in person.voided:
            everything.append("voided")
            under = _drawn(record.body) if isinstance(record.body, DoseGiven) else (came_for,)
            for place in (*under, ("staff", void.staff)):
                self._put(place, ("voided",))
        moment = person.arrived_at if person.booked is None else person.booked.slot
        session = 1 if moment is None else session_at(self._starts, moment)
        self._put(("session", str(session)), tuple(everything), people)
        self._put(("booking", person.booking), tuple(everything), people)
        self._look_at(person)

    @property
    def total(self) -> Counts:
        """Everything: each person is of one way of booking."""
        return sum((line.counts for line in self.lines("booking")), Counts())

    def lines(self, group: str) -> tuple[Line, ...]:
        """The group's lines by key; what has no key has no line."""
        keys = sorted(key for name, key in self._lines if name == group and key)
        return tuple(Line(key, _counts(self._lines[group, key])) for key in keys)

    @property
    def deferrals(self) -> tuple[Deferral, ...]:
        """Reasons of those who came and were not vaccinated."""
        return tuple(Deferral(reason, people) for reason, people in sorted(self._deferrals.items()))

    @property
    def hours(self) -> tuple[Hour, ...]:
        """Hours in which anybody arrived or was vaccinated."""
        hours = sorted(self._arrived.keys() | self._given.keys())
        return tuple(Hour(hour, self._arrived[hour], self._given[hour]) for hour in hours)

    def _put(self, place: tuple[str, str], counts: tuple[str, ...], people: int = 1) -> None:
        if not counts:
            return
        line = self._lines.get(place)
        if line is None:
            line = self._lines[place] = {}
        line[counts] = line.get(counts, 0) + people

    def _look_at(self, person: _Person) -> None:
        if person.arrived_at is not None:
            self._arrived[person.arrived_at.hour] += 1
        if person.doses:
            self._given[person.doses[0].when.hour] += 1
        deferred = person.deferred
        if deferred is not None and isinstance(deferred.body, DoseDeferred):
            self._deferrals[deferred.body.reason.value] += 1
            self._put(("staff", deferred.staff), ("deferred",))


def _counts(line: Mapping[tuple[str, ...], int]) -> Counts:
    sums: Counter[str] = Counter()
    for counts, often in line.items():
        for name in counts:
            sums[name] += often
    return Counts(**sums)


def _of_the_person(person: _Person) -> Iterator[str]:
    if person.expected:
        yield "booked"
        if person.arrived_at is None:
            yield "no_show"
    if person.arrived_at is not None:
        yield "arrived"
    if person.walked_in:
        yield "walk_ins"
    if person.deferred is not None:
        yield "deferred"


def _drawn(body: DoseGiven) -> tuple[tuple[str, str], ...]:
    return ("vaccine", body.vaccine), ("batch", f"{body.vaccine}/{body.batch}")
