"""What central tells of the centre's other desks: their records, how far each has come, who works there (DESIGN 7.5).

Nothing comes in that does not hold, and what does not hold keeps back nothing else. No personal detail is in it: a
walk-in's are sealed to central, and the roster is central's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from vaccinator_app.domain.events import DoseGiven, ProofKind, Voided
from vaccinator_app.domain.stock_events import STOCK
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.ledger import FindCertificate, LedgerBroken, check_author
from vaccinator_app.protocol.messages import Changes, CloseAnswer, PeerDesk, PeerRecord
from vaccinator_app.protocol.records import Event, Record, read_event
from vaccinator_app.trust.certificates import Certificate
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.vault.certificates import Certificates, renew_chain
from vaccinator_app.vault.connection import Connection, Database, Row
from vaccinator_app.vault.identity import Identity

_STOCK_KINDS = frozenset(kind.KIND for kind in STOCK)


class Why(StrEnum):
    """Why something that came as another desk's record was left out."""

    UNREADABLE = "unreadable"
    NOT_A_PEERS = "not_a_peers"
    """Of another centre, of this very desk, or of another desk than it is said to be."""
    UNSIGNED = "unsigned"
    """No certified member of staff signed it, or not the one it names."""
    FORK = "fork"
    """Another record of that desk stands under its number."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of one page holds, ready to be kept; ``rejects`` are rows of what does not."""

    chains: list[tuple[Certificate, list[str]]]
    records: list[Row]
    rejects: list[Row]
    desks: list[PeerDesk]
    closes: list[CloseAnswer]


@dataclass(frozen=True, slots=True)
class PeerDose:
    """A dose that stands in another desk's ledger: what that desk is called, and when the dose went in."""

    desk: str
    at: datetime


