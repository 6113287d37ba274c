"""What screens show, computed from events: visits, vials, and which records are voided (DESIGN 3.1, 6.3).

One function takes in one event, whether it has just been signed or is read again for a rebuild; that the two agree
is a property the tests hold it to.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from datetime import datetime

from vaccinator_app.domain.events import Body, DoseGiven, VialOpened, Voided, appointment_of
from vaccinator_app.domain.visits import Visit, VisitState, apply
from vaccinator_app.protocol.records import read_event
from vaccinator_app.vault.appointments import DAY_BITS
from vaccinator_app.vault.connection import Connection, Database, Row

VISIT_COLUMNS = "v.state, v.tries, v.arrived_at, v.dose_seq, v.dose_at, v.voided, v.further"
_PAGE = 500


def visit_of(appointment: str, row: Row) -> Visit:
    """A visit from ``VISIT_COLUMNS``; the visit of nobody yet seen when the row is all None."""
    state, tries, arrived_at, dose_seq, dose_at, voided, further = row
    if state is None:
        return Visit(appointment=appointment)
    return Visit(
        appointment=appointment,
        state=VisitState(state),
        tries=tries,
        arrived_at=_moment(arrived_at),
        dose_seq=dose_seq,
        dose_at=_moment(dose_at),
        voided=voided,
        further=tuple((seq, datetime.fromisoformat(at)) for seq, at in json.loads(further)),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def take_in(connection: Connection, seq: int, at: datetime, body: Body) -> None:
    """Bring every view past one event, inside the transaction that holds the event."""
    appointment = appointment_of(body)
    if appointment is not None:
        _move_visit(connection, appointment, seq, at, body)
    match body:
        case VialOpened():
            connection.execute(
                "INSERT OR REPLACE INTO vials VALUES (?, ?, ?, ?, ?)",
                (body.batch, body.vial, body.vaccine, body.doses, at.isoformat()),
            )
        case DoseGiven():
            _draw(connection, body, -1)
        case Voided():
            _void(connection, seq, body)


def _move_visit(connection: Connection, appointment: str, seq: int, at: datetime, body: Body) -> None:
    row = connection.execute(
        f"SELECT {VISIT_COLUMNS} FROM visits v WHERE appointment = ?",
        (appointment,),
    ).fetchone()
    before = visit_of(appointment, row or (None,) * 7)
    after = apply(before, seq, at, body)
    if after == before:
        return
    further = json.dumps([(dose, moment.isoformat()) for dose, moment in after.further])
    values = (after.state, after.tries, _text(after.arrived_at), after.dose_seq, _text(after.dose_at), after.voided)
    connection.execute(
        """
        INSERT INTO visits VALUES (?, (SELECT id >> ? FROM roster WHERE appointment = ?), ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET state = excluded.state, tries = excluded.tries, arrived_at = excluded.arrived_at,
            dose_seq = excluded.dose_seq, dose_at = excluded.dose_at, voided = excluded.voided,
            further = excluded.further
        """,
        (appointment, DAY_BITS, appointment, *values, further),
    )


def _draw(connection: Connection, dose: DoseGiven, change: int) -> None:
    connection.execute(
        "UPDATE vials SET doses_left = doses_left + ? WHERE batch = ? AND vial = ?", (change, dose.batch, dose.vial)
    )


def _void(connection: Connection, seq: int, body: Voided) -> None:
    """A record counts as voided once, by an event about the same appointment; then its dose is back in the vial."""
    row = connection.execute(
        "SELECT payload FROM ledger WHERE seq = ? AND seq < ? AND appointment = ?", (body.seq, seq, body.appointment)
    ).fetchone()
    if row is None:
        return
    added = connection.execute("INSERT OR IGNORE INTO voids VALUES (?, ?)", (body.seq, seq)).rowcount
    target = read_event(row[0]).read_body()
    if added == 1 and isinstance(target, DoseGiven):
        _draw(connection, target, +1)


class Views:
    """The views as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rebuild(self) -> None:
        """Drop every view and compute it again from the ledger, in one transaction."""
        self._database.write(_rebuild)


def _rebuild(connection: Connection) -> None:
    for view in ("visits", "vials", "voids"):
        connection.execute(f"DELETE FROM {view}")
    last = 0
    while True:
        rows = connection.execute(
            "SELECT seq, payload FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?", (last, _PAGE)
        ).fetchall()
        if not rows:
            return
        for seq, payload in rows:
            event = read_event(payload)
            take_in(connection, seq, event.at, event.read_body())
            last = seq
