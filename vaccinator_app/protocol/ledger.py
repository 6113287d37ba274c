"""A device's ledger as a chain: no gap, no fork, every signature good (DESIGN 3.3, 3.4; P.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.records import EVENT_TYPE, FIRST_PREV, Event, Record, read_event
from vaccinator_app.trust import dsse
from vaccinator_app.trust.certificates import Certificate, Subject
from vaccinator_app.trust.errors import TrustError


class LedgerBroken(ProtocolError):
    """The ledger stops holding together at ``seq``; ``why`` is one of a few fixed sentences."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"record {seq}: {why}")
        self.seq = seq
        self.why = why


@dataclass(frozen=True, slots=True)
class Link:
    """The place a ledger has come to: the last ``seq`` and that record's hash."""

    seq: int = 0
    hash: bytes = FIRST_PREV


FindCertificate = Callable[[str], Certificate | None]
"""The verified certificate of a key, by key id, as known at this point of the ledger."""


def follow(link: Link, record: Record) -> tuple[Event, Link]:
    """The event of the next ``record`` and the place after it; ``LedgerBroken`` when it does not follow ``link``.

    Not checked: the signature (``check_author``), and that the record is of the device whose ledger this is.
    """
    try:
        event = read_event(record.payload)
    except ProtocolError as error:
        raise LedgerBroken(link.seq + 1, "the payload cannot be read") from error
    if event.seq != link.seq + 1:
        raise LedgerBroken(link.seq + 1, "a record is missing or stands twice")
    if event.prev != link.hash:
        raise LedgerBroken(event.seq, "it does not name the record before it")
    return event, Link(event.seq, record.hash)


def check_author(event: Event, record: Record, find: FindCertificate) -> Certificate:
    """The certificate of the staff member who signed; ``LedgerBroken`` when nobody known did (P.3.5)."""
    certificate = find(record.keyid)
    if certificate is None or certificate.subject is not Subject.STAFF:
        raise LedgerBroken(event.seq, "it was signed by a key nobody certified")
    if certificate.id != event.staff or certificate.centre != event.centre:
        raise LedgerBroken(event.seq, "it names another person than the one who signed")
    try:
        dsse.verify(EVENT_TYPE, record.payload, record.signature, certificate.signing_key)
    except TrustError as error:
        raise LedgerBroken(event.seq, "its signature does not fit; it was changed after it was signed") from error
    return certificate


def walk(records: Iterable[Record], find: FindCertificate, start: Link | None = None) -> Iterator[Event]:
    """Each event in turn, verified; ``LedgerBroken`` at the first record that does not hold.

    The first record says whose ledger this is; one of another device or centre behind it does not hold.
    """
    link = start or Link()
    owner: tuple[str, str] | None = None
    for record in records:
        event, link = follow(link, record)
        owner = owner or (event.centre, event.device)
        if (event.centre, event.device) != owner:
            raise LedgerBroken(event.seq, "it belongs to another device")
        check_author(event, record, find)
        yield event
