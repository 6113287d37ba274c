"""Where this desk stands with central: what it confirmed, what it sent down (DESIGN 7). The sync engine's store.

Both ways in are one transaction each, and both acknowledge by ``seq``, never by status: a record saved while a push
is under way stays unconfirmed until a receipt names it.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import (
    CertificateState,
    Changes,
    MessageState,
    Outcome,
    Reason,
    Receipt,
    Status,
)
from vaccinator_app.protocol.records import FIRST_PREV, Record
from vaccinator_app.vault import meta, roster
from vaccinator_app.vault.appointments import put_appointments
from vaccinator_app.vault.certificates import hear
from vaccinator_app.vault.checking import CURABLE, Fault, check
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.errors import PageOutOfOrder, ReceiptDoesNotFit, RolledBack, VaultBusy
from vaccinator_app.vault.indexing import Indexing
from vaccinator_app.vault.ledger import Ledger
from vaccinator_app.vault.peers import Peers
from vaccinator_app.vault.standing import Standing, go_on, say_later, sound
from vaccinator_app.vault.trusted import TrustedKeys
from vaccinator_app.vault.views import rebuild

MOST_URGENT = 20
"""Records told out of turn at once: as many serious events in a day are a catastrophe, and the rest follow."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Records saved on this desk that central has not confirmed, and when the oldest of them happened."""

    count: int
    oldest_at: datetime | None


