"""What a row of the table is, and how two things are measured so that a noisy machine hurts both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FEW = 12
"""Up to so many runs the spread is the least and the most of them; of more it is the quartiles."""


class Missing(Exception):
    """What a row is measured beside is not on this machine; the text says what."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second of the clock, and a second of processor time of all who took part."""

    clock: float
    work: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``ratio`` is ours to the reference; it holds while it stays on the right side of ``budget``.

    ``at_least`` turns the side: then the ratio must not fall below the budget. ``unit`` is of ours and reference.
    ``ratios`` are those of each run; the row's own is their median.
    """

    row: str
    unit: str
    ours: float
    reference: float
    budget: float
    at_least: bool = False
    ratios: tuple[float, ...] = ()
    note: str = ""

    @classmethod
    def paired(
        cls, row: str, unit: str, pairs: Sequence[tuple[float, float]], budget: float, *, at_least: bool = False,
        note: str = "",
    ) -> Row:  # fmt: skip
        """A row of ``(ours, reference)``, each pair taken one right after the other."""
        ours, reference = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios = tuple(mine / other for mine, other in pairs)
        return cls(
            row=row, unit=unit, ours=ours, reference=reference, budget=budget, at_least=at_least, ratios=ratios,
            note=note,
        )  # fmt: skip

    @classmethod
    def rates(cls, row: str, pairs: Sequence[tuple[Rate, Rate]], budget: float, *, note: str) -> Row:
        """A row of rates, to be at least ``budget``; the note says beside what they are by processor time alone."""
        by_clock = [(mine.clock, other.clock) for mine, other in pairs]
        work = statistics.median(mine.work / other.work for mine, other in pairs)
        note = f"{note}; of processor time alone {work:.2f}"
        return cls.paired(row, "1/s", by_clock, budget, at_least=True, note=note)

    @classmethod
    def against(cls, row: str, unit: str, ours: Sequence[float], limit: float, *, note: str = "") -> Row:
        """A row of several runs, each beside a limit that is no measurement: a frame, 300 bytes."""
        return cls.paired(row, unit, [(one, limit) for one in ours], 1.0, note=note)

    @property
    def ratio(self) -> float:
        """Ours to the reference: the median of the runs."""
        return statistics.median(self.ratios) if self.ratios else self.ours / self.reference

    @property
    def spread(self) -> tuple[float, float]:
        """Of the ratio: least and most of few runs, the quartiles of many."""
        found = sorted(self.ratios) or [self.ratio]
        if len(found) <= FEW:
            return found[0], found[-1]
        low, _, high = statistics.quantiles(found, n=4)
        return low, high

    @property
    def holds(self) -> bool:
        """Within budget."""
        return self.ratio >= self.budget if self.at_least else self.ratio <= self.budget

    def as_json(self) -> dict[str, object]:
        """The fields of ``bench.json`` (DESIGN 11), and beside them unit, spread, runs and what is to be known."""
        return {
            "row": self.row,
            "ours": round(self.ours, 4),
            "reference": round(self.reference, 4),
            "ratio": round(self.ratio, 3),
            "budget": self.budget,
            "holds": self.holds,
            "side": "at least" if self.at_least else "at most",
            "unit": self.unit,
            "spread": [round(end, 3) for end in self.spread],
            "runs": len(self.ratios) or 1,
            "note": self.note,
        }


@dataclass(slots=True)
class Pairs:
    """Pairs of seconds, gathered one after the other: of the clock, and of this process's own work."""

    found: list[tuple[float, float]] = field(default_factory=list)
    worked: list[tuple[float, float]] = field(default_factory=list)

    def take(self, ours: Callable[[], object], reference: Callable[[], object]) -> None:
        """One of each. Which goes first changes with every pair, so that neither always finds the other's heat."""
        acts = (ours, reference)
        times = [(0.0, 0.0)] * 2
        for which in (0, 1) if len(self.found) % 2 else (1, 0):
            began, worked = time.perf_counter(), time.process_time()
            acts[which]()
            times[which] = time.perf_counter() - began, time.process_time() - worked
        self.found.append((times[0][0], times[1][0]))
        self.worked.append((times[0][1], times[1][1]))

    def scaled(self, by: float) -> list[tuple[float, float]]:
        """In another unit: 1000 for milliseconds."""
        return [(mine * by, other * by) for mine, other in self.found]

    @property
    def work(self) -> float:
        """Ours to the reference, of processor time alone: steady where others use the machine too."""
        return statistics.median(mine for mine, _ in self.worked) / statistics.median(other for _, other in self.worked)


def seconds(act: Callable[[], object]) -> float:
    """How long ``act`` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def worst_of_hundred(times: Sequence[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]
