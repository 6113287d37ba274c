"""A centre that forgot its passphrases asks central for its database key (DESIGN 5.4; P.19).

Both messages are files that people carry. The request holds no secret; the answer opens only with a key that was born
on the machine and lies there under the new in-charge's passphrase.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError
from vaccinator_app.protocol.shapes import Hash, Moment, Number, PublicKey
from vaccinator_app.protocol.version import VERSION, check_json
from vaccinator_app.trust import dsse
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import SigningKey

RECOVERY_REQUEST_TYPE = "application/vnd.vaccinator.recovery-request+json"
RECOVERY_ANSWER_TYPE = "application/vnd.vaccinator.recovery-answer+json"

MAX_FILE = 1024 * 1024
"""Bytes of either file."""

MAX_COPIES = 64
"""Database keys in one answer, and seals in one request."""

_DIGITS = 20
_GROUP = 4

T = TypeVar("T")


class SealedKey(msgspec.Struct, frozen=True, array_like=True):
    """The database key of one epoch, sealed: in a request to central (P.6.4), in an answer to the one who asked."""

    epoch: Number
    sealed: Annotated[bytes, Meta(max_length=4096)]


class RecoveryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants to be in charge of which machine, with their new public keys; signed by the first of these.

    ``copies`` is what the machine itself keeps sealed to central, for the case that central has not heard of its newest
    key.
    """

    v: int = VERSION
    device: Annotated[str, Meta(max_length=32)]
    name: Annotated[str, Meta(max_length=200)]
    signing_key: PublicKey
    sealing_key: PublicKey
    made_at: Moment
    copies: Annotated[list[SealedKey], Meta(max_length=MAX_COPIES)] = []


class RecoveryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Central's answer to the request with the digest ``request``: the machine's database keys, newest epoch first,
    sealed to the request's sealing key, and the new in-charge's certificate (DSSE JSON)."""

    v: int = VERSION
    centre: str
    device: str
    request: Hash
    staff: str
    certificate: str
    keys: Annotated[list[SealedKey], Meta(min_length=1, max_length=2 * MAX_COPIES)]
    at: Moment


def digest(envelope: Envelope) -> bytes:
    """What a request is called (P.19.2): SHA-256 over PAE and signature, as of a record."""
    return dsse.record_hash(envelope.payload_type, envelope.payload, envelope.signature)


def fingerprint(request: bytes) -> str:
    """A request's digest as 20 digits in groups of four, to be read out on the telephone (P.19.3)."""
    number = int.from_bytes(request, "big") % 10**_DIGITS
    digits = f"{number:0{_DIGITS}d}"
    return " ".join(digits[i : i + _GROUP] for i in range(0, _DIGITS, _GROUP))


def same_fingerprint(request: bytes, typed: str) -> bool:
    """Whether what somebody wrote down on the telephone is this request's; spaces and hyphens do not count."""
    digits = ascii_digits("".join(c for c in typed if not c.isspace() and c != "-"))
    return digits == fingerprint(request).replace(" ", "")


def write_request(request: RecoveryRequest, key: SigningKey) -> Envelope:
    """The request, signed by the new signing key that it names."""
    return Envelope.seal(RECOVERY_REQUEST_TYPE, msgspec.json.encode(request), key)


def read_request(data: bytes) -> tuple[RecoveryRequest, bytes]:
    """A request and its digest, once the signing key it names signed it. ``ProtocolError`` for anything else."""
    try:
        envelope = _envelope(data)
        claimed = _decode(envelope.payload, RecoveryRequest)
        envelope.verified(RECOVERY_REQUEST_TYPE, claimed.signing_key)
    except BadSignature as error:
        raise ProtocolError("this is no request for recovery, or it was changed") from error
    return claimed, digest(envelope)


def write_answer(answer: RecoveryAnswer, signer: SigningKey) -> bytes:
    """The answer, signed by a key of central's that the machine knows (P.17.4)."""
    return Envelope.seal(RECOVERY_ANSWER_TYPE, msgspec.json.encode(answer), signer).to_json().encode() + b"\n"


def peek_answer(data: bytes) -> tuple[RecoveryAnswer, Envelope]:
    """An answer, NOT verified: central's keys lie in the vault that it opens. ``ProtocolError`` when it is none."""
    try:
        envelope = _envelope(data)
    except BadSignature as error:
        raise ProtocolError("this is no answer of central's for recovery") from error
    if envelope.payload_type != RECOVERY_ANSWER_TYPE:
        raise ProtocolError("this is no answer of central's for recovery")
    return _decode(envelope.payload, RecoveryAnswer), envelope


def check_answer(envelope: Envelope, roots: Iterable[bytes]) -> None:
    """Raise ``BadSignature`` unless one of central's signing keys ``roots`` signed the answer."""
    for root in roots:
        with suppress(BadSignature):
            envelope.verified(RECOVERY_ANSWER_TYPE, root)
            return
    raise BadSignature("no key of central's that this desk knows signed this answer")


def _envelope(data: bytes) -> Envelope:
    if len(data) > MAX_FILE:
        raise ProtocolError("the file is larger than this protocol allows")
    return Envelope.from_json(data)


def _decode(payload: bytes, kind: type[T]) -> T:
    try:
        check_json(payload)
        return msgspec.json.decode(payload, type=kind)
    except UNREADABLE as error:
        raise ProtocolError("a file for recovery does not have the shape this program knows") from error
