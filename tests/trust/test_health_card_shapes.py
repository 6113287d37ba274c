"""What is no card, or is none of ours, or counts no more (C.3)."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta
from typing import Any

import pytest

from tests.trust import fixed, golden
from tests.trust.cards import (
    CARD,
    HEADER,
    KEYS,
    KID,
    NONE_REVOKED,
    PAYLOAD,
    STRANGER,
    check,
    deflated,
    fault,
    fault_at,
    payload,
    signed,
    subject,
    vc,
)
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust import health_card
from vaccinator_app.trust.card_keys import (
    KeySet,
    StatusList,
    read_key_set,
    read_status_list,
    thumbprint,
    write_key_set,
    write_status_list,
)
from vaccinator_app.trust.errors import BadCard
from vaccinator_app.trust.errors import CardFault as F
from vaccinator_app.trust.health_card import MAX_CARD, MAX_PAYLOAD, SKEW, verify

# Shape


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "alg": "none"},
        {**HEADER, "alg": "HS256"},
        {**HEADER, "alg": "es256"},
        {**HEADER, "zip": "def"},
        {**HEADER, "zip": ["DEF"]},
        {**HEADER, "crit": ["b64"], "b64": False},
        {**HEADER, "jwk": json.loads(write_key_set([STRANGER.public], golden.ISSUER, 1))["keys"][0]},
        {"alg": "ES256", "kid": KID},
        {"alg": "ES256", "zip": "DEF"},
        {**HEADER, "kid": 7},
        [],
        b"{",
        b"\xff",
        b'{"alg":"ES256","zip":"DEF","zip":"DEF","kid":"%s"}' % KID.encode(),
        b"[" * 100_000,
        b"",
    ],
    ids=str,
)
def test_another_header(header: object) -> None:
    assert fault(signed(header=header)[:MAX_CARD]) is F.UNREADABLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "..",
        "...",
        "card",
        CARD.replace(".", ""),
        f"{CARD}.",
        f".{CARD}",
        f"{CARD}.AAAA",
        "shc:/",
        "shc:/5",
        "{}",
        '{"verifiableCredential":[]}',
        '{"verifiableCredential":[1]}',
        '{"verifiableCredential":{}}',
        "{",
        "\x00",
        "॥",
        "\ud800{",
        json.dumps({"verifiableCredential": [CARD, CARD]}),
        CARD.replace(".", ".\n"),
        CARD.replace(".", "=."),
        "shc:/५६",
    ],
)
def test_what_is_no_card(text: str) -> None:
    assert fault(text) is F.UNREADABLE


@pytest.mark.parametrize("text", [f"shc:/1/2/{health_card_uri(CARD)[5:]}", "shc:/2/3/56", "SHC:/1/1/56"])
def test_a_part_of_a_card_is_said_to_be_one(text: str) -> None:
    assert fault(text) is F.CHUNKED


def test_what_is_too_large_is_not_looked_at() -> None:
    assert fault("A" * (MAX_CARD + 1)) is F.TOO_LARGE
    assert fault("shc:/" + "56" * (MAX_CARD + 1)) is F.TOO_LARGE
    assert fault(json.dumps({"verifiableCredential": ["A" * (MAX_CARD + 1)]})) is F.TOO_LARGE
    assert fault("x" * 10_000_000) is F.TOO_LARGE


def test_a_bomb_is_not_unpacked() -> None:
    bomb = deflated(b'{"iss":"' + b"a" * 7_000_000 + b'"}')
    assert len(bomb) < MAX_CARD // 2
    assert fault(signed(packed=bomb)) is F.TOO_LARGE


def test_a_payload_of_the_greatest_size_is_read() -> None:
    room = MAX_PAYLOAD - len(json.dumps(payload(x="")).encode())
    assert check(signed(payload=payload(x="a" * room))).rid == golden.RID
    assert fault(signed(payload=payload(x="a" * (room + 1)))) is F.TOO_LARGE


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\x00",
        json.dumps(PAYLOAD).encode(),
        zlib.compress(json.dumps(PAYLOAD).encode()),
        deflated(json.dumps(PAYLOAD).encode())[:-9],
        deflated(json.dumps(PAYLOAD).encode()) + b"\x00",
        deflated(b"[" * 60000),
        deflated(b"\xff"),
        deflated(b'"text"'),
        deflated(b'{"nbf":NaN}'),
    ],
    ids=lambda packed: packed[:8].hex(),
)
def test_another_packing_or_content(packed: bytes) -> None:
    assert fault(signed(packed=packed)) is F.UNREADABLE


def test_a_field_twice_is_refused_wherever_it_stands() -> None:
    """Two readers might each take another one."""
    text = json.dumps(PAYLOAD, separators=(",", ":"))
    assert check(signed(payload=text.encode())).rid == golden.RID
    outer = text[:-1] + ',"nbf":1}'
    inner = text.replace('"birthDate":"1968"', '"birthDate":"1968","birthDate":"1986"')
    assert inner != text
    assert [fault(signed(payload=one.encode())) for one in (outer, inner)] == [F.UNREADABLE] * 2


@pytest.mark.parametrize(
    "content",
    [
        payload(iss=None),
        payload(iss="http://central.example"),
        payload(iss=f"{golden.ISSUER}/"),
        payload(iss=[golden.ISSUER]),
        payload(iss="https://central.example/\n"),
        payload(iss="https://"),
        payload(iss="https://" + "a" * 600),
        payload(nbf=None),
        payload(nbf="1"),
        payload(nbf=True),
        payload(nbf=1e300),
        payload(nbf=[]),
        payload(exp="never"),
        payload(vc=None),
        payload(vc=[]),
        vc(type=None),
        vc(type=[]),
        vc(type=health_card.HEALTH_CARD),
        vc(type=[1]),
        vc(type=[health_card.IMMUNIZATION]),
        vc(credentialSubject=None),
        vc(credentialSubject=[]),
        subject(fhirVersion=None),
        subject(fhirVersion="4.3.0"),
        subject(fhirBundle=None),
        subject(fhirBundle=[]),
        subject(fhirBundle={}),
        subject(fhirBundle={"resourceType": "Patient"}),
        vc(rid=""),
        vc(rid=7),
        vc(rid="a b"),
        vc(rid="a" * 25),
        vc(rid="a.1"),
    ],
    ids=lambda content: json.dumps(content)[:40],
)
def test_a_signed_text_that_is_no_health_card(content: dict[str, Any]) -> None:
    assert fault(signed(payload=content)) is F.NOT_A_HEALTH_CARD


# Whose


def test_another_key() -> None:
    others = read_key_set(write_key_set([STRANGER.public], golden.ISSUER, 1))
    assert fault(CARD, keys=others) is F.UNKNOWN_KEY
    both = read_key_set(write_key_set([STRANGER.public, fixed.CARDS.public], golden.ISSUER, 1))
    assert check(CARD, keys=both).kid == KID


def test_another_key_by_the_same_name() -> None:
    """The name of a key is made of it, so no set can hold a false one; were it to, the signature tells."""
    keys = KeySet(
        golden.ISSUER, {KID: read_key_set(write_key_set([STRANGER.public], "", 1)).keys[thumbprint(STRANGER.public)]}
    )
    assert fault(CARD, keys=keys) is F.CHANGED


def test_the_issuer_must_be_the_one_of_the_key_set() -> None:
    elsewhere = KeySet("https://elsewhere.example", KEYS.keys)
    assert fault(CARD, keys=elsewhere) is F.OTHER_ISSUER
    assert verify(CARD, [elsewhere, KEYS], [], fixed.NOON).issuer == golden.ISSUER


def test_a_key_set_that_names_nobody_is_believed_by_its_key() -> None:
    assert check(CARD, keys=KeySet(None, KEYS.keys)).issuer == golden.ISSUER


def test_without_keys_nothing_is_believed() -> None:
    with pytest.raises(BadCard):
        verify(CARD, [], [], fixed.NOON)


# When


def test_a_card_from_the_future() -> None:
    assert check(CARD, seconds=-SKEW.total_seconds()).rid == golden.RID
    assert fault_at(CARD, seconds=-SKEW.total_seconds() - 1) is F.NOT_YET


def test_an_expired_card() -> None:
    short = signed(payload=payload(exp=PAYLOAD["nbf"] + 60))
    assert check(short, seconds=60).rid == golden.RID
    assert fault_at(short, seconds=61) is F.EXPIRED


def test_a_moment_may_have_a_fraction() -> None:
    """RFC 7519 section 2, and the specification's own examples."""
    assert check(signed(payload=payload(nbf=PAYLOAD["nbf"] - 0.75))).issued_at == fixed.NOON - timedelta(seconds=0.75)


