"""Digits as people type them: ASCII, Devanagari, full-width, any script Unicode calls decimal."""

from __future__ import annotations

import unicodedata

CODE_LENGTH = 4


def ascii_digits(text: str) -> str | None:
    """``text`` with each decimal digit of any script as 0-9; None when anything else is in it.

    ``१२३४`` gives ``1234``. Superscripts, fractions and Roman numerals are not decimal digits and give None.
    """
    found = []
    for character in text:
        value = unicodedata.decimal(character, None)
        if value is None:
            return None
        found.append(str(value))
    return "".join(found)


def security_code(text: str) -> str | None:
    """The 4-digit security code in ``text`` as ASCII, spaces around it ignored; None when it is not one."""
    digits = ascii_digits(text.strip())
    return digits if digits is not None and len(digits) == CODE_LENGTH else None
