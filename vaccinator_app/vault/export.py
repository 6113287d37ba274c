"""The ledger as a file that proves itself: DSSE envelopes, one a line (DESIGN 5.4, 11).

First what the file holds (its number of records and the last one's hash, signed by the device, so that a file cut
short is noticed), then the certificates that everything hangs from, then every record. Nobody's name is in it but the
staff's; people are appointment numbers.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.ledger import LedgerBroken, Link, check_author, follow
from vaccinator_app.protocol.records import EVENT_TYPE, Record
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE, Certificate, Subject, read
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadCertificate
from vaccinator_app.trust.keys import key_id
from vaccinator_app.vault.certificates import verify_for_good
from vaccinator_app.vault.vault import Vault

EXPORT_TYPE = "application/vnd.vaccinator.export+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a verified export holds. ``root_id`` names the central key that its certificates hang from."""

    device: str
    records: int
    signers: int
    head: bytes
    root_id: str


def write_export(vault: Vault) -> Iterator[str]:
    """The lines of an export, each without its end. Records saved while it is written are left for the next."""
    identity, head = vault.identity, vault.ledger.head()
    title = {
        "v": 1,
        "centre": identity.centre,
        "device": identity.device,
        "central_key": b64encode(_root_of_device(vault)).decode(),
        "central_keys": [b64encode(root).decode() for root in vault.trusted.roots],
        "records": head.seq,
        "head": head.hash.hex(),
    }
    yield Envelope.seal(EXPORT_TYPE, json.dumps(title).encode(), identity.device_key).to_json()
    yield identity.device_certificate
    yield from dict.fromkeys(envelope for chain in vault.certificates.chains() for envelope in chain)
    for record in vault.ledger.records(most=head.seq):
        yield record.envelope.to_json()


def _root_of_device(vault: Vault) -> bytes:
    """The key of central's from which the device's own certificate hangs: of the time when it was enrolled."""
    envelope = Envelope.from_json(vault.identity.device_certificate)
    for root in vault.trusted.roots:
        with suppress(BadCertificate):
            read(envelope, root)
            return root
    return vault.identity.central.signing


def read_export(lines: Iterable[str], *roots: bytes) -> Export:
    """Verify an export line by line: title, certificates, and every record's signature, number and link.

    ``roots`` are central's signing keys; without any, those that the file itself names are believed, and only whoever
    compares ``root_id`` with what central publishes knows more than that the file is whole. Raises ``LedgerBroken``
    for a ledger that does not hold, ``ProtocolError`` or ``TrustError`` for a file that is none.
    """
    envelopes = (Envelope.from_json(line) for line in lines if line.strip())
    try:
        title = next(envelopes)
    except StopIteration:
        raise ProtocolError("this is not an exported ledger") from None
    centre, device, named, records, head = _title(title)
    central = named[0]
    if roots and central not in roots:
        raise LedgerBroken(0, "it hangs from another central server's key")
    certificates, first = _certificates(envelopes)
    staff = _verified(certificates, title, (central, *(roots or named)), centre, device)
    signers: set[str] = set()
    link = Link()
    for envelope in _chained(first, envelopes):
        if envelope.payload_type != EVENT_TYPE:
            raise LedgerBroken(link.seq + 1, "something stands among the records that is none")
        record = Record(envelope.payload, envelope.keyid, envelope.signature)
        event, link = follow(link, record)
        if event.device != device:
            raise LedgerBroken(event.seq, "it is another device's")
        signers.add(check_author(event, record, staff.get).id)
    if link != Link(records, head):
        raise LedgerBroken(link.seq + 1, "records are missing at the end")
    return Export(device=device, records=link.seq, signers=len(signers), head=link.hash, root_id=key_id(central))


def _title(envelope: Envelope) -> tuple[str, str, tuple[bytes, ...], int, bytes]:
    """What the first line says, NOT yet verified: the device's certificate stands further down."""
    try:
        found = json.loads(envelope.payload)
        if envelope.payload_type != EXPORT_TYPE or found["v"] != 1:
            raise ValueError
        central = [found["central_key"], *found.get("central_keys", ())]
        return (
            str(found["centre"]),
            str(found["device"]),
            tuple(dict.fromkeys(b64decode(key, validate=True) for key in central)),
            int(found["records"]),
            bytes.fromhex(found["head"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise ProtocolError("this is not an exported ledger") from None


def _certificates(envelopes: Iterator[Envelope]) -> tuple[list[Envelope], Envelope | None]:
    """The certificates, and the first line after them."""
    found: list[Envelope] = []
    for envelope in envelopes:
        if envelope.payload_type != CERTIFICATE_TYPE:
            return found, envelope
        found.append(envelope)
    return found, None


def _chained(first: Envelope | None, rest: Iterator[Envelope]) -> Iterator[Envelope]:
    if first is not None:
        yield first
        yield from rest


def _verified(
    envelopes: list[Envelope], title: Envelope, roots: Sequence[bytes], centre: str, device: str
) -> dict[str, Certificate]:
    """The staff's certificates by key id; the title is checked against the device's, under the first root."""
    root_of = {key_id(root): root for root in roots}
    direct = [envelope for envelope in envelopes if envelope.keyid in root_of]
    issuers: dict[str, Envelope] = {}
    staff: dict[str, Certificate] = {}
    titled = False
    for envelope in direct:
        certificate = read(envelope, root_of[envelope.keyid])
        certificate = verify_for_good([envelope], roots, subject=certificate.subject, centre=centre)
        if certificate.subject is Subject.STAFF:
            issuers[certificate.keyid] = envelope
            staff[certificate.keyid] = certificate
        elif certificate.id == device and envelope.keyid == key_id(roots[0]):
            title.verified(EXPORT_TYPE, certificate.signing_key)
            titled = True
    if not titled:
        raise BadCertificate("the device that wrote this has no certificate in it")
    for envelope in envelopes:
        if envelope.keyid not in root_of:
            issuer = issuers.get(envelope.keyid)
            if issuer is None:
                raise BadCertificate("a certificate's issuer is not among the certificates")
            certificate = verify_for_good([envelope, issuer], roots, subject=Subject.STAFF, centre=centre)
            staff[certificate.keyid] = certificate
    return staff
