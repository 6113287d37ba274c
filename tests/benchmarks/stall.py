"""The longest that the real window keeps its person waiting while 10,000 records sync with a real central."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median

from tests.benchmarks.centre import at_the_desk, connect, copied, cores, enrol_desk, give_doses, make_central, serving
from tests.benchmarks.push import pushed
from tests.benchmarks.rows import Row, worst_of_hundred
from tests.benchmarks.seated import at, begun, read, sitting
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.sync.engine import Engine

RECORDS, ROUNDS = 10_000, 4
QUICK_RECORDS, QUICK_ROUNDS = 3_000, 2
STALL_MS, FRAME_MS = 50.0, 16.0


def stall(folder: Path, quick: bool) -> list[Row]:
    """Gaps between two beats (1 ms) of the window's loop, from the first question to central until nothing is left.

    Beside them the same beats of the same window before it syncs, and those of a bare window while another process
    syncs the same records: what of it is the machine's and not ours.
    """
    number, rounds = (QUICK_RECORDS, QUICK_ROUNDS) if quick else (RECORDS, ROUNDS)
    _prepare(folder, number)
    found, before, bare = [], [], []
    for turn in range(rounds):
        mine = folder / f"turn{turn}"
        for name in ("central", "desk"):
            copied(folder / name, mine / name)
        with serving(mine / "central") as server:
            sat = sitting("sync", mine / "desk", *at(server))
        assert sat["records"] >= number
        shutil.rmtree(mine)
        found.append(sat["gaps"])
        before.append(sat["idle"])
        other = begun("idle")
        try:
            assert other.stdout is not None
            other.stdout.readline()
            pushed(folder, folder / f"other{turn}", number)
        finally:
            bare.append(read(other)["gaps"])

    def ms(gaps: list[list[float]]) -> str:
        return f"longest {median(map(max, gaps)):.1f}, p99 {median(map(worst_of_hundred, gaps)):.1f} ms"

    note = f"the same window idle: {ms(before)}; a bare window while another process pushes them: {ms(bare)}"
    return [
        Row.against(f"longest window stall while {number:,} records sync", "ms", [*map(max, found)], STALL_MS,
                    note=f"{note}; {cores()}"),
        Row.against(f"p99 window stall while {number:,} records sync", "ms", [*map(worst_of_hundred, found)],
                    FRAME_MS),
    ]  # fmt: skip


def _prepare(folder: Path, number: int) -> None:
    """A desk that pulled its roster in the morning and gave everybody a dose while there was no network."""
    waiting = make_central(folder / "central", number)
    with serving(folder / "central") as server:
        enrol_desk(server, folder / "desk")
        with at_the_desk(folder / "desk") as place:
            client = connect(server)
            Engine(desk_of(place.vault), place.vault.exchange, client).run()
            client.close()
            place.vault.indexing.settle()
            give_doses(place, waiting)