class Peers:
    """The centre's other desks. ``check`` takes the time, ``put`` the transaction."""

    def __init__(self, database: Database, identity: Identity, certificates: Certificates) -> None:
        self._database = database
        self._identity = identity
        self._certificates = certificates
        self._zone = ZoneInfo(identity.time_zone)

    def rejected(self) -> int:
        """How many records were left out, each counted once, and not counted when it held at a later time."""
        ((count,),) = self._database.read(
            "SELECT count(*) FROM peer_rejects r WHERE NOT EXISTS (SELECT 1 FROM peer_records p "
            "WHERE p.device = r.device AND p.seq = r.seq AND p.hash = r.hash)"
        )
        return int(count)

    def dose_of(self, appointment: str) -> PeerDose | None:
        """The newest dose that another desk recorded for ``appointment`` and did not void, as far as known here."""
        rows = self._database.read(
            "SELECT p.payload, coalesce(d.name, p.device) FROM peer_records p LEFT JOIN peer_desks d USING (device) "
            "WHERE p.appointment = ?",
            (appointment,),
        )
        doses: dict[tuple[str, int], PeerDose] = {}
        voided: set[tuple[str, int]] = set()
        for payload, name in rows:
            event = read_event(payload)
            body = _of_dose(event)
            if body is None or body.appointment != appointment:
                continue
            if isinstance(body, Voided):
                voided.add((event.device, body.seq))
            else:
                doses[event.device, event.seq] = PeerDose(name, body.given_at or event.at)
        standing = [dose for record, dose in doses.items() if record not in voided]
        return max(standing, key=lambda dose: dose.at, default=None)

    def check(self, changes: Changes) -> Checked:
        """Verify what a page says of other desks, outside any transaction: each signature costs what it costs.

        Records that are known already are not verified again: their hash covers payload and signature. Raises
        ``VaultError`` for faults of the disk, and nothing for whatever the page holds.
        """
        chains = [found for found in map(self._chain, changes.staff) if found is not None]
        read = [(peer, self._event(peer)) for peer in changes.peers]
        known = self._known((event.device, event.seq) for _, event in read if isinstance(event, Event))
        find = self._finder(chains)
        records: list[Row] = []
        rejects: list[Row] = []
        for peer, event in read:
            identifier = peer.record.hash
            if isinstance(event, Why):
                rejects.append((peer.device, 0, identifier, event.value))
            elif identifier in known or _is_signed(event, peer.record, find):
                records.append(self._row(peer, event, identifier))
            else:
                rejects.append((event.device, event.seq, identifier, Why.UNSIGNED.value))
        desks = [desk for desk in changes.desks if desk.device != self._identity.device]
        return Checked(chains, records, rejects, desks, changes.closes)

    def put(self, connection: Connection, checked: Checked) -> None:
        """Keep what ``check`` let through, inside the transaction of the page. A later answer replaces an earlier."""
        for certificate, chain in checked.chains:
            renew_chain(connection, certificate, chain)
        rejects = [*checked.rejects, *_put_records(connection, checked.records)]
        connection.executemany("INSERT OR IGNORE INTO peer_rejects VALUES (?, ?, ?, ?)", rejects)
        connection.executemany(
            "INSERT OR REPLACE INTO peer_desks VALUES (?, ?, ?, ?, ?, ?)",
            [(d.device, d.name, d.seq, d.head, d.claimed, _utc(d.seen_at)) for d in checked.desks],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO close_answers VALUES (?, ?, ?)",
            [(c.device, c.seq, json.dumps([(d.what, d.here, d.there) for d in c.differences])) for c in checked.closes],
        )

    def _chain(self, envelopes: Sequence[str]) -> tuple[Certificate, list[str]] | None:
        try:
            return self._certificates.read(envelopes), list(envelopes)
        except TrustError:
            return None

    def _finder(self, chains: Iterable[tuple[Certificate, list[str]]]) -> FindCertificate:
        """Certificates of the page and of the vault; each key is looked up once."""
        found: dict[str, Certificate | None] = {}
        told = {certificate.keyid: certificate for certificate, _ in chains}

        def find(keyid: str) -> Certificate | None:
            if keyid not in found:
                try:
                    found[keyid] = self._certificates.find(keyid) or told.get(keyid)
                except TrustError:
                    found[keyid] = told.get(keyid)
            return found[keyid]

        return find

    def _event(self, peer: PeerRecord) -> Event | Why:
        try:
            event = read_event(peer.record.payload)
        except ProtocolError:
            return Why.UNREADABLE
        ours = (event.centre, event.device) == (self._identity.centre, peer.device)
        return event if ours and event.device != self._identity.device else Why.NOT_A_PEERS

    def _known(self, names: Iterable[tuple[str, int]]) -> set[bytes]:
        asked = list(names)
        if not asked:
            return set()
        rows = self._database.read(
            "SELECT p.hash FROM json_each(?) j CROSS JOIN peer_records p "
            "ON p.device = j.value ->> 0 AND p.seq = j.value ->> 1",
            (json.dumps(asked),),
        )
        return {found for (found,) in rows}

    def _row(self, peer: PeerRecord, event: Event, identifier: bytes) -> Row:
        body = _of_dose(event)
        return (
            event.device,
            event.seq,
            event.at.astimezone(self._zone).date().toordinal(),
            int(event.kind in _STOCK_KINDS),
            int(isinstance(body, DoseGiven) and body.proof.how is ProofKind.OVERRIDE),
            peer.record.keyid,
            peer.record.payload,
            peer.record.signature,
            identifier,
            peer.status.value,
            json.dumps(list(peer.reasons)),
            None if body is None else body.appointment,
        )


def _is_signed(event: Event, record: Record, find: FindCertificate) -> bool:
    try:
        check_author(event, record, find)
    except LedgerBroken:
        return False
    return True


def _of_dose(event: Event) -> DoseGiven | Voided | None:
    """The body of a dose, or of what takes one back; None for any other, and for one that cannot be read."""
    if event.kind not in (DoseGiven.KIND, Voided.KIND):
        return None
    try:
        body = event.read_body()
    except ProtocolError:
        return None
    return body if isinstance(body, DoseGiven | Voided) else None


def _put_records(connection: Connection, records: Iterable[Row]) -> list[Row]:
    """Keep them; what stands against another record of the same number is given back as rejected."""
    forks: list[Row] = []
    for record in records:
        done = connection.execute(
            "INSERT INTO peer_records VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (device, seq) DO UPDATE SET status = excluded.status, reasons = excluded.reasons "
            "WHERE hash = excluded.hash",
            record,
        )
        if done.rowcount == 0:
            device, seq, *_, identifier, _, _, _ = record
            forks.append((device, seq, identifier, Why.FORK.value))
    return forks


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")
