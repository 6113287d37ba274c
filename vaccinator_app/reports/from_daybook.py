"""A day as the desk knows it, made into what every report of it is made from: the window and the command line alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.day import Happened, sessions, voided_records
from vaccinator_app.domain.daybook import DayBook, Name
from vaccinator_app.domain.events import DoseDeferred, DoseGiven, Voided, WalkInRegistered
from vaccinator_app.domain.exception_words import settled_words
from vaccinator_app.domain.exceptions import DayException, ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.reports.day import Closing, DayReport, DoseLine, ExceptionLine, LineStatus

Say = Callable[[Message], str]
"""Puts a message into the report's language."""

KINDS: dict[ExceptionKind, str] = {
    ExceptionKind.AEFI: "exception_kind.aefi",
    ExceptionKind.REFUSED: "exception_kind.refused",
    ExceptionKind.HELD: "exception_kind.held",
    ExceptionKind.OLD_COPY: "exception_kind.old_copy",
    ExceptionKind.TALLY_DIFFERS: "exception_kind.tally_differs",
    ExceptionKind.CODE_EXHAUSTED: "exception_kind.code_exhausted",
    ExceptionKind.OVERRIDE: "exception_kind.override",
    ExceptionKind.LOOKUPS: "exception_kind.lookups",
    ExceptionKind.DUPLICATE: "exception_kind.duplicate",
    ExceptionKind.AGAINST_RULE: "exception_kind.against_rule",
    ExceptionKind.VOIDED: "exception_kind.voided",
    ExceptionKind.CORRECTED: "exception_kind.corrected",
    ExceptionKind.VARIANCE: "exception_kind.variance",
    ExceptionKind.VIAL_LOST: "exception_kind.vial_lost",
    ExceptionKind.CLOCK: "exception_kind.clock",
    ExceptionKind.UNSYNCED: "exception_kind.unsynced",
    ExceptionKind.OBSERVATION: "exception_kind.observation",
    ExceptionKind.LATE: "exception_kind.late",
}
"""What each kind is called, in a word or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Where the day was: id, name, IANA time zone."""

    id: str
    name: str
    time_zone: str


def report_of(
    book: DayBook,
    tally: DayTally,
    exceptions: Sequence[DayException],
    *,
    close: Happened | None,
    agreed: bool | None,
    centre: Centre,
    language: str,
    say: Say,
) -> DayReport:
    """``tally``, ``exceptions``, ``close`` and ``agreed`` are those of ``book``; ``say`` speaks ``language``."""
    booked: Counter[int] = Counter()
    for one in book.booked:
        if not one.cancelled:
            booked[one.slot.hour] += one.people
    return DayReport(
        centre=centre.id,
        centre_name=centre.name,
        time_zone=centre.time_zone,
        printed_at=book.now,
        language=language,
        tally=tally,
        names=book.names,
        vaccines={vaccine.id: vaccine.name for vaccine in book.formulary.values()},
        desks={machine.device: machine.name for machine in book.machines},
        closed=None if close is None else _closing(close, book.names, agreed),
        exceptions=tuple(_exception(one, book.names, say) for one in exceptions),
        doses=dose_lines(book),
        session_starts=sessions(book.booked),
        booked_by_hour=booked,
    )


def dose_lines(book: DayBook) -> tuple[DoseLine, ...]:
    """Every dose and deferral of the day, those that were taken back too."""
    voids = voided_records(book.happened)
    came_for = {one.appointment: (one.vaccine, one.dose) for one in book.booked}
    for one in book.happened:
        if isinstance(one.body, WalkInRegistered):
            came_for.setdefault(one.body.appointment, (one.body.vaccine, one.body.dose))
    found = []
    for one in book.happened:
        if isinstance(one.body, DoseGiven | DoseDeferred) and one.when.date() == book.day:
            found.append(_line(one, one.body, voids, came_for))
    return tuple(found)


def _line(
    one: Happened,
    body: DoseGiven | DoseDeferred,
    voids: Mapping[Name, Happened],
    came_for: Mapping[str, tuple[str, int]],
) -> DoseLine:
    void = voids.get(one.name)
    reason = void.body.reason.value if void is not None and isinstance(void.body, Voided) else ""
    if isinstance(body, DoseDeferred):
        vaccine, dose = came_for.get(body.appointment, ("", 0))
        return DoseLine(
            device=one.device,
            seq=one.seq,
            at=one.when,
            status=LineStatus.DEFERRED if void is None else LineStatus.VOIDED,
            appointment=body.appointment,
            vaccine=vaccine,
            dose=dose,
            staff=one.staff,
            reason=reason or body.reason.value,
        )
    return DoseLine(
        device=one.device,
        seq=one.seq,
        at=one.when,
        status=LineStatus.STANDING if void is None else LineStatus.VOIDED,
        appointment=body.appointment,
        vaccine=body.vaccine,
        dose=body.dose,
        staff=one.staff,
        batch=body.batch,
        expiry=body.expiry,
        site=body.site,
        proof=body.proof.how,
        reason=reason,
        recorded_at=_recorded_at(one),
        corrects=body.corrects,
    )


def _recorded_at(one: Happened) -> datetime | None:
    return None if one.at == one.when else one.at


def _closing(close: Happened, names: Mapping[str, str], agreed: bool | None) -> Closing:
    body = close.body
    assert isinstance(body, DayClosed)
    return Closing(
        amendment=body.amendment,
        closed_at=close.at,
        by=names.get(close.staff, close.staff),
        heads=body.heads,
        counted=body.counted,
        agreed=agreed,
    )


def _exception(one: DayException, names: Mapping[str, str], say: Say) -> ExceptionLine:
    settled = ""
    if one.settled is not None:
        words = settled_words(one.settled.how, one.settled.reason)
        name = names.get(one.settled.staff, one.settled.staff)
        settled = say(Message.of("exception.settled_by", words=words, name=name, at=one.settled.at))
    return ExceptionLine(kind=say(Message(KINDS[one.kind])), words=say(one.words), settled=settled, at=one.at)
