"""SMART Health Cards: what is signed is what is read, anything else is refused (C.1-C.4 of docs/certificates.md)."""

from __future__ import annotations

import copy
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import fixed, golden
from vaccinator_app.trust import health_card
from vaccinator_app.trust.card_keys import (
    MAX_KEY_SET,
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
from vaccinator_app.trust.health_card import MAX_CARD, MAX_PAYLOAD, ONE_QR, SKEW, Verified, read, to_uri, verify
from vaccinator_app.trust.keys import CardKey
from vaccinator_app.trust.strict_json import base64url, read_base64url, read_object

CARD = golden.card()
KID = thumbprint(fixed.CARDS.public)
KEYS = read_key_set(write_key_set([fixed.CARDS.public], golden.ISSUER, 1))
NONE_REVOKED = StatusList(KID, 1, {})
STRANGER = CardKey(bytes([10]) * 32)
PAYLOAD: dict[str, Any] = read_object(zlib.decompress(read_base64url(CARD.split(".")[1]), wbits=-15))
HEADER = {"alg": "ES256", "zip": "DEF", "kid": KID}


def deflated(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


def signed(header: object = HEADER, payload: object = PAYLOAD, packed: bytes | None = None) -> str:
    """A card of any content under the true key: what only its own shape can be refused for."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    if packed is None:
        packed = deflated(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    text = f"{base64url(head)}.{base64url(packed)}"
    return f"{text}.{base64url(fixed.CARDS.sign(text.encode()))}"


def payload(**changes: object) -> dict[str, Any]:
    return {name: value for name, value in {**PAYLOAD, **changes}.items() if value is not None}


def vc(**changes: object) -> dict[str, Any]:
    return payload(vc={name: value for name, value in {**PAYLOAD["vc"], **changes}.items() if value is not None})


def subject(**changes: object) -> dict[str, Any]:
    found = {**PAYLOAD["vc"]["credentialSubject"], **changes}
    return vc(credentialSubject={name: value for name, value in found.items() if value is not None})


def check(
    card: str, *, keys: KeySet = KEYS, lists: tuple[StatusList, ...] = (NONE_REVOKED,), **later: float
) -> Verified:
    return verify(card, [keys], lists, fixed.NOON + timedelta(**later))


def fault(card: str, **how: Any) -> F:
    with pytest.raises(BadCard) as refused:
        check(card, **how)
    assert not str(refused.value).endswith(".")
    return refused.value.fault


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
    uri = to_uri(CARD)
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


@given(at=st.integers(0, len(to_uri(CARD)) - 1), digit=st.sampled_from("0123456789०x "))
def test_no_digit_of_the_qr_can_be_another(at: int, digit: str) -> None:
    uri = to_uri(CARD)
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


def test_a_signature_of_nothing() -> None:
    """r and s zero: what careless software once took for right (CVE-2022-21449)."""
    assert fault(".".join([*CARD.split(".")[:2], base64url(bytes(64))])) is F.CHANGED


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


@pytest.mark.parametrize("text", [f"shc:/1/2/{to_uri(CARD)[5:]}", "shc:/2/3/56", "SHC:/1/1/56"])
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


def fault_at(card: str, **later: float) -> F:
    with pytest.raises(BadCard) as refused:
        verify(card, [KEYS], [NONE_REVOKED], fixed.NOON + timedelta(**later))
    return refused.value.fault


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
