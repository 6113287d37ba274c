"""Who is first: what a transaction locks before it reads what it will decide upon (PostgreSQL).

SQLite has one writer, who needs none of this. On PostgreSQL two who want the same go one after the other, and each
sees what the one before did. Everybody locks in one order, so that no two wait for each other:

1. a mobile number: who registers people under it;
2. a device: its ledger grows at one end (``intake``);
3. centres, by number: their feed, and with it all that their desks are told (``feed``);
4. people, by id: what they booked, what they were given, and what is decided about that;
5. whatever else is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, func, select

from vaccinator_app.central.schema import bookings, centres, people, records, roster


def mobile(connection: Connection, mobile_hash: bytes) -> None:
    """Nobody else registers people under this number until the transaction ends: there may be no row to lock yet."""
    if _are_needed(connection):
        number = int.from_bytes(mobile_hash[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def places(connection: Connection, numbers: Iterable[str]) -> None:
    """Nobody else changes what the desks of these centres are told."""
    wanted = sorted(set(numbers))
    if wanted and _are_needed(connection):
        statement = select(centres.c.centre).where(centres.c.centre.in_(wanted)).order_by(centres.c.centre)
        connection.execute(statement.with_for_update(key_share=True))


def persons(connection: Connection, beneficiaries: Iterable[str]) -> None:
    """Nobody else changes what hangs on these people."""
    wanted = sorted(set(beneficiaries))
    if wanted and _are_needed(connection):
        statement = select(people.c.beneficiary).where(people.c.beneficiary.in_(wanted))
        connection.execute(statement.order_by(people.c.beneficiary).with_for_update(key_share=True))


def appointments(connection: Connection, centre: str, names: Collection[str]) -> None:
    """``centre``, wherever else the people of these appointments of it ever had one, and those people."""
    if not _are_needed(connection):
        return
    found: set[str] = set()
    elsewhere: set[str] = set()
    if names:
        # Two statements, since the two tables are distributed by different columns (docs/scale.md).
        whose = select(roster.c.beneficiary).where(roster.c.centre == centre, roster.c.appointment.in_(names))
        found.update(connection.scalars(whose))
    if found:
        theirs = select(bookings.c.centre).where(bookings.c.beneficiary.in_(sorted(found))).distinct()
        elsewhere.update(connection.scalars(theirs))
    places(connection, {centre, *elsewhere})
    persons(connection, found)


def record(connection: Connection, centre: str, device: str, seq: int) -> None:
    """What ``appointments`` locks, for the appointment that one record is about."""
    if _are_needed(connection):
        mine = (records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        name = connection.scalar(select(records.c.appointment).where(*mine))
        appointments(connection, centre, [] if name is None else [name])


def _are_needed(connection: Connection) -> bool:
    return connection.dialect.name != "sqlite"
