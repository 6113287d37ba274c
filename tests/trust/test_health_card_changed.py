"""No character, field or order of a card can be another (C.3.3)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import golden
from tests.trust.cards import (
    CARD,
    PAYLOAD,
    check,
    deflated,
    fault,
    payload,
    signed,
)
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust.errors import BadCard
from vaccinator_app.trust.errors import CardFault as F
from vaccinator_app.trust.strict_json import base64url, read_base64url

# Any change


def test_no_character_can_be_another() -> None:
    """Every place, the neighbour in the alphabet: where only unused bits differ it must fail as well."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, character in enumerate(CARD):
        other = "A" if character == "." else alphabet[(alphabet.index(character) + 1) % 64]
        with pytest.raises(BadCard):
            check(CARD[:place] + other + CARD[place + 1 :])


@given(at=st.integers(0, len(CARD) - 1), other=st.characters(codec="utf-8"))
def test_no_character_can_be_any_other(at: int, other: str) -> None:
    changed = CARD[:at] + other + CARD[at + 1 :]
    if changed.strip() != CARD:
        with pytest.raises(BadCard):
            check(changed)


@given(at=st.integers(0, len(CARD) - 1), length=st.integers(1, 40))
def test_no_character_can_be_left_out(at: int, length: int) -> None:
    with pytest.raises(BadCard):
        check(CARD[:at] + CARD[at + length :])


@given(at=st.integers(0, len(health_card_uri(CARD)) - 1), digit=st.sampled_from("0123456789०x "))
def test_no_digit_of_the_qr_can_be_another(at: int, digit: str) -> None:
    uri = health_card_uri(CARD)
    changed = uri[:at] + digit + uri[at + 1 :]
    if changed.strip() != uri:
        with pytest.raises(BadCard):
            check(changed)


Path = tuple[str | int, ...]


def places(value: Any, here: Path = ()) -> Iterator[Path]:
    """Every member and element within."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield (*here, name)
        yield from places(part, (*here, name))


def at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


PLACES = sorted(places(PAYLOAD), key=str)


def edited(path: Path, other: object) -> dict[str, Any]:
    found = copy.deepcopy(PAYLOAD)
    at(found, path[:-1])[path[-1]] = other
    return found


def dropped(path: Path) -> dict[str, Any]:
    found = copy.deepcopy(PAYLOAD)
    del at(found, path[:-1])[path[-1]]
    return found


def under_the_old_signature(changed: dict[str, Any]) -> str:
    head, _, signature = CARD.split(".")
    body = json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{head}.{base64url(deflated(body))}.{signature}"


def test_the_payload_as_it_is_still_fits_its_signature() -> None:
    """So that the next tests fail for what they change, not for how they pack it."""
    assert check(under_the_old_signature(PAYLOAD)).bundle == golden.BUNDLE


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_no_field_can_be_dropped_or_edited(path: Path) -> None:
    value = at(PAYLOAD, path)
    other = value + 1 if isinstance(value, int) else f"{value}x" if isinstance(value, str) else None
    assert fault(under_the_old_signature(dropped(path))) is F.CHANGED
    assert fault(under_the_old_signature(edited(path, other))) is F.CHANGED


@given(one=st.sampled_from(PLACES), other=st.sampled_from(PLACES))
@settings(max_examples=200)
def test_no_two_fields_can_be_swapped(one: Path, other: Path) -> None:
    within = one[: len(other)] == other or other[: len(one)] == one
    if within or at(PAYLOAD, one) == at(PAYLOAD, other):
        return
    changed = copy.deepcopy(PAYLOAD)
    first, second = at(PAYLOAD, one), at(PAYLOAD, other)
    at(changed, one[:-1])[one[-1]], at(changed, other[:-1])[other[-1]] = second, first
    assert fault(under_the_old_signature(changed)) is F.CHANGED


def test_the_signature_of_another_card_is_none() -> None:
    other = signed(payload=payload(nbf=1)).split(".")[2]
    assert fault(".".join([*CARD.split(".")[:2], other])) is F.CHANGED


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length(length: int) -> None:
    assert fault(".".join([*CARD.split(".")[:2], base64url(bytes(length))])) is F.CHANGED


def test_a_signature_written_in_more_bytes() -> None:
    """The same two numbers with a zero before the second: there is one way to write them."""
    head, body, signature = CARD.split(".")
    true = read_base64url(signature)
    assert fault(f"{head}.{body}.{base64url(true[:32] + bytes(1) + true[32:])}") is F.CHANGED


def test_a_signature_of_nothing() -> None:
    """r and s zero: what careless software once took for right (CVE-2022-21449)."""
    assert fault(".".join([*CARD.split(".")[:2], base64url(bytes(64))])) is F.CHANGED
