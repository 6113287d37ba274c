"""Exceptions that take-backs and late records bring, and a close that central counts otherwise (DESIGN 3.1, 7.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vaccinator_app.domain.closing import late, newest_close
from vaccinator_app.domain.day import Happened, in_time
from vaccinator_app.domain.daybook import Difference
from vaccinator_app.domain.events import DoseGiven, Voided, appointment_of
from vaccinator_app.domain.evidence import Evidence, about_record
from vaccinator_app.domain.exception_words import VOIDED
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind, Step
from vaccinator_app.domain.find_answers import TALLY_DIFFERS
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import VialOpened

_LOOKED_AT = (Act.EXPLAIN, Act.OPEN, Act.ESCALATE)


def voided(seen: Evidence) -> Iterator[DayException]:
    """Each void of a record of the day: the in-charge looks at every take-back. With the dose recorded in its place it
    is a correction. A void that holds for nothing is none; central refuses it."""
    for name, void in seen.voids.items():
        target = seen.by_name[name]
        if not seen.of_day(target):
            continue
        correction = seen.corrections.get(name)
        kind = ExceptionKind.VOIDED if correction is None else ExceptionKind.CORRECTED
        assert isinstance(void.body, Voided)
        reason = Message.of(VOIDED[void.body.reason])
        dose = isinstance(target.body, DoseGiven)
        if correction is not None:
            words = Message.of("exception.corrected", reason=reason)
        else:
            words = Message.of("exception.voided" if dose else "exception.voided_other", reason=reason)
        yield about_record(seen, void, kind, words, _LOOKED_AT, _steps(seen, target, void, correction))


def _steps(seen: Evidence, target: Happened, void: Happened, correction: Happened | None) -> list[Step]:
    was = seen.dose_words(target) if isinstance(target.body, DoseGiven) else Message.of("history.recorded")
    steps = [Step(target.at, target.staff, was), Step(void.at, void.staff, Message.of("history.voided"))]
    if correction is not None:
        steps.append(Step(correction.at, correction.staff, seen.dose_words(correction)))
    return steps


def late_records(seen: Evidence) -> Iterator[DayException]:
    """What the newest close of the day does not cover and changes what was counted: one exception a person, about their
    first late record, and one for each late record of stock. A vial opened for a late dose goes with the dose."""
    close = newest_close(seen.book.day, seen.book.happened)
    if close is None:
        return
    closed = Step(close.at, close.staff, Message.of("history.closed"))
    found = late(seen.book.day, seen.book.happened, close)
    drawn = {(one.device, one.body.batch, one.body.vial) for one in found if isinstance(one.body, DoseGiven)}
    met: set[str] = set()
    for one in sorted(found, key=in_time):
        person = appointment_of(one.body)
        for_a_dose = isinstance(one.body, VialOpened) and (one.device, one.body.batch, one.body.vial) in drawn
        if for_a_dose or person in met:
            continue
        if person is not None:
            met.add(person)
        words = Message.of("exception.late")
        about = about_record(seen, one, ExceptionKind.LATE, words, (Act.AMEND, Act.OPEN), (closed,))
        yield about if person is None else replace(about, key=f"late:{person}")


def differing_close(seen: Evidence) -> Iterator[DayException]:
    """The newest close, when central counts the day otherwise. An amendment takes the close before off the list."""
    close = newest_close(seen.book.day, seen.book.happened)
    if close is None:
        return
    said = seen.book.outcomes.get(close.name)
    differences = seen.book.differences.get(close.name, ())
    if differences or (said is not None and TALLY_DIFFERS in said.reasons):
        steps = [Step(close.at, close.staff, Message.of("history.closed"))]
        steps += [Step(close.at, "", _difference(one)) for one in differences]
        acts = (Act.AMEND, Act.EXPLAIN, Act.ESCALATE)
        words = Message.of("exception.tally_differs")
        yield about_record(seen, close, ExceptionKind.TALLY_DIFFERS, words, acts, steps)


def _difference(one: Difference) -> Message:
    group, _, rest = one.what.partition(".")
    key, _, name = rest.rpartition(".")
    words = Message.of(_COUNTS[name]) if name in _COUNTS else name or group
    what = Message.of("history.count_of", count=words, group=key) if key else words
    return Message.of("history.differs", what=what, here=one.here, there=one.there)


_COUNTS: dict[str, str] = {
    "booked": "history.booked",
    "walk_ins": "history.walk_ins",
    "arrived": "history.arrived",
    "given": "history.given",
    "deferred": "history.deferred",
    "no_show": "history.no_show",
    "by_code": "history.by_code",
    "by_slip": "history.by_slip",
    "by_override": "history.by_override",
    "by_none": "history.by_none",
    "codes_refused": "history.codes_refused",
    "voided": "history.taken_back",
    "twice": "history.twice",
}
"""Counts by name, the fields of `Counts`; counts of stock and hours go by their own names."""
