"""The ledger: every record once, in order, signed by who acted, durable before anybody says "saved" (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.events import Body, DoseDeferred, DoseGiven, appointment_of
from vaccinator_app.domain.visits import Visit
from vaccinator_app.protocol.ledger import FindCertificate, LedgerBroken, Link, follow, walk
from vaccinator_app.protocol.records import FIRST_PREV, Event, Record, encode_body, read_event, sign_event
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault import drafts, views
from vaccinator_app.vault.appointments import put_appointments
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.errors import VaultDamaged, VisitMoved
from vaccinator_app.vault.identity import Identity

_PAGE = 500
_LAST = (DoseGiven, DoseDeferred)
"""What ends a visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something happened, with what speaks for the clock: ``uptime_ms`` counts since ``boot`` began."""

    at: datetime
    boot: str
    uptime_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who did it, and the key that says so."""

    staff: str
    key: SigningKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Saved:
    """One record that is durable on this desk."""

    seq: int
    at: datetime


class Ledger:
    """This device's records. There is no way to change or remove one, here or in the database beneath."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._identity = identity
        self._zone = ZoneInfo(identity.time_zone)

    def append(
        self,
        moment: Moment,
        author: Author,
        bodies: Sequence[Body],
        *,
        drop_draft: str | None = None,
        keep_draft: tuple[str, bytes] | None = None,
        person: Appointment | None = None,
        expect: Visit | None = None,
    ) -> list[Saved]:
        """Sign and save ``bodies`` in order, in one transaction with all that follows from them (DESIGN 3.6, 6.3).

        ``person`` is a walk-in's row for the roster. ``drop_draft`` names the appointment whose draft of this author
        is done with; an event that ends the visit takes everybody's. ``keep_draft`` is an appointment and what its
        draft is from here on. ``expect`` is the visit as the person acting saw
        it: when another act changed it since, ``VisitMoved`` is raised, so that no dose is recorded upon another.
        Returns once durable. Raises ``VaultError``, and then nothing was saved.
        """
        if moment.at.tzinfo is None:
            raise ValueError("a moment carries an offset")

        def work(connection: Connection) -> list[Saved]:
            seen: views.Seen = {}
            if person is not None:
                put_appointments(connection, [person])
            if expect is not None and views.visit_now(connection, expect.appointment, seen) != expect:
                raise VisitMoved
            link = _head(connection)
            for body in bodies:
                link = self._append_one(connection, link, moment, author, body, seen)
            if drop_draft is not None:
                ended = any(isinstance(b, _LAST) and b.appointment == drop_draft for b in bodies)
                drafts.drop_within(connection, drop_draft, None if ended else author.staff)
            if keep_draft is not None:
                drafts.save_within(connection, keep_draft[0], author.staff, keep_draft[1])
            first = link.seq - len(bodies) + 1
            return [Saved(seq, moment.at) for seq in range(first, link.seq + 1)]

        return self._database.write(work)

    def _append_one(
        self, connection: Connection, link: Link, moment: Moment, author: Author, body: Body, seen: views.Seen
    ) -> Link:
        event = Event(
            centre=self._identity.centre,
            device=self._identity.device,
            seq=link.seq + 1,
            prev=link.hash,
            kind=body.KIND,
            at=moment.at,
            boot=moment.boot,
            uptime_ms=moment.uptime_ms,
            staff=author.staff,
            body=encode_body(body),
        )
        record = sign_event(event, author.key)
        return Link(event.seq, put_record(connection, event, body, record, self._zone, seen))

    def head(self) -> Link:
        """The newest record's number and hash; ``Link()`` of an empty ledger."""
        rows = self._database.read(_HEAD)
        return Link(*rows[0]) if rows else Link()

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of record ``seq``, or None when there is none such; 32 zero bytes at 0."""
        rows = self._database.read("SELECT hash FROM ledger WHERE seq = ?", (seq,)) if seq else [(FIRST_PREV,)]
        return rows[0][0] if rows else None

    def next_seq(self) -> int:
        """The number that the next record will have."""
        return self.head().seq + 1

    def last_moment(self) -> Moment | None:
        """When the newest record was made; None of an empty ledger."""
        rows = self._database.read("SELECT payload FROM ledger ORDER BY seq DESC LIMIT 1")
        if not rows:
            return None
        event = read_event(rows[0][0])
        return Moment(at=event.at, boot=event.boot, uptime_ms=event.uptime_ms)

    def author_of(self, seq: int) -> tuple[str, datetime] | None:
        """Who made record ``seq`` and when; None when there is none such."""
        rows = self._database.read("SELECT staff, at FROM ledger WHERE seq = ?", (seq,))
        return (rows[0][0], datetime.fromisoformat(rows[0][1])) if rows else None

    def records(self, after: int = 0, most: int | None = None) -> Iterator[Record]:
        """Records from ``after + 1`` on, in order, at most ``most``. Read in pages: records saved meanwhile follow.

        Raises ``VaultDamaged`` at a record that no longer has the hash kept beside it. The database alone does not
        notice every bad page: where a long value ends on one, SQLCipher hands out zeros and no error.
        """
        for record, kept in self._rows(after, most):
            if record.hash != kept:
                raise VaultDamaged
            yield record

    def _rows(self, after: int, most: int | None = None) -> Iterator[tuple[Record, bytes]]:
        left = most
        while left is None or left > 0:
            rows = self._database.read(
                "SELECT payload, keyid, signature, hash FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, _PAGE if left is None else min(left, _PAGE)),
            )
            if not rows:
                return
            for payload, keyid, signature, kept in rows:
                yield Record(payload, keyid, signature), kept
            after += len(rows)
            left = None if left is None else left - len(rows)

    def events(self, after: int = 0) -> Iterator[tuple[int, datetime, str, Body]]:
        """``(seq, at, staff, body)`` of each record from ``after + 1`` on. Not checked: signatures; see ``check``."""
        for record in self.records(after):
            event = read_event(record.payload)
            yield event.seq, event.at, event.staff, event.read_body()

    def of_kind(self, kind: str) -> list[tuple[int, datetime, str, Body]]:
        """The same of every record of one kind: for kinds of which there are few."""
        rows = self._database.read("SELECT payload FROM ledger WHERE kind = ? ORDER BY seq", (kind,))
        events = [read_event(payload) for (payload,) in rows]
        return [(event.seq, event.at, event.staff, event.read_body()) for event in events]

    def last_of(self, kind: str) -> dict[str, datetime]:
        """When each of the staff last made a record of this kind at this desk."""
        rows = self._database.read(
            "SELECT staff, at FROM ledger WHERE seq IN (SELECT max(seq) FROM ledger WHERE kind = ? GROUP BY staff)",
            (kind,),
        )
        return {staff: datetime.fromisoformat(at) for staff, at in rows}

    def check(self, find: FindCertificate) -> Link:
        """Walk the whole ledger (every signature, link and number) and return its head.

        Raises ``LedgerBroken`` at the first record that does not hold.
        """
        link = Link()

        def passing() -> Iterator[Record]:
            nonlocal link
            for record, kept in self._rows(0):
                if record.hash != kept:
                    raise LedgerBroken(link.seq + 1, "the hash kept beside it is not its own")
                yield record
                link = Link(link.seq + 1, kept)

        for _ in walk(passing(), find):
            pass
        return link


def put_record(
    connection: Connection, event: Event, body: Body, record: Record, zone: ZoneInfo, seen: views.Seen | None = None
) -> bytes:
    """Append a signed record, which the caller has seen to follow on the last one, and bring every view past it.

    Returns the record's hash. ``seen`` as for ``views.take_in``.
    """
    found = record.hash
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(event.seq, event.kind, event.at.isoformat(), event.staff, appointment_of(body)),
            *(record.keyid, record.payload, record.signature, found),
        ),
    )
    views.take_in(connection, event.seq, event.at, zone, body, seen)
    return found


def whole_until(database: Database, upto: int) -> Link:
    """The last record up to ``upto`` before which every record is there, names the one before and has its own hash."""
    link = Link()
    while link.seq < upto:
        rows = database.read(
            "SELECT payload, keyid, signature, hash FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (link.seq, upto, _PAGE),
        )
        for payload, keyid, signature, kept in rows:
            record = Record(payload, keyid, signature)
            try:
                reached = follow(link, record)[1]
            except LedgerBroken:
                return link
            if reached.hash != kept:
                return link
            link = reached
        if not rows:
            return link
    return link


_HEAD = "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1"


def _head(connection: Connection) -> Link:
    row = connection.execute(_HEAD).fetchone()
    return Link() if row is None else Link(*row)
