"""Exceptions that the doses themselves show: given twice, against the rule, unwatched, with a reaction (DESIGN 7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.day import Happened, Name
from vaccinator_app.domain.events import DoseGiven, ObservationEnded, WalkInRegistered
from vaccinator_app.domain.evidence import Evidence, about_record, said_steps
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind, Step
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.stock_events import VialOpened
from vaccinator_app.domain.visits import OBSERVATION

OVERDUE = OBSERVATION + timedelta(minutes=30)
"""How long after a dose somebody should have said how the watch ended."""

_ON_A_DOSE = (Act.OPEN, Act.CORRECT, Act.VOID, Act.EXPLAIN, Act.ESCALATE)


def serious_aefi(seen: Evidence) -> Iterator[DayException]:
    """Each serious adverse event reported on the day."""
    for one in seen.records:
        if isinstance(one.body, AefiReported) and one.body.serious:
            words = Message.of("exception.aefi", onset=one.body.onset.astimezone(one.at.tzinfo))
            yield about_record(seen, one, ExceptionKind.AEFI, words, (Act.OPEN, Act.ESCALATE, Act.EXPLAIN))


def duplicates(seen: Evidence) -> Iterator[DayException]:
    """Each further dose record of an appointment, and each appointment whose person had a dose under another one.

    The first dose by the clocks is the one that is none: whatever is heard later, what is listed stays listed.
    """
    for one, first in _further(seen):
        words = Message.of("exception.duplicate", first=first.when)
        history = (Step(first.when, first.staff, seen.dose_words(first)), *said_steps(seen, one))
        acts = (Act.OPEN, Act.VOID, Act.EXPLAIN, Act.ESCALATE)
        yield about_record(seen, one, ExceptionKind.DUPLICATE, words, acts, history)
    for one, first in _same_person(seen):
        assert isinstance(one.body, DoseGiven)
        assert isinstance(first.body, DoseGiven)
        words = Message.of("exception.duplicate_person", other=first.body.appointment, first=first.when)
        history = (Step(first.when, first.staff, seen.dose_words(first)), *said_steps(seen, one))
        found = about_record(seen, one, ExceptionKind.DUPLICATE, words, _ON_A_DOSE, history)
        yield replace(found, key=f"duplicate_person:{one.body.appointment}")


def _further(seen: Evidence) -> Iterator[tuple[Happened, Happened]]:
    """Each dose record whose appointment has one already, with that first one."""
    firsts: dict[str, Happened] = {}
    for one in seen.doses:
        assert isinstance(one.body, DoseGiven)
        first = firsts.setdefault(one.body.appointment, one)
        if first is not one:
            yield one, first


def _same_person(seen: Evidence) -> Iterator[tuple[Happened, Happened]]:
    """The first dose of each appointment whose person had one under another before, with that one."""
    firsts: dict[str, Happened] = {}
    met: set[str] = set()
    for one in seen.doses:
        assert isinstance(one.body, DoseGiven)
        mark = seen.book.identities.get(one.body.appointment)
        if mark is None or one.body.appointment in met:
            continue
        met.add(one.body.appointment)
        first = firsts.setdefault(mark, one)
        if first is not one:
            yield one, first


def in_pairs(seen: Evidence) -> frozenset[Name]:
    """The doses of which this book holds two records, both of each pair."""
    pairs = (*_further(seen), *_same_person(seen))
    return frozenset(one.name for pair in pairs for one in pair)


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which a dose was not as the schedule has it; ``reason`` is central's name for it, "" for none."""

    words: Message
    reason: str = ""


def against_rule(seen: Evidence) -> Iterator[DayException]:
    """Each dose that stands and is not as the booking, the batch or the vial would have it; once for each dose.

    Interval and age are central's to look at: the book does not hold what they stand on.
    """
    rules = _Rules(seen)
    for one in seen.doses:
        found = list(rules.breaches(one))
        if found:
            others = [Step(one.when, one.staff, breach.words) for breach in found[1:]]
            history = (*others, *said_steps(seen, one))
            yield about_record(seen, one, ExceptionKind.AGAINST_RULE, found[0].words, _ON_A_DOSE, history)


def said_here(seen: Evidence) -> dict[Name, frozenset[str]]:
    """Central's reasons against a dose that an exception of this module says already."""
    rules = _Rules(seen)
    twice = {one.name for pairs in (_further(seen), _same_person(seen)) for one, _ in pairs}
    found = {}
    for one in seen.doses:
        if one.name in seen.book.outcomes:
            reasons = {breach.reason for breach in rules.breaches(one) if breach.reason}
            found[one.name] = frozenset(reasons | ({"already_dosed"} if one.name in twice else set()))
    return found


