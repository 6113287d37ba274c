"""Whether what the vault holds goes together: all that can be said of a file that was not closed, or is another than
the one that was (DESIGN 6.4, 7.4; P.20.3).

Old pages are as well encrypted as new ones. What gives them away is that records name each other, that central signed
for how many there are, and that the views, the tries of a code among them, follow from the records.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from zoneinfo import ZoneInfo

from vaccinator_app.domain.staff_events import DetailsPurged
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.messages import Receipt
from vaccinator_app.protocol.packing import peek, unpack
from vaccinator_app.protocol.records import FIRST_PREV, Record, read_event
from vaccinator_app.vault.appointments import DAY_BITS, NUMBER_BITS
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.errors import VaultError
from vaccinator_app.vault.speaking import speaking
from vaccinator_app.vault.views import EPOCH, VIEWS, begin_day, take_in


class Fault(StrEnum):
    """What does not go together."""

    FILE = "file"
    """Pages that are damaged, or do not belong to one file."""
    LEDGER = "ledger"
    RECEIPTS = "receipts"
    """Central signed for other records, or for more."""
    VIEWS = "views"
    """They do not follow from the ledger; they can be computed anew."""
    ROSTER = "roster"
    """People and their counts; central tells both anew."""


CURABLE = frozenset({Fault.VIEWS, Fault.ROSTER})
"""What puts itself right without anybody's help."""


_PARTLY = {"meta": f"key <> '{EPOCH}'", "removed_keys": "source <> 'record'"}
"""What in these does not follow from records."""


def check(connect: Callable[[], Connection], zone: ZoneInfo) -> frozenset[Fault]:
    """Look everything through as of one moment, on a connection of its own: nobody waits for it, nothing is written.

    Not checked: signatures (nobody without the vault's key writes a page), drafts, and what central told of people.
    """
    found = set()
    connection = connect()
    try:
        connection.execute("BEGIN")
        for fault, sound in (
            (Fault.FILE, _file),
            (Fault.LEDGER, _ledger),
            (Fault.RECEIPTS, _receipts),
            (Fault.ROSTER, _roster),
            (Fault.VIEWS, lambda asked: _views(asked, zone)),
        ):
            try:
                with speaking():
                    if not sound(connection):
                        found.add(fault)
            except (VaultError, ProtocolError, ValueError, AssertionError):
                found.add(fault)
    finally:
        connection.close()
    return frozenset(found)


def _file(connection: Connection) -> bool:
    """Every page is of this key; the trees hold together; every reference leads somewhere."""
    return (
        not connection.execute("PRAGMA cipher_integrity_check").fetchall()
        and connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
        and not connection.execute("PRAGMA foreign_key_check").fetchall()
    )


def _ledger(connection: Connection) -> bool:
    """Numbers without a gap, each record naming the one before, and what stands beside a payload being what it says."""
    last, prev = 0, FIRST_PREV
    rows = connection.execute("SELECT seq, kind, at, staff, payload, keyid, signature, hash FROM ledger ORDER BY seq")
    for seq, kind, at, staff, payload, keyid, signature, kept in rows:
        event = read_event(payload)
        beside = (event.seq, event.kind, event.at.isoformat(), event.staff)
        if (seq, event.prev) != (last + 1, prev) or beside != (seq, kind, at, staff):
            return False
        if Record(payload, keyid, signature).hash != kept:
            return False
        last, prev = seq, kept
    return True


def _receipts(connection: Connection) -> bool:
    """The newest receipt is for the record that stands here; no answer is for a record that does not."""
    row = connection.execute("SELECT upto, signed FROM receipts ORDER BY upto DESC, id DESC LIMIT 1").fetchone()
    if row is None:
        return True
    head = connection.execute("SELECT hash FROM ledger WHERE seq = ?", (row[0],)).fetchone()
    receipt = peek(unpack(row[1]), Receipt)
    return receipt.upto == row[0] and receipt.head == (head[0] if head else FIRST_PREV)


def _roster(connection: Connection) -> bool:
    """Each day holds as many people as were counted in, and no number beyond the last that was given."""
    rows = connection.execute(
        "WITH here AS (SELECT id >> :bits AS day, sum(cancelled = 0) AS booked, "
        "max(token) AS token, max(id & :numbers) AS number FROM roster GROUP BY 1) "
        "SELECT 1 FROM here LEFT JOIN days USING (day) WHERE days.day IS NULL OR here.booked <> days.booked "
        "OR here.token > highest_token OR here.number > last_number "
        "UNION ALL SELECT 1 FROM days LEFT JOIN here USING (day) WHERE here.day IS NULL AND days.booked <> 0",
        {"bits": DAY_BITS, "numbers": (1 << NUMBER_BITS) - 1},
    )
    return rows.fetchone() is None


def _views(connection: Connection, zone: ZoneInfo) -> bool:
    """The views are those that the ledger makes: computed anew in tables that exist for this connection alone."""
    tables = (*VIEWS, *_PARTLY)
    for table in tables:
        (made,) = connection.execute("SELECT sql FROM main.sqlite_schema WHERE name = ?", (table,)).fetchone()
        connection.execute(str(made).replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
    for table, other in _PARTLY.items():
        connection.execute(f"INSERT INTO temp.{table} SELECT * FROM main.{table} WHERE {other}")
    for seq, payload in connection.execute("SELECT seq, payload FROM main.ledger ORDER BY seq").fetchall():
        event = read_event(payload)
        body = event.read_body()
        if isinstance(body, DetailsPurged):
            # What a purge takes away is no view: it goes from the roster, once.
            begin_day(connection, seq, event.at, zone)
        else:
            take_in(connection, seq, event.at, zone, body)
    return not any(_differs(connection, table) for table in tables)


def _differs(connection: Connection, view: str) -> bool:
    there, here = f"SELECT * FROM main.{view}", f"SELECT * FROM temp.{view}"
    return any(
        connection.execute(f"{one} EXCEPT {other}").fetchone() is not None
        for one, other in ((there, here), (here, there))
    )
