"""What the vault knew of one person when somebody last looked.

A sheet shows what it saw, and a dose is recorded upon what was shown: reading everything again between the last glance
and the record would cost more than the record itself. That nothing moved meanwhile, the ledger checks (``expect``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vaccinator_app.desk.correct import dose_on_record
from vaccinator_app.desk.dose import Choice, Draw, choices, next_draw
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.visits import Visit
from vaccinator_app.protocol.messages import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """``drawn`` is the batch on the table for this vaccine; None when no batch is good. ``choices`` are all batches of
    the vaccine, with why not for those that may not be drawn from. ``given`` is the body of the dose that stands,
    ``draw`` where the next dose would have come from when somebody looked."""

    visit: Visit
    lease: Lease | None
    choices: tuple[Choice, ...]
    drawn: Choice | None
    draw: Draw | None
    given: DoseGiven | None


def look(place: Workplace, appointment: Appointment) -> Sight:
    """Ask the vault."""
    roster, now = place.vault.roster, place.now()
    found = choices(place.vault, place.formulary, appointment.vaccine, now)
    good = [choice for choice in found if choice.why_not is None]
    chosen = place.on_table.get(appointment.vaccine)
    drawn = next((choice for choice in good if choice.batch.batch == chosen), good[0] if good else None)
    visit = roster.visit(appointment.appointment)
    return Sight(
        visit=visit,
        lease=roster.lease(),
        choices=tuple(found),
        drawn=drawn,
        draw=None if drawn is None else next_draw(place.formulary, drawn, now),
        given=None if visit.dose_seq is None else dose_on_record(place, visit.dose_seq),
    )
