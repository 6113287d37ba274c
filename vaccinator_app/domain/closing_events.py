"""The kinds of event by which the in-charge settles and closes a day (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from vaccinator_app.domain.counts import DayTally


class Settlement(StrEnum):
    """What an in-charge did about an exception."""

    EXPLAINED = "explained"
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    """The person confirmed by OTP."""
    ESCALATED = "escalated"


class SettleReason(StrEnum):
    """Why an exception may stand."""

    CHECKED_WITH_PERSON = "checked_with_person"
    PAPER_REGISTER_AGREES = "paper_register_agrees"
    COUNTED_AGAIN = "counted_again"
    STAFF_MISTAKE = "staff_mistake"
    MACHINE_FAULT = "machine_fault"
    NETWORK_DOWN = "network_down"
    DISTRICT_INFORMED = "district_informed"
    OTHER = "other"


class VarianceReason(StrEnum):
    """Why a count is not what the records say; ``none`` when it is."""

    NONE = "none"
    EXTRA_DOSE_DRAWN = "extra_dose_drawn"
    DOSE_SPILT = "dose_spilt"
    BROKEN_UNRECORDED = "broken_unrecorded"
    RECEIVED_UNRECORDED = "received_unrecorded"
    MISCOUNTED_BEFORE = "miscounted_before"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionSettled:
    """The exception named ``exception`` was dealt with; ``note`` has no name and no number of a person."""

    KIND: ClassVar[str] = "exception_settled"
    exception: str
    how: Settlement
    reason: SettleReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """How far the ledger of ``device`` is covered; ``hash`` is that record's, hex."""

    device: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBatch:
    """Unopened vials of a batch, all desks together: as counted by hand, beside what the records say."""

    vaccine: str
    batch: str
    counted: int
    computed: int
    reason: VarianceReason = VarianceReason.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """The in-charge signs the day: its tally over the records that ``heads`` cover, and what was counted by hand.

    ``amendment`` counts from 0; ``previous`` is the hash (hex) of the close that this one amends, empty for the first.
    ``open_exceptions`` are those left unsettled, by key.
    """

    KIND: ClassVar[str] = "day_closed"
    day: date
    amendment: int
    previous: str
    heads: tuple[LedgerHead, ...]
    tally: DayTally
    counted: tuple[CountedBatch, ...]
    open_exceptions: tuple[str, ...]