class _Rules:
    """What the doses of a day are held against."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        self._booked = {one.appointment: one for one in seen.book.booked}
        self._batches: Mapping[tuple[str, str], Batch] = {(one.vaccine, one.batch): one for one in seen.book.batches}
        self._opened: dict[tuple[str, str, str, int], Happened] = {}
        for one in seen.book.happened:
            if isinstance(one.body, VialOpened):
                vial = (one.device, one.body.vaccine, one.body.batch, one.body.vial)
                before = self._opened.get(vial)
                if before is None or one.seq < before.seq:
                    self._opened[vial] = one

    def breaches(self, one: Happened) -> Iterator[Breach]:
        """Everything about one dose record, the gravest first."""
        assert isinstance(one.body, DoseGiven)
        yield from self._batch(one, one.body)
        yield from self._vial(one, one.body)
        yield from self._booking(one.body)

    def _batch(self, one: Happened, body: DoseGiven) -> Iterator[Breach]:
        batch = self._batches.get((body.vaccine, body.batch))
        expiry = body.expiry if batch is None else batch.expiry
        if expiry < one.when.date():
            yield Breach(Message.of("rule.batch_expired", batch=body.batch, day=expiry), "batch_expired")
        if batch is not None and batch.withdrawn:
            yield Breach(Message.of("rule.batch_withdrawn", batch=body.batch), "batch_withdrawn")

    def _vial(self, one: Happened, body: DoseGiven) -> Iterator[Breach]:
        opened = self._opened.get((one.device, body.vaccine, body.batch, body.vial))
        if opened is None or opened.seq > one.seq:
            yield Breach(Message.of("rule.vial_not_opened", vial=body.vial, batch=body.batch))
            return
        vaccine = self._seen.book.formulary.get(body.vaccine)
        if opened.at.date() < one.when.date():
            day = opened.at.date()
            yield Breach(Message.of("rule.vial_of_earlier_day", vial=body.vial, batch=body.batch, day=day))
        elif vaccine is not None and one.when - opened.at >= timedelta(hours=vaccine.open_vial_hours):
            span, hours = one.when - opened.at, vaccine.open_vial_hours
            yield Breach(Message.of("rule.vial_too_old", vial=body.vial, batch=body.batch, span=span, hours=hours))

    def _booking(self, body: DoseGiven) -> Iterator[Breach]:
        booked = self._booked.get(body.appointment)
        came_for = self._registered(body.appointment) if booked is None else (booked.vaccine, booked.dose)
        if came_for is None:
            yield Breach(Message.of("rule.not_on_list"), "unknown_appointment")
            return
        vaccine, dose = came_for
        if vaccine != body.vaccine:
            given = self._seen.vaccine(body.vaccine)
            booked_for = self._seen.vaccine(vaccine)
            yield Breach(Message.of("rule.other_vaccine", given=given, booked=booked_for), "other_vaccine")
        if dose != body.dose:
            yield Breach(Message.of("rule.other_dose", given=body.dose, booked=dose), "other_vaccine")
        if booked is not None and booked.cancelled:
            yield Breach(Message.of("rule.cancelled"), "appointment_cancelled")

    def _registered(self, appointment: str) -> tuple[str, int] | None:
        """What a walk-in was registered for; voided or not, somebody took them down."""
        for one in self._seen.about.get(appointment, ()):
            if isinstance(one.body, WalkInRegistered):
                return one.body.vaccine, one.body.dose
        return None


def unwatched(seen: Evidence) -> Iterator[DayException]:
    """Each person of whom nobody said how the watch ended, 30 minutes after it was over.

    A serious adverse event reported since ends the watch as well: the person is in other hands.
    """
    met: set[str] = set()
    for one in reversed(seen.doses):
        assert isinstance(one.body, DoseGiven)
        appointment = one.body.appointment
        if appointment in met or seen.book.now - one.when <= OVERDUE:
            continue
        met.add(appointment)
        if not any(_ends_watch(seen, record, one) for record in seen.about[appointment]):
            yield DayException(
                key=f"observation:{appointment}",
                kind=ExceptionKind.OBSERVATION,
                words=Message.of("exception.observation", over=one.when + OBSERVATION),
                device=one.device,
                seq=one.seq,
                appointment=appointment,
                at=one.when,
                staff=one.staff,
                acts=(Act.END_OBSERVATION, Act.OPEN, Act.EXPLAIN),
            )


def _ends_watch(seen: Evidence, record: Happened, dose: Happened) -> bool:
    body = record.body
    if isinstance(body, ObservationEnded):
        return record.at >= dose.when and seen.stands(record)
    return isinstance(body, AefiReported) and body.serious and record.at >= dose.when
