"""Digits of every script are read as what they are; look-alikes are not (issue's bad input)."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaccinator_app.domain.digits import ascii_digits, security_code

DECIMAL = [chr(point) for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)) == "Nd"]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("1234", "1234"),
        ("१२३४", "1234"),
        ("１２３４", "1234"),
        ("١٢٣٤", "1234"),
        ("۱۲۳۴", "1234"),
        ("১২৩৪", "1234"),
        ("௧௨௩௪", "1234"),
        ("1२３٤", "1234"),
        ("𝟏𝟐𝟑𝟒", "1234"),
        ("0000", "0000"),
        ("", ""),
        ("¹²³⁴", None),
        ("①②③④", None),
        ("ⅠⅡⅢⅣ", None),
        ("½", None),
        ("一二三四", None),
        ("12 34", None),
        ("12-4", None),
        ("-123", None),
        ("12.4", None),
        ("O123", None),
        ("12३\u200d4", None),
        ("1\u03014", None),
    ],
)
def test_what_is_a_digit(text: str, digits: str | None) -> None:
    assert ascii_digits(text) == digits


def test_every_decimal_digit_of_unicode_has_its_value() -> None:
    assert len(DECIMAL) > 600
    for character in DECIMAL:
        assert ascii_digits(character) == str(int(character))


@given(st.text(max_size=8))
def test_what_comes_out_is_ascii_or_nothing(text: str) -> None:
    digits = ascii_digits(text)
    assert digits is None or (len(digits) == len(text) and (digits == "" or (digits.isascii() and digits.isdigit())))


@given(st.text("0123456789०१२३४५६७८९", min_size=4, max_size=4))
def test_four_digits_are_a_code(text: str) -> None:
    assert security_code(text) == ascii_digits(text)
    assert security_code(f" \t{text}\u00a0\n") == ascii_digits(text)


@pytest.mark.parametrize("text", ["", "   ", "123", "12345", "12 34", "abcd", "12a4", "१२३", "¹²³⁴", "1\n234"])
def test_what_is_no_code(text: str) -> None:
    assert security_code(text) is None
