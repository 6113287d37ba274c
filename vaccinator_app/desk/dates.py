"""Dates as people type them off a certificate."""

from __future__ import annotations

import re
from datetime import date

from vaccinator_app.domain.digits import ascii_digits

_BETWEEN = re.compile(r"[\s./\-]+")


def typed_date(text: str) -> date | None:
    """The date in ``text``: day, month, year, in digits of any script, apart or in one run of eight (``21082026``).

    A year of two digits is of this century. None for anything else, and for a day that no calendar has.
    """
    parts = [ascii_digits(part) for part in _BETWEEN.split(text.strip())]
    if len(parts) == 1 and parts[0] is not None and len(parts[0]) == 8:
        parts = [parts[0][:2], parts[0][2:4], parts[0][4:]]
    if len(parts) != 3 or not all(parts):
        return None
    day, month, year = (part or "" for part in parts)
    if len(day) > 2 or len(month) > 2 or len(year) not in (2, 4):
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
