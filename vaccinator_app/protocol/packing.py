"""Signed messages as bytes: msgpack under one signature, compressed (DESIGN 7.1; P.8).

The signature is over the uncompressed payload. Sizes are bounded before anything is unpacked, so that a small
upload cannot grow without end.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
import zstandard

from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError
from vaccinator_app.protocol.version import check_msgpack
from vaccinator_app.trust import dsse
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import SigningKey, key_id

MAX_PACKED = 4 * 1024 * 1024
"""Bytes of one compressed message."""

MAX_UNPACKED = 32 * 1024 * 1024
"""Bytes of one message after decompression."""

_LEVEL = 1
"""Of zstd. Measured: a batch of doses is mostly seals and signatures, which higher levels (up to 9) make no smaller in
five times the time; a page of people is 4 % larger than at level 6."""

T = TypeVar("T")


class Signed(msgspec.Struct, frozen=True, array_like=True):
    """A message's bytes and who signed them. ``keyid`` is a hint."""

    payload_type: str
    payload: bytes
    keyid: str
    signature: bytes


_ENCODER = msgspec.msgpack.Encoder()
_SIGNED_DECODER = msgspec.msgpack.Decoder(Signed)


def pack(message: msgspec.Struct, payload_type: str, key: SigningKey) -> bytes:
    """``message`` signed by ``key`` and compressed."""
    payload = _ENCODER.encode(message)
    signed = Signed(payload_type, payload, key_id(key.public), dsse.sign(payload_type, payload, key))
    return zstandard.compress(_ENCODER.encode(signed), _LEVEL)


def unpack(packed: bytes) -> Signed:
    """Undo the compression and the outer layer; nothing is verified yet. ``ProtocolError`` when it cannot be."""
    if len(packed) > MAX_PACKED:
        raise ProtocolError("a message is larger than this protocol allows")
    try:
        frame = zstandard.get_frame_parameters(packed)
        if frame.content_size > MAX_UNPACKED or frame.content_size == zstandard.CONTENTSIZE_UNKNOWN:
            raise ProtocolError("a message is larger than this protocol allows")
        # a frame that says nothing of its size was refused above, so that the limit is never reached by surprise
        unpacker = zstandard.ZstdDecompressor()
        return _SIGNED_DECODER.decode(unpacker.decompress(packed, MAX_UNPACKED, allow_extra_data=False))
    except (zstandard.ZstdError, *UNREADABLE) as error:
        raise ProtocolError("these bytes are not a message of this protocol") from error


def verified(signed: Signed, payload_type: str, public: bytes, kind: type[T]) -> T:
    """The message inside, once ``public`` signed it as ``payload_type``.

    Raises ``BadSignature`` for another kind of message, another key or changed bytes, ``ProtocolError`` for a shape and
    ``UnknownVersion`` for a version that this program does not know.
    """
    if signed.payload_type != payload_type:
        raise BadSignature("expected another kind of message")
    dsse.verify(payload_type, signed.payload, signed.signature, public)
    try:
        check_msgpack(signed.payload)
        return msgspec.msgpack.decode(signed.payload, type=kind)
    except UNREADABLE as error:
        raise ProtocolError("a signed message does not have the shape this program knows") from error


def peek(signed: Signed, kind: type[T]) -> T:
    """The message inside, NOT verified: only to learn which device's key to verify it with."""
    try:
        return msgspec.msgpack.decode(signed.payload, type=kind)
    except UNREADABLE as error:
        raise ProtocolError("a message does not have the shape this program knows") from error
