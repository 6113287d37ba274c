"""What stands in the database at the moment, and whether this server is fit to answer (DESIGN 8.1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database, require_current
from vaccinator_app.central.errors import CentralError, DatabaseAway
from vaccinator_app.central.keyring import keys as keyring
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.schema import devices, records, sms_outbox
from vaccinator_app.protocol.messages import Status

OLDEST_MESSAGE = timedelta(minutes=15)
"""A message that waits for longer means that none goes out."""

LEAST_SPACE = 512 * 1024 * 1024
"""Bytes to be free where central's home is."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that wait to be handed over, and for how long the one that is due longest has."""

    count: int
    seconds: float


def waiting(database: Database, clock: Clock) -> Waiting:
    """How it stands with the outbox."""
    now = clock()
    with database.read() as connection:
        row = connection.execute(
            select(func.count().label("many"), func.min(sms_outbox.c.created_at).label("oldest")).where(
                sms_outbox.c.state == State.WAITING.value
            )
        ).one()
    return Waiting(row.many, 0.0 if row.oldest is None else max(0.0, (now - row.oldest).total_seconds()))


@dataclass(frozen=True, slots=True)
class Readiness:
    """Named checks of one server process. Each is true when all is well; none says more than its name."""

    home: Path
    database: Database
    clock: Clock

    def checks(self) -> dict[str, bool]:
        """Look now. Nothing is raised."""
        found = {"keys": self._keys(), "disk": self._disk(), "database": False, "tables": False, "outbox": False}
        try:
            require_current(self.database)
            found["database"] = found["tables"] = True
            found["outbox"] = waiting(self.database, self.clock).seconds < OLDEST_MESSAGE.total_seconds()
        except DatabaseAway:
            pass
        except CentralError:
            found["database"] = True
        return found

    def _keys(self) -> bool:
        try:
            keyring.load(self.home)
        except CentralError:
            return False
        return True

    def _disk(self) -> bool:
        try:
            return shutil.disk_usage(self.home).free >= LEAST_SPACE
        except OSError:
            return False


class Standing(Collector):
    """Asks the database when Prometheus asks: one answer for all workers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge; ``central_database_up`` alone when the database does not answer."""
        try:
            found = list(self._asked())
            up = 1.0
        except CentralError:
            found, up = [], 0.0
        yield GaugeMetricFamily("central_database_up", "1 when the database answers.", value=up)
        yield from found

    def _asked(self) -> Iterator[GaugeMetricFamily]:
        outbox = waiting(self._database, self._clock)
        with self._database.read() as connection:
            held = connection.execute(
                select(func.count()).select_from(records).where(records.c.status == Status.HELD.value)
            ).scalar_one()
            machines = connection.execute(
                select(func.count()).select_from(devices).where(devices.c.revoked_at.is_(None))
            ).scalar_one()
        yield GaugeMetricFamily("central_messages_waiting", "Messages not handed over yet.", value=outbox.count)
        yield GaugeMetricFamily("central_messages_oldest_seconds", "Age of the oldest of them.", value=outbox.seconds)
        yield GaugeMetricFamily("central_held_records", "Records that wait for a decision.", value=held)
        yield GaugeMetricFamily("central_machines", "Machines in use.", value=machines)
