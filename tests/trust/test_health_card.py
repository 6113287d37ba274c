"""SMART Health Cards: what is signed is what is read, anything else is refused (C.1-C.4 of docs/certificates.md)."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trust import fixed, golden
from tests.trust.cards import (
    CARD,
    HEADER,
    KID,
    PAYLOAD,
    check,
    deflated,
    payload,
)
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust import health_card
from vaccinator_app.trust.card_keys import (
    read_key_set,
    read_status_list,
    write_key_set,
)
from vaccinator_app.trust.errors import BadCard
from vaccinator_app.trust.health_card import ONE_QR, read
from vaccinator_app.trust.strict_json import base64url


def test_what_was_signed_is_read() -> None:
    said = check(CARD)
    assert said.issuer == golden.ISSUER
    assert said.kid == KID
    assert said.issued_at == fixed.NOON
    assert said.rid == golden.RID
    assert said.types == (health_card.HEALTH_CARD, health_card.IMMUNIZATION, health_card.COVID19)
    assert said.bundle == golden.BUNDLE
    assert said.status_checked


def test_the_same_is_signed_in_the_same_words() -> None:
    assert golden.card() == CARD


def test_it_reads_the_same_from_its_qr_and_from_a_file() -> None:
    uri = health_card_uri(CARD)
    assert uri.startswith("shc:/")
    assert uri[5:].isdigit()
    file = json.dumps({"verifiableCredential": [CARD]})
    assert [read(text) for text in (uri, uri.replace("shc", "SHC"), f"\n {CARD}\n", file)] == [CARD] * 4


def test_a_card_of_one_dose_fits_one_qr() -> None:
    assert len(CARD) <= ONE_QR


# By software not written here


def test_pyjwt_verifies_it() -> None:
    """PyJWT knows nothing of the packed payload: it checks the signature over the packed bytes, zlib unpacks them."""
    (jwk,) = json.loads(write_key_set([fixed.CARDS.public], golden.ISSUER, 1))["keys"]
    found = jwt.api_jws.decode_complete(CARD, jwt.PyJWK(jwk).key, algorithms=["ES256"])
    assert found["header"] == HEADER
    assert json.loads(zlib.decompress(found["payload"], wbits=-15)) == PAYLOAD


def test_pyjwt_refuses_it_changed() -> None:
    (jwk,) = json.loads(write_key_set([fixed.CARDS.public], golden.ISSUER, 1))["keys"]
    head, body, signature = CARD.split(".")
    other = base64url(deflated(json.dumps(payload(nbf=1)).encode()))
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.api_jws.decode_complete(f"{head}.{other}.{signature}", jwt.PyJWK(jwk).key, algorithms=["ES256"])
    assert body != other


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    members = {"crv": "P-256", "kty": "EC"} | {
        name: base64url(part) for name, part in (("x", fixed.CARDS.public[:32]), ("y", fixed.CARDS.public[32:]))
    }
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    assert base64url(hashlib.sha256(text.encode()).digest()) == KID


# Signing


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://central.example"},
        {"issuer": f"{golden.ISSUER}/"},
        {"issuer": ""},
        {"rid": ""},
        {"rid": "a" * 25},
        {"rid": "a.b"},
    ],
)
def test_what_is_not_signed(changes: dict[str, str]) -> None:
    fields: dict[str, Any] = {"issuer": golden.ISSUER, "rid": golden.RID, **changes}
    with pytest.raises(ValueError, match="issuer"):
        health_card.sign(fixed.CARDS, issued_at=fixed.NOON, types=(), bundle=golden.BUNDLE, **fields)


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    with pytest.raises(BadCard):
        check(text)


@given(st.binary(max_size=200))
@pytest.mark.parametrize("reader", [read_key_set, read_status_list], ids=["keys", "list"])
def test_any_bytes_are_answered(reader: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(BadCard):
        reader(data)
