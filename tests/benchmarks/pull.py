"""Pull of a roster of 100,000 people to a new desk over TLS, beside PouchDB from express-pouchdb."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication

from tests.benchmarks import peer
from tests.benchmarks.beats import until
from tests.benchmarks.centre import at_the_desk, connect, cores, enrol_desk, make_central, serving
from tests.benchmarks.roster import people_of
from tests.benchmarks.rows import Rate, Row, seconds
from tests.benchmarks.work import worked
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.gui.app import TURN
from vaccinator_app.gui.collecting import Collector
from vaccinator_app.sync.engine import Engine

T = TypeVar("T")

PEOPLE, DOCUMENTS, ROUNDS = 100_000, 20_000, 3
QUICK_PEOPLE, QUICK_DOCUMENTS = 20_000, 5_000


def pull(folder: Path, quick: bool) -> list[Row]:
    """People a second, until the last page is durable at the desk and every day's list is there; and until the last
    name is in the index too. The peer keeps documents, and no index of names."""
    number, documents = (QUICK_PEOPLE, QUICK_DOCUMENTS) if quick else (PEOPLE, DOCUMENTS)
    peer.install()
    window = _as_a_window()
    make_central(folder / "central", number)
    file = peer.appointments(people_of(folder / "central", documents), folder / "people.jsonl")
    durable, searchable = [], []
    with peer.peer(folder / "peer") as other, serving(folder / "central") as server:
        there = other.filled_there(file)
        other.pull(there)
        for turn in range(ROUNDS):
            theirs = other.pull(there)
            kept, found = _pulled(server, folder / f"desk{turn}", number)
            durable.append((kept, theirs))
            searchable.append((found, theirs))
    del window
    note = f"{number:,} people, the peer {documents:,} documents, unsigned, unencrypted, not durable; {cores()}"
    beyond = "beyond the budget: who is not in the index yet is looked through one by one meanwhile"
    return [
        Row.rates(f"pull a roster of {number:,}, people/s to PouchDB docs/s", durable, 8.0, note=note),
        Row.rates("the same, until every name is in the index", searchable, 1.0, note=beyond),
    ]


def _pulled(server: Central, folder: Path, number: int) -> tuple[Rate, Rate]:
    """People a second to a desk that was just enrolled: kept, and in the index."""
    enrol_desk(server, folder)
    with at_the_desk(folder) as place:
        client = connect(server)
        engine = Engine(desk_of(place.vault), place.vault.exchange, client)
        pulled: list[int] = []
        kept, kept_work = _timed(lambda: pulled.append(_beside(engine.run).pulled), server)
        found, found_work = _timed(lambda: _beside(place.vault.indexing.settle), server)
        client.close()
        assert pulled == [number]
    shutil.rmtree(folder)
    return Rate(number / kept, number / kept_work), Rate(number / (kept + found), number / (kept_work + found_work))


def _timed(act: Callable[[], object], server: Central) -> tuple[float, float]:
    """Seconds of the clock, and of this process's and central's work."""
    took: list[float] = []
    work = worked(lambda: took.append(seconds(act)), server._process.pid)
    return took[0], work


def _as_a_window() -> QCoreApplication:
    """While what this returns is there, this process takes turns and collects cycles as the window's does: a desk pulls
    in no other."""
    window = QCoreApplication([])
    sys.setswitchinterval(TURN)
    Collector(window)
    return window


def _beside(act: Callable[[], T]) -> T:
    """What ``act`` gives, on a thread of its own, while this one's loop goes on as the window's."""
    with ThreadPoolExecutor(1) as beside:
        under_way = beside.submit(act)
        until(under_way.done)
        return under_way.result()
