"""Lists of people: who is expected, waits, is watched, needs somebody; and search (DESIGN 6.4, 9.2)."""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.visits import OBSERVATION, VisitState
from vaccinator_app.protocol.messages import MessageState, Reason, Status
from vaccinator_app.vault.appointments import DAY_BITS, day_range, slot_of
from vaccinator_app.vault.connection import Database, Row
from vaccinator_app.vault.views import VISIT_COLUMNS, visit_of
from vaccinator_app.vault.words import Terms, question, spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One person in a list. ``name`` is whole; a screen masks it until the person is opened (DESIGN 9.4).

    ``held``: central held or refused one of this appointment's records, and nobody has settled it by voiding that
    record. ``dose_seq`` is the record of the dose that stands; it and ``observe_until`` are None when none does.
    """

    appointment: str
    token: int
    name: str
    day: date
    slot: datetime
    vaccine: str
    dose: int
    state: VisitState
    held: bool
    booking: Booking
    dose_seq: int | None
    observe_until: datetime | None
    cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """A person who needs somebody. ``reasons`` are central's; none when it is the codes that ran out (DESIGN 4.4)."""

    row: QueueRow
    reasons: tuple[Reason, ...]


# A record that central held or refused, as long as nobody voided it.
_OPEN = (
    "SELECT l.appointment, c.reasons FROM confirmation c JOIN ledger l ON l.seq = c.seq WHERE c.status <> 'accepted' "
    "AND l.appointment IS NOT NULL AND NOT EXISTS (SELECT 1 FROM voids WHERE target = c.seq)"
)
_ROW = (
    "SELECT r.id, r.appointment, r.token, r.name, r.slot, r.slot_offset, r.vaccine, r.dose, r.booking, r.cancelled, "
    f"r.appointment IN (SELECT appointment FROM ({_OPEN})), {VISIT_COLUMNS} "
)
_VISITED = f"visits v ON v.day = r.id >> {DAY_BITS} AND v.appointment = r.appointment "
_ROSTER = f"FROM roster r LEFT JOIN {_VISITED} "
_BY_SLOT = "ORDER BY r.id"
_WATCHED = "FROM visits WHERE day > 0 AND day IN last_days AND state = 'observing'"
_LAST_DAYS = (
    "WITH RECURSIVE last_days (day) AS (SELECT max(day) FROM visits UNION ALL "
    "SELECT (SELECT max(v.day) FROM visits v WHERE v.day < l.day) FROM last_days l WHERE l.day IS NOT NULL LIMIT 7)"
)


