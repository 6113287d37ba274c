"""What screens show, computed from events: visits, vials and stock, and which records are voided (DESIGN 3.1, 6.3).

One function takes in one event, whether it has just been signed or is read again for a rebuild; that the two agree
is a property the tests hold it to.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.events import VOIDABLE, Body, DoseGiven, ProofKind, Voided, appointment_of
from vaccinator_app.domain.staff_events import DetailsPurged, StaffRemoved, VaultRekeyed
from vaccinator_app.domain.stock_events import StockReceived, StockTransferred, VialDiscarded, VialOpened
from vaccinator_app.domain.visits import Visit, VisitState, apply
from vaccinator_app.protocol.records import read_event
from vaccinator_app.vault import meta
from vaccinator_app.vault.appointments import DAY_BITS
from vaccinator_app.vault.certificates import remove_within
from vaccinator_app.vault.connection import Connection, Database, Row
from vaccinator_app.vault.purge import purge_within

VISIT_COLUMNS = "v.state, v.tries, v.arrived_at, v.dose_seq, v.dose_at, v.voided, v.further, v.override_seq"
NO_VISIT: Row = (None,) * 8
VIEWS = ("visits", "vials", "voids", "stock", "day_starts", "serious", "overridden")
EPOCH = "epoch"
"""Of the newest database key that a record is about (P.18.4); 1 where none is."""
_PAGE = 500
_VOIDABLE = ", ".join(f"'{kind.KIND}'" for kind in VOIDABLE)


def visit_of(appointment: str, row: Row) -> Visit:
    """A visit from ``VISIT_COLUMNS``; the visit of nobody yet seen when the row is all None."""
    state, tries, arrived_at, dose_seq, dose_at, voided, further, override_seq = row
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
        further=tuple((seq, datetime.fromisoformat(at)) for seq, at in json.loads(further)) if further else (),
        override_seq=override_seq,
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


Seen = dict[str, tuple[int, Visit]]
"""Visits read in the transaction under way, and the number that each has on the roster; 0 for one not on it."""


def take_in(
    connection: Connection, seq: int, at: datetime, zone: ZoneInfo, body: Body, seen: Seen | None = None
) -> None:
    """Bring every view past one event, inside the transaction that holds the event. ``zone`` is the centre's.

    What stands in ``seen`` is not read again, and moves with the event.
    """
    begin_day(connection, seq, at, zone)
    appointment = appointment_of(body)
    if appointment is not None:
        _move_visit(connection, appointment, seq, at, body, {} if seen is None else seen)
    match body:
        case StockReceived():
            _stock(connection, seq, body, body.vials, body.doses_per_vial, body.expiry.isoformat())
        case StockTransferred():
            _stock(connection, seq, body, body.vials, 0)
        case VialOpened():
            _stock(connection, seq, body, 0, body.doses)
            connection.execute(
                "INSERT OR REPLACE INTO vials VALUES (?, ?, ?, ?, ?, 0)",
                (body.batch, body.vial, body.vaccine, body.doses, at.isoformat()),
            )
        case VialDiscarded():
            _stock(connection, seq, body, body.vials, body.doses)
            connection.execute("UPDATE vials SET discarded = 1 WHERE batch = ? AND vial = ?", (body.batch, body.vial))
        case AefiReported() if body.serious:
            connection.execute("INSERT INTO serious VALUES (?)", (seq,))
        case DoseGiven() if body.proof.how is ProofKind.OVERRIDE:
            connection.execute("INSERT INTO overridden VALUES (?)", (seq,))
        case DetailsPurged():
            purge_within(connection, at, body)
        case StaffRemoved():
            for keyid in body.keys:
                remove_within(connection, keyid, body.staff, at)
        case VaultRekeyed():
            meta.put(connection, EPOCH, str(body.epoch).encode())
        case Voided():
            # A record is voided once, by a later event about the same appointment, and not every kind can be.
            connection.execute(
                "INSERT OR IGNORE INTO voids SELECT seq, ? FROM ledger "
                f"WHERE seq = ? AND seq < ? AND appointment = ? AND kind IN ({_VOIDABLE})",
                (seq, body.seq, seq, body.appointment),
            )


def begin_day(connection: Connection, seq: int, at: datetime, zone: ZoneInfo) -> None:
    """The one view that every record is in, of whatever kind: where each day begins."""
    # Looked up by every record, written by the first of a day: a dose dirties no page here.
    connection.execute("INSERT OR IGNORE INTO day_starts VALUES (?, ?)", (at.astimezone(zone).date().toordinal(), seq))


def _stock(
    connection: Connection,
    seq: int,
    body: StockReceived | StockTransferred | VialOpened | VialDiscarded,
    vials: int,
    doses: int,
    expiry: str | None = None,
) -> None:
    connection.execute(
        "INSERT INTO stock VALUES (?, ?, ?, ?, ?, ?, ?)",
        (seq, body.KIND, body.vaccine, body.batch, vials, doses, expiry),
    )


def visit_now(connection: Connection, appointment: str, seen: Seen) -> Visit:
    """The visit as it stands, inside a transaction under way; kept in ``seen``."""
    found = seen.get(appointment)
    if found is None:
        number, *row = connection.execute(_VISIT_NOW, (appointment,)).fetchone()
        found = seen[appointment] = number, visit_of(appointment, tuple(row))
    return found[1]


_VISIT_NOW = (
    f"SELECT coalesce(r.id, 0), {VISIT_COLUMNS} FROM (SELECT ? AS who) w "
    "LEFT JOIN roster r ON r.appointment = w.who "
    f"LEFT JOIN visits v ON v.day = coalesce(r.id >> {DAY_BITS}, 0) AND v.appointment = w.who"
)


def _move_visit(connection: Connection, appointment: str, seq: int, at: datetime, body: Body, seen: Seen) -> None:
    before = visit_now(connection, appointment, seen)
    after = apply(before, seq, at, body)
    if after == before:
        return
    number, _ = seen[appointment]
    seen[appointment] = number, after
    further = json.dumps([(dose, moment.isoformat()) for dose, moment in after.further]) if after.further else None
    batch, vial = _drawn(connection, after, seq, body)
    connection.execute(
        "INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(number >> DAY_BITS, appointment, after.state.value, after.tries, _text(after.arrived_at)),
            *(after.dose_seq, _text(after.dose_at), after.voided, further, batch, vial, after.override_seq, number),
        ),
    )


def _drawn(connection: Connection, visit: Visit, seq: int, body: Body) -> tuple[str | None, int | None]:
    """Batch and vial of the dose that stands: this one, or after a void one further back in the ledger."""
    if visit.dose_seq is None:
        return None, None
    if visit.dose_seq != seq:
        row = connection.execute("SELECT payload FROM ledger WHERE seq = ?", (visit.dose_seq,)).fetchone()
        body = read_event(row[0]).read_body()
    assert isinstance(body, DoseGiven)
    return body.batch, body.vial


class Views:
    """The views as a whole."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    def rebuild(self) -> None:
        """Drop every view and compute it again from the ledger, in one transaction."""
        self._database.write(lambda connection: rebuild(connection, self._zone))

    def renew(self) -> None:
        """Rebuild when a migration has changed what the views are; nothing otherwise."""
        if meta.get(self._database, _OLD) is not None:
            self.rebuild()


_OLD = "views_are_old"


def rebuild(connection: Connection, zone: ZoneInfo) -> None:
    """Drop every view and compute it again from the ledger, inside a transaction under way."""
    connection.execute("DELETE FROM meta WHERE key = ?", (_OLD,))
    for view in VIEWS:
        connection.execute(f"DELETE FROM {view}")
    connection.execute("DELETE FROM removed_keys WHERE source = 'record'")
    meta.drop(connection, EPOCH)
    last = 0
    while True:
        rows = connection.execute(
            "SELECT seq, payload FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?", (last, _PAGE)
        ).fetchall()
        if not rows:
            return
        for seq, payload in rows:
            event = read_event(payload)
            take_in(connection, seq, event.at, zone, event.read_body())
            last = seq
