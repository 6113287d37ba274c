"""What a person is found by, as words of the index, and what was typed, as a question to it (DESIGN 6.4).

Both sides cut and fold text by the same functions, so what Unicode the database knows does not matter. Words are runs
of letters, digits *and marks*: a Devanagari word is not torn at its vowel signs. Never indexed: anything of a mobile
number (DESIGN 5.5).

Besides the words of the name, a person has words of one character from Unicode's private planes, which cost least: for
the token, for the last four of the photo ID, and for each two words of the name together (*pairs*): their first
letters, and their first two letters. A pair is as rare as its words are together, so that two common words which seldom
meet cost what their meeting costs. Two pairs may share a character; the words themselves are asked for as well.

Changing what ``indexed`` gives for a person wants a migration that indexes everybody again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from zlib import crc32

from vaccinator_app.domain.digits import ascii_digits

# Private-use characters never come out of ``_cut``, so no typed text can reach the words they make.
_PAIRS = 0xF0000
_MOST_PAIRS = 50_000
_FOURS = _PAIRS + _MOST_PAIRS
_CALLED = 0x100000
_MOST_CALLED = 0xFFFE
_OTHER_FOUR = "\ue000"

_FOUR = 4
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
    names: list[str] = []
    for chunk in fold(name).split():
        pieces = _cut(chunk)
        names += pieces
        if len(pieces) > 1:  # D'Souza is typed with and without
            names.append("".join(pieces)[:_LONGEST_WORD])
    kept = list(dict.fromkeys(names))[:_MOST_WORDS]
    found = [*kept, *_pairs(kept)]
    if 0 <= token < _MOST_CALLED:
        found.append(chr(_CALLED + token))
    if photo_id_last4:
        found.append(_four(fold(photo_id_last4)))
    return " ".join(found)


def _pairs(words: list[str]) -> set[str]:
    if len(words) < 2:
        return set()
    return {_pair(a[:letters], b[:letters]) for a, b in combinations(words, 2) for letters in (1, 2)}


@lru_cache(maxsize=1 << 14)
def _pair(a: str, b: str) -> str:
    first, second = sorted((a, b))
    return chr(_PAIRS + crc32(f"{first} {second}".encode()) % _MOST_PAIRS)


def _four(last4: str) -> str:
    if len(last4) == _FOUR and last4.isascii() and last4.isdigit():
        return chr(_FOURS + int(last4))
    return _OTHER_FOUR + "".join(_cut(last4))


@dataclass(frozen=True, slots=True)
class Term:
    """One word asked for: as it stands, or by how it begins."""

    word: str
    begins: bool = False

    def fits(self, words: Iterable[str]) -> bool:
        """Whether one of a person's words is the one."""
        return any(w.startswith(self.word) for w in words) if self.begins else self.word in words

    def __str__(self) -> str:
        """In FTS5's language. A term holds letters, marks, digits and private-use characters: nothing to escape."""
        return f'"{self.word}"*' if self.begins else f'"{self.word}"'


class Terms(tuple[tuple[Term, ...], ...]):
    """All of these, each in one of its ways. None at all match nobody."""

    __slots__ = ()

    def fit(self, words: str) -> bool:
        """Whether a person with these words (of ``indexed``) is meant; the same answer as the index gives."""
        found = words.split()
        return bool(self) and all(any(term.fits(found) for term in ways) for ways in self)

    def __str__(self) -> str:
        """In FTS5's language, empty for none at all."""
        return " AND ".join(f"({' OR '.join(map(str, ways))})" if len(ways) > 1 else str(ways[0]) for ways in self)


_NOBODY = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was typed.

    ``today`` may ask for a token, which means something on its own day alone; ``any_day`` never does.
    ``reference`` is the beginning of an appointment's reference, and then decides alone.
    """

    today: Terms = _NOBODY
    any_day: Terms = _NOBODY
    reference: str = ""


def question(text: str) -> Question:
    """Read a typed text: each part must be found, words by how they begin, numbers by what they can be."""
    names: list[str] = []
    codes: list[tuple[Term, ...]] = []
    tokens: list[Term] = []
    for chunk in fold(text).split():
        digits = ascii_digits(chunk)
        if digits is not None and len(digits) >= REFERENCE_LEAST:
            return Question(reference=digits)
        if digits is not None and len(digits) < _FOUR:
            tokens.append(Term(chr(_CALLED + int(digits))))
        elif digits is not None:
            codes.append((Term(_four(digits)), Term(chr(_CALLED + int(digits)))))
        elif len(chunk) == _FOUR and chunk.isascii() and chunk.isalnum() and not chunk.isalpha():
            codes.append((Term(_four(chunk)), Term(chunk, begins=True)))  # some photo IDs end in a letter
        else:
            names += _cut(chunk)
    common = _named(list(dict.fromkeys(names)))
    today = Terms([*((token,) for token in tokens), *codes, *common])
    if tokens:
        return Question(today=today)
    elsewhere = (tuple(term for term in ways if not _is_token(term)) for ways in codes)
    return Question(today=today, any_day=Terms([*elsewhere, *common]))


def _is_token(term: Term) -> bool:
    return ord(term.word[0]) >= _CALLED


def _named(words: list[str]) -> list[tuple[Term, ...]]:
    """The rarest first: the index walks along its first part and looks the others up."""
    pairs: dict[str, None] = {}
    for a, b in combinations(words[:_PAIRED], 2):
        letters = min(2, len(a), len(b))
        if not (a.startswith(b) or b.startswith(a)):  # those may be one word of the name
            pairs[_pair(a[:letters], b[:letters])] = None
    longest_first = sorted(words, key=len, reverse=True)
    return [*((Term(pair),) for pair in pairs), *((Term(word, begins=True),) for word in longest_first)]