class Exchange:
    """Satisfies ``sync.ports.Store``; the rest is for the status bar and the sheet of one person."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        indexing: Indexing,
        peers: Peers,
        trusted: TrustedKeys,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._indexing = indexing
        self._peers = peers
        self._trusted = trusted
        self._standing = Standing(database)
        self._zone = zone

    # The engine's side

    def stop(self, what: Notice, words: Message, count: int = 0, at: datetime | None = None) -> None:
        """Central holds another history: nothing is recorded from here on, also after a lock (``Standing.stop``)."""
        self._standing.stop(what, words, count, None if at is None else utc(at))

    def prove(self) -> Message | None:
        """Look a file through that was not closed, or is another: once, before central is told of anything in it.

        What follows from the ledger is computed anew where it does not; central tells of people anew. None when records
        and receipts go together. Otherwise nothing is recorded from here on, and the sentence says so (P.20.3).
        """
        if self._standing.file() is None:
            return None
        # A page that the power tore on its way back into the file stands whole in the log, where the check by pages
        # does not look.
        if not self._database.fold(empty=False):
            raise VaultBusy
        faults = check(self._database.beside, self._zone)
        if faults - CURABLE:
            words = Message.of("file.damaged")
            self._standing.stop(Notice.FILE_CHANGED, words)
            return words
        self._database.write(lambda connection: _cure(connection, faults, self._zone))
        return None

    def head(self) -> Link:
        """The newest record; ``seq`` 0 for an empty ledger."""
        return self._ledger.head()

    def confirmed_upto(self) -> int:
        """The highest ``seq`` that a receipt covers."""
        rows = self._database.read(_CONFIRMED)
        return rows[0][0] or 0

    def answered_upto(self) -> int:
        """The highest ``seq`` up to which every confirmed record has its outcome: where a push begins (P.10.18)."""
        found = meta.get(self._database, _ANSWERED)
        return self.confirmed_upto() if found is None else int(found)

    def records_after(self, seq: int, most: int, most_bytes: int) -> list[Record]:
        """Records from ``seq + 1`` on, at most ``most`` and ``most_bytes`` of payload, and at least one if there is."""
        found: list[Record] = []
        size = 0
        for record in self._ledger.records(seq, most):
            size += len(record.payload)
            if found and size > most_bytes:
                break
            found.append(record)
        return found

    def urgent_after(self, upto: int) -> list[Record]:
        """Serious adverse events behind record ``upto`` that no receipt covers, the oldest first, at most 20."""
        seqs = self._database.read(
            f"SELECT seq FROM serious WHERE seq > max(?, coalesce(({_CONFIRMED}), 0)) ORDER BY seq LIMIT ?",
            (upto, MOST_URGENT),
        )
        return [record for (seq,) in seqs for record in self._ledger.records(seq - 1, 1)]

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of record ``seq``, or None."""
        rows = self._database.read("SELECT hash FROM ledger WHERE seq = ?", (seq,))
        return rows[0][0] if rows else None

    def confirm(self, receipt: Receipt, envelope: bytes) -> None:
        """Keep a verified receipt: how far it covers, its outcomes, the signed bytes (DESIGN 7.2). With one that fits,
        recording goes on where it had stopped (P.10.11).

        Raises ``RolledBack`` when it names records beyond this ledger, ``ReceiptDoesNotFit`` when it names others than
        this ledger's; then nothing is written. Not checked: its signature, which is the engine's part.
        """
        self._database.write(lambda connection: _confirm(connection, receipt, envelope))

    def central_keys(self) -> CentralKeys:
        """Central's keys as this desk knows them at the moment."""
        return self._trusted.keys

    def cursor(self) -> int:
        """Where the last pull ended; 0 at first."""
        found = meta.get(self._database, "cursor")
        return 0 if found is None else int(found)

    def apply(self, changes: Changes) -> None:
        """Take over one verified page: people, lease, key, outcomes, batches, centres, peers, cursor (DESIGN 7.5).

        Walk-ins stay, and so does everything computed from events. What the page says of other desks is checked
        first, while others may write, and left out where it does not hold (``Peers``). Raises ``PageOutOfOrder`` when
        the page does not begin where the last one ended; then nothing of it is written but central's next keys, which
        prove themselves.
        """
        self._trusted.hear(changes.keys)
        checked = self._peers.check(changes)

        def work(connection: Connection) -> None:
            if changes.revoked_at is not None or meta.get_within(connection, "revoked_at") is not None:
                # Of a machine out of use central tells nothing else: what it said before stays as it was (P.21). One
                # that came back from a backup may have forgotten that, and tells everything: none of it belongs here.
                # Asked in here, since another program of this desk may hear of it at this very moment.
                _told_nothing_else(connection, changes)
                return
            _apply(connection, changes)
            self._peers.put(connection, checked)

        self._database.write(work)
        if not changes.more:
            self.rest()

    def rest(self) -> None:
        """Index the words of the pages that came, behind. While pages come it would only slow them down: measured, a
        first download took twice as long."""
        self._indexing.go_on(gather=True)

    # The screens' side

    def pending(self) -> Pending:
        """What central has yet to confirm."""
        ((head, confirmed, oldest),) = self._database.read(
            f"SELECT (SELECT max(seq) FROM ledger), ({_CONFIRMED}), "
            f"(SELECT at FROM ledger WHERE seq = coalesce(({_CONFIRMED}), 0) + 1)"
        )
        count = max(0, (head or 0) - (confirmed or 0))
        return Pending(count, None if oldest is None else datetime.fromisoformat(oldest))

    def latest_unconfirmed(self) -> datetime | None:
        """The latest moment that a record names which no receipt covers."""
        rows = self._database.read(
            f"SELECT at FROM ledger WHERE seq > coalesce(({_CONFIRMED}), 0) ORDER BY julianday(at) DESC LIMIT 1"
        )
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def last_contact(self) -> datetime | None:
        """Central's time in the newest thing it signed for this desk; None before the first."""
        found = meta.get(self._database, "last_contact")
        return None if found is None else datetime.fromisoformat(found.decode())

    def revoked_at(self) -> datetime | None:
        """Since when this machine is out of use; None while it is in use. There is no way back (P.21)."""
        found = meta.get(self._database, "revoked_at")
        return None if found is None else datetime.fromisoformat(found.decode())

    def confirmed_at(self, seq: int) -> datetime | None:
        """Central's time in the first receipt that covers ``seq``; None while there is none."""
        rows = self._database.read("SELECT at FROM receipts WHERE upto >= ? ORDER BY upto, id LIMIT 1", (seq,))
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def outcome_of(self, seq: int) -> Outcome | None:
        """What central made of a record, its certificate and its message, as far as it said."""
        rows = self._database.read(
            "SELECT status, reasons, certificate, message FROM confirmation WHERE seq = ?", (seq,)
        )
        if not rows:
            return None
        status, reasons, certificate, message = rows[0]
        return Outcome(
            seq,
            Status(status),
            tuple(map(Reason, json.loads(reasons))),
            CertificateState(certificate),
            MessageState(message),
        )

    def status_of(self, seq: int) -> Status | None:
        """The first part of that."""
        outcome = self.outcome_of(seq)
        return None if outcome is None else outcome.status


def _cure(connection: Connection, faults: Collection[Fault], zone: ZoneInfo) -> None:
    if faults:
        rebuild(connection, zone)
        meta.drop(connection, "cursor")
        say_later(connection, Noticed(what=Notice.FILE_CHANGED))
    sound(connection)


_CONFIRMED = "SELECT max(upto) FROM receipts"
_ANSWERED = "answered"


