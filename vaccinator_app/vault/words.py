"""What a person is found by, as words of the index, and what was typed, as a question to it (DESIGN 6.4).

Both sides cut and fold text by the same functions, so what Unicode the database knows does not matter. Words are runs
of letters, digits *and marks*: a Devanagari word is not torn at its vowel signs. Never indexed: anything of a mobile
number (DESIGN 5.5).

Besides the words of the name, and its token and the last four of the photo ID under a mark of their own, each person
has *pair words*: the first one or two letters of one word with those of another. A pair is as rare as both its words
together, so that two common words that seldom meet cost what their meeting costs, not what each alone does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from vaccinator_app.domain.digits import ascii_digits

# Private-use characters never come out of ``_cut``, so no typed text can reach the words they begin.
_CALLED = "\ue000"
_ENDS = "\ue001"
_PAIR = "\ue002"

_MOST_WORDS = 32
_LONGEST_WORD = 40
_PAIRED = 4
"""Of a typed text, only the first so many words make pairs: any two narrow the rest enough."""

REFERENCE_LEAST = 5
"""Digits from which a number is the beginning of a reference."""


def fold(text: str) -> str:
    """Composed (NFC), small letters, Latin, Greek and Cyrillic diacritics and invisible joiners left out."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if not ("\u0300" <= c <= "\u036f" or _is_format(c))))


@lru_cache(maxsize=4096)
def _is_format(character: str) -> bool:
    return unicodedata.category(character) == "Cf"


@lru_cache(maxsize=4096)
def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def _cut(chunk: str) -> list[str]:
    """The words in a folded text without spaces."""
    if chunk.isalnum():
        return [chunk[:_LONGEST_WORD]]
    spaced = "".join(c if _in_word(c) else " " for c in chunk)
    return [word[:_LONGEST_WORD] for word in spaced.split()]


def indexed(name: str, token: int, photo_id_last4: str) -> str:
    """The words of one person, a space between."""
    names: dict[str, None] = {}
    for chunk in fold(name).split():
        pieces = _cut(chunk)
        names.update(dict.fromkeys(pieces))
        if len(pieces) > 1:  # D'Souza is typed with and without
            names["".join(pieces)[:_LONGEST_WORD]] = None
    kept = list(names)[:_MOST_WORDS]
    found = [*kept, *_pairs(kept), f"{_CALLED}{token}"]
    if photo_id_last4:
        found.append(_ENDS + fold(photo_id_last4))
    return " ".join(found)


def _pairs(words: list[str]) -> Iterable[str]:
    if len(words) < 2:
        return ()
    starts = [{word[:1], word[:2]} for word in words]
    return {_pair(a, b) for first, second in combinations(starts, 2) for a in first for b in second}


def _pair(a: str, b: str) -> str:
    return f"{_PAIR}{a}{_PAIR}{b}" if a < b else f"{_PAIR}{b}{_PAIR}{a}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was typed, for FTS5. Empty texts match nobody.

    ``today`` may ask for a token, which means something on its own day alone; ``any_day`` never does.
    ``reference`` is the beginning of an appointment's reference, and then decides alone.
    """

    today: str = ""
    any_day: str = ""
    reference: str = ""


def question(text: str) -> Question:
    """Read a typed text: each part must be found, words by how they begin, numbers by what they can be."""
    names: list[str] = []
    today: list[str] = []
    any_day: list[str] = []
    only_today = False
    for chunk in fold(text).split():
        digits = ascii_digits(chunk)
        if digits is not None and len(digits) >= REFERENCE_LEAST:
            return Question(reference=digits)
        if digits is not None:
            token = _exactly(f"{_CALLED}{int(digits)}")
            if len(digits) == 4:
                today.append(f"({_exactly(_ENDS + digits)} OR {token})")
                any_day.append(_exactly(_ENDS + digits))
            else:
                today.append(token)
                only_today = True
        elif len(chunk) == 4 and chunk.isascii() and chunk.isalnum() and not chunk.isalpha():
            either = f"({_exactly(_ENDS + chunk)} OR {_beginning(chunk)})"  # some photo IDs end in a letter
            today.append(either)
            any_day.append(either)
        else:
            names.extend(_cut(chunk))
    common = _named(list(dict.fromkeys(names)))
    return Question(
        today=" AND ".join([*today, *common]), any_day="" if only_today else " AND ".join([*any_day, *common])
    )


def _named(words: list[str]) -> list[str]:
    """The rarest first: the index walks along its first part and looks the others up."""
    paired = words[:_PAIRED]
    pairs = [_exactly(_pair(a[:2], b[:2])) for a, b in combinations(paired, 2)]
    told = {word for word in paired if len(word) <= 2} if pairs else set()
    return [*pairs, *(_beginning(word) for word in sorted(words, key=len, reverse=True) if word not in told)]


def _exactly(word: str) -> str:
    return f'"{word}"'


def _beginning(word: str) -> str:
    return f'"{word}"*'
