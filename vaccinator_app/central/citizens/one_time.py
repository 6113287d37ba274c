"""One-time passwords: six digits, three minutes, kept only as a keyed hash (DESIGN 4.4, 8.2).

How many tries one has, and what it opens, is for whoever asked for it to say.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.domain.digits import ascii_digits

LIFE = timedelta(minutes=3)
MINUTES = int(LIFE.total_seconds()) // 60


def fresh() -> str:
    """Six digits, every number as likely as any other."""
    return f"{secrets.randbelow(1_000_000):06d}"


def hashed(cupboard: Cupboard, purpose: str, name: str, otp: str) -> bytes:
    """What is stored of it (32 bytes): of no use without central's key, and for this ``name`` and ``purpose`` alone."""
    return cupboard.keyed_hash(purpose, f"{name}\n{otp}")


def fits(cupboard: Cupboard, purpose: str, name: str, typed: str, stored: bytes) -> bool:
    """Whether ``typed``, in any script's digits, is the one that was stored; takes as long either way."""
    return hmac.compare_digest(stored, hashed(cupboard, purpose, name, ascii_digits(typed.strip()) or ""))
