"""A dose taken back, and the one in its place as a desk would record it (P.3.9, P.3.10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from tests.central.support import World
from vaccinator_app.central import schema
from vaccinator_app.domain.events import DoseGiven, Voided, VoidReason


def void(dose: DoseGiven, seq: int, reason: VoidReason = VoidReason.WRONG_BATCH) -> Voided:
    return Voided(appointment=dose.appointment, seq=seq, reason=reason)


def corrected(dose: DoseGiven, seq: int, at: datetime | None = None, **changes: object) -> DoseGiven:
    """The same dose as of another batch, in the place of record ``seq``."""
    return replace(dose, **{"batch": f"for-{seq}", "corrects": seq, "given_at": at, **changes})  # type: ignore[arg-type]


def standing(world: World) -> list[tuple[int, str]]:
    """``seq`` and batch of every dose on record that nobody voided."""
    statement = select(schema.doses.c.seq, schema.doses.c.batch).where(schema.doses.c.voided_at.is_(None))
    with world.home.database.read() as connection:
        return [tuple(row) for row in connection.execute(statement)]
