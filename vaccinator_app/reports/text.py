"""Names and numbers as a page shows them."""

from __future__ import annotations

import re
import unicodedata

NOTHING = "–"
"""Where there is no number."""

_LONGEST_WORD = 24
_JOINERS = "\u200c\u200d"
_VIRAMA = 9
"""The combining class of a sign that joins its consonant to the next."""

_APPOINTMENT = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{12}|W[0-9a-f]{16})(?![0-9A-Za-z])")


def masked(text: str) -> str:
    """``text`` with dots for whatever is shaped like the reference of an appointment: paper lies about."""
    return _APPOINTMENT.sub("…", text)


def clean(text: str) -> str:
    """``text`` on one line and without what cannot be seen, so that no name reorders or hides what stands around it.

    Joiners stay: Devanagari needs them.
    """
    kept = (c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or c in _JOINERS else " " for c in text)
    return " ".join("".join(kept).split())


def printable(text: str) -> str:
    """``clean``, with a place to break in every word too long for a column."""
    return " ".join(_breakable(word) for word in clean(text).split(" "))


def _breakable(word: str) -> str:
    if len(word) <= _LONGEST_WORD:
        return word
    parts, length = [], 0
    for number, letter in enumerate(word):
        # never inside what is drawn as one: before a sign that joins, or after one that asks for more
        starts = unicodedata.category(letter)[0] != "M" and letter not in _JOINERS
        joined = number > 0 and (unicodedata.combining(word[number - 1]) == _VIRAMA or word[number - 1] == "\u200d")
        if length >= _LONGEST_WORD // 2 and starts and not joined:
            parts.append("\u200b")
            length = 0
        parts.append(letter)
        length += 1
    return "".join(parts)


def number(value: int) -> str:
    """Digits as India groups them (1,00,000), with a true minus sign."""
    digits = str(abs(value))
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ("\u2212" if value < 0 else "") + ",".join([*reversed(pairs), tail])


def signed(value: int) -> str:
    """``number`` with a plus before what is above zero."""
    return f"+{number(value)}" if value > 0 else number(value)


def percent(part: int, whole: int) -> str:
    """Share with one decimal; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else NOTHING
