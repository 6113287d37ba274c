"""Key sets and lists of revoked cards as verifiers get them (C.4)."""

from __future__ import annotations

import json

import pytest

from tests.trust import fixed, golden
from tests.trust.cards import (
    KID,
)
from vaccinator_app.trust.card_keys import (
    MAX_KEY_SET,
    read_key_set,
    read_status_list,
    write_key_set,
    write_status_list,
)
from vaccinator_app.trust.errors import BadCard
from vaccinator_app.trust.errors import CardFault as F

# Key sets and lists


def jwk(**changes: object) -> bytes:
    (one,) = json.loads(write_key_set([fixed.CARDS.public], golden.ISSUER, 1))["keys"]
    found = {name: value for name, value in {**one, **changes}.items() if value is not None}
    return json.dumps({"keys": [found]}).encode()


def test_a_key_set_is_what_the_specification_wants() -> None:
    (one,) = json.loads(write_key_set([fixed.CARDS.public], golden.ISSUER, 4))["keys"]
    assert {**one, "x": "", "y": ""} == {
        "kty": "EC",
        "use": "sig",
        "alg": "ES256",
        "crv": "P-256",
        "kid": KID,
        "x": "",
        "y": "",
        "crlVersion": 4,
    }


def test_keys_of_other_kinds_are_passed_over() -> None:
    (one,) = json.loads(jwk())["keys"]
    found = json.dumps({"keys": [{"kty": "RSA"}, one, {**one, "use": "enc", "kid": "x"}, 7]}).encode()
    assert list(read_key_set(found).keys) == [KID]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"keys":[]}',
        b'{"keys":{}}',
        b'{"keys":[{}]}',
        b'{"keys":1}',
        b"\xff",
        b'{"issuer":1,"keys":[]}',
        jwk(kid="other"),
        jwk(kid=None),
        jwk(x=None),
        jwk(x=7),
        jwk(x="AAAA"),
        jwk(x="A" * 43),
        jwk(y="="),
        jwk(d="secret"),
        jwk(crlVersion=-1),
        jwk(crlVersion="1"),
        jwk(crlVersion=True),
        jwk(kty="RSA"),
        jwk(alg="ES384"),
        b"[" * 100000,
        jwk().replace(b'"kty"', b'"kty": "EC", "kty"', 1),
    ],
)
def test_what_is_no_key_set(data: bytes) -> None:
    with pytest.raises(BadCard) as refused:
        read_key_set(data)
    assert refused.value.fault is F.UNREADABLE


def test_a_point_off_the_curve_is_no_key() -> None:
    public = bytes(31) + b"\x01" + bytes(31) + b"\x01"
    with pytest.raises(BadCard):
        read_key_set(write_key_set([public], golden.ISSUER, 1))


def test_a_key_set_beyond_measure() -> None:
    with pytest.raises(BadCard) as refused:
        read_key_set(b" " * (MAX_KEY_SET + 1))
    assert refused.value.fault is F.TOO_LARGE


def crl(**changes: object) -> bytes:
    found = {**json.loads(write_status_list(KID, ["a"], 1)), **changes}
    return json.dumps({name: value for name, value in found.items() if value is not None}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        crl(kid=None),
        crl(kid=1),
        crl(method=None),
        crl(method="other"),
        crl(ctr=None),
        crl(ctr=0),
        crl(ctr="1"),
        crl(ctr=True),
        crl(rids=None),
        crl(rids={}),
        crl(rids=[1]),
        crl(rids=[""]),
        crl(rids=["a b"]),
        crl(rids=["a."]),
        crl(rids=["a.x"]),
        crl(rids=["a" * 25]),
        crl(rids=["a.-1"]),
        crl(rids=["a.1.2"]),
        b"[" * 100000,
    ],
)
def test_what_is_no_list(data: bytes) -> None:
    with pytest.raises(BadCard):
        read_status_list(data)


def test_a_list_as_the_specification_has_it() -> None:
    assert json.loads(write_status_list(KID, ["a"], 3)) == {"kid": KID, "method": "rid", "ctr": 3, "rids": ["a"]}
