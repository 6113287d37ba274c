"""An appointment: one person, one slot, one dose; booked online or made at the desk for a walk-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from vaccinator_app.domain.people import Beneficiary


class Booking(StrEnum):
    """How the appointment came to be."""

    ONLINE = "online"
    WALK_IN = "walk_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousDose:
    """A dose that central has on record for this person."""

    dose: int
    vaccine: str
    given_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What the roster says of one appointment.

    ``appointment`` is 12 decimal digits for a booking and ``W`` with 16 hex digits for a walk-in.
    ``token`` is the number called out at the centre, from 1 each session day. ``slot`` carries an offset.
    ``code_tag`` (16 bytes) and ``slip_hash`` (SHA-256 of the slip's secret) are what the code check and the
    slip check need and are empty for a walk-in, who has neither (DESIGN 4.1, 4.5, 4.6).
    ``interval_days`` is the least time after the dose before, and ``min_age_years`` the least age, by the rule that was
    in force when this was booked; None when they are the vaccine's own.
    """

    appointment: str
    token: int
    beneficiary: Beneficiary
    session_date: date
    slot: datetime
    vaccine: str
    dose: int
    booking: Booking
    previous: tuple[PreviousDose, ...] = ()
    code_tag: bytes = b""
    slip_hash: bytes = b""
    cancelled: bool = False
    interval_days: int | None = None
    min_age_years: int | None = None
