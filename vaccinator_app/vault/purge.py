"""Personal details leave the machine: what a day's rows keep, and what tells whether a day is done with (DESIGN 5.5).

That they left follows from the record that says so (``details_purged``), in its own transaction, as every view follows
from its events. A ledger that was recovered onto an older copy of the file takes the people of that copy away again.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.events import WalkInRegistered
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.records import read_event
from vaccinator_app.vault import forms, meta
from vaccinator_app.vault.appointments import DAY_BITS, NOBODY, day_range
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.words import fold

_MARK_BYTES = 8
_FOLD_DUE = "purge_to_fold"
_BEGIN, _GO_ON = b"begin", b"go on"
_PAGES = 256
"""Of the index, rewritten in one transaction."""
_DID_SOMETHING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DayState:
    """Whether a day is done with. ``closed_at``: when its newest close was signed; None while there is none.

    ``confirmed`` once central has signed for the close and for every record that this desk made on that day,
    ``confirmed_at`` when it had (central's clock, UTC); None for a desk that has no record and no close of it.
    """

    day: date
    closed_at: datetime | None
    confirmed: bool
    confirmed_at: datetime | None


class Purge:
    """Which days still have their people here, and how each stands."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    def days(self, before: date | None = None) -> list[date]:
        """Days whose people's details are on this machine, the oldest first; with ``before`` only earlier ones."""
        rows = self._database.read(
            "SELECT day FROM days WHERE day < ? AND day NOT IN (SELECT day FROM purged_days) ORDER BY day",
            ((date.max if before is None else before).toordinal(),),
        )
        return [date.fromordinal(day) for (day,) in rows]

    def is_empty(self) -> bool:
        """Whether nobody's details, no half-done visit and no roster's key are here."""
        ((kept,),) = self._database.read(
            "SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'roster_key') "
            "OR EXISTS (SELECT 1 FROM drafts WHERE length(data) > 0)"
        )
        return not kept and not self.days()

    def people(self, day: date) -> int:
        """How many appointments of ``day`` have somebody's details."""
        ((count,),) = self._database.read("SELECT count(*) FROM roster WHERE id BETWEEN ? AND ?", day_range(day))
        return int(count)

    def purged_at(self, day: date) -> datetime | None:
        """When the people of ``day`` left; None while they are here, or never were."""
        rows = self._database.read("SELECT at FROM purged_days WHERE day = ?", (day.toordinal(),))
        return datetime.fromisoformat(rows[0][0]).astimezone(self._zone) if rows else None

    def left_at(self, appointment: str) -> datetime | None:
        """When the details of this person left the machine; None when they did not, or were never here."""
        rows = self._database.read(
            f"SELECT p.at FROM roster r JOIN purged_days p ON p.day = r.id >> {DAY_BITS} WHERE r.appointment = ?",
            (appointment,),
        )
        return datetime.fromisoformat(rows[0][0]).astimezone(self._zone) if rows else None

    def states(self, days: Iterable[date]) -> list[DayState]:
        """How each of ``days`` stands. Reads this desk's records from the first of them on."""
        wanted = sorted(days)
        if not wanted:
            return []
        closes = self._closes(wanted[0])
        open_days = self._unconfirmed_days()
        found = []
        for day in wanted:
            close = max((one for one in closes if one.day == day), key=lambda one: one.amendment, default=None)
            last = max(self._last_of(day), 0 if close is None else close.own_seq)
            at = None if last == 0 else self._confirmed_at(last)
            confirmed = day not in open_days and (last == 0 or at is not None)
            found.append(
                DayState(day=day, closed_at=None if close is None else close.at, confirmed=confirmed, confirmed_at=at)
            )
        return found

    @property
    def folding(self) -> bool:
        """Whether that is to be done, or was begun: the log may be empty although the file was not closed."""
        return meta.get(self._database, _FOLD_DUE) is not None

    def fold(self) -> None:
        """Write what left out of the index of words and of the write-ahead log, which hold it until then.

        In steps, so that nobody waits for long who records meanwhile. Nothing to do unless a purge was made since; one
        that was interrupted is finished by the next call. Raises ``VaultError``.
        """
        if not self.folding:
            return
        while self._database.write(_rewrite_words):
            pass
        if self._database.fold():
            self._database.write(lambda connection: connection.execute("DELETE FROM meta WHERE key = ?", (_FOLD_DUE,)))

    def _closes(self, first: date) -> list[_Close]:
        rows = self._database.read(
            "SELECT seq, payload FROM ledger WHERE kind = ?1 "
            "AND seq >= coalesce((SELECT min(seq) FROM day_starts WHERE day >= ?2), 0) "
            "UNION ALL SELECT 0, payload FROM peer_records WHERE day >= ?2 AND instr(payload, ?3) > 0",
            (DayClosed.KIND, first.toordinal(), f'"kind":"{DayClosed.KIND}"'.encode()),
        )
        found = []
        for seq, payload in rows:
            event = read_event(payload)
            try:
                body = event.read_body()
            except ProtocolError:
                continue
            if isinstance(body, DayClosed):
                found.append(_Close(body.day, body.amendment, event.at, seq))
        return found

    def _last_of(self, day: date) -> int:
        """The last record of this desk before the first of a later day; 0 when it has none of ``day``."""
        ((first, after, head),) = self._database.read(
            "SELECT (SELECT seq FROM day_starts WHERE day = ?1), (SELECT min(seq) FROM day_starts WHERE day > ?1), "
            "(SELECT max(seq) FROM ledger)",
            (day.toordinal(),),
        )
        if first is None:
            return 0
        return int(head if after is None else max(first, after - 1))

    def _unconfirmed_days(self) -> set[date]:
        """The days on which records were made that no receipt covers, and the days of the people they are about."""
        rows = self._database.read(
            f"SELECT l.at, r.id >> {DAY_BITS} FROM ledger l LEFT JOIN roster r ON r.appointment = l.appointment "
            "WHERE l.seq > coalesce((SELECT max(upto) FROM receipts), 0)"
        )
        found = {datetime.fromisoformat(at).astimezone(self._zone).date() for at, _ in rows}
        return found | {date.fromordinal(day) for _, day in rows if day is not None}

    def _confirmed_at(self, seq: int) -> datetime | None:
        rows = self._database.read("SELECT min(at) FROM receipts WHERE upto >= ?", (seq,))
        return None if rows[0][0] is None else datetime.fromisoformat(rows[0][0])


@dataclass(frozen=True, slots=True)
class _Close:
    day: date
    amendment: int
    at: datetime
    own_seq: int


def purge_within(connection: Connection, at: datetime, body: DetailsPurged) -> None:
    """Take the people of ``body.day`` away, inside the transaction of the record that says so. Again: nothing happens.

    What stays of an appointment is its number, token, slot, vaccine, dose, kind of booking, and whether it was
    cancelled. With ``PurgeReason.REVOKED`` the roster's key goes as well, and what other desks' records say of
    walk-ins.
    """
    first, last = day_range(body.day)
    day = body.day.toordinal()
    connection.execute("INSERT OR IGNORE INTO purged_days VALUES (?, ?)", (day, at.isoformat()))
    _keep_pairs(connection, day, first, last)
    of_day = "SELECT id, appointment FROM roster WHERE id BETWEEN ? AND ?"
    numbers = connection.execute(of_day, (first, last)).fetchall()
    # Of a draft nothing stays but that somebody opened this person: its owner records that they looked.
    connection.executemany("UPDATE drafts SET data = x'' WHERE appointment = ?", [(name,) for _, name in numbers])
    forms.forget_within(connection, frozenset(name for _, name in numbers))
    # Else so many deletions would have the index rewritten here and now; it is, in steps, by ``Purge.fold``.
    connection.execute("INSERT INTO roster_words (roster_words, rank) VALUES ('deletemerge', 0)")
    connection.executemany("DELETE FROM roster_words WHERE rowid = ?", [(number,) for number, _ in numbers])
    connection.execute("DELETE FROM unworded WHERE id BETWEEN ? AND ?", (first, last))
    connection.execute(f"UPDATE roster SET {_BLANK} WHERE id BETWEEN ? AND ?", (first, last))
    if body.reason is PurgeReason.REVOKED:
        connection.execute("UPDATE drafts SET data = x''")
        forms.forget_within(connection, None)
        connection.execute("DELETE FROM meta WHERE key = 'roster_key'")
        walk_in = f'"kind":"{WalkInRegistered.KIND}"'.encode()
        connection.execute("DELETE FROM peer_records WHERE instr(payload, ?) > 0", (walk_in,))
    meta.put(connection, _FOLD_DUE, _BEGIN)


def _rewrite_words(connection: Connection) -> bool:
    """One step of making one index of its parts: an entry that was deleted stands in its old part until then. False
    once that is done. FTS5's own command, which says by the count of changes whether it did anything."""
    begin = meta.get_within(connection, _FOLD_DUE) == _BEGIN
    before = connection.total_changes
    pages = -_PAGES if begin else _PAGES
    connection.execute("INSERT INTO roster_words (roster_words, rank) VALUES ('merge', ?)", (pages,))
    done = connection.total_changes - before < _DID_SOMETHING
    if begin:
        meta.put(connection, _FOLD_DUE, _GO_ON)
    return begin or not done


_BLANK = (
    f"name = '', year_of_birth = 0, gender = '{NOBODY.gender}', photo_id = '{NOBODY.photo_id}', photo_id_last4 = '', "
    "mobile_last4 = '', previous = NULL, code_tag = x'', slip_hash = x'', interval_days = NULL, min_age_years = NULL"
)
"""As ``appointments.without_details``."""


def _keep_pairs(connection: Connection, day: int, first: int, last: int) -> None:
    """Which appointments may be one person's: an exception that was found from it does not go with the names."""
    alike: dict[str, list[str]] = {}
    rows = connection.execute(
        "SELECT appointment, photo_id, photo_id_last4, year_of_birth, gender, name FROM roster "
        "WHERE id BETWEEN ? AND ? AND name <> ''",
        (first, last),
    )
    for appointment, *told in rows:
        alike.setdefault(json.dumps(told_of(*told)), []).append(appointment)
    marks = [
        (day, appointment, mark)
        for mark, together in ((secrets.token_hex(_MARK_BYTES), one) for one in alike.values() if len(one) > 1)
        for appointment in together
    ]
    connection.executemany("INSERT OR IGNORE INTO same_person VALUES (?, ?, ?)", marks)


def told_of(*told: Any) -> list[object]:
    """What makes two appointments look like one person: photo ID, last four, year, gender, first word of the name."""
    photo_id, last4, year, gender, name = told
    return [photo_id, fold(last4), year, gender, *fold(name).split()[:1]]
