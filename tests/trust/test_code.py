"""The check of the code: 39 or 40 codes fit, and every error people make while copying digits does not (DESIGN 4.1).

The classes of error, for a code ``abcd`` of four decimal digits. All are tried on all 10,000 codes:

- single digit: one place holds another digit (36 for each code)
- adjacent transposition: two neighbours change places, ``bacd``, ``acbd``, ``abdc``
- jump transposition: two digits with one between them change places, ``cbad``, ``adcb``
- outer transposition: the first and the last change places, ``dbca``
- twin: two equal neighbours become two other equal ones, ``aacd`` to ``xxcd``, at any of the three places
- pair swap: the two halves change places, ``cdab``
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

from tests.trust import fixed
from vaccinator_app.trust import code

APPOINTMENT = "202611210014"
CODES = [f"{number:04d}" for number in range(10_000)]
DIGITS = "0123456789"


def single_digits(text: str) -> Iterator[str]:
    for place in range(4):
        for digit in DIGITS:
            yield text[:place] + digit + text[place + 1 :]


def adjacent_transpositions(text: str) -> Iterator[str]:
    a, b, c, d = tuple(text)
    yield from (b + a + c + d, a + c + b + d, a + b + d + c)


def jump_transpositions(text: str) -> Iterator[str]:
    a, b, c, d = tuple(text)
    yield from (c + b + a + d, a + d + c + b)


def outer_transpositions(text: str) -> Iterator[str]:
    a, b, c, d = tuple(text)
    yield d + b + c + a


def twins(text: str) -> Iterator[str]:
    for place in range(3):
        if text[place] == text[place + 1]:
            for digit in DIGITS:
                yield text[:place] + digit * 2 + text[place + 2 :]


def pair_swaps(text: str) -> Iterator[str]:
    yield text[2:] + text[:2]


CLASSES = {
    "single digit": (single_digits, 360_000),
    "adjacent transposition": (adjacent_transpositions, 27_000),
    "jump transposition": (jump_transpositions, 18_000),
    "outer transposition": (outer_transpositions, 9_000),
    "twin": (twins, 27_000),
    "pair swap": (pair_swaps, 9_900),
}
"""Each class, and how many of its errors really change a code."""

Errors = Callable[[str], Iterator[str]]


def errors(kind: Errors, bucket: Callable[[str], int]) -> tuple[int, int]:
    """How many errors of a class there are over all codes, and how many of them leave the bucket as it was."""
    buckets = {text: bucket(text) for text in CODES}
    found = [buckets[right] == buckets[wrong] for right in CODES for wrong in kind(right) if wrong != right]
    return len(found), sum(found)


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_of_a_class_changes_the_bucket(name: str) -> None:
    kind, count = CLASSES[name]
    assert errors(kind, code.bucket) == (count, 0)


@pytest.mark.parametrize(
    ("modulus", "name"),
    [
        (250, "single digit"),
        (252, "adjacent transposition"),
        (198, "jump transposition"),
        (259, "outer transposition"),
        (250, "twin"),
        (253, "pair swap"),
    ],
)
def test_other_moduli_miss_some(modulus: int, name: str) -> None:
    """So the test above can fail, in each class."""
    assert errors(CLASSES[name][0], lambda text: int(text) % modulus)[1] > 0


def test_251_is_prime_and_fixed() -> None:
    assert code.MODULUS == 251
    assert all(code.MODULUS % divisor for divisor in range(2, 16))


def test_every_bucket_has_39_or_40_codes() -> None:
    sizes = Counter(code.bucket(text) for text in CODES)
    assert len(sizes) == 251
    assert set(sizes.values()) == {39, 40}


def test_what_matches_is_the_bucket_and_nothing_else() -> None:
    """With the real tag, over all 10,000: what the desk's database gives away (DESIGN 4.1)."""
    tag = code.tag(fixed.ROSTER_KEY, APPOINTMENT, code.bucket("1234"))
    fits = [text for text in CODES if code.matches(fixed.ROSTER_KEY, APPOINTMENT, tag, text)]
    assert fits == [f"{number:04d}" for number in range(1234 % 251, 10_000, 251)]
    assert "1234" in fits
    assert len(fits) == 39


def test_a_tag_belongs_to_one_appointment_and_one_roster() -> None:
    tag = code.tag(fixed.ROSTER_KEY, APPOINTMENT, code.bucket("1234"))
    assert len(tag) == code.TAG_LENGTH
    assert code.matches(fixed.ROSTER_KEY, APPOINTMENT, tag, "1234")
    assert not code.matches(fixed.ROSTER_KEY, "202611210015", tag, "1234")
    assert not code.matches(bytes(32), APPOINTMENT, tag, "1234")


@pytest.mark.parametrize("cut", [0, 1, 15, 17, 32])
def test_a_tag_of_another_length_never_matches(cut: int) -> None:
    whole = code.tag(fixed.ROSTER_KEY, APPOINTMENT, code.bucket("1234")) * 2
    assert not code.matches(fixed.ROSTER_KEY, APPOINTMENT, whole[:cut], "1234")


@pytest.mark.parametrize(
    "text", ["", "123", "12345", "12a4", " 123", "१२३४", "１２３４", "+123", "-123", "1_34", "12.4"]
)
@pytest.mark.parametrize("expected", [b"", bytes(16)])
def test_what_is_no_code_is_refused(text: str, expected: bytes) -> None:
    with pytest.raises(ValueError, match="four ASCII digits"):
        code.bucket(text)
    with pytest.raises(ValueError, match="four ASCII digits"):
        code.matches(fixed.ROSTER_KEY, APPOINTMENT, expected, text)


@pytest.mark.parametrize(("known", "most"), [(1, 10), (2, 3), (3, 1)])
def test_what_overheard_digits_leave(known: int, most: int) -> None:
    """How many codes fit a bucket and some digits: what the threat model says of those who listen (DESIGN 4.8)."""
    left = set()
    for places in combinations(range(4), known):
        fits = Counter((code.bucket(text), *(text[place] for place in places)) for text in CODES)
        left |= set(fits.values())
    assert max(left) == most
