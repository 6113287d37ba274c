"""The digits of a slip: every slip reads back, and what a scanner mangles is noticed (P.5.5)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import golden
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.trust import slip
from vaccinator_app.trust.errors import BadSlip
from vaccinator_app.trust.slip import Slip

SLIP = golden.SLIPS[0]
DIGITS = slip.encode(SLIP)


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


SLIPS = st.builds(
    Slip,
    centre=digits(6),
    session_date=st.dates(date(1969, 1, 1), date(2068, 12, 31)),
    appointment=digits(12),
    secret=st.binary(min_size=16, max_size=16),
)


def with_check(body: str) -> str:
    """``body`` (65 digits) with the check digits it should have."""
    return f"{body}{98 - int(body + '00') % 97:02d}"


def refuse(text: str) -> None:
    with pytest.raises(BadSlip):
        slip.decode(text)


@given(SLIPS)
def test_every_slip_reads_back(one: Slip) -> None:
    text = slip.encode(one)
    assert len(text) == slip.LENGTH
    assert text.isascii()
    assert text.isdigit()
    assert slip.looks_like_slip(text)
    assert slip.decode(text) == one


def test_every_wrong_digit_is_noticed() -> None:
    for place in range(slip.LENGTH):
        for digit in "0123456789":
            if digit != DIGITS[place]:
                refuse(DIGITS[:place] + digit + DIGITS[place + 1 :])


@settings(max_examples=30)
@given(SLIPS)
def test_every_adjacent_transposition_is_noticed(one: Slip) -> None:
    text = slip.encode(one)
    for place in range(slip.LENGTH - 1):
        a, b = text[place], text[place + 1]
        if a != b:
            refuse(text[:place] + b + a + text[place + 2 :])


@settings(max_examples=100)
@given(SLIPS, st.integers(0, slip.LENGTH - 1), st.integers(1, 9))
def test_a_wrong_digit_is_noticed_in_any_slip(one: Slip, place: int, off: int) -> None:
    text = slip.encode(one)
    refuse(text[:place] + str((int(text[place]) + off) % 10) + text[place + 1 :])


def test_every_truncation_is_noticed() -> None:
    for length in range(slip.LENGTH):
        refuse(DIGITS[:length])
        refuse(DIGITS[slip.LENGTH - length :])


@pytest.mark.parametrize("text", ["", DIGITS + "0", " " + DIGITS, DIGITS + "\r", "72" + DIGITS[2:], DIGITS * 2])
def test_what_is_no_slip_is_refused(text: str) -> None:
    refuse(text)


def test_digits_of_a_hindi_keyboard_are_read_once_they_are_ascii() -> None:
    hindi = DIGITS.translate({ord("0") + n: ord("०") + n for n in range(10)})
    refuse(hindi)
    refuse(DIGITS[:40] + hindi[40:])
    assert ascii_digits(hindi) == DIGITS


def test_a_secret_above_128_bits_is_refused_with_good_check_digits() -> None:
    refuse(with_check(DIGITS[:26] + str(2**128)))
    assert slip.decode(with_check(DIGITS[:26] + str(2**128 - 1))).secret == b"\xff" * 16


@pytest.mark.parametrize("day", ["261321", "260230", "000000", "261100"])
def test_a_day_that_is_none_is_refused_with_good_check_digits(day: str) -> None:
    refuse(with_check(DIGITS[:8] + day + DIGITS[14:65]))


@pytest.mark.parametrize(
    "fields",
    [
        {"centre": "09100"},
        {"centre": "09100a"},
        {"centre": "०९१००१"},
        {"appointment": "W" + "0" * 11},
        {"appointment": "1" * 13},
        {"secret": b""},
        {"secret": bytes(17)},
    ],
)
def test_a_slip_of_another_shape_is_not_made(fields: dict[str, object]) -> None:
    whole = {name: getattr(SLIP, name) for name in ("centre", "session_date", "appointment", "secret")}
    with pytest.raises(ValueError, match="a slip's"):
        slip.encode(Slip(**{**whole, **fields}))


@pytest.mark.parametrize("text", ["7", "71", "9876543210", "72" + "0" * 65, "", "7112345678901234567 "])
def test_what_people_type_does_not_look_like_a_slip(text: str) -> None:
    assert not slip.looks_like_slip(text)


def test_half_a_scan_looks_like_a_slip_and_is_none() -> None:
    """So that the desk says "scan again" and does not search for a name of digits."""
    assert slip.looks_like_slip(DIGITS[:40])
    refuse(DIGITS[:40])


def test_only_the_right_secret_matches() -> None:
    expected = slip.secret_hash(SLIP.secret)
    assert slip.matches(expected, SLIP.secret)
    assert not slip.matches(expected, bytes(16))
    assert not slip.matches(b"", SLIP.secret)
    assert not slip.matches(expected[:16], SLIP.secret)


def test_the_secret_is_never_printed() -> None:
    shown = repr(SLIP)
    assert SLIP.secret.hex() not in shown
    assert repr(SLIP.secret)[2:10] not in shown
    assert DIGITS[26:65] not in shown
    assert shown == "Slip(091001, 2026-11-21, 202611210014)"
