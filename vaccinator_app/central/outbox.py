"""Messages to people, written in the transaction that gives the reason for them (DESIGN 8.4).

What may be read in the database stands in ``params``; codes, one-time passwords and numbers are sealed and emptied once
delivered. The name and the number of a beneficiary are looked up only when a message goes out.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from vaccinator_app.central.keys import Cupboard


class Kind(StrEnum):
    """What a message is about; each has its texts in ``resources/sms.json``."""

    OTP = "otp"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    CODE_REPLACED = "code_replaced"
    DOSE_RECORDED = "dose_recorded"
    DOSE_VOIDED = "dose_voided"
    CONFIRM = "confirm"


class State(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    DELIVERED = "delivered"


PLAIN = ("recipient", "id", "kind", "params")
"""The columns that differ between messages without a secret, of which a batch of records makes many."""


def shared(now: datetime) -> dict[str, Any]:
    """The columns in which they are the same."""
    return {
        "language": "",
        "mobile": None,
        "secret": None,
        "state": State.WAITING.value,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
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
) -> dict[str, Any]:
    """A row of ``sms_outbox``. ``recipient`` is a beneficiary, whose own number and language are used, or, with
    ``mobile`` and ``language``, the keyed hash of a number that is nobody's yet. ``name`` tells the recipient's
    messages apart; a random one is made when none is given."""
    name = name or secrets.token_hex(8)
    return {
        **shared(now),
        "recipient": recipient,
        "id": name,
        "kind": kind.value,
        "language": language,
        "mobile": None if mobile is None else cupboard.lock(mobile.encode(), "sms_mobile", recipient, name),
        "params": msgspec.json.encode(params).decode(),
        "secret": None if secret is None else cupboard.lock(msgspec.json.encode(secret), "sms_secret", recipient, name),
    }
