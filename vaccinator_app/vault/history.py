"""This desk's own records, taken back from central after an old copy of the vault was put in its place (DESIGN 7.4).

Page by page, each in one transaction, from the last record that both hold. What this desk recorded since on its own,
and central holds other records in the place of, is set aside: out of the ledger, into ``strays``, never dropped.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.domain.events import UNTOLD, Body, WalkInRegistered
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.history import History, PastRecord
from vaccinator_app.protocol.ledger import LedgerBroken, Link, check_author, follow
from vaccinator_app.protocol.messages import Outcome
from vaccinator_app.protocol.records import Event, Record
from vaccinator_app.trust.certificates import Certificate
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.vault import meta
from vaccinator_app.vault.appointments import COLUMNS, NOBODY, appointment_of, put_appointments, roster_day
from vaccinator_app.vault.certificates import Certificates, renew_chain
from vaccinator_app.vault.connection import Connection, Database, Row
from vaccinator_app.vault.errors import HistoryBroken, HistoryContradicts
from vaccinator_app.vault.exchange import decide, utc
from vaccinator_app.vault.identity import Identity
from vaccinator_app.vault.ledger import put_record, whole_until
from vaccinator_app.vault.standing import go_on, say_later
from vaccinator_app.vault.views import rebuild

_TAKEN = "history_taken"
_ROW = "seq, kind, at, staff, appointment, payload, keyid, signature, hash"
_GUARD = "ledger_is_never_shortened"
_QUIET = (*(kind.KIND for kind in UNTOLD), Noticed.KIND)
"""What nobody need record again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the ledger has come to, and how many records were ``added`` and set ``aside`` since the taking began."""

    link: Link
    added: int
    aside: int


@dataclass(frozen=True, slots=True)
class _Past:
    """One record of a page, verified, and central's answer for it."""

    event: Event
    body: Body
    record: Record
    said: Outcome


class Past:
    """What the taking back needs of the vault; see ``sync.history``."""

    def __init__(self, database: Database, identity: Identity, certificates: Certificates) -> None:
        self._database = database
        self._identity = identity
        self._certificates = certificates
        self._zone = ZoneInfo(identity.time_zone)

    def common(self) -> Link:
        """The last record that is whole here and that central signed for: from there on central is asked."""
        ((confirmed,),) = self._database.read("SELECT coalesce(max(upto), 0) FROM receipts")
        kept = meta.get(self._database, _TAKEN)
        return whole_until(self._database, max(confirmed, 0 if kept is None else json.loads(kept)[2]))

    def take(self, start: Link, page: History) -> Taken:
        """Take over one verified page of records behind ``start``; with the last of them recording goes on.

        In one transaction: interrupted before or after it, the taking goes on at ``common``. Raises
        ``HistoryBroken`` for records that do not hold together or that nobody known signed, ``HistoryContradicts``
        when they are others than central signed for before, and ``VaultError``; then nothing was changed.
        """
        chains = [found for found in map(self._chain, page.staff) if found is not None]
        past = list(self._verified(start, page, {certificate.keyid: certificate for certificate, _ in chains}))

        def work(connection: Connection) -> Taken:
            for certificate, envelopes in chains:
                renew_chain(connection, certificate, envelopes)
            taking = _Taking(connection, self._zone, page.at)
            for one in past:
                taking.take(one)
            decide(connection, [one.said for one in past], utc(page.at), None)
            link = Link(past[-1].event.seq, past[-1].record.hash) if past else start
            more = link.seq < page.upto
            if not more:
                taking.finish(link, page.head)
            return taking.taken(link, more=more)

        return self._database.write(work)

    def _chain(self, envelopes: list[str]) -> tuple[Certificate, list[str]] | None:
        try:
            return self._certificates.read(envelopes), envelopes
        except TrustError:
            return None

    def _verified(self, link: Link, page: History, told: dict[str, Certificate]) -> Iterator[_Past]:
        """Number, link, author, device and body of each, before anything is written."""
        for past in page.records:
            try:
                event, link = follow(link, past.record)
                if (event.centre, event.device) != (self._identity.centre, self._identity.device):
                    raise LedgerBroken(event.seq, "it belongs to another device")
                check_author(event, past.record, lambda keyid: told.get(keyid) or self._certificates.find(keyid))
                yield _Past(event, event.read_body(), past.record, _said(event.seq, past))
            except ProtocolError as error:
                raise HistoryBroken from error


