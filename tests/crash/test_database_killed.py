"""PostgreSQL is killed under central while desks push: what a receipt told stands, and the rest comes once."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, select

from tests.central.machine import Desk
from tests.central.support import World, count, make_home
from tests.support import postgres
from tests.support.scale import count as counted
from tests.support.scale import many
from vaccinator_app.central import schema
from vaccinator_app.central.errors import DatabaseAway
from vaccinator_app.central.operations import admin
from vaccinator_app.protocol.messages import Outcome, Status

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the processes of PostgreSQL"),
]

DESKS, A_LIFE, AT_ONCE = 3, 6, 2
"""Desks that push at once; records of each between two kills; records in one push."""
A_PUSH = 25
"""About as many statements and commits."""


class Pusher:
    """A desk that pushes what no receipt names yet, until everything is answered or central has no database."""

    def __init__(self, world: World) -> None:
        self.desk = Desk(world)
        self.answered: dict[int, Outcome] = {}

    def give(self) -> None:
        for _ in range(A_LIFE):
            # one slot has not room for all of a night
            slot = f"{10 + len(self.desk.ledger) % 3}:00"
            self.desk.record(self.desk.dose(self.desk.world.book(slot=slot)))

    def push(self) -> bool:
        """Whether it came to its end."""
        while len(self.answered) < len(self.desk.ledger):
            begin = len(self.answered)
            try:
                receipt = self.desk.push(self.desk.ledger[begin : begin + AT_ONCE])
            except DatabaseAway:
                return False
            self.answered |= {outcome.seq: outcome for outcome in receipt.outcomes}
            assert receipt.upto == len(self.answered)
        return True

    def stands(self) -> None:
        """Everything that was answered is there as it was answered, and all that is there is this desk's, once."""
        with self.desk.world.home.database.read() as connection:
            columns = schema.records.c.seq, schema.records.c.hash, schema.records.c.status
            mine = select(*columns).where(schema.records.c.device == self.desk.device).order_by(schema.records.c.seq)
            rows = connection.execute(mine).all()
        assert [row.hash for row in rows] == [record.hash for record in self.desk.ledger[: len(rows)]]
        assert len(rows) >= len(self.answered)
        assert all(rows[seq - 1].status == outcome.status for seq, outcome in self.answered.items())


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """One that waits for the disk, as PostgreSQL does when nobody sets anything."""
    with postgres.Server(durable=True) as made:
        yield made


@pytest.fixture
def world(server: postgres.Server, tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "central"
    make_home(folder, postgres.fresh(server.url))
    home = admin.open_home(folder)
    (folder / "sms").mkdir(exist_ok=True)
    yield World(folder, home)
    home.database.close()


@contextmanager
def killed(world: World, server: postgres.Server, step: int, later: float) -> Iterator[None]:
    """As the ``step``-th statement or commit from here on begins, and ``later`` seconds after that, the server goes."""
    engine, gone, left = world.home.database.engine, threading.Event(), [step]
    door = threading.Lock()

    def shoot() -> None:
        server.kill()
        gone.set()

    def note(*_: object) -> None:
        with door:
            left[0] -= 1
            mine = left[0] == 0
        if mine:
            threading.Timer(later, shoot).start()

    for moment in ("before_cursor_execute", "commit"):
        event.listen(engine, moment, note)
    try:
        yield
    finally:
        for moment in ("before_cursor_execute", "commit"):
            event.remove(engine, moment, note)
        if left[0] > 0:
            shoot()
        assert gone.wait(30)


def test_postgresql_is_killed_while_desks_push(world: World, server: postgres.Server) -> None:
    rng = random.Random(7)
    pushers = [Pusher(world) for _ in range(DESKS)]
    cut_off = 0
    with ThreadPoolExecutor(DESKS) as pool:
        for _ in range(many(4, 100)):
            for pusher in pushers:
                pusher.give()
            step = rng.randrange(1, A_PUSH * DESKS * A_LIFE // AT_ONCE)
            with killed(world, server, step, rng.choice([0, rng.uniform(0, 0.01)])):
                ended = list(pool.map(Pusher.push, pushers))
            cut_off += ended.count(False)
            server.start()
            for pusher in pushers:
                pusher.stands()
            counted("kills of PostgreSQL")
        assert all(pool.map(Pusher.push, pushers))
    assert cut_off, "nobody was pushing when it was killed"
    for pusher in pushers:
        pusher.stands()
        assert {outcome.status for outcome in pusher.answered.values()} == {Status.ACCEPTED}
    records = sum(len(pusher.desk.ledger) for pusher in pushers)
    assert count(world, schema.records) == count(world, schema.doses) == records
