"""Records on their way to central by another machine of the centre (DESIGN 5.4, 7.3; P.19).

The file is text, a line a part: first a title signed by the machine whose records they are, then its pushes, each as it
would have gone to central, sealed to central. Whoever carries it can read how many records there are and no more.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import IO, Annotated

import msgspec
from msgspec import Meta

from vaccinator_app.protocol.enrolment import device_id
from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError
from vaccinator_app.protocol.packing import MAX_PACKED
from vaccinator_app.protocol.shapes import Hash, Nonce, Number, Seq
from vaccinator_app.protocol.version import VERSION, check_json
from vaccinator_app.trust import certificates
from vaccinator_app.trust.certificates import Certificate, Subject
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadCertificate, TrustError
from vaccinator_app.trust.keys import SigningKey

DELIVERY_TYPE = "application/vnd.vaccinator.delivery+json"
DELIVER_TYPE = "application/vnd.vaccinator.deliver+msgpack"
DELIVERED_TYPE = "application/vnd.vaccinator.delivered+msgpack"

MAX_PARTS = 10_000
_LONGEST_TITLE = 1024 * 1024
_LONGEST_PART = (MAX_PACKED + 4096) * 4 // 3 + 8
"""Characters of a line: the largest message, sealed, in base64."""


class CutShort(ProtocolError):
    """The file ends before what its title promises."""


class Changed(ProtocolError):
    """A part is not the one that the title names in this place."""


class DeliveryTitle(msgspec.Struct, frozen=True, kw_only=True):
    """Whose records these are, from ``first`` on, and what each part's SHA-256 is. ``key`` names central's key that
    they are sealed to, ``certificate`` is the machine's (DSSE JSON)."""

    v: int = VERSION
    centre: str
    device: str
    certificate: str
    key: str
    first: Seq
    records: Seq
    parts: Annotated[list[Hash], Meta(min_length=1, max_length=MAX_PARTS)]


class ReceiptsTitle(msgspec.Struct, frozen=True, kw_only=True):
    """Whose receipts follow, a packed one a line (P.19.10). They prove themselves: this line is a hint."""

    v: int = VERSION
    centre: str
    device: str
    receipts: Number


class DeliverRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One part of what ``origin`` wrote, brought by ``device`` of the same centre and signed by it.

    ``sealed`` is a packed ``PushRequest`` of ``origin``, sealed to central's key ``key``. ``keys`` is the number of the
    set of central's keys that the bringing desk goes by (P.17).
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    origin: str
    part: Seq
    key: str
    sealed: bytes
    keys: Number = 0


class DeliverReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, signed, and bound to the question by ``device``, ``nonce``, ``origin`` and ``part``.

    Central stands at ``upto`` of the ledger of ``origin``. ``receipt`` is the packed receipt that ``origin`` itself
    would have got, for it to keep.
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    origin: str
    part: Seq
    upto: Number
    receipt: bytes


def write_title(title: DeliveryTitle, key: SigningKey) -> str:
    """The first line, signed by the machine's own key."""
    return Envelope.seal(DELIVERY_TYPE, msgspec.json.encode(title), key).to_json()


def write_part(sealed: bytes) -> str:
    """One further line."""
    return b64encode(sealed).decode()


def part_hash(sealed: bytes) -> bytes:
    """What the title says of a part."""
    return hashlib.sha256(sealed).digest()


def read_title(file: IO[bytes]) -> tuple[DeliveryTitle, Envelope]:
    """The first line, NOT verified (``check_title``). ``ProtocolError`` when the file is no sealed export."""
    line = file.readline(_LONGEST_TITLE)
    try:
        envelope = Envelope.from_json(line)
        if envelope.payload_type != DELIVERY_TYPE:
            raise ProtocolError("this is not a file of sealed records")
        check_json(envelope.payload)
        return msgspec.json.decode(envelope.payload, type=DeliveryTitle), envelope
    except (TrustError, *UNREADABLE) as error:
        raise ProtocolError("this is not a file of sealed records") from error


def check_title(title: DeliveryTitle, envelope: Envelope, roots: tuple[bytes, ...]) -> None:
    """Raise ``BadSignature`` or ``BadCertificate`` unless a device that central certified for this centre wrote it."""
    own = Envelope.from_json(title.certificate)
    found = _under(own, roots)
    if (found.subject, found.centre, found.id) != (Subject.DEVICE, title.centre, title.device):
        raise BadCertificate("the title names another machine than its certificate")
    if device_id(found.signing_key) != title.device:
        raise BadCertificate("the machine is not called after its key")
    envelope.verified(DELIVERY_TYPE, found.signing_key)


def read_parts(file: IO[bytes], title: DeliveryTitle) -> Iterator[bytes]:
    """The sealed parts behind the title, in order, each as the title says it is.

    Raises ``CutShort``, or ``Changed`` for one that was changed or stands in another's place, and for anything behind
    the last.
    """
    for wanted in title.parts:
        yield _part(file.readline(_LONGEST_PART), wanted)
    if file.read(1):
        raise Changed("something stands behind the last of the records")


def _part(line: bytes, wanted: bytes) -> bytes:
    if not line.endswith(b"\n"):
        raise CutShort("the file of sealed records was cut short")
    try:
        sealed = b64decode(line[:-1], validate=True)
    except ValueError as error:
        raise Changed("the file of sealed records was changed") from error
    if part_hash(sealed) != wanted:
        raise Changed("the file of sealed records was changed")
    return sealed


def _under(envelope: Envelope, roots: tuple[bytes, ...]) -> Certificate:
    for root in roots:
        try:
            return certificates.read(envelope, root)
        except BadCertificate:
            continue
    raise BadCertificate("no key of central's that this desk knows certified the machine")


def write_receipts(title: ReceiptsTitle, receipts: list[bytes]) -> bytes:
    """Central's packed receipts as a file to bring back."""
    lines = [msgspec.json.encode(title), *(b64encode(packed) for packed in receipts)]
    return b"".join(line + b"\n" for line in lines)


def read_receipts(data: bytes) -> tuple[ReceiptsTitle, list[bytes]]:
    """The packed receipts of such a file, NOT verified. ``ProtocolError`` when it is none."""
    first, *rest = data.splitlines()[: MAX_PARTS + 1] or [b""]
    try:
        check_json(first)
        title = msgspec.json.decode(first, type=ReceiptsTitle)
        receipts = [b64decode(line, validate=True) for line in rest]
    except UNREADABLE as error:
        raise ProtocolError("this is not a file of receipts") from error
    if len(receipts) != title.receipts:
        raise ProtocolError("the file of receipts was cut short or changed")
    return title, receipts
