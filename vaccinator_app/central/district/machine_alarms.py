"""Alarms about a machine's ledger, its clock and its file, in the transaction that gives the reason (DESIGN 7.4; P.20).

Central sees an old copy put back in two ways: the machine says that its ledger is shorter than it said before, or it
has other records under numbers that central has. What the machine noticed of itself it says in its records.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from vaccinator_app.central import log
from vaccinator_app.central.schema import alarms
from vaccinator_app.domain.staff_events import Noticed

SHORTER = "ledger_shorter"
FORK = "fork"


def raise_for_shorter(connection: Connection, centre: str, device: str, missing: int, now: datetime) -> None:
    """The machine has ``missing`` records less than it said before; once each time it says so (P.10.2)."""
    if missing > 0:
        _raise(connection, SHORTER, centre, device, missing, now)


def raise_for_forks(connection: Connection, centre: str, device: str, fresh: int, now: datetime) -> None:
    """``fresh`` records came under numbers that central has others of, and were not seen before (P.10.4)."""
    if fresh > 0:
        _raise(connection, FORK, centre, device, fresh, now)


def raise_for_notices(
    connection: Connection, centre: str, device: str, found: Iterable[tuple[int, Noticed]], now: datetime
) -> None:
    """One for each ``noticed`` record, by what was noticed; its subject is the record: device and ``seq``."""
    for seq, body in found:
        _raise(connection, body.what.value, centre, f"{device}.{seq}", body.count or 1, now)


def _raise(connection: Connection, kind: str, centre: str, subject: str, count: int, now: datetime) -> None:
    same = (alarms.c.centre == centre, alarms.c.kind == kind, alarms.c.subject == subject)
    # Of one moment one: a clock that stands still in tests, or a machine that asks twice in one, raises no second.
    if connection.execute(select(alarms.c.at).where(*same, alarms.c.at == now)).first() is None:
        connection.execute(insert(alarms).values(centre=centre, kind=kind, subject=subject, at=now, count=count))
        log.event(f"alarm_{kind}", centre=centre, subject=subject, count=count)
