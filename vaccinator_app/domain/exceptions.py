"""Everything of a day that needs a human: found in the day book, and none leaves the list unsettled (DESIGN 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vaccinator_app.domain.closing_events import Settlement, SettleReason
from vaccinator_app.domain.message import Message


class ExceptionKind(StrEnum):
    """What is the matter, the gravest first: the order of the list."""

    AEFI = "aefi"
    """A serious adverse event."""
    REFUSED = "refused"
    HELD = "held"
    OLD_COPY = "old_copy"
    """A machine's file of records was changed behind its back, or an old copy of it put back."""
    TALLY_DIFFERS = "tally_differs"
    """Central counts the closed day otherwise."""
    CODE_EXHAUSTED = "code_exhausted"
    OVERRIDE = "override"
    LOOKUPS = "lookups"
    """Somebody opened many people without a visit."""
    DUPLICATE = "duplicate"
    """A dose recorded twice, or two appointments of what looks like one person."""
    AGAINST_RULE = "against_rule"
    """The dose, its interval, the batch or the vial was not as the schedule has it."""
    VOIDED = "voided"
    CORRECTED = "corrected"
    VARIANCE = "variance"
    VIAL_LOST = "vial_lost"
    """Unopened vials thrown away, or an open one for any reason but its time."""
    CLOCK = "clock"
    UNSYNCED = "unsynced"
    OBSERVATION = "observation"
    """Nobody ended the 30 minutes."""
    LATE = "late"
    """Recorded after the day was closed."""


class Act(StrEnum):
    """What may be done about an exception."""

    OPEN = "open"
    """Show the person's sheet."""
    VOID = "void"
    CORRECT = "correct"
    CONFIRM_OTP = "confirm_otp"
    END_OBSERVATION = "end_observation"
    COUNT = "count"
    """Go to the stock."""
    SYNC = "sync"
    AMEND = "amend"
    EXPLAIN = "explain"
    """Let it stand, with a reason."""
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Who dealt with it, when, how and why."""

    at: datetime
    staff: str
    how: Settlement
    reason: SettleReason
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that led here, or was done about it. ``words`` leave out who: screens name ``staff`` beside them.

    ``staff`` is empty for what no person of the centre did.
    """

    at: datetime
    staff: str
    words: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DayException:
    """One thing that needs a human. ``key`` names it for ever: the same cause has the same key at every desk.

    ``device`` and ``seq`` name the record it is about (``seq`` 0: none). ``acts`` are those that fit, the best first;
    none of them once it is settled. ``history`` is in the order of time.
    """

    key: str
    kind: ExceptionKind
    words: Message
    device: str = ""
    seq: int = 0
    appointment: str | None = None
    at: datetime | None = None
    staff: str = ""
    acts: tuple[Act, ...] = ()
    settled: Settled | None = None
    history: tuple[Step, ...] = ()
