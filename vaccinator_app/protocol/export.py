"""A ledger for anybody to check: DSSE envelopes, a JSON object a line (DESIGN 11; P.12).

Certificates come first, then every record in ``seq`` order. Checking one takes no passphrase and no vault, only
central's public key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.ledger import LedgerBroken, Link, check_author, follow
from vaccinator_app.protocol.records import EVENT_TYPE, Event, Record
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE, Certificate, Subject, read_unverified, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import TrustError


def export_lines(certificates: Iterable[str], records: Iterable[Record]) -> Iterator[str]:
    """The lines of an export; ``certificates`` are DSSE JSON, each once."""
    yield from certificates
    for record in records:
        yield record.envelope.to_json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A good export: how many records, by how many people, the head's hash, and the key id of central's they name."""

    records: int
    signers: int
    head: bytes
    central: str


def check_export(lines: Iterable[str], root: bytes | None) -> Checked:
    """Verify every line against central's public key ``root``.

    With ``root`` None everything is checked but that central itself signed the in-charge's certificate. Raises
    ``LedgerBroken`` at the first record that does not hold, ``ProtocolError`` for a line that is none.
    """
    staff = _Staff(root)
    link = Link()
    for line in lines:
        try:
            envelope = Envelope.from_json(line)
            if envelope.payload_type == CERTIFICATE_TYPE:
                staff.add(envelope)
                continue
        except TrustError as error:
            raise ProtocolError("a line of this file is not a signed envelope") from error
        if envelope.payload_type != EVENT_TYPE:
            raise ProtocolError("a line of this file is neither a certificate nor a record")
        record = Record(envelope.payload, envelope.keyid, envelope.signature)
        event, link = follow(link, record)
        staff.check(event, record)
    if link.seq == 0:
        raise ProtocolError("this file holds no record")
    return Checked(records=link.seq, signers=len(staff.verified), head=link.hash, central=staff.central)


@dataclass(slots=True)
class _Staff:
    """The certificates of an export by key id; each is verified when its key first signs a record."""

    root: bytes | None
    central: str = ""
    verified: dict[str, Certificate] = field(default_factory=dict)
    _given: dict[str, Envelope] = field(default_factory=dict)

    def add(self, envelope: Envelope) -> None:
        self._given[read_unverified(envelope).keyid] = envelope

    def check(self, event: Event, record: Record) -> None:
        if record.keyid not in self.verified:
            self.verified[record.keyid] = self._verify(record.keyid, event)
        check_author(event, record, self.verified.get)

    def _verify(self, keyid: str, event: Event) -> Certificate:
        try:
            chain = [self._given[keyid]]
            if (issuer := self._given.get(chain[0].keyid)) is not None:
                chain.append(issuer)
            self.central = chain[-1].keyid
            if self.root is None and issuer is None:
                return read_unverified(chain[0])
            # Without central's key the in-charge's own certificate is the anchor.
            anchor = self.root or read_unverified(chain.pop()).signing_key
            return verify_chain(chain, anchor, subject=Subject.STAFF, centre=event.centre, at=event.at)
        except KeyError as error:
            raise LedgerBroken(event.seq, "it was signed by a key nobody certified") from error
        except TrustError as error:
            raise LedgerBroken(event.seq, "its author's certificate does not hold") from error