class Queue:
    """Questions only. One day's people are those whose session is on that day, whatever day it is now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, day: date) -> dict[VisitState, int]:
        """How many people of ``day`` stand in each state. Cancelled appointments of people who never came are not
        counted. Who needs somebody because central held a record is in ``attention``."""
        ordinal = day.toordinal()
        found = dict.fromkeys(VisitState, 0)
        for state, count in self._database.read(
            "SELECT state, count(*) FROM visits WHERE day = ? AND state <> 'expected' GROUP BY state", (ordinal,)
        ):
            found[VisitState(state)] = count
        ((came_after_all,),) = self._database.read(
            f"SELECT count(*) FROM roster r JOIN {_VISITED} WHERE r.cancelled = 1 AND r.id BETWEEN ? AND ? "
            "AND v.state <> 'expected'",
            day_range(day),
        )
        booked = self._database.read("SELECT booked FROM days WHERE day = ?", (ordinal,))
        found[VisitState.EXPECTED] = (booked[0][0] if booked else 0) - (sum(found.values()) - came_after_all)
        return found

    def messages(self, day: date) -> dict[MessageState, int]:
        """How many messages about accepted doses of ``day`` stand in each state, as far as central said."""
        rows = self._database.read(
            "SELECT c.message, count(*) FROM visits v JOIN confirmation c ON c.seq = v.dose_seq "
            "WHERE v.day = ? AND c.status = ? AND c.message <> '' GROUP BY c.message",
            (day.toordinal(), Status.ACCEPTED),
        )
        return {MessageState(state): count for state, count in rows}

    def waiting(self, day: date) -> dict[str, int]:
        """How many people of ``day`` may still want a dose, by vaccine: expected or arrived, and not cancelled."""
        return dict(
            self._database.read(
                f"SELECT r.vaccine, count(*) {_ROSTER} WHERE r.id BETWEEN ? AND ? AND r.cancelled = 0 "
                "AND coalesce(v.state, ?) IN (?, ?) GROUP BY r.vaccine",
                (*day_range(day), VisitState.EXPECTED, VisitState.EXPECTED, VisitState.ARRIVED),
            )
        )

    def rows(self, day: date, state: VisitState, limit: int, offset: int) -> list[QueueRow]:
        """People of ``day`` in ``state``, by slot, and within one slot as they were booked."""
        if state is VisitState.EXPECTED:
            where = "WHERE r.id BETWEEN ? AND ? AND r.cancelled = 0 AND coalesce(v.state, 'expected') = 'expected'"
            return self._rows(f"{_ROW} {_ROSTER} {where} {_BY_SLOT} LIMIT ? OFFSET ?", *day_range(day), limit, offset)
        return self._rows(
            f"{_ROW} FROM (SELECT number AS found FROM visits WHERE day = ? AND state = ? ORDER BY number LIMIT ? "
            f"OFFSET ?) CROSS JOIN roster r ON r.id = found LEFT JOIN {_VISITED} {_BY_SLOT}",
            *(day.toordinal(), state, limit, offset),
        )

    def observing(self, limit: int = -1) -> list[QueueRow]:
        """Everybody under observation, the first to be free first: of the last few days on which anybody came.

        With a ``limit`` only so many. Whoever was forgotten before that is still in that day's ``rows``. There is no
        index of them: a dose would pay for it, each time.
        """
        rows = self._rows(
            f"{_LAST_DAYS}, watched AS (SELECT day, appointment, julianday(dose_at) AS since {_WATCHED} "
            f"ORDER BY since LIMIT ?) {_ROW} FROM watched w CROSS JOIN visits v ON v.day = w.day "
            "AND v.appointment = w.appointment CROSS JOIN roster r ON r.appointment = v.appointment",
            limit,
        )
        return sorted(rows, key=_until)

    def watched(self, now: datetime) -> tuple[int, int]:
        """How many are under observation, and of how many the time is over by ``now``."""
        since = (now - OBSERVATION).isoformat()
        ((everybody, over),) = self._database.read(
            f"{_LAST_DAYS} SELECT count(*), count(*) FILTER (WHERE julianday(dose_at) <= julianday(?)) {_WATCHED}",
            (since,),
        )
        return everybody, over

    def attention(self, day: date) -> list[Attention]:
        """Who needs somebody: codes run out on ``day``, or a record of ``day`` or before held or refused and unsettled.

        By day and slot, the oldest first: what nobody settles does not go away at midnight.
        """
        reasons: dict[str, list[Reason]] = {}
        for appointment, found in self._database.read(_OPEN):
            reasons.setdefault(appointment, []).extend(Reason(reason) for reason in json.loads(found))
        where = (
            "WHERE r.appointment IN (SELECT appointment FROM visits WHERE day = ? AND state = ?) "
            "OR (r.id <= ? AND r.appointment IN (SELECT value FROM json_each(?)))"
        )
        rows = self._rows(
            f"{_ROW} {_ROSTER} {where} {_BY_SLOT}",
            *(day.toordinal(), VisitState.ATTENTION, day_range(day)[1], json.dumps(list(reasons))),
        )
        return [Attention(row=row, reasons=tuple(dict.fromkeys(reasons.get(row.appointment, ())))) for row in rows]

    def search(self, text: str, day: date, limit: int = 50) -> list[QueueRow]:
        """People found by what is typed: those of ``day`` first, then of later days, then of earlier ones.

        Words by how they begin, in any order and script; up to three digits a token of ``day``; four the last of a
        photo ID, or a token; five and more the beginning of a reference. Never a mobile number (DESIGN 5.5).
        """
        asked = question(text)
        if asked.reference:
            # Compared as text: ":" is the character after "9".
            found = self._rows(
                f"{_ROW} {_ROSTER} WHERE r.appointment >= ? AND r.appointment < ? ORDER BY r.appointment LIMIT ?",
                *(asked.reference, asked.reference + ":", limit),
            )
            return sorted(found, key=lambda row: row.day != day)
        first, last = day_range(day)
        found = self._unworded(asked.today, first, last) + self._matching(asked.today, first, last, limit)
        found = found[:limit]
        found += self._matching(asked.any_day, last + 1, _HIGHEST, limit - len(found))
        found += self._matching(asked.any_day, 0, first - 1, limit - len(found))
        return found

    def _matching(self, asked: Terms, first: int, last: int, limit: int) -> list[QueueRow]:
        """In the order of ids, which is that of the index: it stops at ``limit`` and sorts nothing.

        Never the other way round: backwards, the index pays for all that lies behind the range.
        """
        if not asked or limit <= 0:
            return []
        return self._rows(
            f"{_ROW} FROM (SELECT rowid AS found FROM roster_words WHERE roster_words MATCH ? "
            f"AND rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ?) CROSS JOIN roster r ON r.id = found "
            f"LEFT JOIN {_VISITED}",
            *(str(asked), first, last, limit),
        )

    def _unworded(self, asked: Terms, first: int, last: int) -> list[QueueRow]:
        """Of people whose words are not yet indexed, those who are meant, in the order of ids."""
        waiting = self._database.read(
            "SELECT u.id, r.name, r.token, r.photo_id_last4 FROM unworded u JOIN roster r ON r.id = u.id "
            "WHERE u.id BETWEEN ? AND ? ORDER BY u.id",
            (first, last),
        )
        meant = [number for number, *told in waiting if asked.fit(spoken(*told))]
        return (
            self._rows(f"{_ROW} {_ROSTER} WHERE r.id IN (SELECT value FROM json_each(?)) {_BY_SLOT}", json.dumps(meant))
            if meant
            else []
        )

    def _rows(self, sql: str, *parameters: object) -> list[QueueRow]:
        return [_row(row) for row in self._database.read(sql, parameters)]


_HIGHEST = (1 << 63) - 1


def _row(found: Row) -> QueueRow:
    number, appointment, token, name, slot, offset, vaccine, dose, booking, cancelled, held, *visited = found
    visit = visit_of(appointment, tuple(visited)) if visited[0] is not None else None
    return QueueRow(
        appointment=appointment,
        token=token,
        name=name,
        day=date.fromordinal(number >> DAY_BITS),
        slot=slot_of(slot, offset),
        vaccine=vaccine,
        dose=dose,
        state=VisitState.EXPECTED if visit is None else visit.state,
        held=bool(held),
        booking=Booking(booking),
        dose_seq=None if visit is None else visit.dose_seq,
        observe_until=None if visit is None else visit.observe_until,
        cancelled=bool(cancelled),
    )


def _until(row: QueueRow) -> datetime:
    assert row.observe_until is not None
    return row.observe_until
