"""What the events of one appointment add up to: the state a queue shows (DESIGN 3.1, 9.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from vaccinator_app.domain.events import (
    PRESENT,
    Arrived,
    Body,
    CodeRefused,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    OverrideGranted,
    Voided,
    VoidReason,
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
    """One appointment as its events leave it.

    ``tries`` counts wrong codes and slips, and only ever grows. ``arrived_at`` is the first event that shows the person
    here, whatever its kind. ``override_seq`` is the in-charge's newest leave to go on without a code. ``dose_seq`` and
    ``dose_at`` are of the dose that stands. A dose recorded twice stands once, as its newest record; the older ones
    wait in ``further``, oldest first, for the newest to be voided.
    """

    appointment: str
    state: VisitState = VisitState.EXPECTED
    tries: int = 0
    arrived_at: datetime | None = None
    dose_seq: int | None = None
    dose_at: datetime | None = None
    voided: int = 0
    further: tuple[tuple[int, datetime], ...] = ()
    override_seq: int | None = None

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
    if isinstance(body, PRESENT) and visit.arrived_at is None:
        visit = replace(visit, arrived_at=at)
    match body:
        case Arrived() | WalkInRegistered():
            return replace(visit, state=_waiting(visit)) if visit.state is VisitState.EXPECTED else visit
        case CodeRefused():
            tried = replace(visit, tries=visit.tries + 1)
            return replace(tried, state=_waiting(tried)) if visit.dose_seq is None else tried
        case DoseGiven():
            given = body.given_at or at
            return replace(visit, state=VisitState.OBSERVING, dose_seq=seq, dose_at=given, further=_doses(visit))
        case DoseDeferred():
            return replace(visit, state=VisitState.DEFERRED) if visit.dose_seq is None else visit
        case ObservationEnded():
            return replace(visit, state=VisitState.DONE) if visit.dose_seq is not None else visit
        case OverrideGranted():
            granted = replace(visit, override_seq=seq)
            return replace(granted, state=_waiting(granted)) if visit.state is VisitState.ATTENTION else granted
        case Voided():
            return _void(visit, body)
    return visit


def _doses(visit: Visit) -> tuple[tuple[int, datetime], ...]:
    if visit.dose_seq is None or visit.dose_at is None:
        return ()
    return (*visit.further, (visit.dose_seq, visit.dose_at))


def _void(visit: Visit, body: Voided) -> Visit:
    doses = _doses(visit)
    left = tuple(dose for dose in doses if dose[0] != body.seq)
    if left == doses:
        return visit
    undone = replace(visit, voided=visit.voided + 1, further=left[:-1])
    if left:
        return replace(undone, dose_seq=left[-1][0], dose_at=left[-1][1])
    # an in-charge's leave is for one dose: another needs another
    undone = replace(undone, dose_seq=None, dose_at=None, override_seq=None)
    if body.reason is VoidReason.NEVER_CAME:
        return replace(undone, state=VisitState.EXPECTED, arrived_at=None)
    return replace(undone, state=_waiting(undone))


def _waiting(visit: Visit) -> VisitState:
    closed = visit.tries_left == 0 and visit.override_seq is None
    return VisitState.ATTENTION if closed else VisitState.ARRIVED
