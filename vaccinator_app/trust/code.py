"""The check of the 4-digit code, by a desk that cannot know it (DESIGN 4.1, 4.7, 4.8; P.5).

A bucket holds 39 or 40 of the 10,000 codes. The tag hides it from casual reading only: whoever holds the
roster key can try all 251. What the check does not stop is in ``docs/threat-model.md``.
"""

from __future__ import annotations

import hashlib
import hmac

MODULUS = 251
"""Prime; fixed for a programme: two moduli for one live code reveal it (DESIGN 4.7)."""

TAG_LENGTH = 16


def bucket(code: str) -> int:
    """``code`` (four ASCII digits) mod 251 (P.5.1); ``ValueError`` for anything else."""
    if len(code) != 4 or not (code.isascii() and code.isdigit()):
        raise ValueError("a security code is four ASCII digits")
    return int(code) % MODULUS


def tag(roster_key: bytes, appointment: str, of_bucket: int) -> bytes:
    """What a roster carries for one appointment: HMAC-SHA256 cut to 16 bytes (P.5.2)."""
    message = f"vaccinator/bucket/v1\n{appointment}\n{of_bucket}".encode()
    return hmac.digest(roster_key, message, hashlib.sha256)[:TAG_LENGTH]


def matches(roster_key: bytes, appointment: str, expected: bytes, typed: str) -> bool:
    """Whether ``typed`` lies in the bucket that the roster gives for ``appointment``.

    True for the right code and for 38 or 39 others; central checks the whole code later. A tag of any other
    length than 16 (a walk-in has none) never matches. ``typed`` is four ASCII digits; ``ValueError`` otherwise.
    """
    return hmac.compare_digest(tag(roster_key, appointment, bucket(typed)), expected)