def _confirm(connection: Connection, receipt: Receipt, envelope: bytes) -> None:
    ((head, confirmed),) = connection.execute(f"SELECT (SELECT max(seq) FROM ledger), ({_CONFIRMED})").fetchall()
    if receipt.upto > (head or 0):
        raise RolledBack
    row = connection.execute("SELECT hash FROM ledger WHERE seq = ?", (receipt.upto,)).fetchone()
    if receipt.head != (row[0] if row else FIRST_PREV):
        raise ReceiptDoesNotFit
    at = utc(receipt.at)
    outcomes = [outcome for outcome in receipt.outcomes if outcome.seq <= receipt.upto]
    if outcomes or receipt.upto > (confirmed or 0):
        kept = connection.execute(
            "INSERT INTO receipts (upto, at, signed) VALUES (?, ?, ?)", (receipt.upto, at, envelope)
        ).lastrowid
        decide(connection, outcomes, at, kept)
        _keep_answered(connection, confirmed or 0, receipt.upto)
    _out_of_use(connection, receipt.revoked_at)
    go_on(connection, at)
    _heard(connection, at)


def _keep_answered(connection: Connection, confirmed: int, upto: int) -> None:
    """Keep how far outcomes are known where that is less than what is confirmed: a receipt covers what an earlier one
    answered, and that one may be lost (the power went before it was durable here, nobody brought it)."""
    kept = meta.get_within(connection, _ANSWERED)
    (first,) = connection.execute(
        "SELECT min(l.seq) FROM ledger l LEFT JOIN confirmation c ON c.seq = l.seq "
        "WHERE l.seq > ? AND l.seq <= ? AND c.seq IS NULL",
        (confirmed if kept is None else int(kept), max(confirmed, upto)),
    ).fetchone()
    if first is not None:
        meta.put(connection, _ANSWERED, str(first - 1).encode())
    elif kept is not None:
        meta.drop(connection, _ANSWERED)


def _apply(connection: Connection, changes: Changes) -> None:
    if changes.from_cursor != _cursor(connection):
        raise PageOutOfOrder
    put_appointments(connection, changes.appointments)
    roster.put_lease(connection, changes.lease)
    roster.put_roster_key(connection, changes.roster_key)
    roster.put_batches(connection, changes.batches)
    roster.put_centres(connection, changes.centres)
    hear(connection, changes.revoked)
    (head,) = connection.execute("SELECT max(seq) FROM ledger").fetchone()
    at = utc(changes.at)
    decide(connection, (o for o in changes.outcomes if o.seq <= (head or 0)), at, None)
    meta.put(connection, "cursor", str(changes.cursor).encode())
    _heard(connection, at)


def _cursor(connection: Connection) -> int:
    return int(meta.get_within(connection, "cursor") or 0)


def decide(connection: Connection, outcomes: Iterable[Outcome], at: str, receipt: int | None) -> None:
    """A later decision replaces an earlier one, in whatever order the two arrive. It never confirms: receipts do."""
    connection.executemany(
        "INSERT INTO confirmation VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = excluded.status, "
        "reasons = excluded.reasons, decided_at = excluded.decided_at, receipt = coalesce(excluded.receipt, receipt), "
        "certificate = excluded.certificate, message = excluded.message WHERE excluded.decided_at >= decided_at",
        [
            (o.seq, o.status.value, _written(o.reasons), at, receipt, o.certificate.value, o.message.value)
            for o in outcomes
            if o.seq > 0
        ],
    )


@lru_cache(maxsize=1024)
def _written(reasons: tuple[Reason, ...]) -> str:
    """Kept: hundreds of records have one of a few answers."""
    return json.dumps(reasons)


def _told_nothing_else(connection: Connection, changes: Changes) -> None:
    _out_of_use(connection, changes.revoked_at)
    if changes.from_cursor == _cursor(connection):
        # so that the run comes to its end
        meta.put(connection, "cursor", str(changes.cursor).encode())
    _heard(connection, utc(changes.at))


def _out_of_use(connection: Connection, since: datetime | None) -> None:
    """Keep what central signed of this machine's end. An earlier answer, played again, takes nothing of it back."""
    if since is not None and meta.get_within(connection, "revoked_at") is None:
        meta.put(connection, "revoked_at", utc(since).encode())


def _heard(connection: Connection, at: str) -> None:
    before = meta.get_within(connection, "last_contact")
    if before is None or before.decode() < at:
        meta.put(connection, "last_contact", at.encode())


def utc(moment: datetime) -> str:
    """Of one width and one offset, so that texts compare as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
