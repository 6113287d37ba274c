"""Messages to people, written in the transaction that gives the reason for them (DESIGN 8.4).

What may be read in the database stands in ``params``; codes, one-time passwords and numbers are sealed and emptied once
delivered. The name and the number of a beneficiary are looked up only when a message goes out.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from vaccinator_app.central.keyring.keys import Cupboard


class Kind(StrEnum):
    """What a message is about; each has its texts in ``resources/sms.json``."""

    OTP = "otp"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    CODE_REPLACED = "code_replaced"
    DOSE_RECORDED = "dose_recorded"
    """With a certificate, which can be fetched."""
    DOSE_UNCONFIRMED = "dose_unconfirmed"
    """The certificate waits for the person's own word."""
    DOSE_VOIDED = "dose_voided"
    DOSE_DISPUTED = "dose_disputed"
    """By the person themselves, who may not have been the one at the telephone."""
    DOSE_REJECTED = "dose_rejected"
    """By the district."""
    CONFIRM = "confirm"
    DETAILS_AT_RISK = "details_at_risk"


SHORT_LIVED = (Kind.OTP, Kind.CONFIRM)
"""Somebody waits for these at a screen: they go before all others, and are of no use once their password is over."""

AHEAD = timedelta(days=1)
"""By how much they are due before they were written: so they stand in front of all others."""


class State(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    TAKEN = "taken"
    """The telephone network took it, and said no more yet."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It will not be tried again: the telephone network could not bring it, or it came to nothing before that."""


PLAIN = ("recipient", "id", "kind", "params", "seq")
"""The columns that differ between messages without a secret, of which a batch of records makes many."""


def shared(now: datetime, *, centre: str | None = None, device: str | None = None) -> dict[str, Any]:
    """The columns in which they are the same. ``centre`` and ``device`` are of the ledger whose records, by ``seq``,
    the messages tell of; what becomes of these messages is told to that desk (DESIGN 7.5)."""
    return {
        "language": "",
        "mobile": None,
        "secret": None,
        "state": State.WAITING.value,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
        "centre": centre,
        "device": device,
    }


@lru_cache(maxsize=4096)
def about_dose(dose: int, vaccine: str, day: str, centre: str) -> str:
    """The ``params`` of a message about a dose, the same for all who got it at one place on one day."""
    return msgspec.json.encode({"dose": dose, "vaccine": vaccine, "day": day, "centre": centre}).decode()


def row(
    cupboard: Cupboard,
    kind: Kind,
    recipient: str,
    now: datetime,
    *,
    params: Mapping[str, str | int],
    secret: Mapping[str, str] | None = None,
    mobile: str | None = None,
    language: str = "",
    name: str = "",
    about: tuple[str, str, int] | None = None,
) -> dict[str, Any]:
    """A row of ``sms_outbox``. ``recipient`` is a beneficiary, whose own number and language are used, or, with
    ``mobile`` and ``language``, the keyed hash of a number that is nobody's yet. ``name`` tells the recipient's
    messages apart; a random one is made when none is given. ``about`` is the centre, device and ``seq`` of the dose
    whose desk is told what became of the message."""
    name = name or secrets.token_hex(8)
    centre, device, seq = about or (None, None, None)
    return {
        **shared(now, centre=centre, device=device),
        "due_at": now - AHEAD if kind in SHORT_LIVED else now,
        "seq": seq,
        "recipient": recipient,
        "id": name,
        "kind": kind.value,
        "language": language,
        "mobile": None if mobile is None else cupboard.lock(mobile.encode(), "sms_mobile", recipient, name),
        "params": msgspec.json.encode(params).decode(),
        "secret": None if secret is None else cupboard.lock(msgspec.json.encode(secret), "sms_secret", recipient, name),
    }
