"""The messages to people about the doses of one batch (DESIGN 8.4; docs/certificates.md C.5).

What nobody needs to hear is not told: of a dose taken back and recorded again in the same words, in one batch, neither.
"""

from __future__ import annotations

from typing import Any

from vaccinator_app.central.intake.facts import Known
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.rows import said
from vaccinator_app.domain.appointment import PreviousDose


def letter_name(device: str, seq: int) -> str:
    """A message is called after the record that gives the reason for it."""
    return f"{device}.{seq}"


class Letters:
    """Collects them; ``rows`` are those of ``outbox.PLAIN``."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._taken_back: dict[tuple[str, str, str], int] = {}

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The messages in the order of their reasons."""
        return list(self._rows.values())

    @property
    def seqs(self) -> list[int]:
        """The records that a message is about."""
        return list(self._rows)

    def recorded(self, seq: int, beneficiary: str, given: PreviousDose, *, certified: bool) -> None:
        """Record ``seq`` put a dose on record, with a certificate or without."""
        about = self._about(beneficiary, given, certified)
        void = self._taken_back.pop(about, None)
        if void is None:
            self._write(seq, beneficiary, about[1], about[2])
        else:
            del self._rows[void]

    def voided(self, seq: int, beneficiary: str, given: PreviousDose, *, certified: bool) -> None:
        """Record ``seq`` took a dose off record that had a certificate, or had none."""
        about = self._about(beneficiary, given, certified)
        self._taken_back[about] = seq
        self._write(seq, beneficiary, outbox.Kind.DOSE_VOIDED.value, about[2])

    def _about(self, beneficiary: str, given: PreviousDose, certified: bool) -> tuple[str, str, str]:
        """To whom, of what kind, and in which words a dose is told."""
        product = self._known.formulary.get(given.vaccine)
        vaccine = given.vaccine if product is None else product.name
        kind = outbox.Kind.DOSE_RECORDED if certified else outbox.Kind.DOSE_UNCONFIRMED
        params = outbox.about_dose(given.dose, vaccine, said(given.given_on), self._known.centre.name)
        return beneficiary, kind.value, params

    def _write(self, seq: int, beneficiary: str, kind: str, params: str) -> None:
        self._rows[seq] = (beneficiary, letter_name(self._known.device, seq), kind, params, seq)
