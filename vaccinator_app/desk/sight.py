"""What the vault knew of one person when somebody last looked.

A sheet shows what it saw, and a dose is recorded upon what was shown: reading everything again between the last glance
and the record would cost more than the record itself. That nothing moved meanwhile, the ledger checks (``expect``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vaccinator_app.desk.dose import choices
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.stock import Batch, Vial
from vaccinator_app.domain.visits import Visit
from vaccinator_app.protocol.messages import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """``batch`` is the one on the table for this vaccine and ``vial`` its newest; None when no batch is good."""

    visit: Visit
    lease: Lease | None
    batches: tuple[Batch, ...]
    batch: Batch | None
    vial: Vial | None


def look(place: Workplace, appointment: Appointment) -> Sight:
    """Ask the vault."""
    roster = place.vault.roster
    good = choices(place.vault, appointment.vaccine, place.today()) if appointment.vaccine in place.formulary else []
    chosen = place.on_table.get(appointment.vaccine)
    batch = next((b for b in good if b.batch == chosen), good[0] if good else None)
    return Sight(
        visit=roster.visit(appointment.appointment),
        lease=roster.lease(),
        batches=tuple(good),
        batch=batch,
        vial=None if batch is None else roster.vial(batch.batch),
    )
