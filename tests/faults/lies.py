"""Liars: receipts and pages that central never gave, and answers that are made to do harm."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import zstandard

from tests.faults.rig import Rig
from tests.faults.ways import HTML, Made, middle, told
from tests.support.line import Answer, Ask, Asked, Middle, Near
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import CHANGES_TYPE, RECEIPT_TYPE, Changes, PushRequest, Receipt
from vaccinator_app.protocol.packing import MAX_PACKED, MAX_UNPACKED
from vaccinator_app.trust.keys import SigningKey


def forged(change: Callable[[Receipt, SigningKey], bytes]) -> Made:
    """A receipt for all that the desk has, while central has none of it."""
    liar = SigningKey.generate()

    def tamper(near: Near, asked: Asked, _: Ask) -> None:
        request = packing.peek(packing.unpack(asked.body), PushRequest)
        receipt = Receipt(
            centre=request.centre,
            device=request.device,
            upto=request.head_seq,
            head=request.head_hash,
            at=datetime.now(UTC),
            outcomes=[],
        )
        near.send(Answer(200, change(receipt, liar)).wire())

    return middle(tamper)


def by_a_liar(receipt: Receipt, liar: SigningKey) -> bytes:
    """Signed, by another key than central's."""
    return packing.pack(receipt, RECEIPT_TYPE, liar)


def by_nobody(receipt: Receipt, liar: SigningKey) -> bytes:
    """Signed by nobody."""
    signed = packing.unpack(packing.pack(receipt, RECEIPT_TYPE, liar))
    return _packed(msgspec.structs.replace(signed, signature=bytes(64)))


def stretched(answer: Answer) -> bytes:
    """Central's own receipt, which says one record more than central signed for."""
    signed = packing.unpack(answer.body)
    receipt = packing.peek(signed, Receipt)
    more = msgspec.msgpack.encode(msgspec.structs.replace(receipt, upto=receipt.upto + 1))
    return answer.with_body(_packed(msgspec.structs.replace(signed, payload=more))).wire()


def emptied(answer: Answer) -> bytes:
    """Central's own page with everybody on it cancelled, signed by a liar."""
    page = packing.peek(packing.unpack(answer.body), Changes)
    gone = [replace(one, cancelled=True) for one in page.appointments]
    liar = SigningKey.generate()
    return answer.with_body(packing.pack(msgspec.structs.replace(page, appointments=gone), CHANGES_TYPE, liar)).wire()


def _packed(signed: packing.Signed) -> bytes:
    return zstandard.compress(msgspec.msgpack.encode(signed))


def of_another_desk(rig: Rig, path: str) -> AbstractContextManager[None]:
    """What central answered to the desk at the next table."""
    other = rig.site.enrol()
    theirs: list[Answer] = []

    def kept(near: Near, asked: Asked, ask: Ask) -> None:
        theirs.append(ask(asked))
        near.send(theirs[-1].wire())

    with rig.line.faulty(Middle(rig.site.authority, kept, only=(path,))), other.at_work():
        other.catch_up()
    other.close()
    return middle(lambda near, *_: near.send(theirs[-1].wire()))(rig, path)


def bomb(*, declared: bool) -> Made:
    """A few bytes that unpack to more than any message has; or that do not say to how much."""

    def tamper(near: Near, *_: object) -> None:
        packer = zstandard.ZstdCompressor(level=1, write_content_size=declared)
        near.send(Answer(200, packer.compress(bytes(MAX_UNPACKED + 1))).wire())

    return middle(tamper)


def gzipped(answer: Answer) -> bytes:
    """What central said, packed as nobody asked for."""
    body = gzip.compress(answer.body)
    return replace(answer, body=body, headers=(*answer.headers, ("Content-Encoding", "gzip"))).wire()


def gzip_bomb(status: int) -> Made:
    """A hundred megabytes of nothing, packed small."""

    def tamper(near: Near, *_: object) -> None:
        packer = zlib.compressobj(1, wbits=31)
        body = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(100)) + packer.flush()
        near.send(Answer(status, body, (("Content-Encoding", "gzip"),)).wire())

    return middle(tamper)


def too_large() -> Made:
    """One byte more than any answer has."""
    return told(Answer(200, bytes(MAX_PACKED + 1)))


def later(status: int, *headers: tuple[str, str]) -> Made:
    """A proxy that has no time."""
    return told(Answer(status, HTML, headers))


def later_by_date(status: int) -> Made:
    """The same, and when to come back is a date in an hour (RFC 9110, 10.2.3)."""

    def tamper(near: Near, *_: object) -> None:
        when = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        near.send(Answer(status, HTML, (("Retry-After", when),)).wire())

    return middle(tamper)


def many_headers(names: Sequence[int] = range(500)) -> Made:
    """More headers than anybody reads."""
    return told(Answer(200, HTML, tuple((f"X-{name}", "x" * 100) for name in names)))


def nothing_known(answer: bytes) -> Made:
    """What is no HTTP at all."""
    return middle(lambda near, *_: near.send(answer))
