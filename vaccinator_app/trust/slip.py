"""The text in an appointment slip's QR (DESIGN 4.5, P.5.5).

Decimal digits only: scanners type through whatever keyboard layout is on, and digits come through a Hindi
layout where letters do not. They also make the smallest QR.

``71`` (format 1), centre (6), session date (yymmdd), appointment (12), secret (39: a 128-bit number), and two
check digits (ISO 7064 MOD 97-10), 67 in all.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime

from vaccinator_app.trust.errors import BadSlip

PREFIX = "71"
LENGTH = 67
SECRET_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What a slip says: for whom, where and when, and the 16-byte secret that proves it was theirs."""

    centre: str
    session_date: date
    appointment: str
    secret: bytes

    def __repr__(self) -> str:
        """Never the secret."""
        return f"Slip({self.centre}, {self.session_date}, {self.appointment})"


def encode(slip: Slip) -> str:
    """The digits to put into the QR. Raises ``ValueError`` for fields of another shape."""
    for text, length in ((slip.centre, 6), (slip.appointment, 12)):
        if len(text) != length or not (text.isascii() and text.isdigit()):
            raise ValueError("a slip's centre has 6 digits and its appointment 12")
    if len(slip.secret) != SECRET_LENGTH:
        raise ValueError("a slip's secret has 16 bytes")
    number = int.from_bytes(slip.secret, "big")
    body = f"{PREFIX}{slip.centre}{slip.session_date:%y%m%d}{slip.appointment}{number:039d}"
    return f"{body}{98 - int(body + '00') % 97:02d}"


def looks_like_slip(digits: str) -> bool:
    """Whether ``digits`` begin as a slip does and are more than anybody would type by hand."""
    return len(digits) > 20 and digits.startswith(PREFIX)


def decode(digits: str) -> Slip:
    """Read the digits of a scan. ``BadSlip`` when cut short, changed or of another kind.

    Not checked: whether the secret is the appointment's (``matches``) and whether central ever made it.
    """
    if len(digits) != LENGTH or not (digits.isascii() and digits.isdigit()) or not digits.startswith(PREFIX):
        raise BadSlip("not a whole slip")
    if int(digits) % 97 != 1:
        raise BadSlip("the check digits do not fit")
    try:
        day = datetime.strptime(digits[8:14], "%y%m%d").date()  # noqa: DTZ007  (a date has no zone)
        secret = int(digits[26:65]).to_bytes(SECRET_LENGTH, "big")
    except (ValueError, OverflowError) as error:
        raise BadSlip("a field is out of range") from error
    return Slip(centre=digits[2:8], session_date=day, appointment=digits[14:26], secret=secret)


def secret_hash(secret: bytes) -> bytes:
    """What the roster holds of the secret: its SHA-256. 128 random bits cannot be guessed from it."""
    return hashlib.sha256(secret).digest()


def matches(expected: bytes, secret: bytes) -> bool:
    """Whether ``secret`` is the one whose hash the roster holds; an empty hash never matches."""
    return hmac.compare_digest(expected, secret_hash(secret))
