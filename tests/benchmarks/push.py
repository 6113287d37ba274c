"""Push of 10,000 doses from one desk to a central in its own process over TLS, beside PouchDB to express-pouchdb."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.benchmarks import peer
from tests.benchmarks.centre import (
    accepted,
    at_the_desk,
    connect,
    copied,
    cores,
    enrol_desk,
    give_doses,
    make_central,
    serving,
)
from tests.benchmarks.rows import Rate, Row, seconds
from tests.benchmarks.work import worked
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.sync.engine import Engine, Progress
from vaccinator_app.sync.ports import Central

RECORDS, ROUNDS = 10_000, 4
QUICK_RECORDS, QUICK_ROUNDS = 2_000, 3


def push(folder: Path, quick: bool) -> list[Row]:
    """Records a second until central's receipt of the last is durable at the desk; documents a second of the peer."""
    number, rounds = (QUICK_RECORDS, QUICK_ROUNDS) if quick else (RECORDS, ROUNDS)
    peer.install()
    documents = prepare(folder, number)
    with peer.peer(folder / "peer") as other:
        pairs = []
        for turn in range(rounds + 1):
            database = other.filled(documents)
            there = other.push(database)
            pairs.append((pushed(folder, folder / f"turn{turn}", number), there))
    note = f"{number:,} doses, all accepted; batches of 500; {cores()}; the peer unsigned, unencrypted, not durable"
    # the first of each warms the other's compiler and both's caches
    return [Row.rates(f"push {number:,} doses, records/s to PouchDB docs/s", pairs[1:], 3.0, note=note)]


def prepare(folder: Path, number: int) -> Path:
    """``folder/central`` with people booked and ``folder/desk`` that gave each a dose; the doses as documents."""
    waiting = make_central(folder / "central", number)
    with serving(folder / "central") as server:
        enrol_desk(server, folder / "desk")
    with at_the_desk(folder / "desk") as place:
        before = place.vault.ledger.head().seq
        give_doses(place, waiting)
        return peer.doses(place.vault.ledger.records(before), waiting, folder / "doses.jsonl")


def pushed(template: Path, folder: Path, number: int) -> Rate:
    """Records a second from a copy of the prepared desk to a copy of the prepared central; both are removed again."""
    for name in ("central", "desk"):
        copied(template / name, folder / name)
    with serving(folder / "central") as server, at_the_desk(folder / "desk") as place:
        client = connect(server)
        engine = Engine(desk_of(place.vault), place.vault.exchange, client)
        waiting = place.vault.exchange.pending().count
        took: list[float] = []
        work = worked(lambda: took.append(seconds(lambda: push_only(engine))), server._process.pid)
        client.close()
        whole = place.vault.ledger.head().seq
    assert waiting >= number
    assert accepted(folder / "central") == whole, "central did not accept every record"
    shutil.rmtree(folder)
    return Rate(waiting / took[0], waiting / work)


def push_only(engine: Engine) -> None:
    """A run up to where nothing is unconfirmed; what central has to say besides is not asked for."""
    done = False

    def report(progress: Progress) -> None:
        nonlocal done
        done = progress.confirmed >= progress.to_confirm

    engine.run(report, lambda: done)


class Weighing:
    """The desk's client, with a scale."""

    def __init__(self, central: Central) -> None:
        self._central = central
        self.sizes: list[int] = []

    def push(self, packed: bytes) -> bytes:
        self.sizes.append(len(packed))
        return self._central.push(packed)

    def pull(self, packed: bytes) -> bytes:
        return self._central.pull(packed)

    def confirm(self, packed: bytes) -> bytes:
        return self._central.confirm(packed)

    def history(self, packed: bytes) -> bytes:
        return self._central.history(packed)

    def deliver(self, packed: bytes) -> bytes:
        return self._central.deliver(packed)
