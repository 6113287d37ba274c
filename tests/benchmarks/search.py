"""Search at the desk: a keystroke among 100,000 people, and how that grows from 1,000."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.benchmarks.rows import Row, seconds, worst_of_hundred
from tests.support.desk import CentralSide, make_place
from vaccinator_app.desk.queue import Queue
from vaccinator_app.domain.appointment import Appointment

FRAME_MS = 16.0
SIZES = (1_000, 100_000)
TYPED = ("sunita kumari", "ram", "mohammed das", "lakshmi devi rao", "सुनीता", "राम कुमार", "7", "4021", "00000", "g k b")
PAGE = 5_000
ROUNDS = 12


def search(folder: Path, quick: bool) -> list[Row]:
    """The 99th percentile over every keystroke of ``TYPED``, as the search field asks: beside a frame, and beside
    the same keystrokes among 1,000 people."""
    slowest = {size: _slowest(folder / str(size), size) for size in SIZES}
    small, large = (slowest[size] * 1e3 for size in SIZES)
    return [
        Row(
            row="search at 100,000, p99 a keystroke, to a frame",
            unit="ms",
            ours=large,
            reference=FRAME_MS,
            budget=1.0,
        ),
        Row(row="search at 100,000 to search at 1,000", unit="ms", ours=large, reference=small, budget=3.0),
    ]


def _slowest(folder: Path, size: int) -> float:
    central = CentralSide()
    place = make_place(folder, central, [])
    cursor = 1
    for start in range(0, size, PAGE):
        people = roster_of(central, start, min(size, start + PAGE))
        place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=cursor))
        cursor += 1
    place.vault.indexing.settle()
    queue = Queue(place)
    keystrokes = [text[: end + 1] for text in TYPED for end in range(len(text))]
    times = [seconds(partial(queue.search, typed)) for _ in range(ROUNDS) for typed in keystrokes]
    place.vault.close()
    return worst_of_hundred(times)


def roster_of(central: CentralSide, start: int, end: int) -> list[Appointment]:
    """People with names as common and as rare as a district's."""
    return [central.appointment(n + 1, _name(n)) for n in range(start, end)]


def _name(n: int) -> str:
    first = ["Sunita", "Ram", "Lakshmi", "Mohammed", "Asha", "सुनीता", "राम", "Gurdev", "Fatima", "Joseph"]
    middle = ["", " Lal", " Devi", " Bai", " Nath", " Chandra", " देवी"]
    last = ["Kumari", "Prasad", "Singh", "Yadav", "Sharma", "Begum", "Iyer", "Das", "कुमार", "Patil", "Rao", "Bano"]
    rare = "" if n % 50 else f" {n}"
    return f"{first[n % len(first)]}{middle[n // 7 % len(middle)]} {last[n // 3 % len(last)]}{rare}"
