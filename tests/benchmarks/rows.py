"""What a row of the table is, and how two things are measured so that a noisy machine hurts both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``ratio`` is ours to the reference; it holds while it stays on the right side of ``budget``.

    ``at_least`` turns the side: then the ratio must not fall below the budget. ``unit`` is of ours and reference.
    """

    row: str
    unit: str
    ours: float
    reference: float
    budget: float
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours to the reference."""
        return self.ours / self.reference

    @property
    def holds(self) -> bool:
        """Within budget."""
        return self.ratio >= self.budget if self.at_least else self.ratio <= self.budget

    def as_json(self) -> dict[str, object]:
        """The fields of ``bench.json``."""
        return {
            "row": self.row,
            "ours": round(self.ours, 4),
            "reference": round(self.reference, 4),
            "ratio": round(self.ratio, 3),
            "budget": self.budget,
            "holds": self.holds,
        }


def seconds(act: Callable[[], object]) -> float:
    """How long ``act`` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def in_turn(
    ours: Callable[[], object],
    reference: Callable[[], object],
    rounds: int,
    before: Callable[[], object] = lambda: None,
) -> tuple[float, float]:
    """Median seconds of each, taken one after the other ``rounds`` times: the machine's moods fall on both.

    ``before`` goes ahead of each round and is not counted.
    """
    pairs = []
    for _ in range(rounds):
        before()
        pairs.append((seconds(ours), seconds(reference)))
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def worst_of_hundred(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]
