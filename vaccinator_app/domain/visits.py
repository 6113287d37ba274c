"""What the events of one appointment add up to: the state a queue shows (DESIGN 3.1, 9.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    Voided,
    WalkInRegistered,
)

TRIES = 3
"""Wrong codes an appointment allows before only an in-charge may go on (DESIGN 4.4)."""

OBSERVATION = timedelta(minutes=30)
"""How long a person stays after the dose."""


class VisitState(StrEnum):
    """Where a person is on their way through the centre."""

    EXPECTED = "expected"
    ARRIVED = "arrived"
    OBSERVING = "observing"
    DONE = "done"
    DEFERRED = "deferred"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One appointment as its events leave it. ``tries`` counts wrong codes and slips, and only ever grows."""

    appointment: str
    state: VisitState = VisitState.EXPECTED
    tries: int = 0
    arrived_at: datetime | None = None
    dose_seq: int | None = None
    dose_at: datetime | None = None
    voided: int = 0

    @property
    def tries_left(self) -> int:
        """Codes that may still be typed; never below 0."""
        return max(0, TRIES - self.tries)

    @property
    def observe_until(self) -> datetime | None:
        """When the 30 minutes are over; None when no dose stands."""
        return None if self.dose_at is None else self.dose_at + OBSERVATION


def apply(visit: Visit, seq: int, at: datetime, body: Body) -> Visit:
    """``visit`` after one more event of its appointment. Events that do not move a visit leave it as it was.

    Total: any order of events gives some visit, since a ledger is what happened, not what should have.
    """
    match body:
        case Arrived() | WalkInRegistered():
            if visit.state is not VisitState.EXPECTED:
                return visit
            return replace(visit, state=_waiting(visit), arrived_at=at)
        case CodeRefused():
            tried = replace(visit, tries=visit.tries + 1)
            return replace(tried, state=_waiting(tried)) if visit.dose_seq is None else tried
        case DoseGiven():
            return replace(visit, state=VisitState.OBSERVING, dose_seq=seq, dose_at=at)
        case DoseDeferred():
            return replace(visit, state=VisitState.DEFERRED) if visit.dose_seq is None else visit
        case ObservationEnded():
            return replace(visit, state=VisitState.DONE) if visit.dose_seq is not None else visit
        case Voided() if body.seq == visit.dose_seq:
            undone = replace(visit, dose_seq=None, dose_at=None, voided=visit.voided + 1)
            return replace(undone, state=_waiting(undone))
    return visit


def _waiting(visit: Visit) -> VisitState:
    return VisitState.ATTENTION if visit.tries_left == 0 else VisitState.ARRIVED
