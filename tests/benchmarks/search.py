"""Search at the desk: a keystroke among 100,000 people, and how that grows from 1,000 to a million."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path

from tests.benchmarks.names import name_of
from tests.benchmarks.rows import Row, seconds, worst_of_hundred
from tests.support.desk import TODAY, CentralSide, make_place
from vaccinator_app.desk.queue import Queue
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment

FRAME_MS = 16.0
FEW, MIDDLE, MANY = 1_000, 100_000, 1_000_000
TYPED = ("sunita kumari", "ram", "mohammed das", "lakshmi devi rao", "सुनीता", "राम कुमार", "7", "4021", "00000", "g k b")
KEYSTROKES = tuple(text[: end + 1] for text in TYPED for end in range(len(text)))
PAGE = 5_000
RUNS, ROUNDS = 7, 4


def search(folder: Path, quick: bool) -> list[Row]:
    """The 99th percentile over every keystroke of ``TYPED``, as the search field asks; all sizes in turn."""
    with ExitStack() as stack:
        sizes = (FEW, MIDDLE) if quick else (FEW, MIDDLE, MANY)
        queues = {size: Queue(stack.enter_context(filled(folder / str(size), size))) for size in sizes}
        found: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(RUNS):
            times: dict[int, list[float]] = {size: [] for size in sizes}
            for _ in range(ROUNDS):
                for size, queue in queues.items():
                    times[size] += [1e3 * seconds(partial(queue.search, typed)) for typed in KEYSTROKES]
            for size in sizes:
                found[size].append(worst_of_hundred(times[size]))
    note = f"{len(KEYSTROKES)} keystrokes in two scripts, names, numbers and misses, {ROUNDS} times a run"
    rows = [Row.against(f"search at {MIDDLE:,}, p99 a keystroke, to a frame", "ms", found[MIDDLE], FRAME_MS, note=note)]
    for size in sizes[1:]:
        pairs = list(zip(found[size], found[FEW], strict=True))
        rows.append(Row.paired(f"search at {size:,} to search at {FEW:,}, p99", "ms", pairs, 3.0))
    return rows


@contextmanager
def filled(folder: Path, size: int) -> Iterator[Workplace]:
    """A desk with so many people, who came in pages and are all in the index."""
    central = CentralSide()
    place = make_place(folder, central, [])
    try:
        add_people(place, central, 0, size)
        yield place
    finally:
        place.vault.close()


def add_people(place: Workplace, central: CentralSide, have: int, size: int, day: date = TODAY) -> None:
    """More people on the roster of a desk that has ``have``, up to ``size``, all expected on ``day``."""
    device = place.vault.identity.device
    for start in range(have, size, PAGE):
        people = roster_of(central, start, min(size, start + PAGE), day)
        cursor = place.vault.exchange.cursor()
        place.vault.exchange.apply(central.changes(device, people, from_cursor=cursor))
    place.vault.indexing.settle()


def roster_of(central: CentralSide, start: int, end: int, day: date = TODAY) -> list[Appointment]:
    """People with names as common and as rare as a district's."""
    return [central.appointment(n + 1, name_of(n), day=day) for n in range(start, end)]
