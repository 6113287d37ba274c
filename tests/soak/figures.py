"""What of the week's figures should stay as it is, from one day to another, and whether it does; a table of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from tests.soak.child import Told
from tests.soak.week import Outcome

MIB = 1 << 20
FEW = 20
"""Figures of a day with fewer doses than this say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One figure on the second day and on the last. ``most``: what the ratio may be; None for one that is to grow, and
    is shown only."""

    what: str
    unit: str
    days: tuple[float, ...]
    most: float | None

    @property
    def ratio(self) -> float:
        """The last day to the second: on the first everything is new."""
        first = self.days[1] if len(self.days) > 1 else self.days[0]
        return self.days[-1] / first if first else 1.0

    @property
    def holds(self) -> bool:
        return self.most is None or self.ratio <= self.most


def growth(outcome: Outcome) -> list[Growth]:
    """Every figure, those that must not grow first."""
    days = outcome.days

    def desks(of: Callable[[Told], float]) -> tuple[float, ...]:
        return tuple(median(of(desk) for desk in day["desks"]) for day in days)

    def first(of: Callable[[Told], float]) -> tuple[float, ...]:
        return tuple(of(day["desks"][0]) for day in days)

    def central(of: Callable[[Told], float]) -> tuple[float, ...]:
        return tuple(of(day["central"]) for day in days)

    def closes(of: Callable[[Told], float]) -> tuple[float, ...]:
        return tuple(of(day["closes"][-1]) for day in days)

    def row(what: str, unit: str, found: Sequence[float], most: float | None = None) -> Growth:
        return Growth(what=what, unit=unit, days=tuple(found), most=most)

    return [
        # Of the desk that is never killed. What is in use must not grow. Resident is also what was freed and not given
        # back, and that goes with the most that was ever in use at once: each evening's look at the day before, and at
        # everything that was recorded since.
        row("desk, memory in use, C library's", "MiB", first(lambda d: d["used"] / MIB), 1.1),
        row("desk, memory in use, Python's blocks", "", first(lambda d: d["blocks"]), 1.05),
        row("desk, memory resident", "MiB", first(lambda d: d["rss"] / MIB), 1.35),
        row("desk, Python objects", "", first(lambda d: d["objects"]), 1.05),
        row("central, memory", "MiB", central(lambda c: c["rss"] / MIB), 1.25),
        row("central, Python objects", "", central(lambda c: c["objects"]), 1.05),
        # CPU time, to that of a fixed piece of work of about a millisecond, done beside it (``tests.soak.reference``).
        row("a fixed piece of work, CPU", "ms", first(lambda d: 1000 * _middle(d["references"]))),
        row("a dose, to that", "", first(lambda d: _to_reference(d, "doses")), 1.3),
        row("a visit, to that", "", first(lambda d: _to_reference(d, "visits")), 1.3),
        row("a list, the counts and a search, to that", "", desks(lambda d: _screen(d, "lists")), 1.3),
        row("the same, the first time", "", desks(lambda d: _screen(d, "first"))),
        row("who needs somebody, for each of them", "", desks(_needing), 1.3),
        row("who needs somebody, people", "", desks(lambda d: d["screens"]["needing"])),
        row("a record's sync, CPU of the desk, to that", "", first(_a_record), 1.5),
        row("days whose people are on the desk", "", desks(lambda d: d["days_of_people"])),
        row("vault.db", "MiB", desks(lambda d: d["files"]["vault.db"] / MIB)),
        row("vault.db, for 1,000 records of the centre", "MiB", _a_thousand(days), 1.1),
        row("other files of a desk", "MiB", desks(lambda d: _others(d["files"]) / MIB)),
        row("unlocking, CPU (the file is hashed whole)", "ms", first(lambda d: _unlock(d, "cpu"))),
        row("reconcile, CPU", "ms", closes(lambda c: 1000 * c["cpu"])),
        row("reconcile, for 1,000 records read, to that", "", closes(_reconciled), 1.5),
        row("records that reconcile reads", "", closes(lambda c: c["records"])),
        row("records to catch up, at most", "", desks(lambda d: max(s["waited"] for s in d["syncs"]))),
        row("longest run of the desk never killed, to that", "", first(_longest), 2.0),
        row("longest run of desks that were killed, to that", "", desks(_longest)),
        row("central's database", "MiB", central(lambda c: c["database"] / MIB)),
        row("central's write-ahead log", "MiB", central(lambda c: c["files"].get("central.db-wal", 0) / MIB)),
        row("central's CPU so far", "s", central(lambda c: c["cpu"])),
    ]


def _middle(found: Sequence[float]) -> float:
    """The mean of the middle half: no outlier counts, and where half of them took twice as long, that does."""
    found = sorted(found)
    some = found[len(found) // 4 : -(len(found) // 4) or None]
    return fmean(some) if some else 0.0


def _to_reference(desk: Told, what: str) -> float:
    beside = _middle(desk["references"])
    return _middle(desk[what]) / beside if beside else 0.0


def _screen(desk: Told, what: str) -> float:
    return float(desk["screens"][what] / desk["screens"]["reference"])


def _needing(desk: Told) -> float:
    people: int = desk["screens"]["needing"]
    return _screen(desk, "attention") / max(1, people)


def _reconciled(close: Told) -> float:
    return float(1000 * close["cpu"] / close["reference"] / max(1, close["records"]))


def _a_record(desk: Told) -> float:
    done = [sync for sync in desk["syncs"] if sync["waited"] - sync["left"] >= FEW]
    records = sum(sync["waited"] - sync["left"] for sync in done)
    return sum(sync["cpu"] / sync["reference"] for sync in done) / records if records else 0.0


def _a_thousand(days: Sequence[Told]) -> list[float]:
    found = []
    for day in days:
        records = sum(desk["records"] for desk in day["desks"])
        found.append(1000 * median(desk["files"]["vault.db"] for desk in day["desks"]) / MIB / records)
    return found


def _others(files: dict[str, int]) -> float:
    return sum(size for name, size in files.items() if name != "vault.db")


def _longest(desk: Told) -> float:
    """After a kill the whole file is looked through before the next push (P.20.3)."""
    return max(float(sync["cpu"] / sync["reference"]) for sync in desk["syncs"])


def _unlock(desk: Told, what: str) -> float:
    return 1000 * _middle([one[what] for one in desk["unlocks"]])


def table(outcome: Outcome) -> Iterator[str]:
    """Markdown, a day a column."""
    days = len(outcome.days)
    heads = [f"day {n + 1}" for n in range(days)]
    yield f"| what | {' | '.join(heads)} | day {days} to day {min(2, days)} | may be |"
    yield "|---|" + "---:|" * (days + 2)
    for one in growth(outcome):
        unit = f", {one.unit}" if one.unit else ""
        cells = " | ".join(_said(value) for value in one.days)
        may = "grows" if one.most is None else f"≤ {one.most}{'' if one.holds else ': **no**'}"
        yield f"| {one.what}{unit} | {cells} | {one.ratio:.2f} | {may} |"


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
