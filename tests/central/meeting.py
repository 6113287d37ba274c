"""Several transactions brought to one point at the same moment, without a clock.

On PostgreSQL nobody may write to some tables until everybody waits for that or for one another: whatever each of them
reads before it writes, it has read by then. They arrive one after the other, so that it is the same each time. SQLite
has one writer; there they simply begin together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Table, text

from tests.central.support import World

T = TypeVar("T")
_LONGEST = 30.0


def meet(world: World, acts: Sequence[Callable[[], T]], *at: Table) -> list[T]:
    """What each act returns; all of them were on their way when the first could write to the tables ``at``."""
    with ThreadPoolExecutor(len(acts)) as pool:
        if world.home.database.engine.dialect.name == "sqlite":
            line = threading.Barrier(len(acts))
            begun = [pool.submit(lambda act=act: (line.wait(_LONGEST), act())[1]) for act in acts]  # type: ignore[misc]
        else:
            with closed(world, *at):
                begun = []
                for act in acts:
                    begun.append(pool.submit(act))
                    await_waiting(world, begun)
        return [one.result(_LONGEST) for one in begun]


@contextmanager
def closed(world: World, *tables: Table) -> Iterator[None]:
    """Everybody may read these tables and nobody write to them until the block ends."""
    names = ", ".join(table.name for table in tables)
    with world.home.database.write() as connection:
        connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
        yield


def await_waiting(world: World, begun: Sequence[Future[T]]) -> None:
    """Until each of ``begun`` waits for a lock, or is done."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    moment = threading.Event()
    for _ in range(int(_LONGEST * 200)):
        with world.home.database.read() as connection:
            waiting = connection.scalar(asked)
        if waiting == sum(not one.done() for one in begun):
            return
        moment.wait(0.005)
    raise AssertionError("They never met.")
