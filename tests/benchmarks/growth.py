"""What everything costs as it grows: people, records, desks. ``python -m tests.benchmarks --plots`` draws it.

Each cost is given relative to that at the smallest size of the same run, so that the points of two machines can lie
beside each other. Desk and central are measured in processor time, which stays the same while others use the machine;
what many desks wait for can only be told by the clock.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec

from tests.benchmarks.centre import (
    Person,
    at_the_desk,
    connect,
    copied,
    enrol_desk,
    give_doses,
    make_central,
    serving,
    today,
)
from tests.benchmarks.intake import ledger_of, packed
from tests.benchmarks.plots import Curve, Plot
from tests.benchmarks.rows import seconds, worst_of_hundred
from tests.benchmarks.search import KEYSTROKES, PAGE, add_people, roster_of
from tests.benchmarks.seated import sitting
from tests.benchmarks.work import worked
from tests.support.central import PASSPHRASE
from tests.support.desk import IN_CHARGE, CentralSide, identity, staff_certificate
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.desk.queue import Pile, Queue
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

SIZES = {
    "people": (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
    "records": (1_000, 3_000, 10_000, 30_000, 100_000),
    "desks": (1, 2, 5, 10, 20, 50),
}
QUICK_SIZES = {"people": (1_000, 5_000), "records": (1_000, 3_000), "desks": (1, 3)}
_A_DESK, _A_BATCH = 200, 100
"""Records of each desk where there are most of them, and how many it pushes at once."""
_ROUNDS = 5
_ONE_BY_ONE = 100


Keep = Callable[[Plot], None]
"""Hears of a plot after each size: a run that is ended early was not for nothing."""


class Costs:
    """Costs as they come, by curve of one plot."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._found: dict[str, list[tuple[int, float]]] = {}

    def add(self, name: str, size: int, cost: float) -> None:
        self._found.setdefault(name, []).append((size, cost))
        print(f"    {name:<44}{size:>10,}{cost:>14.6f}", flush=True)

    def so_far(self) -> Plot:
        """Each curve relative to its first point."""
        curves = [
            Curve(name, [size for size, _ in points], [round(cost / points[0][1], 4) for _, cost in points])
            for name, points in self._found.items()
        ]
        return msgspec.structs.replace(self._plot, curves=curves)


def people(folder: Path, sizes: Sequence[int], keep: Keep) -> None:
    """One desk whose roster grows: what each person costs to pull, a keystroke, an unlock, the file, the memory."""
    how = "processor time; the file in bytes, memory resident"
    costs = Costs(Plot("people", "A desk's cost as its roster grows", "people on the roster", how))
    central, home = CentralSide(), folder / "home"
    _locked_desk(home, central)
    have = 0
    for size in sizes:
        _grow(costs, central, home, have, size)
        opened = [worked(partial(_unlock, home)) for _ in range(_ROUNDS)]
        costs.add("unlock, to the day's list", size, statistics.median(opened))
        costs.add("file, a person", size, (home / "vault.db").stat().st_size / size)
        costs.add("memory of the window", size, sitting("open", home)["resident"])
        have = size
        keep(costs.so_far())


def _grow(costs: Costs, central: CentralSide, home: Path, have: int, size: int) -> None:
    with at_the_desk(home) as place:
        made = worked(lambda: add_people(place, central, have, size, today()))
        # less what central would have done: not the desk's cost
        made -= worked(lambda: _only_make(central, have, size))
        costs.add("pull at the desk, a person", size, made / (size - have))
        queue = Queue(place)
        for typed in KEYSTROKES:
            queue.search(typed)
        times = [_thread(partial(queue.search, typed)) for _ in range(_ROUNDS) for typed in KEYSTROKES]
        costs.add("search, p99 of a keystroke", size, worst_of_hundred(times))


def records(folder: Path, sizes: Sequence[int], keep: Keep) -> None:
    """One desk whose ledger grows on one day, and the real central it pushes to."""
    how = "processor time; the sync of desk and central together"
    costs = Costs(Plot("records", "A desk's cost as its ledger grows", "records of one day", how))
    waiting = make_central(folder / "central", sizes[-1])
    with serving(folder / "central") as server:
        enrol_desk(server, folder / "desk")
        for have, size in pairwise((0, *sizes)):
            with at_the_desk(folder / "desk") as place:
                _work_on(costs, place, server, waiting[have:size], size)
            keep(costs.so_far())


