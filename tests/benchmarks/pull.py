"""Pull of a roster of 100,000 people to a new desk over TLS, beside PouchDB from express-pouchdb."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.benchmarks import peer
from tests.benchmarks.centre import at_the_desk, connect, cores, enrol_desk, make_central, serving
from tests.benchmarks.roster import people_of
from tests.benchmarks.rows import Row, seconds
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.sync.engine import Engine

PEOPLE, DOCUMENTS, ROUNDS = 100_000, 20_000, 3
QUICK_PEOPLE, QUICK_DOCUMENTS = 20_000, 5_000


def pull(folder: Path, quick: bool) -> list[Row]:
    """People a second, until the last page is durable at the desk and every day's list is there; and until the last
    name is in the index too. The peer keeps documents, and no index of names."""
    number, documents = (QUICK_PEOPLE, QUICK_DOCUMENTS) if quick else (PEOPLE, DOCUMENTS)
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
    note = f"{number:,} people, the peer {documents:,} documents, unsigned, unencrypted, not durable; {cores()}"
    return [
        Row.paired(f"pull a roster of {number:,}, people/s to PouchDB docs/s", "1/s", durable, 8.0, at_least=True,
                   note=note),
        Row.paired("the same, until every name is in the index", "1/s", searchable, 1.0, at_least=True,
                   note="beyond the budget: who is not in the index yet is looked through one by one meanwhile"),
    ]  # fmt: skip


def _pulled(server: Central, folder: Path, number: int) -> tuple[float, float]:
    """People a second to a desk that was just enrolled: kept, and in the index."""
    enrol_desk(server, folder)
    with at_the_desk(folder) as place:
        client = connect(server)
        engine = Engine(desk_of(place.vault), place.vault.exchange, client)
        pulls: list[int] = []
        kept = seconds(lambda: pulls.append(engine.run().pulled))
        indexed = kept + seconds(place.vault.indexing.settle)
        client.close()
        assert pulls == [number]
    shutil.rmtree(folder)
    return number / kept, number / indexed
