"""What is drawn from: the batch and vial on the table, said before the needle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch, Vial, good_batches, vial_is_usable
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The next dose's source. ``opens`` tells that this vial is opened by recording the dose; ``left`` is after it."""

    batch: Batch
    vial: int
    opens: bool
    left: int

    @property
    def message(self) -> Message:
        """The sentence of the dose step."""
        key = "dose.opens_vial" if self.opens else "dose.open_vial"
        return Message.of(key, batch=self.batch.batch, vial=self.vial, n=self.left, expiry=self.batch.expiry)


def choices(vault: Vault, vaccine: str, today: date) -> list[Batch]:
    """Batches of ``vaccine`` that may be drawn from, first to expire first."""
    return good_batches(vault.roster.batches(), vaccine, today)


def next_draw(formulary: Formulary, batch: Batch, vial: Vial | None, now: datetime) -> Draw:
    """From ``vial``, the newest of ``batch`` on this desk, while it is good, else from a new one."""
    vaccine = formulary[batch.vaccine]
    if vial is not None and vial_is_usable(vial, vaccine, now):
        return Draw(batch=batch, vial=vial.vial, opens=False, left=vial.left - 1)
    number = 1 if vial is None else vial.vial + 1
    return Draw(batch=batch, vial=number, opens=True, left=batch.doses_per_vial - 1)