class _Taking:
    """One page's transaction."""

    def __init__(self, connection: Connection, zone: ZoneInfo, at: datetime) -> None:
        self._connection = connection
        self._zone = zone
        kept = meta.get_within(connection, _TAKEN)
        self._added = 0
        self._began = at.isoformat()
        if kept is not None:
            self._added, self._began, _ = json.loads(kept)

    def take(self, one: _Past) -> None:
        """Keep the own record where it is the very same; else make room for central's and put it in."""
        row = self._connection.execute(f"SELECT {_ROW} FROM ledger WHERE seq = ?", (one.event.seq,)).fetchone()
        if row is not None and _is(row, one.record):
            return
        self._set_aside(one.event.seq)
        self._put(one.event, one.body, one.record)
        self._added += 1

    def finish(self, link: Link, head: bytes) -> None:
        """Central has no more. What is left here must follow on it; of what was set aside, what does comes back."""
        if link.hash != head:
            raise HistoryBroken
        after = self._connection.execute(f"SELECT {_ROW} FROM ledger WHERE seq = ?", (link.seq + 1,)).fetchone()
        if after is None or not _follows(link, after):
            self._set_aside(link.seq + 1)
            link = self._bring_back(link)
        self._take_off_roster()
        go_on(self._connection)
        quiet = ", ".join("?" * len(_QUIET))
        (aside,) = self._connection.execute(
            f"SELECT count(*) FROM strays WHERE found_at = ? AND kind NOT IN ({quiet})", (self._began, *_QUIET)
        ).fetchone()
        for what, count in ((Notice.ROLLED_BACK, self._added), (Notice.FORKED, aside)):
            if count:
                say_later(self._connection, Noticed(what=what, count=count))

    def taken(self, link: Link, *, more: bool) -> Taken:
        """The counts so far; they are kept while more is to come."""
        (aside,) = self._connection.execute("SELECT count(*) FROM strays WHERE found_at = ?", (self._began,)).fetchone()
        if more:
            meta.put(self._connection, _TAKEN, json.dumps([self._added, self._began, link.seq]).encode())
        else:
            meta.drop(self._connection, _TAKEN)
        return Taken(link, self._added, aside)

    def _put(self, event: Event, body: Body, record: Record) -> None:
        if isinstance(body, WalkInRegistered) and not roster_day(self._connection, body.appointment):
            put_appointments(self._connection, [_somebody(event, body)])
        put_record(self._connection, event, body, record, self._zone)
        self._connection.execute("DELETE FROM strays WHERE seq = ? AND hash = ?", (event.seq, record.hash))

    def _set_aside(self, seq: int) -> None:
        """Everything from ``seq`` on leaves the ledger for the strays; the views follow from what is left.

        The ledger's own guard against that is taken off and put back within the transaction: nothing else removes it.
        """
        connection = self._connection
        rows = connection.execute(f"SELECT {_ROW} FROM ledger WHERE seq >= ?", (seq,)).fetchall()
        if not rows:
            return
        (confirmed,) = connection.execute("SELECT coalesce(max(upto), 0) FROM receipts").fetchone()
        first = rows[0]
        if first[0] == seq <= confirmed and Record(*first[5:8]).hash == first[8]:
            raise HistoryContradicts
        connection.executemany(
            f"INSERT OR REPLACE INTO strays ({_ROW}, found_at) VALUES ({', '.join('?' * 10)})",
            [(*row, self._began) for row in rows],
        )
        (guard,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (_GUARD,)).fetchone()
        connection.execute("DELETE FROM confirmation WHERE seq >= ?", (seq,))
        connection.execute(f"DROP TRIGGER {_GUARD}")
        connection.execute("DELETE FROM ledger WHERE seq >= ?", (seq,))
        connection.execute(guard)
        rebuild(connection, self._zone)

    def _bring_back(self, link: Link) -> Link:
        """Records set aside that follow on central's last one: they only stood behind a hole."""
        while True:
            rows = self._connection.execute(
                f"SELECT {_ROW} FROM strays WHERE seq = ? AND found_at = ?", (link.seq + 1, self._began)
            ).fetchall()
            row = next((row for row in rows if _follows(link, row)), None)
            if row is None:
                return link
            record = Record(*row[5:8])
            event, link = follow(link, record)
            self._put(event, event.read_body(), record)

    def _take_off_roster(self) -> None:
        """Walk-ins registered on the old copy alone: central has no such appointment, so no dose can be given on it."""
        rows = self._connection.execute(
            f"SELECT id, {COLUMNS} FROM roster WHERE appointment IN (SELECT appointment FROM strays s WHERE kind = ?1 "
            "AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.kind = ?1 AND l.appointment = s.appointment))",
            (WalkInRegistered.KIND,),
        ).fetchall()
        put_appointments(self._connection, [replace(appointment_of(row), cancelled=True) for row in rows])


def _is(row: Row, record: Record) -> bool:
    """Whether what stands in the ledger is this very record, whole."""
    return bool(Record(*row[5:8]).hash == row[8] == record.hash)


def _follows(link: Link, row: Row) -> bool:
    try:
        return bool(follow(link, Record(*row[5:8]))[1].hash == row[8])
    except LedgerBroken:
        return False


def _said(seq: int, past: PastRecord) -> Outcome:
    return Outcome(seq, past.status, past.reasons, past.certificate, past.message)


def _somebody(event: Event, body: WalkInRegistered) -> Appointment:
    """A walk-in of whom only the record is left: their details are sealed to central in it (DESIGN 4.6)."""
    return Appointment(
        appointment=body.appointment,
        token=body.token,
        beneficiary=replace(NOBODY, photo_id=body.photo_id, photo_id_last4=body.photo_id_last4),
        session_date=body.session_date,
        slot=event.at,
        vaccine=body.vaccine,
        dose=body.dose,
        booking=Booking.WALK_IN,
        previous=(),
        code_tag=b"",
        slip_hash=b"",
        cancelled=False,
    )
