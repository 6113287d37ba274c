"""The day in counts, from events alone: one function, the same at every desk and at central (DESIGN 7.3).

Whatever order the events come in, and from however many desks, the counts are the same; what was voided counts nowhere
but in ``voided``, and nobody's dose counts twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from vaccinator_app.domain.counts import Counts, DayTally, Deferral, Hour, Line
from vaccinator_app.domain.day import Booked, Happened, in_time, session_at, sessions, voided_records
from vaccinator_app.domain.events import (
    PRESENT,
    CodeRefused,
    DeferReason,
    DoseDeferred,
    DoseGiven,
    ProofKind,
    Voided,
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


def tally(day: date, happened: Sequence[Happened], booked: Sequence[Booked]) -> DayTally:
    """Count ``day``. ``happened`` may hold any other events beside: those of other days count nowhere but in stock.

    ``booked`` are the online appointments of the day. A record is of the day on which it says it happened, at the
    centre; a void is of the day of what it voids. Arrived is whoever any event shows at the desk, so that no dose
    stands beside fewer arrivals, unless a dose was taken back because the person never came.
    """
    people = _gather(day, happened, booked)
    grouped = _Groups(sessions(booked))
    total = Counts()
    for person in people.values():
        total += grouped.add(person)
    total += grouped.add_records(day, happened, people)
    return DayTally(
        day=day,
        total=total,
        sessions=grouped.lines("session"),
        vaccines=grouped.lines("vaccine"),
        batches=grouped.lines("batch"),
        staff=grouped.lines("staff"),
        bookings=grouped.lines("booking"),
        deferrals=_deferrals(people.values()),
        hours=_hours(people.values()),
        stock=count_stock(day, happened),
    )


@dataclass(slots=True)
class _Person:
    """One appointment on the day. ``doses`` and ``deferrals`` are the records that stand, oldest first."""

    appointment: str
    booked: Booked | None = None
    walk_in: bool = False
    vaccine: str = ""
    arrivals: list[Happened] = field(default_factory=list)
    doses: list[Happened] = field(default_factory=list)
    deferrals: list[Happened] = field(default_factory=list)
    never_came: dict[str, int] = field(default_factory=dict)

    @property
    def arrived_at(self) -> datetime | None:
        """The first event that shows the person here and was not taken back with a dose of somebody who never came."""
        return min((one.at for one in self.arrivals if one.seq > self.never_came.get(one.device, 0)), default=None)

    @property
    def expected(self) -> bool:
        """Booked for the day; a cancelled appointment only when the person came all the same."""
        return self.booked is not None and (not self.booked.cancelled or self.arrived_at is not None)


def _gather(day: date, happened: Sequence[Happened], booked: Sequence[Booked]) -> dict[str, _Person]:
    people = {one.appointment: _Person(one.appointment, booked=one, vaccine=one.vaccine) for one in booked}
    voids = voided_records(happened)
    for one in happened:
        body = one.body
        if isinstance(body, Voided) and body.reason is VoidReason.NEVER_CAME:
            never = people.setdefault(body.appointment, _Person(body.appointment)).never_came
            never[one.device] = max(never.get(one.device, 0), one.seq)
        elif isinstance(body, PRESENT) and one.at.date() == day:
            _see(people.setdefault(body.appointment, _Person(body.appointment)), one, (one.device, one.seq) in voids)
    for person in people.values():
        person.doses.sort(key=in_time)
        person.deferrals.sort(key=in_time)
    return people


def _see(person: _Person, one: Happened, voided: bool) -> None:
    person.arrivals.append(one)
    match one.body:
        case WalkInRegistered() if not voided:
            person.walk_in = True
            person.vaccine = person.vaccine or one.body.vaccine
        case DoseGiven():
            person.vaccine = person.vaccine or one.body.vaccine
            if not voided:
                person.doses.append(one)
        case DoseDeferred() if not voided:
            person.deferrals.append(one)


class _Groups:
    """Counts by session, vaccine, batch, staff member and way of booking, as people are added."""

    def __init__(self, starts: Sequence[datetime]) -> None:
        self._starts = starts
        self._lines: dict[str, dict[str, Counts]] = {}

    def add(self, person: _Person) -> Counts:
        """Put one person into every group they belong to; their own counts."""
        arrived = person.arrived_at is not None
        dose = person.doses[0] if person.doses else None
        deferred = person.deferrals[-1] if person.deferrals and dose is None else None
        whole = Counts(
            booked=int(person.expected),
            walk_ins=int(person.walk_in),
            arrived=int(arrived),
            no_show=int(person.expected and not arrived),
            deferred=int(deferred is not None),
            **_given(dose, len(person.doses)),
        )
        keys = self._keys(person)
        for group in ("session", "booking"):
            self._put(group, keys[group], whole)
        given = Counts(**_given(dose, len(person.doses)))
        self._put("vaccine", person.vaccine, Counts() if dose else whole)
        if dose is not None:
            assert isinstance(dose.body, DoseGiven)
            # what was given counts under the vaccine that was given, whatever was booked
            self._put("vaccine", person.vaccine, Counts(**{**_ways(whole), "arrived": whole.arrived}))
            self._put("vaccine", dose.body.vaccine, given)
            self._put("batch", f"{dose.body.vaccine}/{dose.body.batch}", given)
            self._put("staff", dose.staff, given)
        if deferred is not None:
            self._put("staff", deferred.staff, Counts(deferred=1))
        return whole

    def add_records(self, day: date, happened: Sequence[Happened], people: Mapping[str, _Person]) -> Counts:
        """What counts records, not people: refused codes, and voids by what they void."""
        voids = voided_records(happened)
        total = Counts()
        for one in happened:
            if one.at.date() != day:
                continue
            void = voids.get((one.device, one.seq))
            count = Counts(codes_refused=int(isinstance(one.body, CodeRefused)), voided=int(void is not None))
            if count == Counts():
                continue
            total += count
            person = people.get(getattr(one.body, "appointment", ""))
            if person is not None:
                keys = self._keys(person)
                for group in ("session", "vaccine", "booking"):
                    self._put(group, keys[group], count)
            if isinstance(one.body, DoseGiven):
                self._put("batch", f"{one.body.vaccine}/{one.body.batch}", count)
            self._put("staff", one.staff, Counts(codes_refused=count.codes_refused))
            if void is not None:
                self._put("staff", void.staff, Counts(voided=1))
        return total

    def lines(self, group: str) -> tuple[Line, ...]:
        """The group's lines by key."""
        return tuple(Line(key, counts) for key, counts in sorted(self._lines.get(group, {}).items()))

    def _keys(self, person: _Person) -> dict[str, str]:
        moment = person.booked.slot if person.booked is not None else person.arrived_at
        session = 1 if moment is None else session_at(self._starts, moment)
        walk_in = person.walk_in or (person.booked is None and person.appointment.startswith("W"))
        return {"session": str(session), "vaccine": person.vaccine, "booking": WALK_IN if walk_in else ONLINE}

    def _put(self, group: str, key: str, counts: Counts) -> None:
        if key and counts != Counts():
            lines = self._lines.setdefault(group, {})
            lines[key] = lines[key] + counts if key in lines else counts


def _given(dose: Happened | None, records: int) -> dict[str, int]:
    if dose is None or not isinstance(dose.body, DoseGiven):
        return {}
    return {"given": 1, "twice": records - 1, _PROOFS[dose.body.proof.how]: 1}


def _ways(whole: Counts) -> dict[str, int]:
    return {"booked": whole.booked, "walk_ins": whole.walk_ins}


def _deferrals(people: Iterable[_Person]) -> tuple[Deferral, ...]:
    found: Counter[DeferReason] = Counter()
    for person in people:
        if person.deferrals and not person.doses:
            body = person.deferrals[-1].body
            assert isinstance(body, DoseDeferred)
            found[body.reason] += 1
    return tuple(Deferral(reason.value, count) for reason, count in sorted(found.items()))


def _hours(people: Iterable[_Person]) -> tuple[Hour, ...]:
    arrived: Counter[int] = Counter()
    given: Counter[int] = Counter()
    for person in people:
        if person.arrived_at is not None:
            arrived[person.arrived_at.hour] += 1
        if person.doses:
            given[person.doses[0].at.hour] += 1
    return tuple(Hour(hour, arrived[hour], given[hour]) for hour in sorted(arrived.keys() | given.keys()))