def _work_on(costs: Costs, place: Workplace, server: Central, new: Sequence[Person], size: int) -> None:
    client = connect(server)
    engine = Engine(desk_of(place.vault), place.vault.exchange, client)
    engine.run()
    # what goes on behind would be counted with whatever is measured meanwhile
    place.vault.indexing.settle()
    give_doses(place, new[:-_ONE_BY_ONE])
    each = [worked(partial(give_doses, place, [person])) for person in new[-_ONE_BY_ONE:]]
    costs.add("a durable dose", size, statistics.median(each))
    costs.add("sync, a record", size, worked(engine.run, server._process.pid) / len(new))
    client.close()
    vault = place.vault
    vault.indexing.settle()
    costs.add("reconcile, the whole day", size, worked(lambda: Reconcile(place).overview(place.today())))
    costs.add("verify the ledger", size, worked(lambda: vault.ledger.check(vault.certificates.find)))
    key = vault.key
    costs.add("rekey", size, worked(lambda: vault.rekey(os.urandom(32))))
    # the slots know the one before
    vault.rekey(key)


def desks(folder: Path, sizes: Sequence[int], keep: Keep) -> None:
    """The same records from ever more desks at once, each with a ledger of its own, to one real central."""
    number = sizes[-1] * _A_DESK
    how = f"by the clock; {number:,} records in all, in batches of {_A_BATCH}"
    costs = Costs(Plot("desks", "One central, ever more desks at once", "desks", how))
    waiting = make_central(folder / "central", number)
    with serving(folder / "central") as server:
        for n in range(sizes[-1]):
            enrol_desk(server, folder / f"desk{n}")
    for size in sizes:
        ready = []
        for n in range(size):
            with at_the_desk(folder / f"desk{n}") as place:
                mine = waiting[n * number // size : (n + 1) * number // size]
                ready.append(packed(place, ledger_of(place, mine), _A_BATCH))
        copied(folder / "central", folder / f"with{size}")
        with serving(folder / f"with{size}") as server:
            took, each = _all_at_once([connect(server) for _ in ready], ready)
        costs.add("time for all records together", size, took)
        costs.add("p99 of a batch's answer", size, worst_of_hundred(each))
        costs.add("half of the answers", size, statistics.median(each))
        keep(costs.so_far())


def _all_at_once(clients: Sequence[HttpCentral], ready: Sequence[Sequence[bytes]]) -> tuple[float, list[float]]:
    """Seconds of all pushes together, and of each."""
    each: list[float] = []

    def push(client: HttpCentral, batches: Sequence[bytes]) -> None:
        for batch in batches:
            each.append(seconds(lambda: client.push(batch)))  # noqa: B023  (called at once)
        client.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        began = time.perf_counter()
        for done in [pool.submit(push, *pair) for pair in zip(clients, ready, strict=True)]:
            done.result()
        return time.perf_counter() - began, each


def _locked_desk(home: Path, central: CentralSide) -> None:
    """A desk that knows nobody yet; its in-charge's passphrase is ``PASSPHRASE``."""
    key, staff = os.urandom(32), SigningKey.generate()
    who = identity(central, SigningKey.generate())
    Vault.create(home, key, who, chains=[[staff_certificate(central, IN_CHARGE, staff)]]).close()
    Slots.create(home, who.device).add(IN_CHARGE, staff, SealingKey.generate(), PASSPHRASE, key, FLOOR)


def _only_make(central: CentralSide, have: int, size: int) -> None:
    """What central would have done: not the desk's cost."""
    for start in range(have, size, PAGE):
        roster_of(central, start, min(size, start + PAGE), today())


def _unlock(home: Path) -> None:
    with at_the_desk(home) as place:
        Queue(place).lines(Pile.EXPECTED)


def _thread(act: Callable[[], object]) -> float:
    """Seconds of this thread's own work."""
    before = time.thread_time()
    act()
    return time.thread_time() - before
