"""Whole numbers as people type them."""

from __future__ import annotations

from vaccinator_app.domain.digits import ascii_digits


def small_number(text: str) -> int | None:
    """The whole number in ``text``, digits of any script; None for anything else, also for more than 6 digits."""
    digits = ascii_digits(text.strip())
    return int(digits) if digits and len(digits) <= 6 else None
