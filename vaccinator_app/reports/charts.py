"""What the four charts of a day report draw: bars, a line, a scale whose steps a person can read."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from vaccinator_app.domain.counts import DayTally
from vaccinator_app.reports.day import DayReport
from vaccinator_app.reports.materials import Labels
from vaccinator_app.reports.text import number, printable

_STEPS = (1, 2, 5)
_MOST_STEPS = 4


def charts(report: DayReport, labels: Labels) -> dict[str, Any]:
    """By name of the chart; ``alt`` says in words what it shows."""
    hours = _hours(report)
    counted = {one.hour: one for one in report.tally.hours}
    arrived = [counted[hour].arrived if hour in counted else 0 for hour in hours]
    given = [counted[hour].given if hour in counted else 0 for hour in hours]
    return {
        # one scale for both, so that the eye may compare them
        "arrivals": _bars(hours, arrived, max([*arrived, *given], default=0), labels),
        "doses": _bars(hours, given, max([*arrived, *given], default=0), labels),
        "vaccines": _by_vaccine(report, labels),
        "progress": _progress(report, hours, given, labels),
    }


def scale(most: int) -> list[int]:
    """Marks from 0 up to at least ``most``, at steps of 1, 2 or 5 times a power of ten, five marks at most."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * _MOST_STEPS >= most:
                width = step * power
                return list(range(0, max(1, -(-most // width)) * width + 1, width))
        power *= 10


def _scale(most: int) -> dict[str, Any]:
    marks = scale(most)
    return {"marks": marks, "shown": [number(mark) for mark in marks]}


def _hours(report: DayReport) -> list[int]:
    """Every hour from the first to the last of the day, those without anybody between them included."""
    named = {one.hour for one in report.tally.hours} | {hour for hour, n in report.booked_by_hour.items() if n}
    return list(range(min(named), max(named) + 1)) if named else []


def _bars(hours: list[int], values: list[int], most: int, labels: Labels) -> dict[str, Any]:
    said = [labels("chart.hour", hour=f"{h:02}", number=number(n)) for h, n in zip(hours, values, strict=True) if n]
    return {
        "names": [f"{hour:02}" for hour in hours],
        "values": values,
        "shown": [number(value) for value in values],
        "scale": _scale(most),
        "alt": "; ".join(said) or labels("chart.none"),
    }


def _by_vaccine(report: DayReport, labels: Labels) -> dict[str, Any]:
    given = _given_by_vaccine(report.tally)
    names = [printable(report.vaccines.get(key, key)) for key, _ in given]
    said = [labels("chart.pair", name=n, number=number(v)) for n, (_, v) in zip(names, given, strict=True)]
    values = [value for _, value in given]
    return {
        "names": names,
        "values": values,
        "shown": [number(value) for value in values],
        "scale": _scale(max(values, default=0)),
        "alt": "; ".join(said) or labels("chart.none"),
    }


def _given_by_vaccine(tally: DayTally) -> list[tuple[str, int]]:
    given = [(line.key, line.counts.given) for line in tally.vaccines if line.counts.given]
    return sorted(given, key=lambda pair: (-pair[1], pair[0]))


def _progress(report: DayReport, hours: list[int], given: list[int], labels: Labels) -> dict[str, Any]:
    """Running sums at the end of each hour, beginning with the start of the first."""
    slots = report.booked_by_hour
    total = report.tally.total.booked
    booked = [*accumulate((slots.get(hour, 0) for hour in hours), initial=0)] if slots else [total] * (len(hours) + 1)
    done = [*accumulate(given, initial=0)]
    return {
        "names": [f"{hour:02}" for hour in [*hours, *([hours[-1] + 1] if hours else [])]],
        "given": done,
        "booked": booked,
        "ends": {"given": number(done[-1]), "booked": number(booked[-1])},
        "scale": _scale(max([*done, *booked])),
        "alt": labels("chart.ends", given=number(done[-1]), booked=number(booked[-1])),
    }
