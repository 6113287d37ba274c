"""Names as common and as rare as a district's, in two scripts."""

from __future__ import annotations

_FIRST = ("Sunita", "Ram", "Lakshmi", "Mohammed", "Asha", "सुनीता", "राम", "Gurdev", "Fatima", "Joseph")
_MIDDLE = ("", " Lal", " Devi", " Bai", " Nath", " Chandra", " देवी")
_LAST = ("Kumari", "Prasad", "Singh", "Yadav", "Sharma", "Begum", "Iyer", "Das", "कुमार", "Patil", "Rao", "Bano")


def name_of(number: int) -> str:
    """The name of person ``number``; one in fifty has one that nobody else has."""
    rare = "" if number % 50 else f" {number}"
    first, middle = _FIRST[number % len(_FIRST)], _MIDDLE[number // 7 % len(_MIDDLE)]
    return f"{first}{middle} {_LAST[number // 3 % len(_LAST)]}{rare}"
