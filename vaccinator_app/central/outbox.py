"""Messages to people, written in the transaction that gives the reason for them (DESIGN 8.4).

What may be read in the database stands in ``params``; codes, one-time passwords and numbers are sealed and emptied once
delivered. The name and the number of a beneficiary are looked up only when a message goes out.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from vaccinator_app.central.keys import Cupboard


class Kind(StrEnum):
    """What a message is about; each has its texts in ``resources/sms.json``."""

    OTP = "otp"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    CODE_REPLACED = "code_replaced"
    DOSE_RECORDED = "dose_recorded"
    DOSE_VOIDED = "dose_voided"


class State(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    DELIVERED = "delivered"


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
) -> dict[str, Any]:
    """A row of ``sms_outbox``. ``recipient`` is a beneficiary, whose own number and language are used, or, with
    ``mobile`` and ``language``, the keyed hash of a number that is nobody's yet."""
    name = secrets.token_hex(8)
    return {
        "recipient": recipient,
        "id": name,
        "kind": kind.value,
        "language": language,
        "mobile": None if mobile is None else cupboard.lock(mobile.encode(), "sms_mobile", recipient, name),
        "params": json.dumps(params),
        "secret": None if secret is None else cupboard.lock(json.dumps(secret).encode(), "sms_secret", recipient, name),
        "state": State.WAITING.value,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }
