"""Messages survive the way, small ones stay small, and nothing unsigned is believed (P.8)."""

from __future__ import annotations

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.given import CHANGES, ENROLMENT_REPLY, ENROLMENT_REQUEST, PULL, PUSH, RECEIPT
from tests.trust import fixed
from vaccinator_app.protocol.enrolment import ENROLMENT_REPLY_TYPE, ENROLMENT_REQUEST_TYPE
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.messages import CHANGES_TYPE, PULL_TYPE, PUSH_TYPE, RECEIPT_TYPE, PullRequest, Receipt
from vaccinator_app.protocol.packing import MAX_PACKED, MAX_UNPACKED, Signed, pack, peek, unpack, verified
from vaccinator_app.trust import dsse
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import key_id

MESSAGES: dict[str, msgspec.Struct] = {
    PUSH_TYPE: PUSH,
    RECEIPT_TYPE: RECEIPT,
    PULL_TYPE: PULL,
    CHANGES_TYPE: CHANGES,
    ENROLMENT_REQUEST_TYPE: ENROLMENT_REQUEST,
    ENROLMENT_REPLY_TYPE: ENROLMENT_REPLY,
}
CENTRAL = fixed.CENTRAL
PACKED = pack(RECEIPT, RECEIPT_TYPE, CENTRAL)
SIGNED = unpack(PACKED)


def squeezed(signed: object, **how: object) -> bytes:
    return zstandard.ZstdCompressor(**how).compress(msgspec.msgpack.encode(signed))  # type: ignore[arg-type]


def refuse(packed: bytes, why: str = "not a message") -> None:
    with pytest.raises(ProtocolError, match=why):
        unpack(packed)


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_message_arrives(kind: str) -> None:
    message = MESSAGES[kind]
    signed = unpack(pack(message, kind, CENTRAL))
    assert signed.keyid == key_id(CENTRAL.public)
    assert verified(signed, kind, CENTRAL.public, type(message)) == message
    assert peek(signed, type(message)) == message


def test_types_differ() -> None:
    """So that no message, record or certificate passes for another."""
    assert len(MESSAGES) == 6
    assert all(kind.startswith("application/vnd.vaccinator.") and kind.endswith("+msgpack") for kind in MESSAGES)


def test_the_signature_is_over_the_uncompressed_payload() -> None:
    assert msgspec.msgpack.decode(SIGNED.payload, type=Receipt) == RECEIPT
    dsse.verify(RECEIPT_TYPE, SIGNED.payload, SIGNED.signature, CENTRAL.public)


# What is not believed


def test_another_key() -> None:
    with pytest.raises(BadSignature):
        verified(SIGNED, RECEIPT_TYPE, fixed.STRANGER.public, Receipt)


def test_another_type() -> None:
    with pytest.raises(BadSignature, match="another kind"):
        verified(SIGNED, PUSH_TYPE, CENTRAL.public, Receipt)
    relabelled = Signed(PUSH_TYPE, SIGNED.payload, SIGNED.keyid, SIGNED.signature)
    with pytest.raises(BadSignature):
        verified(relabelled, PUSH_TYPE, CENTRAL.public, Receipt)


def test_an_edit() -> None:
    for place in range(0, len(SIGNED.payload), 3):
        payload = bytearray(SIGNED.payload)
        payload[place] ^= 1
        edited = Signed(SIGNED.payload_type, bytes(payload), SIGNED.keyid, SIGNED.signature)
        with pytest.raises(BadSignature):
            verified(edited, RECEIPT_TYPE, CENTRAL.public, Receipt)


def test_a_document_signed_as_something_else_by_the_same_key() -> None:
    envelope = Envelope.seal("application/vnd.vaccinator.certificate+json", SIGNED.payload, CENTRAL)
    moved = Signed(RECEIPT_TYPE, SIGNED.payload, SIGNED.keyid, envelope.signature)
    with pytest.raises(BadSignature):
        verified(moved, RECEIPT_TYPE, CENTRAL.public, Receipt)


def test_a_captive_portal() -> None:
    """Its page is no message, whatever its status says (DESIGN 7.2)."""
    refuse(b"<html>200 OK, please log in</html>")
    refuse(b"")


def test_a_signed_message_of_another_shape() -> None:
    signed = unpack(pack(PULL, RECEIPT_TYPE, CENTRAL))
    with pytest.raises(ProtocolError, match="shape"):
        verified(signed, RECEIPT_TYPE, CENTRAL.public, Receipt)
    with pytest.raises(ProtocolError, match="shape"):
        peek(signed, Receipt)


@pytest.mark.parametrize("shape", [{"v": 2}, {"v": 2, "everything": "else"}, {"v": 0}])
def test_a_signed_message_of_another_version(shape: dict[str, object]) -> None:
    whole = {**msgspec.to_builtins(PULL), **shape} if len(shape) == 1 else shape
    payload = msgspec.msgpack.encode(whole)
    signed = Signed(PULL_TYPE, payload, "", dsse.sign(PULL_TYPE, payload, CENTRAL))
    with pytest.raises(UnknownVersion):
        verified(signed, PULL_TYPE, CENTRAL.public, PullRequest)


def test_a_forged_version_is_not_even_read() -> None:
    payload = msgspec.msgpack.encode({"v": 2})
    with pytest.raises(BadSignature):
        verified(Signed(PULL_TYPE, payload, "", bytes(64)), PULL_TYPE, CENTRAL.public, PullRequest)


# Limits


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB of nothing in a few KiB: its frame says so, and nothing is decompressed."""
    bomb = zstandard.compress(bytes(2 * MAX_UNPACKED))
    assert len(bomb) < 10_000

    class NoUnpacking:
        def __init__(self) -> None:
            raise AssertionError("it was unpacked")

    monkeypatch.setattr(zstandard, "ZstdDecompressor", NoUnpacking)
    refuse(bomb, "larger than this protocol allows")


def test_a_frame_that_hides_its_size_is_refused() -> None:
    refuse(squeezed(SIGNED, write_content_size=False), "larger than this protocol allows")


def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    honest = zstandard.ZstdCompressor(write_content_size=True, write_checksum=False).compress(bytes(200))
    assert honest[4] & 0x20  # single segment: one byte of size follows the descriptor
    assert honest[5] == 200
    refuse(honest[:5] + bytes([100]) + honest[6:])


def test_just_above_and_just_below_the_packed_limit() -> None:
    refuse(bytes(MAX_PACKED + 1), "larger than this protocol allows")
    refuse(bytes(MAX_PACKED), "not a message")


def test_one_message_is_one_frame() -> None:
    refuse(PACKED + b"\x00")
    refuse(PACKED + zstandard.compress(b"more"))
    refuse(b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + PACKED)  # a frame to be skipped, then a good one


@pytest.mark.parametrize(
    "inner",
    [
        b"",
        b"\x00",
        {"payload_type": RECEIPT_TYPE},
        [RECEIPT_TYPE, b"", "key"],
        [1, b"", "key", b""],
        [RECEIPT_TYPE, "text", "key", b""],
    ],
)
def test_what_is_no_signed_message_is_refused(inner: object) -> None:
    refuse(squeezed(inner))


def test_nesting_without_end_is_refused() -> None:
    deep = b"\x91" * 100_000 + b"\xc0"
    refuse(zstandard.compress(b"\x95\xa1a\xc4\x00\xa1k\xc4\x00" + deep))
    payload = b"\x82\xa1v\x01\xa1x" + deep
    signed = Signed(PULL_TYPE, payload, "", dsse.sign(PULL_TYPE, payload, CENTRAL))
    with pytest.raises(ProtocolError):
        verified(signed, PULL_TYPE, CENTRAL.public, PullRequest)
    with pytest.raises(ProtocolError):
        peek(signed, PullRequest)


@settings(max_examples=200)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_damage_on_the_way_is_noticed(place: int, flip: int) -> None:
    damaged = bytearray(PACKED)
    damaged[place] ^= flip
    try:
        message = verified(unpack(bytes(damaged)), RECEIPT_TYPE, CENTRAL.public, Receipt)
    except (ProtocolError, BadSignature):
        return
    assert message == RECEIPT  # the key id was hit, which is only a hint
