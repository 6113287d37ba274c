"""Somebody whose details have left this machine: what is kept, under the appointment's number, and what may still be
done about it (DESIGN 5.5). An adverse event may show weeks after the dose, and so may a record that was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from vaccinator_app.desk.correct import dose_on_record, why_not_mine
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.purging import gone_words
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DoseGiven, Voided, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.visits import Visit
from vaccinator_app.vault.ledger import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What stands of an appointment. ``given`` is the dose that was recorded on this machine and stands, ``by`` the
    name of who recorded it; None and empty when there is none. ``left``: since when the details are gone, in words."""

    appointment: str
    token: int
    day: date
    vaccine: str
    dose: int
    visit: Visit
    left: Message
    given: DoseGiven | None
    by: str
    why_not_void: Message | None

    @property
    def given_at(self) -> datetime | None:
        """When the dose was given."""
        return self.visit.dose_at


def kept(place: Workplace, appointment: str) -> Kept | None:
    """None for anybody whose details are here, or who never was."""
    left = gone_words(place, appointment)
    rows = [row for row in place.vault.queue.search(appointment, place.today()) if row.appointment == appointment]
    if left is None or not rows:
        return None
    row, visit = rows[0], place.vault.roster.visit(appointment)
    seq = visit.dose_seq
    author = None if seq is None else place.vault.ledger.author_of(seq)
    vaccine = place.formulary.get(row.vaccine)
    return Kept(
        appointment=appointment,
        token=row.token,
        day=row.day,
        vaccine=row.vaccine if vaccine is None else vaccine.name,
        dose=row.dose,
        visit=visit,
        left=left,
        given=None if seq is None else dose_on_record(place, seq),
        by="" if author is None else place.vault.daybooks.names().get(author[0], author[0]),
        why_not_void=Message.of("visit.nothing_to_void") if seq is None else why_not_mine(place, seq),
    )


def void(place: Workplace, what: Kept, reason: VoidReason) -> Saved:
    """Take back the dose on record, upon what was shown of it. Raises ``CannotDo`` for whoever may not, and
    ``VaultError``, such as ``VisitMoved``."""
    seq = what.visit.dose_seq
    refused = Message.of("visit.nothing_to_void") if seq is None else why_not_mine(place, seq)
    if seq is None or refused is not None:
        raise CannotDo(refused or Message.of("visit.nothing_to_void"))
    return place.record(Voided(appointment=what.appointment, seq=seq, reason=reason), expect=what.visit)[-1]
