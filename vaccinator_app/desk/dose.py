"""What is drawn from: the batch and vial on the table, said before the needle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import NEAR_EXPIRY, Batch, Shelf, Vial, first_to_expire, vial_is_usable, why_not
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


@dataclass(frozen=True, slots=True)
class Choice:
    """A batch, its vials and the newest one on this desk, and why nothing may be drawn from it; None if it may.

    ``opened``: a vial of it is open and may be drawn from.
    """

    batch: Batch
    shelf: Shelf
    vial: Vial | None
    why_not: Message | None
    opened: bool = False

    def worth_saying(self, now: datetime) -> bool:
        """Whether somebody may reach for it although nothing may be drawn from it: it lies here, was used up today, or
        may be here uncounted and went out of date lately. Old batches stay known for ever, and are not talked of."""
        if self.why_not is None:
            return False
        today = now.date()
        of_today = self.vial is not None and self.vial.opened_at.astimezone(now.tzinfo).date() == today
        uncounted = not self.shelf.counted_in and self.batch.expiry >= today - NEAR_EXPIRY
        return self.shelf.unopened > 0 or of_today or uncounted


def choices(vault: Vault, formulary: Formulary, vaccine: str, now: datetime) -> list[Choice]:
    """Every batch of ``vaccine`` this desk knows, first to expire first, the ones that may be drawn from before others.

    Among those, a batch whose vial is open comes first: an open vial is used up before another is opened.
    """
    product = formulary.get(vaccine)
    if product is None:
        return []
    found = []
    for batch in first_to_expire(b for b in vault.roster.batches() if b.vaccine == vaccine):
        vial = vault.roster.vial(batch.batch)
        shelf = vault.stock.shelf(vaccine, batch.batch)
        refused = why_not(batch, shelf, vial, product, now)
        opened = refused is None and vial is not None and vial_is_usable(vial, product, now)
        found.append(Choice(batch, shelf, vial, refused, opened))
    return sorted(found, key=lambda choice: (choice.why_not is not None, not choice.opened))


def next_draw(formulary: Formulary, choice: Choice, now: datetime) -> Draw | None:
    """From the newest vial while it is good, else from a new one; None when by ``now`` nothing may be drawn."""
    batch, vial, vaccine = choice.batch, choice.vial, formulary[choice.batch.vaccine]
    if why_not(batch, choice.shelf, vial, vaccine, now) is not None:
        return None
    if vial is not None and vial_is_usable(vial, vaccine, now):
        return Draw(batch=batch, vial=vial.vial, opens=False, left=vial.left - 1)
    number = 1 if vial is None else vial.vial + 1
    return Draw(batch=batch, vial=number, opens=True, left=batch.doses_per_vial - 1)
