"""A day book laid out for looking: its records by name and by person, and which of them stand (DESIGN 7.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.day import Happened, Name, in_time, voided_records
from vaccinator_app.domain.daybook import DayBook
from vaccinator_app.domain.events import VOIDABLE, DoseGiven, Voided, appointment_of
from vaccinator_app.domain.exception_words import reason_words
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind, Step
from vaccinator_app.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """``records`` are those of the day and ``doses`` its doses that stand, both in the order of time.

    ``by_name`` and ``about`` (by appointment) hold whatever the book holds, of the day or not. ``voids`` has the void
    of each voided record, ``corrections`` the dose that took the place of a record, by that record's name.
    """

    book: DayBook
    by_name: Mapping[Name, Happened]
    about: Mapping[str, Sequence[Happened]]
    voids: Mapping[Name, Happened]
    corrections: Mapping[Name, Happened]
    records: Sequence[Happened]
    doses: Sequence[Happened]

    def stands(self, one: Happened) -> bool:
        """Nobody voided it."""
        return one.name not in self.voids

    def of_day(self, one: Happened) -> bool:
        """It is about the day of the book."""
        return day_of(one, self.by_name) == self.book.day

    def machine(self, device: str) -> str:
        """What people call the desk ``device``."""
        return next((machine.name for machine in self.book.machines if machine.device == device), device)

    def vaccine(self, name: str) -> str:
        """What people call the vaccine ``name``."""
        product = self.book.formulary.get(name)
        return name if product is None else product.name

    def dose_words(self, one: Happened) -> Message:
        """What a dose record says, for a history."""
        body = one.body
        assert isinstance(body, DoseGiven)
        vaccine = self.vaccine(body.vaccine)
        return Message.of("history.dose_given", dose=body.dose, vaccine=vaccine, batch=body.batch, vial=body.vial)


def lay_out(book: DayBook) -> Evidence:
    """The evidence in ``book``."""
    by_name = {one.name: one for one in book.happened}
    about: dict[str, list[Happened]] = {}
    corrections: dict[Name, Happened] = {}
    for one in book.happened:
        appointment = appointment_of(one.body)
        if appointment is not None:
            about.setdefault(appointment, []).append(one)
        if isinstance(one.body, DoseGiven) and one.body.corrects:
            corrections[one.device, one.body.corrects] = one
    voids = voided_records(book.happened)
    records = sorted((one for one in book.happened if day_of(one, by_name) == book.day), key=in_time)
    return Evidence(
        book=book,
        by_name=by_name,
        about=about,
        voids=voids,
        corrections=corrections,
        records=records,
        doses=[one for one in records if isinstance(one.body, DoseGiven) and one.name not in voids],
    )


def day_of(one: Happened, by_name: Mapping[Name, Happened]) -> date:
    """The day a record is about: when it happened; for a void the day of what it voids, for a close the closed one."""
    if isinstance(one.body, DayClosed):
        return one.body.day
    if isinstance(one.body, Voided):
        # a void names what came before it; one that names what is still to come is about nothing, on its own day
        named = by_name.get((one.device, one.body.seq), one)
        return (named if named.seq < one.seq else one).when.date()
    return one.when.date()


def about_record(
    seen: Evidence,
    one: Happened,
    kind: ExceptionKind,
    words: Message,
    acts: Sequence[Act],
    history: Sequence[Step] = (),
) -> DayException:
    """The exception of ``kind`` about one record. Of ``acts`` stay those that can be done to it at this desk."""
    return DayException(
        key=f"{kind.value}:{one.device}:{one.seq}",
        kind=kind,
        words=words,
        device=one.device,
        seq=one.seq,
        appointment=appointment_of(one.body),
        at=one.when,
        staff=one.staff,
        acts=tuple(act for act in acts if _fits(seen, one, act)),
        history=tuple(history),
    )


def _fits(seen: Evidence, one: Happened, act: Act) -> bool:
    """A void and a correction name a record of the desk they are made at; only a person has a sheet."""
    mine = one.device == seen.book.own_device and seen.stands(one)
    if act is Act.VOID:
        return mine and isinstance(one.body, VOIDABLE)
    if act is Act.CORRECT:
        return mine and isinstance(one.body, DoseGiven)
    return act is not Act.OPEN or appointment_of(one.body) is not None


def said_steps(seen: Evidence, one: Happened) -> tuple[Step, ...]:
    """What central holds against a record, a step for each reason; no time of its own is known."""
    said = seen.book.outcomes.get(one.name)
    if said is None or said.status not in ("held", "refused"):
        return ()
    key = "history.held" if said.status == "held" else "history.refused"
    return tuple(Step(one.when, "", Message.of(key, reason=reason_words(reason))) for reason in said.reasons)
