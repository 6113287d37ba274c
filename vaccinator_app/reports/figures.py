"""The printed page's content, as plain values in the report's language: what is counted becomes rows and words.

Nothing here knows how a page looks; that is the template's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vaccinator_app.domain.closing_events import CountedBatch, VarianceReason
from vaccinator_app.domain.counts import BatchCount, Counts, Line, wastage_rate
from vaccinator_app.reports.charts import charts
from vaccinator_app.reports.day import DayReport
from vaccinator_app.reports.materials import Labels
from vaccinator_app.reports.text import NOTHING, clean, masked, number, percent, printable, signed

Row = list[str]

PEOPLE = ("booked", "walk_ins", "arrived", "given", "deferred", "no_show", "codes_refused", "voided")
STAFF = ("given", "deferred", "by_code", "by_slip", "by_override", "by_none", "codes_refused", "voided")
WAYS = ("by_code", "by_slip", "by_override", "by_none")


def page_data(report: DayReport, labels: Labels) -> dict[str, Any]:
    """Everything the template prints."""
    maker = _Maker(report, labels)
    return {
        "language": report.language,
        "words": labels.everything(),
        "document": labels("document", centre=clean(report.centre), day=report.day.isoformat()),
        "centre_name": printable(report.centre_name),
        "centre": labels("centre", centre=printable(report.centre)),
        "day": labels.date(report.day),
        "printed": labels(
            "printed", day=labels.date(maker.local(report.printed_at)), time=maker.time(report.printed_at)
        ),
        "state": maker.state(),
        "closed": report.closed is not None,
        "strip": maker.strip(),
        "asides": maker.asides(),
        "charts": charts(report, labels),
        "people": maker.people(),
        "stock": maker.stock(),
        "stock_notes": maker.stock_notes(),
        "doses": maker.doses(),
        "staff": maker.staff(),
        "checks": maker.checks(),
        "deferrals": maker.deferrals(),
        "exceptions": maker.exceptions(),
        "close": maker.close(),
        "heads": maker.heads(),
    }


@dataclass(frozen=True, slots=True)
class _Maker:
    report: DayReport
    labels: Labels

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.report.time_zone))

    def time(self, at: datetime) -> str:
        return self.local(at).strftime("%H:%M")

    def state(self) -> str:
        closed = self.report.closed
        if closed is None:
            return self.labels("state.open")
        return (
            self.labels("state.amended", number=closed.amendment) if closed.amendment else self.labels("state.closed")
        )

    def strip(self) -> list[Row]:
        """The six numbers of the day, and what each counts."""
        total = self.report.tally.total
        return [[number(getattr(total, key)), self.labels(f"count.{key}")] for key in PEOPLE[:6]]

    def asides(self) -> list[Row]:
        """What counts records and exceptions, not people."""
        total = self.report.tally.total
        return [
            [self.labels("count.codes_refused"), number(total.codes_refused)],
            [self.labels("count.voided.long"), number(total.voided)],
            [self.labels("count.twice.long"), number(total.twice)],
            [self.labels("count.exceptions"), number(len(self.report.exceptions))],
            [self.labels("exceptions.open"), number(sum(not one.settled.strip() for one in self.report.exceptions))],
        ]

    def people(self) -> list[dict[str, Any]]:
        """Groups of rows: the whole day, sessions, ways of booking, vaccines."""
        tally = self.report.tally
        groups = [
            ("", [Line(self.labels("line.total"), tally.total)], printable),
            (self.labels("line.sessions"), tally.sessions, self._session),
            (self.labels("line.bookings"), tally.bookings, lambda key: printable(self.labels.either("line", key))),
            (self.labels("line.vaccines"), tally.vaccines, self._vaccine),
        ]
        return [{"title": title, "rows": _lines(lines, PEOPLE, named)} for title, lines, named in groups if lines]

    def stock(self) -> list[dict[str, Any]]:
        """Vials of each batch: name and batch, then numbers; ``odd`` are the places of those to look at."""
        counted = self._counted()
        rows = []
        for batch in self._batches():
            by_hand = counted.get((batch.vaccine, batch.batch))
            odd = [5] if batch.unopened < 0 else []
            odd += [7] if by_hand and by_hand.counted != by_hand.computed else []
            rows.append(
                {
                    "vaccine": self._vaccine(batch.vaccine),
                    "batch": printable(batch.batch),
                    "cells": [
                        *(number(value) for value in (batch.at_start, batch.received, batch.opened)),
                        *(number(value) for value in (batch.discarded, batch.transferred, batch.unopened)),
                        number(by_hand.counted) if by_hand else NOTHING,
                        signed(by_hand.counted - by_hand.computed) if by_hand else NOTHING,
                    ],
                    "odd": odd,
                }
            )
        return rows

    def stock_notes(self) -> list[str]:
        """Why counts differ, a sentence a batch."""
        return [
            self.labels("stock.reason", batch=printable(one.batch), reason=self.labels.either("variance", one.reason))
            for one in self._counted().values()
            if one.reason is not VarianceReason.NONE
        ]

    def doses(self) -> list[dict[str, Any]]:
        """Doses of each batch, and of all together."""
        voided = {line.key: line.counts.voided for line in self.report.tally.batches}
        batches = self._batches()
        rows = [
            {
                "vaccine": self._vaccine(batch.vaccine),
                "batch": printable(batch.batch),
                "cells": _doses(batch, voided.get(f"{batch.vaccine}/{batch.batch}", 0), batch.lost),
                "odd": [4] if batch.variance else [],
            }
            for batch in batches
        ]
        if len(batches) > 1:
            whole = BatchCount(
                vaccine="",
                batch="",
                doses_per_vial=0,
                **{
                    name: sum(getattr(batch, name) for batch in batches)
                    for name in ("from_vials", "given", "wasted", "left", "variance")
                },
            )
            cells = _doses(whole, sum(voided.values()), sum(batch.lost for batch in batches))
            rows.append({"vaccine": self.labels("doses.all"), "batch": "", "cells": cells, "odd": []})
        return rows

    def staff(self) -> list[Row]:
        """Who gave, deferred, voided; checks by kind. By name."""
        rows = _lines(self.report.tally.staff, STAFF, lambda staff: printable(self.report.names.get(staff, staff)))
        return sorted(rows)

    def checks(self) -> list[Row]:
        """How each dose's person was checked: how, doses, share."""
        total = self.report.tally.total
        checked = {way: getattr(total, way) for way in WAYS}
        whole = sum(checked.values())
        return [
            [self.labels(f"checks.{way.removeprefix('by_')}"), number(count), percent(count, whole)]
            for way, count in checked.items()
        ]

    def deferrals(self) -> list[Row]:
        """Reasons, the commonest first."""
        ordered = sorted(self.report.tally.deferrals, key=lambda one: (-one.people, one.reason))
        return [[printable(self.labels.either("defer", one.reason)), number(one.people)] for one in ordered]

    def exceptions(self) -> list[dict[str, Any]]:
        """As they stand in the report, with the time at the centre and the record; appointments are masked."""
        return [
            {
                "time": self.time(one.at) if one.at else NOTHING,
                "record": f"{printable(self.report.desks.get(one.device, one.device))} · {one.seq}" if one.seq else "",
                "kind": printable(one.kind),
                "words": printable(masked(one.words)),
                "settled": printable(masked(one.settled)) or self.labels("exceptions.open"),
                "open": not one.settled.strip(),
            }
            for one in self.report.exceptions
        ]

    def close(self) -> list[str]:
        """Who signed, and whether central agrees."""
        closed = self.report.closed
        if closed is None:
            return [self.labels("close.not")]
        at = self.local(closed.closed_at)
        said = [self.labels("close.by", by=printable(closed.by), day=self.labels.date(at), time=self.time(at))]
        if closed.amendment:
            said.append(self.labels("close.amendment", number=closed.amendment))
        agreed = {None: "close.waiting", True: "close.agreed", False: "close.differs"}[closed.agreed]
        return [*said, self.labels(agreed)]

    def heads(self) -> list[dict[str, Any]]:
        """Each desk's ledger: the hash in groups of four."""
        closed = self.report.closed
        return [
            {
                "desk": printable(self.report.desks.get(head.device, head.device)),
                "device": printable(head.device),
                "seq": str(head.seq),
                "groups": [clean(head.hash)[i : i + 4] for i in range(0, len(clean(head.hash)), 4)],
            }
            for head in (closed.heads if closed else ())
        ]

    def _session(self, key: str) -> str:
        starts = self.report.session_starts
        if not key.isdecimal() or not 1 <= int(key) <= len(starts):
            return self.labels("line.session", number=printable(key))
        return self.labels("line.session_from", number=key, time=self.time(starts[int(key) - 1]))

    def _vaccine(self, vaccine: str) -> str:
        return printable(self.report.vaccines.get(vaccine, vaccine))

    def _counted(self) -> dict[tuple[str, str], CountedBatch]:
        return {(one.vaccine, one.batch): one for one in (self.report.closed.counted if self.report.closed else ())}

    def _batches(self) -> Sequence[BatchCount]:
        """Those in stock, and those that only voided doses or the count by hand name."""
        there = {(one.vaccine, one.batch): one for one in self.report.tally.stock}
        named = [tuple(line.key.split("/", 1)) for line in self.report.tally.batches] + list(self._counted())
        for name in named:
            vaccine, batch = name if len(name) == 2 else ("", name[0])
            there.setdefault((vaccine, batch), BatchCount(vaccine=vaccine, batch=batch, doses_per_vial=0))
        return [there[name] for name in sorted(there)]


def _lines(lines: Iterable[Line], fields: Sequence[str], named: Callable[[str], str]) -> list[Row]:
    return [[named(line.key), *_cells(line.counts, fields)] for line in lines]


def _cells(counts: Counts, fields: Sequence[str]) -> Row:
    return [number(getattr(counts, field)) for field in fields]


def _doses(batch: BatchCount, voided: int, lost: int) -> Row:
    rate = wastage_rate(batch.given, lost)
    return [
        *(number(value) for value in (batch.from_vials, batch.given, batch.wasted, batch.left)),
        signed(batch.variance),
        number(lost),
        NOTHING if rate is None else f"{100 * rate:.1f} %",
        number(voided),
    ]
