"""Where two tallies of one day differ, each count by a name (P.12.5). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from vaccinator_app.domain.counts import BatchCount, Counts, DayTally, Line
from vaccinator_app.protocol.messages import CountedElsewhere

MOST = 50
"""Differences that are told of one close; whoever looks into fifty looks at the whole day."""

_LONGEST = 100
_COUNTS = tuple(field.name for field in fields(Counts))
_STOCK = tuple(field.name for field in fields(BatchCount) if field.name not in ("vaccine", "batch"))
_LINES = {
    "session": "sessions",
    "vaccine": "vaccines",
    "batch": "batches",
    "staff": "staff",
    "booking": "bookings",
}


def differences(here: DayTally, there: DayTally) -> tuple[CountedElsewhere, ...]:
    """Every count in which ``there`` (central's) is not as ``here`` (the signed one), at most ``MOST``.

    They are named ``total.given``, ``vaccine.covishield.given``, ``deferral.unwell.people``, ``hour.10.arrived``,
    ``stock.covishield/4121Z025.received``; ``day`` holds a date as the number ``yyyymmdd``. A line that one side lacks
    counts as zeros there.
    """
    mine, theirs = dict(_named(here)), dict(_named(there))
    found = (
        CountedElsewhere(name[:_LONGEST], mine.get(name, 0), theirs.get(name, 0))
        for name in {**mine, **theirs}
        if mine.get(name, 0) != theirs.get(name, 0)
    )
    return tuple(one for one, _ in zip(found, range(MOST), strict=False))


def _named(tally: DayTally) -> Iterator[tuple[str, int]]:
    """Every count by its name, the ones that matter most first."""
    yield "day", int(f"{tally.day:%Y%m%d}")
    yield from _counts("total", tally.total)
    for prefix, attribute in _LINES.items():
        lines: tuple[Line, ...] = getattr(tally, attribute)
        for line in lines:
            yield from _counts(f"{prefix}.{line.key}", line.counts)
    for deferral in tally.deferrals:
        yield f"deferral.{deferral.reason}.people", deferral.people
    for batch in tally.stock:
        for name in _STOCK:
            yield f"stock.{batch.vaccine}/{batch.batch}.{name}", getattr(batch, name)
    for hour in tally.hours:
        yield f"hour.{hour.hour}.arrived", hour.arrived
        yield f"hour.{hour.hour}.given", hour.given


def _counts(prefix: str, counts: Counts) -> Iterator[tuple[str, int]]:
    for name in _COUNTS:
        yield f"{prefix}.{name}", getattr(counts, name)
