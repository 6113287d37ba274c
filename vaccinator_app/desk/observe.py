"""The 30 minutes after a dose (DESIGN 9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import EarlyReason, ObservationEnded, ObservationOutcome
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import masked_name
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.visits import OBSERVATION, VisitState
from vaccinator_app.vault.ledger import Saved
from vaccinator_app.vault.queue import QueueRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One person under observation. ``left`` is never below zero; ``share`` runs from 0 to 1 as the time passes."""

    row: QueueRow
    name: str
    left: timedelta

    @property
    def over(self) -> bool:
        """They may go."""
        return self.left == timedelta(0)

    @property
    def share(self) -> float:
        """Of the 30 minutes, how much has passed."""
        return 1.0 - self.left / OBSERVATION


MOST = 200
"""Of more people than this the list shows those who are free first; the others follow as these go."""


class Observation:
    """Everybody under observation on this desk, the first to be free first."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def people(self) -> list[Watched]:
        """Who is watched, with the time left: at most ``MOST``. A clock set back never asks for more than the 30
        minutes."""
        now = self._place.now()
        found = []
        for row in self._place.vault.queue.observing(MOST):
            until = row.observe_until or now
            left = min(OBSERVATION, max(timedelta(0), until - now))
            found.append(Watched(row=row, name=masked_name(row.name), left=left))
        return found

    def counts(self) -> tuple[int, int]:
        """How many are watched, and how many of them may go."""
        return self._place.vault.queue.watched(self._place.now())

    def end(self, appointment: str, reason: EarlyReason = EarlyReason.NONE) -> Saved:
        """The person goes: well after the 30 minutes, or early, which the record says with the ``reason`` for it."""
        self._place.require(Power.OBSERVE)
        visit = self._place.vault.roster.visit(appointment)
        if visit.state is not VisitState.OBSERVING or visit.observe_until is None:
            raise CannotDo(Message.of("observe.not_watched"))
        early = self._place.now() < visit.observe_until
        if early and reason is EarlyReason.NONE:
            raise CannotDo(Message.of("observe.why_early"))
        outcome = ObservationOutcome.LEFT_EARLY if early else ObservationOutcome.WELL
        body = ObservationEnded(appointment=appointment, outcome=outcome, reason=reason if early else EarlyReason.NONE)
        (saved,) = self._place.record(body)
        return saved
