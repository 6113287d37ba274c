"""The people of a vaccination day, as little of each as the desk needs (DESIGN 1.2, 5.5)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Gender(StrEnum):
    """As booked; wording on screens comes from the catalogue."""

    WOMAN = "woman"
    MAN = "man"
    OTHER = "other"


class PhotoId(StrEnum):
    """Photo-ID types that a centre accepts."""

    AADHAAR = "aadhaar"
    VOTER_ID = "voter_id"
    PASSPORT = "passport"
    DRIVING_LICENCE = "driving_licence"
    PAN = "pan"
    PENSION = "pension"
    NPR_SMART_CARD = "npr_smart_card"


class Role(StrEnum):
    """Staff of a centre; what each may do stands in ``domain.powers``."""

    VERIFIER = "verifier"
    VACCINATOR = "vaccinator"
    IN_CHARGE = "in_charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary:
    """Who is to be vaccinated. Year of birth, never a date; last four digits, never the rest (DESIGN 5.5)."""

    name: str
    year_of_birth: int
    gender: Gender
    photo_id: PhotoId
    photo_id_last4: str
    mobile_last4: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """One named person of the centre's staff."""

    staff: str
    name: str
    role: Role


def masked_name(name: str) -> str:
    """A name for lists: the first word whole, of each further word only its first letter (DESIGN 9.4).

    ``Sunita Kumari`` gives ``Sunita K•``. A first letter keeps the marks that belong to it and the letter that a
    virama joins to it, so that a Devanagari syllable is not torn: ``राम श्रीवास्तव`` gives ``राम श्री•``.
    """
    first, *rest = name.split() or [""]
    return " ".join([first, *(f"{_first_letter(word)}•" for word in rest)])


def _first_letter(word: str) -> str:
    # "Harry" and (Raju) begin with a letter, not with the sign before it; a word of signs alone stays as it begins
    word = next((word[i:] for i, c in enumerate(word) if not unicodedata.category(c).startswith("P")), word)
    end = 1
    while end < len(word) and (_is_mark(word[end]) or _joins_next(word[:end])):
        end += 1
    return word[:end]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or character in _JOINERS


def _joins_next(start: str) -> bool:
    # a virama joins across the joiners that only choose its shape
    return unicodedata.combining(start.rstrip(_JOINERS)[-1:] or " ") == _VIRAMA


_JOINERS = "\u200c\u200d"
_VIRAMA = 9
"""Unicode's combining class of every script's virama."""
