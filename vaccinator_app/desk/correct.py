"""Taking back and correcting a dose on record (DESIGN 3.1): by whoever made it the same day, then by the in-charge.

What happened is recorded as it happened, also when the schedule or the stock would not have allowed it: the exceptions
and central say so, a desk that refused it would only keep the wrong record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import Body, DoseGiven, Voided, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.stock import Batch, first_to_expire
from vaccinator_app.domain.stock_events import VialOpened
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
    if place.staff.role is Role.IN_CHARGE:
        return None
    if staff != place.staff.staff:
        return Message.of("void.not_yours", name=place.vault.daybooks.names().get(staff, staff))
    return None if at.astimezone(place.now().tzinfo).date() == place.today() else Message.of("void.other_day")


def batches_for(place: Workplace, vaccine: str) -> list[Batch]:
    """Batches a dose of ``vaccine`` may turn out to have been of: all that this desk knows."""
    return first_to_expire(b for b in place.vault.roster.batches() if b.vaccine == vaccine)


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
    vaccine = place.formulary.get(what.vaccine or before.vaccine)
    if vaccine is None:
        raise CannotDo(Message.of("stock.choose_vaccine"))
    name = what.batch or (before.batch if what.vaccine is None else None)
    batch = next((b for b in batches_for(place, vaccine.id) if b.batch == name), None)
    if batch is None:
        raise CannotDo(Message.of("correct.choose_batch"))
    dose = before.dose if what.dose is None else what.dose
    if not 1 <= dose <= vaccine.doses:
        raise CannotDo(Message.of("eligible.no_such_dose", vaccine=vaccine.name, doses=vaccine.doses, dose=dose))
    if (vaccine.id, batch.batch, dose) == (before.vaccine, before.batch, before.dose):
        raise CannotDo(Message.of("correct.nothing_changed"))
    bodies: list[Body] = [Voided(appointment=before.appointment, seq=seq, reason=what.reason)]
    number = before.vial
    if (vaccine.id, batch.batch) != (before.vaccine, before.batch):
        # from the newest vial of that batch, whatever is thought to be left in it: a count shows what does not agree
        vial = place.vault.roster.vial(batch.batch)
        number = 1 if vial is None else vial.vial
        if vial is None:
            bodies.append(VialOpened(vaccine=vaccine.id, batch=batch.batch, vial=number, doses=batch.doses_per_vial))
    bodies.append(
        replace(
            before, vaccine=vaccine.id, batch=batch.batch, expiry=batch.expiry, dose=dose, vial=number, corrects=seq
        )
    )
    return bodies
