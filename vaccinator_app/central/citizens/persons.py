"""What people type about themselves, made sense of or refused, each with one sentence (DESIGN 5.5, 8.2).

Names stay as people write them, emoji and right-to-left scripts included. Control characters are refused: they are
never a name. Bidirectional controls and other invisible format characters are taken out silently: they come along with
copied text, nobody sees them, and one left in could turn the rest of a line around. The two joiners that Indic scripts
and emoji need stay.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from vaccinator_app.central.errors import Refused
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.people import Gender, PhotoId

LANGUAGES = ("en", "hi")
LONGEST_NAME = 100
OLDEST = 120
_JOINERS = "\u200c\u200d"
_SHORTEST_NUMBER, _LONGEST_NUMBER = 4, 32
_NOT_TEXT = frozenset({"Cc", "Cs", "Co"})
_LARGEST_TYPED = 10**12
_SEPARATORS = " -.()\u00a0"


@dataclass(frozen=True, slots=True)
class PhotoIdNumber:
    """A photo ID. ``number`` is only ever hashed; ``last4`` is what is kept."""

    kind: PhotoId
    number: str

    @property
    def last4(self) -> str:
        """The last four characters."""
        return self.number[-4:]

    def __repr__(self) -> str:
        """Never the number."""
        return f"PhotoIdNumber({self.kind})"


def clean_name(text: str) -> str:
    """A name of 1 to 100 characters, spaces made single, composed (NFC). Raises ``Refused``."""
    kept = []
    for character in text:
        kind = unicodedata.category(character)
        if character.isspace():
            kept.append(" ")
        elif kind in _NOT_TEXT:
            raise _no("name_control", "The name holds characters that cannot be read or printed. Type it again.")
        elif kind != "Cf" or character in _JOINERS:
            kept.append(character)
    name = unicodedata.normalize("NFC", " ".join("".join(kept).split()))
    if not name.strip(_JOINERS + " "):
        raise _no("name_empty", "The name is missing. Write it as it stands on the photo ID.")
    if len(name) > LONGEST_NAME:
        raise _no("name_too_long", f"The name has more than {LONGEST_NAME} characters. Shorten it.")
    return name


def clean_mobile(text: str) -> str | None:
    """Ten digits of an Indian mobile in ASCII; ``+91``, a leading 0, spaces and any script's digits allowed."""
    digits = ascii_digits("".join(c for c in text.strip().removeprefix("+") if c not in _SEPARATORS))
    if digits is None:
        return None
    for prefix, length in (("0091", 14), ("91", 12), ("0", 11)):
        if len(digits) == length:
            digits = digits.removeprefix(prefix)
    return digits if len(digits) == 10 and digits[0] in "6789" else None


def require_mobile(text: str) -> str:
    """``clean_mobile`` or ``Refused``."""
    found = clean_mobile(text)
    if found is None:
        raise _no("mobile_shape", "The mobile number needs ten digits and begins with 6, 7, 8 or 9.")
    return found


def year_of_birth(typed: int | str, today: date) -> int:
    """A year of the last 120. Raises ``Refused``, with words of its own for a whole date."""
    text = typed_number(typed)
    digits = ascii_digits(text)
    if digits is None or len(digits) != 4:
        if any(separator in text for separator in "-/.") or (digits is not None and len(digits) == 8):
            raise _no("year_is_date", "Only the year of birth is wanted, such as 1968, not the whole date.")
        raise _no("year_shape", "The year of birth needs four digits, such as 1968.")
    year = int(digits)
    if not today.year - OLDEST <= year <= today.year:
        raise _no("year_range", f"The year of birth must lie between {today.year - OLDEST} and {today.year}.")
    return year


def language(typed: str) -> str:
    """One of those that messages are written in. Raises ``Refused``."""
    if typed not in LANGUAGES:
        raise _no("language_unknown", f"The language is one of: {', '.join(LANGUAGES)}.")
    return typed


def gender(typed: str) -> Gender:
    """One of the three. Raises ``Refused``."""
    try:
        return Gender(typed.strip().lower())
    except ValueError:
        raise _no("gender_unknown", f"The gender is one of: {', '.join(Gender)}.") from None


def photo_id(kind: str, number: str) -> PhotoIdNumber:
    """A photo ID: 4 to 32 Latin letters and digits, however they were spaced. Raises ``Refused``."""
    try:
        found = PhotoId(kind.strip().lower().replace(" ", "_"))
    except ValueError:
        raise _no("photo_id_unknown", f"The photo ID is one of: {', '.join(PhotoId)}.") from None
    signs = [ascii_digits(c) or c.upper() for c in number if c not in _SEPARATORS + "/"]
    text = "".join(signs)
    if not (text.isascii() and text.isalnum() and _SHORTEST_NUMBER <= len(text) <= _LONGEST_NUMBER):
        raise _no(
            "photo_id_number",
            f"The photo ID's number needs {_SHORTEST_NUMBER} to {_LONGEST_NUMBER} letters and digits.",
        )
    return PhotoIdNumber(found, text)


def typed_number(typed: int | str) -> str:
    """A number as text, whichever way it came; one with more digits than anybody types becomes none."""
    if isinstance(typed, int):
        return str(typed) if abs(typed) < _LARGEST_TYPED else ""
    return typed.strip()


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for case and composition."""
    first, second = (unicodedata.normalize("NFKC", name).casefold() for name in (one, other))
    return first == second


def _no(code: str, sentence: str) -> Refused:
    return Refused(code, 422, sentence)