# Revoked


def test_a_revoked_card() -> None:
    gone = read_status_list(write_status_list(KID, ["B" * 22, golden.RID], 3))
    assert fault(CARD, lists=(gone,)) is F.REVOKED
    assert fault(CARD, lists=(NONE_REVOKED, gone)) is F.REVOKED


def test_a_card_revoked_up_to_a_moment() -> None:
    seconds = PAYLOAD["nbf"]
    for moment, stands in ((seconds - 1, True), (seconds, True), (seconds + 1, False)):
        gone = read_status_list(write_status_list(KID, [f"{golden.RID}.{moment}"], 1))
        if stands:
            assert check(CARD, lists=(gone,)).status_checked
        else:
            assert fault(CARD, lists=(gone,)) is F.REVOKED


@pytest.mark.parametrize("names", [[".5", ""], ["", ".5"]])
def test_one_that_is_named_twice_is_revoked_by_the_stronger(names: list[str]) -> None:
    gone = read_status_list(write_status_list(KID, [golden.RID + end for end in names], 1))
    assert fault(CARD, lists=(gone,)) is F.REVOKED


def test_the_list_of_another_key_says_nothing() -> None:
    gone = read_status_list(write_status_list(thumbprint(STRANGER.public), [golden.RID], 1))
    assert not check(CARD, lists=(gone,)).status_checked


def test_it_is_said_when_no_list_or_an_old_one_was_looked_at() -> None:
    newer = read_key_set(write_key_set([fixed.CARDS.public], golden.ISSUER, 2))
    assert not check(CARD, lists=()).status_checked
    assert not check(CARD, keys=newer).status_checked
    assert check(CARD, keys=newer, lists=(StatusList(KID, 2, {}),)).status_checked


def test_a_card_that_cannot_be_revoked() -> None:
    assert check(signed(payload=vc(rid=None))).rid is None
