"""A signature holds for these bytes, this type and this key, and for nothing else (P.2)."""

from __future__ import annotations

import hashlib
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from tests.trust import fixed
from vaccinator_app.trust import dsse
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature, TrustError

KIND = "application/vnd.vaccinator.event+json"
PAYLOAD = b'{"seq":3,"dose":1,"of":2}'


@pytest.fixture
def envelope() -> Envelope:
    return Envelope.seal(KIND, PAYLOAD, fixed.VACCINATOR)


def refuse(envelope: Envelope, kind: str = KIND, public: bytes = fixed.VACCINATOR.public) -> None:
    with pytest.raises(BadSignature):
        envelope.verified(kind, public)


def changed(envelope: Envelope, **fields: object) -> Envelope:
    whole = {name: getattr(envelope, name) for name in ("payload_type", "payload", "keyid", "signature")}
    return Envelope(**{**whole, **fields})


def test_pae_is_the_published_one() -> None:
    """The example of the DSSE specification."""
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.text(max_size=12), st.binary(max_size=12), st.text(max_size=12), st.binary(max_size=12))
def test_no_two_documents_share_a_pae(kind: str, payload: bytes, other_kind: str, other: bytes) -> None:
    same = (kind, payload) == (other_kind, other)
    assert (dsse.pae(kind, payload) == dsse.pae(other_kind, other)) is same


def test_lengths_are_of_bytes_not_letters() -> None:
    assert dsse.pae("नमस्ते", b"") == b"DSSEv1 18 " + "नमस्ते".encode() + b" 0 "


@settings(max_examples=50)
@given(st.text(max_size=40), st.binary(max_size=200))
def test_what_was_signed_verifies(kind: str, payload: bytes) -> None:
    envelope = Envelope.from_json(Envelope.seal(kind, payload, fixed.VACCINATOR).to_json())
    assert envelope.verified(kind, fixed.VACCINATOR.public) == payload


def test_every_byte_counts(envelope: Envelope) -> None:
    for place in range(len(envelope.payload)):
        edited = bytearray(envelope.payload)
        edited[place] ^= 1
        refuse(changed(envelope, payload=bytes(edited)))
    for place in range(len(envelope.signature)):
        edited = bytearray(envelope.signature)
        edited[place] ^= 1
        refuse(changed(envelope, signature=bytes(edited)))


def test_swapped_fields_do_not_verify(envelope: Envelope) -> None:
    """A peer's certificates still verified after "dose 1 of 2" became "2 of 1" (DESIGN 3.2)."""
    refuse(changed(envelope, payload=b'{"seq":3,"dose":2,"of":1}'))
    refuse(changed(envelope, payload=b'{"seq":3,"of":2,"dose":1}'))


def test_another_layout_of_the_same_json_does_not_verify(envelope: Envelope) -> None:
    refuse(changed(envelope, payload=b'{"seq": 3, "dose": 1, "of": 2}'))


def test_a_signature_does_not_move_to_another_type(envelope: Envelope) -> None:
    other = "application/vnd.vaccinator.receipt+msgpack"
    refuse(envelope, kind=other)
    refuse(changed(envelope, payload_type=other), kind=other)
    refuse(changed(envelope, payload_type=other))  # nor does a label that nobody signed pass for the type


def test_another_key_did_not_sign(envelope: Envelope) -> None:
    refuse(envelope, public=fixed.IN_CHARGE.public)


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x00" * 63, b"\x00" * 65])
def test_what_is_no_signature_is_refused(envelope: Envelope, signature: bytes) -> None:
    refuse(changed(envelope, signature=signature))


@pytest.mark.parametrize("public", [b"", b"\x01" * 31, b"\x00" * 33])
def test_what_is_no_key_is_refused(envelope: Envelope, public: bytes) -> None:
    refuse(envelope, public=public)


def test_the_key_id_is_only_a_hint(envelope: Envelope) -> None:
    assert changed(envelope, keyid="somebody else").verified(KIND, fixed.VACCINATOR.public) == PAYLOAD


def test_a_record_hash_covers_type_payload_and_signature(envelope: Envelope) -> None:
    usual = dsse.record_hash(KIND, envelope.payload, envelope.signature)
    assert usual == hashlib.sha256(dsse.pae(KIND, PAYLOAD) + envelope.signature).digest()
    assert usual != dsse.record_hash(KIND + "x", envelope.payload, envelope.signature)
    assert usual != dsse.record_hash(KIND, envelope.payload + b" ", envelope.signature)
    assert usual != dsse.record_hash(KIND, envelope.payload, bytes(64))


def _json(**fields: object) -> str:
    whole = {"payload": "", "payloadType": KIND, "signatures": [{"keyid": "", "sig": ""}]}
    return json.dumps({**whole, **fields})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        b"\xff\xfe\xfd",
        "[" * 100_000,
        _json(signatures=[]),
        _json(signatures=[{"keyid": "", "sig": ""}] * 2),
        _json(signatures={"keyid": ""}),
        _json(signatures=["sig"]),
        _json(signatures=[{"keyid": ""}]),
        _json(payload=None),
        _json(payload="not base64!"),
        _json(payload="é"),
        _json(signatures=[{"keyid": "", "sig": "AA"}]),
    ],
)
def test_what_is_no_envelope_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadSignature):
        Envelope.from_json(text)


@settings(max_examples=200)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_envelope_never_verifies_as_something_else(place: int, flip: int) -> None:
    whole = bytearray(Envelope.seal(KIND, PAYLOAD, fixed.VACCINATOR).to_json().encode())
    whole[place % len(whole)] ^= flip
    try:
        payload = Envelope.from_json(bytes(whole)).verified(KIND, fixed.VACCINATOR.public)
    except TrustError:
        return
    assert payload == PAYLOAD  # the key id was hit, which is not signed


# Against an implementation not written here


def their_key(public: bytes, keyid: str) -> SSlibKey:
    return SSlibKey(keyid, "ed25519", "ed25519", {"public": public.hex()})


def test_theirs_verifies_ours(envelope: Envelope) -> None:
    theirs = TheirEnvelope.from_dict(json.loads(envelope.to_json()))
    key = their_key(fixed.VACCINATOR.public, envelope.keyid)
    assert theirs.verify([key], 1) == {envelope.keyid: key}
    assert theirs.payload == PAYLOAD
    assert theirs.pae() == dsse.pae(KIND, PAYLOAD)


def test_theirs_refuses_ours_edited(envelope: Envelope) -> None:
    theirs = TheirEnvelope.from_dict(json.loads(changed(envelope, payload=PAYLOAD + b" ").to_json()))
    with pytest.raises(VerificationError):
        theirs.verify([their_key(fixed.VACCINATOR.public, envelope.keyid)], 1)


def test_ours_verifies_theirs() -> None:
    signer = CryptoSigner.generate_ed25519()
    for length in (0, 1, 255, 4096):
        payload = random.Random(length).randbytes(length)
        theirs = TheirEnvelope(payload, KIND, {})
        theirs.sign(signer)
        public = bytes.fromhex(signer.public_key.keyval["public"])
        assert Envelope.from_json(json.dumps(theirs.to_dict())).verified(KIND, public) == payload
