"""Vaccines and their schedule: doses, intervals, ages, doses in a vial, open-vial life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """One product. Intervals in days, open-vial life in hours, ages in years as ``eligibility`` counts them.

    ``min_interval_days[n]`` is the least time between dose ``n`` and dose ``n + 1``; there is one entry
    fewer than doses.
    """

    id: str
    name: str
    doses: int
    min_interval_days: tuple[int, ...]
    min_age_years: int
    doses_per_vial: int
    open_vial_hours: int

    def min_interval_before(self, dose: int) -> int | None:
        """Days that must lie between the dose before and ``dose``; None for the first one."""
        return None if dose <= 1 else self.min_interval_days[dose - 2]


Formulary = Mapping[str, Vaccine]
"""The programme's vaccines by id."""


def formulary(table: list[dict[str, object]]) -> Formulary:
    """The vaccines of ``resources/vaccines.json``, already parsed.

    Raises ``ValueError`` naming the vaccine whose row does not hold together.
    """
    vaccines: dict[str, Vaccine] = {}
    for row in table:
        vaccine = _vaccine(row)
        if vaccine.id in vaccines:
            raise ValueError(f"vaccine {vaccine.id}: stands twice")
        vaccines[vaccine.id] = vaccine
    return vaccines


def _vaccine(row: dict[str, object]) -> Vaccine:
    name = row.get("id")
    intervals = row.get("min_interval_days")
    if not isinstance(intervals, list):
        raise ValueError(f"vaccine {name}: min_interval_days is not a list")
    try:
        vaccine = Vaccine(**{**row, "min_interval_days": tuple(intervals)})  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"vaccine {name}: a field is missing or not known") from error
    numbers = (vaccine.doses, *intervals, vaccine.min_age_years, vaccine.doses_per_vial, vaccine.open_vial_hours)
    if not all(isinstance(number, int) and number >= 0 for number in numbers) or vaccine.doses_per_vial < 1:
        raise ValueError(f"vaccine {name}: a number is not a whole number or too small")
    if len(intervals) != vaccine.doses - 1:
        raise ValueError(f"vaccine {name}: {vaccine.doses} doses want {vaccine.doses - 1} intervals")
    return vaccine
