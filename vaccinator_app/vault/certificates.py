"""The certificates of the centre's staff, each with the chain that proves it (DESIGN 5.3)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from vaccinator_app.domain.staff_events import StaffAdded
from vaccinator_app.protocol.messages import RevokedKey
from vaccinator_app.protocol.records import read_event
from vaccinator_app.trust.certificates import Certificate, Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadCertificate, TrustError
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.errors import VaultDamaged
from vaccinator_app.vault.trusted import TrustedKeys


class Certificates:
    """Chains by key id. Nothing goes in or comes out that none of central's signing keys vouches for."""

    def __init__(self, database: Database, centre: str, trusted: TrustedKeys) -> None:
        self._database = database
        self._centre = centre
        self._trusted = trusted
        self._read: dict[tuple[str, ...], Certificate] = {}

    def read(self, envelopes: Sequence[str]) -> Certificate:
        """The certificate that a chain proves; ``TrustError`` when it does not hold. The same chain is verified once:
        that it holds, nothing later takes back."""
        chain = tuple(envelopes)
        found = self._read.get(chain)
        if found is None:
            found = self._read[chain] = self._verified(chain)
        return found

    def names(self) -> dict[str, str]:
        """What each certified member of staff is called, by id; after a renewal as in what lasts longest."""
        found: dict[str, Certificate] = {}
        for certificate in map(self.read, self.sound()):
            other = found.get(certificate.id)
            if other is None or other.not_after < certificate.not_after:
                found[certificate.id] = certificate
        return {staff: certificate.name for staff, certificate in found.items()}

    def add(self, envelopes: Sequence[str]) -> Certificate:
        """Keep one chain of DSSE JSON, the subject's own first. ``TrustError`` when it does not hold."""
        certificate = self._verified(envelopes)
        self._database.write(lambda connection: put_chain(connection, certificate, envelopes))
        return certificate

    def _verified(self, envelopes: Sequence[str]) -> Certificate:
        return verified(envelopes, self._trusted.roots, self._centre)

    def find(self, keyid: str) -> Certificate | None:
        """The certificate of a key, verified as it is read; None for a key nobody certified."""
        rows = self._database.read("SELECT chain FROM certificates WHERE keyid = ?", (keyid,))
        return self.read(_chain(rows[0][0])) if rows else None

    def chain(self, keyid: str) -> list[str]:
        """The chain of one key as it is kept; empty for one that nobody certified."""
        rows = self._database.read("SELECT chain FROM certificates WHERE keyid = ?", (keyid,))
        return _chain(rows[0][0]) if rows else []

    def removed(self) -> dict[str, datetime]:
        """The keys (by key id) that count no more at this desk, each with the first moment that somebody named."""
        found: dict[str, datetime] = {}
        for keyid, text in self._database.read("SELECT keyid, at FROM removed_keys"):
            at = datetime.fromisoformat(text)
            found[keyid] = min(at, found.get(keyid, at))
        return found

    def removed_here(self) -> set[str]:
        """Of these, the keys that a record of this desk takes back."""
        return {keyid for (keyid,) in self._database.read("SELECT keyid FROM removed_keys WHERE source = 'record'")}

    def counting(self) -> list[Certificate]:
        """The certificates whose keys nobody took back, by key id; without what no key of central's vouches for."""
        removed = self.removed()
        found = map(self.read, self.sound())
        return [certificate for certificate in found if certificate.keyid not in removed]

    def sound(self) -> list[tuple[str, ...]]:
        """The chains that hold under a key of central's; any other is left out."""
        found = []
        for chain in self.chains():
            with contextlib.suppress(TrustError):
                self.read(chain)
                found.append(chain)
        return found

    def chains(self) -> list[tuple[str, ...]]:
        """Every chain, for an export that proves itself."""
        rows = self._database.read("SELECT chain FROM certificates ORDER BY keyid")
        return [tuple(_chain(chain)) for (chain,) in rows]


def remove_within(connection: Connection, keyid: str, staff: str, at: datetime) -> None:
    """A record of this desk takes a key back, inside the transaction that holds the record. The first one counts."""
    _remove(connection, keyid, "record", staff, at)


def hear(connection: Connection, revoked: Sequence[RevokedKey]) -> None:
    """Keep what central says of keys that count no more, inside a transaction under way. It takes no word back."""
    for key in revoked:
        _remove(connection, key.keyid, "central", key.staff, key.at)


def _remove(connection: Connection, keyid: str, source: str, staff: str, at: datetime) -> None:
    connection.execute("INSERT OR IGNORE INTO removed_keys VALUES (?, ?, ?, ?)", (keyid, source, staff, at.isoformat()))


def _chain(kept: str) -> list[str]:
    try:
        return [str(envelope) for envelope in json.loads(kept)]
    except (ValueError, TypeError):
        raise VaultDamaged from None


def put_chain(connection: Connection, certificate: Certificate, envelopes: Sequence[str]) -> None:
    """Keep a chain that was verified, inside a transaction under way."""
    connection.execute(
        "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?)",
        (certificate.keyid, certificate.id, json.dumps(list(envelopes))),
    )


def renew_chain(connection: Connection, certificate: Certificate, envelopes: Sequence[str]) -> None:
    """Keep a verified chain that central told of, inside a transaction under way. A key stays the person's whose it
    was: their records name them. What this desk certified since, and central has not heard of yet, stays too."""
    row = connection.execute("SELECT staff, chain FROM certificates WHERE keyid = ?", (certificate.keyid,)).fetchone()
    if row is not None:
        staff, kept = row
        if staff != certificate.id or kept == json.dumps(list(envelopes)) or _is_unheard(connection, kept):
            return
    put_chain(connection, certificate, envelopes)


def _is_unheard(connection: Connection, kept: str) -> bool:
    """Whether the certificate is in a record of this desk that no receipt covers."""
    rows = connection.execute(
        "SELECT payload FROM ledger WHERE seq > coalesce((SELECT max(upto) FROM receipts), 0) AND kind = ?",
        (StaffAdded.KIND,),
    )
    bodies = [read_event(payload).read_body() for (payload,) in rows]
    return any(isinstance(body, StaffAdded) and body.certificate == _chain(kept)[0] for body in bodies)


def verified(envelopes: Sequence[str], roots: Sequence[bytes], centre: str) -> Certificate:
    """The staff certificate that a chain of DSSE JSON proves at a centre; ``TrustError`` otherwise."""
    chain = [Envelope.from_json(envelope) for envelope in envelopes]
    return verify_for_good(chain, roots, subject=Subject.STAFF, centre=centre)


def verify_for_good(chain: Sequence[Envelope], roots: Sequence[bytes], *, subject: Subject, centre: str) -> Certificate:
    """``verify_chain`` as of the first moment of the whole chain: a record stays good when a certificate runs out.

    ``roots`` are central's signing keys, any of which will do; at least one.
    """
    begins = max((_first_moment(envelope) for envelope in chain), default=datetime.min.replace(tzinfo=UTC))
    *others, last = roots
    for root in others:
        with contextlib.suppress(BadCertificate):
            return verify_chain(chain, root, subject=subject, centre=centre, at=begins)
    return verify_chain(chain, last, subject=subject, centre=centre, at=begins)


def _first_moment(envelope: Envelope) -> datetime:
    """When a certificate says it begins, NOT verified: only to choose the moment at which to verify it."""
    try:
        moment = datetime.fromisoformat(json.loads(envelope.payload)["not_before"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadCertificate("this is not a certificate") from error
    if moment.tzinfo is None:
        raise BadCertificate("this is not a certificate")
    return moment
