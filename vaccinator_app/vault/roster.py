"""What central said of this centre's people, batches and neighbours, and what this desk has of its own beside it."""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import date, datetime

from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.stock import Batch, Vial
from vaccinator_app.domain.visits import Visit
from vaccinator_app.protocol.messages import AllottedBatch, Lease, RosterKey
from vaccinator_app.vault import appointments, meta
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.stock import Stock
from vaccinator_app.vault.views import VISIT_COLUMNS, visit_of


class Roster:
    """Single questions about one person, one batch, one centre. Lists of people are the queue's."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self._database = database
        self._stock = stock

    def appointment(self, appointment: str) -> Appointment | None:
        """The appointment, or None when the roster has no such one. A cancelled one is there, and says so.

        None too for somebody whose details have left the machine: ``Purge.left_at`` tells the two apart.
        """
        rows = self._database.read(
            f"SELECT id, {appointments.COLUMNS} FROM roster WHERE appointment = ?1 "
            "AND id >> ?2 NOT IN (SELECT day FROM purged_days)",
            (appointment, appointments.DAY_BITS),
        )
        return appointments.appointment_of(rows[0]) if rows else None

    def visit(self, appointment: str) -> Visit:
        """Where this appointment's events leave it; a visit not yet begun when there are none."""
        rows = self._database.read(
            f"SELECT {VISIT_COLUMNS} FROM visits v WHERE v.appointment = ?1 "
            "AND v.day = coalesce((SELECT id >> ?2 FROM roster WHERE appointment = ?1), 0)",
            (appointment, appointments.DAY_BITS),
        )
        return visit_of(appointment, rows[0]) if rows else Visit(appointment=appointment)

    def next_token(self, day: date) -> int:
        """The first number above every token of ``day``, for a walk-in."""
        rows = self._database.read("SELECT highest_token FROM days WHERE day = ?", (day.toordinal(),))
        return rows[0][0] + 1 if rows else 1

    def lease(self) -> Lease | None:
        """How long the roster may be used; None before the first pull (DESIGN 5.6)."""
        found = meta.get(self._database, "lease")
        if found is None:
            return None
        return Lease(**{name: datetime.fromisoformat(text) for name, text in json.loads(found).items()})

    def key(self) -> RosterKey | None:
        """The key of the roster's bucket tags; None before the first pull (DESIGN 4.1)."""
        found = meta.get(self._database, "roster_key")
        if found is None:
            return None
        kept = json.loads(found)
        return RosterKey(key=b64decode(kept["key"]), modulus=kept["modulus"])

    def batches(self) -> list[Batch]:
        """Every batch allotted to this centre or received here, also expired and withdrawn ones.

        Of an allotted one central's word holds; of another the earliest expiry that anybody read off a vial.
        """
        allotted = self._database.read("SELECT vaccine, batch, expiry, doses_per_vial, withdrawn FROM batches")
        received = self._database.read(
            "SELECT vaccine, batch, expiry, doses, 0 FROM stock WHERE kind = 'stock_received' "
            "ORDER BY vaccine, batch, expiry, seq"
        )
        found: dict[tuple[str, str], Batch] = {}
        for vaccine, batch, expiry, doses, withdrawn in allotted + received:
            if (vaccine, batch) not in found:
                found[vaccine, batch] = Batch(
                    vaccine=vaccine,
                    batch=batch,
                    expiry=date.fromisoformat(expiry),
                    doses_per_vial=doses,
                    withdrawn=bool(withdrawn),
                )
        return list(found.values())

    def vial(self, batch: str) -> Vial | None:
        """The newest vial of ``batch`` on this desk, or None. A discarded one has nothing left."""
        return self._stock.newest_vial(batch)

    def centre_name(self, centre: str) -> str | None:
        """What another centre is called, or None."""
        rows = self._database.read("SELECT name FROM centres WHERE centre = ?", (centre,))
        return rows[0][0] if rows else None


def put_lease(connection: Connection, lease: Lease) -> None:
    """Replace the lease, inside a transaction under way."""
    found = {name: getattr(lease, name).isoformat() for name in ("issued_at", "warn_at", "expires_at")}
    meta.put(connection, "lease", json.dumps(found).encode())


def put_roster_key(connection: Connection, key: RosterKey) -> None:
    """Replace the roster key, inside a transaction under way."""
    found = {"key": b64encode(key.key).decode(), "modulus": key.modulus}
    meta.put(connection, "roster_key", json.dumps(found).encode())


def put_batches(connection: Connection, batches: list[AllottedBatch]) -> None:
    """Replace the whole list of batches, inside a transaction under way."""
    connection.execute("DELETE FROM batches")
    connection.executemany(
        "INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?, ?)",
        [(b.vaccine, b.batch, b.expiry.isoformat(), b.doses_per_vial, int(b.withdrawn)) for b in batches],
    )


def put_centres(connection: Connection, centres: dict[str, str]) -> None:
    """Replace the whole list of centres, inside a transaction under way."""
    connection.execute("DELETE FROM centres")
    connection.executemany("INSERT INTO centres VALUES (?, ?)", centres.items())
