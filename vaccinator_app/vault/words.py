"""What a person is found by, as words of the index, and what was typed, as a question to it (DESIGN 6.4).

Both sides cut and fold text by the same functions, so what Unicode the database knows does not matter. Words are runs
of letters, digits *and marks*: a Devanagari word is not torn at its vowel signs. Never indexed: anything of a mobile
number (DESIGN 5.5).

Besides the words of the name, a person has words of one character from Unicode's private planes, which cost least: for
the token, for the last four of the photo ID, and for *meetings*: how two or three words of the name begin, one or two
letters of each. A meeting is as rare as its words are together, so that common words which seldom meet cost what their
meeting costs, not what each alone does. Two meetings may share a character; the words themselves are asked for as well.

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
_MEETINGS = 0xF0000
_MOST_MEETINGS = 50_000
_FOURS = _MEETINGS + _MOST_MEETINGS
_CALLED = 0x100000
_MOST_CALLED = 0xFFFE
_OTHER_FOUR = "\ue000"

_FOUR = 4
_MOST_WORDS = 12
"""Words of one name that are indexed: with their meetings the cost grows as the cube."""

_LONGEST_WORD = 40

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
    """The words of one person for the index, a space between."""
    names = _names(name)
    return " ".join([*names, *_meetings(names), *_numbers(token, photo_id_last4)])


def spoken(name: str, token: int, photo_id_last4: str) -> list[str]:
    """The words of one person without their meetings, which only the index needs."""
    return [*_names(name), *_numbers(token, photo_id_last4)]


def _names(name: str) -> list[str]:
    found: list[str] = []
    for chunk in fold(name).split():
        pieces = _cut(chunk)
        found += pieces
        if len(pieces) > 1:  # D'Souza is typed with and without
            found.append("".join(pieces)[:_LONGEST_WORD])
    return list(dict.fromkeys(found))[:_MOST_WORDS]


def _numbers(token: int, photo_id_last4: str) -> list[str]:
    found = [chr(_CALLED + token)] if 0 <= token < _MOST_CALLED else []
    return [*found, _four(fold(photo_id_last4))] if photo_id_last4 else found


def _meetings(words: list[str]) -> set[str]:
    """Of each two words one or two letters of each, or three of both; of each three words two letters, or of one of
    them a single letter, or three of all. Which of them a typed text asks for is in ``_met``."""
    starts = [word[:3] for word in words]
    found: set[str] = set()
    for two in combinations(starts, 2):
        found |= _meetings_of_two(*two)
    for three in combinations(starts, 3):
        found |= _meetings_of_three(*three)
    return found


@lru_cache(maxsize=1 << 13)
def _meetings_of_two(a: str, b: str) -> frozenset[str]:
    return frozenset([_meeting(a, b), *(_meeting(a[:n], b[:m]) for n in (1, 2) for m in (1, 2))])


@lru_cache(maxsize=1 << 13)
def _meetings_of_three(a: str, b: str, c: str) -> frozenset[str]:
    single = (_meeting(a[:n], b[:m], c[:k]) for n, m, k in ((2, 2, 2), (1, 2, 2), (2, 1, 2), (2, 2, 1)))
    return frozenset([_meeting(a, b, c), *single])


def forget() -> None:
    """Of a large page, whose people share their names, the meetings are kept; once they are indexed nobody asks for
    them any more."""
    _meetings_of_two.cache_clear()
    _meetings_of_three.cache_clear()


def _meeting(*starts: str) -> str:
    """One character for the common ones, two for the rare, so that no rare one shares the list of a common one."""
    number = crc32(" ".join(sorted(starts)).encode())
    first = chr(_MEETINGS + number % _MOST_MEETINGS)
    rare = len(starts) > 2 or min(map(len, starts)) > 2
    return first + chr(_MEETINGS + number // _MOST_MEETINGS % _MOST_MEETINGS) if rare else first


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

    def fit(self, words: list[str]) -> bool:
        """Whether a person with these words (of ``spoken``) is meant; the same answer as the index gives.

        Words that must meet are not asked whether they do: where all of them are found, they have met.
        """
        return bool(self) and all(_is_meeting(ways[0]) or any(term.fits(words) for term in ways) for ways in self)

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


def _is_meeting(term: Term) -> bool:
    return _MEETINGS <= ord(term.word[0]) < _FOURS


def _is_token(term: Term) -> bool:
    return ord(term.word[0]) >= _CALLED


def _named(words: list[str]) -> list[tuple[Term, ...]]:
    """The rarest first: the index walks along its first part and looks the others up."""
    longest_first = sorted(words, key=len, reverse=True)
    # A word that begins another may be the same word of the name: the two need not meet.
    apart = [word for word in longest_first if not any(w.startswith(word) and w != word for w in words)]
    return [
        *((Term(one),) for one in dict.fromkeys(_met(apart))),
        *((Term(word, begins=True),) for word in longest_first),
    ]


def _met(words: list[str]) -> list[str]:
    """The meetings that these words, the longest first, must have: the rarest first, and not more than help."""
    second, third = (len(word) for word in [*words, "", "", ""][1:3])
    if third >= 3:
        return [_meeting(*(word[:3] for word in words[:3]))]
    pair = [_meeting(words[0][:3], words[1][:3])] if second >= 3 else []
    if third and second >= 2:
        return [_meeting(*(word[:2] for word in words[:3])), *pair]
    return pair or [_meeting(a[:2], b[:2]) for a, b in combinations(words[:3], 2)]
