"""Ids, codes and the rows of the tables that more than one room of central writes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.people import Beneficiary
from vaccinator_app.protocol.messages import CertificateState, MessageState, Outcome, Reason, Status

_LONGEST_ID = 32


def may_be_id(text: str) -> bool:
    """Whether text from outside may be an id at all: what may not is looked up nowhere (PostgreSQL refuses a NUL)."""
    return 0 < len(text) <= _LONGEST_ID and text.isascii() and text.isprintable()


def new_beneficiary() -> str:
    """A fresh beneficiary id: ``b`` and 16 hex digits."""
    return f"b{secrets.token_hex(8)}"


def new_code(other_than: str = "") -> str:
    """A fresh 4-digit code, every one as likely as any other; ``other_than`` is one that is known to somebody."""
    while (code := f"{secrets.randbelow(10_000):04d}") == other_than:
        pass
    return code


def storable(text: str, longest: int) -> str:
    """Text from outside as a column takes it: no NUL (PostgreSQL refuses it), not too long."""
    return text.replace("\0", "")[:longest]


def person_row(
    cupboard: Cupboard, beneficiary: str, person: Beneficiary, mobile: str, language: str, now: datetime
) -> dict[str, Any]:
    """A row of ``people``."""
    return {
        "beneficiary": beneficiary,
        "name": person.name,
        "year_of_birth": person.year_of_birth,
        "gender": person.gender.value,
        "photo_id": person.photo_id.value,
        "photo_id_last4": person.photo_id_last4,
        "mobile": cupboard.lock(mobile.encode(), "mobile", beneficiary) if mobile else None,
        "mobile_last4": person.mobile_last4,
        "language": language,
        "created_at": now,
    }


def booking_row(beneficiary: str, centre: str, booked: Appointment, now: datetime) -> dict[str, Any]:
    """A row of ``bookings``."""
    return {
        "beneficiary": beneficiary,
        "appointment": booked.appointment,
        "centre": centre,
        "day": booked.session_date,
        "slot": booked.slot,
        "token": booked.token,
        "vaccine": booked.vaccine,
        "dose": booked.dose,
        "booking": booked.booking.value,
        "booked_at": now,
    }


@lru_cache(maxsize=1024)
def said(day: date) -> str:
    """A date as messages write it."""
    return f"{day:%d-%m-%Y}"


def write_reasons(reasons: Sequence[Reason]) -> str:
    """Reasons as the records table keeps them."""
    return " ".join(reasons)


def read_outcome(
    seq: int, status: str, reasons: str, certificate: str | None = None, message: str | None = None
) -> Outcome:
    """An outcome as the records table keeps it."""
    return Outcome(seq, *_answer(status, reasons, certificate or "", message or ""))


@lru_cache(maxsize=1024)
def _answer(
    status: str, reasons: str, certificate: str, message: str
) -> tuple[Status, tuple[Reason, ...], CertificateState, MessageState]:
    """Kept: thousands of records have one of a few answers."""
    found = tuple(map(Reason, reasons.split()))
    return Status(status), found, CertificateState(certificate), MessageState(message)
