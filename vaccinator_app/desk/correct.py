"""Taking back and correcting a dose on record (DESIGN 3.1): by whoever made it the same day, then by the in-charge.

What happened is recorded as it happened, also when the schedule or the stock would not have allowed it: the exceptions
and central say so, a desk that refused it would only keep the wrong record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vaccinator_app.desk.dose import choices
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import Body, DoseGiven, ObservationEnded, Voided, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.stock import Batch, first_to_expire
from vaccinator_app.domain.stock_events import VialOpened
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.records import read_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What should have been recorded; None for what was right. ``batch`` is of ``vaccine``."""

    vaccine: str | None = None
    batch: str | None = None
    dose: int | None = None

    @property
    def reason(self) -> VoidReason:
        """Why the record that stood does not."""
        if self.vaccine is not None:
            return VoidReason.WRONG_VACCINE
        return VoidReason.WRONG_DOSE if self.dose is not None else VoidReason.WRONG_BATCH


def why_not_mine(place: Workplace, seq: int) -> Message | None:
    """Why this person may not take back record ``seq``; None when they may."""
    found = place.vault.ledger.author_of(seq)
    if found is None:
        return Message.of("visit.nothing_to_void")
    staff, at = found
    if place.may(Power.CORRECT_ANY):
        return None
    if staff != place.staff.staff:
        return Message.of("void.not_yours", name=place.vault.daybooks.names().get(staff, staff))
    return None if at.astimezone(place.now().tzinfo).date() == place.today() else Message.of("void.other_day")


def batches_for(place: Workplace, vaccine: str) -> list[Batch]:
    """Batches a dose of ``vaccine`` may turn out to have been of: all that this desk knows."""
    return first_to_expire(b for b in place.vault.roster.batches() if b.vaccine == vaccine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """What a dose on record may have been instead. ``batches`` are of its vaccine, ``others`` of other vaccines; those
    that may be drawn from come first."""

    given: DoseGiven
    batches: tuple[Batch, ...]
    others: tuple[Batch, ...]
    doses: tuple[int, ...]


def alternatives(place: Workplace, given: DoseGiven) -> Alternatives:
    """To choose from when ``given`` is corrected."""
    now = place.now()
    known = {name: choices(place.vault, place.formulary, name, now) for name in place.formulary}
    own = known.pop(given.vaccine, [])
    vaccine = place.formulary.get(given.vaccine)
    return Alternatives(
        given=given,
        batches=tuple(choice.batch for choice in own if choice.batch.batch != given.batch),
        others=tuple(choice.batch for found in known.values() for choice in found),
        doses=tuple(n for n in range(1, 1 + (vaccine.doses if vaccine else 0)) if n != given.dose),
    )


def dose_on_record(place: Workplace, seq: int) -> DoseGiven:
    """The body of record ``seq``; ``CannotDo`` when it is no dose."""
    for record in place.vault.ledger.records(seq - 1, 1):
        event = read_event(record.payload)
        body = event.read_body()
        if isinstance(body, DoseGiven):
            return body if body.given_at is not None else replace(body, given_at=event.at)
    raise CannotDo(Message.of("visit.nothing_to_void"))


def corrected(place: Workplace, seq: int, what: Correction) -> list[Body]:
    """The events that put ``what`` in the place of the dose ``seq``: a void and the dose as it was (DESIGN 3.1).

    Raises ``CannotDo`` when nothing would change, and for a batch, vaccine or dose that there is not.
    """
    before = dose_on_record(place, seq)
    after = _as_it_was(place, before, what)
    changed = _changes(before, after)
    bodies: list[Body] = [Voided(appointment=before.appointment, seq=seq, reason=changed.reason)]
    if changed.batch is not None or changed.vaccine is not None:
        number = _vial_of(place, after)
        vial = place.vault.roster.vial(after.batch)
        if vial is None or vial.vial < number:
            doses = next(b.doses_per_vial for b in batches_for(place, after.vaccine) if b.batch == after.batch)
            bodies.append(VialOpened(vaccine=after.vaccine, batch=after.batch, vial=number, doses=doses))
        after = replace(after, vial=number)
    bodies.append(replace(after, corrects=seq))
    ended = _end_of_watch(place, before.appointment, seq)
    return bodies if ended is None else [*bodies, ended]


def _as_it_was(place: Workplace, before: DoseGiven, what: Correction) -> DoseGiven:
    vaccine = place.formulary.get(what.vaccine or before.vaccine)
    if vaccine is None:
        raise CannotDo(Message.of("stock.choose_vaccine"))
    after = before
    name = what.batch or (before.batch if vaccine.id == before.vaccine else None)
    if (vaccine.id, name) != (before.vaccine, before.batch):
        batch = next((b for b in batches_for(place, vaccine.id) if b.batch == name), None)
        if batch is None:
            raise CannotDo(Message.of("correct.choose_batch"))
        after = replace(after, vaccine=vaccine.id, batch=batch.batch, expiry=batch.expiry)
    dose = before.dose if what.dose is None else what.dose
    if not 1 <= dose <= vaccine.doses:
        raise CannotDo(Message.of("eligible.no_such_dose", vaccine=vaccine.name, doses=vaccine.doses, dose=dose))
    return replace(after, dose=dose)


def _changes(before: DoseGiven, after: DoseGiven) -> Correction:
    """What of ``after`` is not as it was: a form may hand over what was right as well."""
    changed = Correction(
        vaccine=None if after.vaccine == before.vaccine else after.vaccine,
        batch=None if after.batch == before.batch else after.batch,
        dose=None if after.dose == before.dose else after.dose,
    )
    if changed == Correction():
        raise CannotDo(Message.of("correct.nothing_changed"))
    return changed


def _vial_of(place: Workplace, dose: DoseGiven) -> int:
    """The newest vial of that batch, whatever is thought to be left in it: a count shows what does not agree. One
    opened on an earlier day was long over, so that the dose came from another, which nobody said was open."""
    vial = place.vault.roster.vial(dose.batch)
    if vial is None:
        return 1
    assert dose.given_at is not None
    zone = place.now().tzinfo
    old = vial.opened_at.astimezone(zone).date() < dose.given_at.astimezone(zone).date()
    return vial.vial + 1 if old else vial.vial


def _end_of_watch(place: Workplace, appointment: str, seq: int) -> ObservationEnded | None:
    """What ended the watch after dose ``seq``, to be said again of the dose in its place: else the person would be
    watched anew."""
    if place.vault.roster.visit(appointment).state is not VisitState.DONE:
        return None
    ended = None
    for _, _, _, body in place.vault.ledger.events(seq):
        if isinstance(body, ObservationEnded) and body.appointment == appointment:
            ended = body
    return ended
