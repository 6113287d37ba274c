"""Who did or saw what as CSV (RFC 4180): a line a record, names of the people it is about masked (DESIGN 5.5).

UTF-8 with a byte order mark and CRLF, and no cell that a spreadsheet would calculate: see ``reports.csv``. The columns
are described in docs/privacy.md; they are the same in every language, ``what`` is in the one that ``say`` speaks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from vaccinator_app.domain.audit import Entry
from vaccinator_app.domain.message import Message
from vaccinator_app.reports.csv import safe

HEADER = (
    *("at", "machine", "device", "record", "told", "staff", "staff_name"),
    *("sort", "kind", "what", "appointment", "token", "person"),
)
"""The first line: names never change their meaning; a new column comes last."""


def render(entries: Iterable[Entry], time_zone: str, say: Callable[[Message], str]) -> bytes:
    """The file, header first, in the order of ``entries``; times in ``time_zone`` (an IANA name)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    zone = ZoneInfo(time_zone)
    writer.writerows([safe(cell) for cell in _cells(one, zone, say)] for one in entries)
    return text.getvalue().encode("utf-8-sig")


def _cells(one: Entry, zone: ZoneInfo, say: Callable[[Message], str]) -> Iterator[str]:
    yield one.at.astimezone(zone).isoformat(timespec="seconds")
    yield one.machine
    yield one.device
    yield str(one.seq) if one.seq else ""
    yield "" if one.own else "told"
    yield one.staff
    yield one.name
    yield one.sort.value
    yield one.kind
    yield say(one.words)
    yield one.appointment or ""
    yield str(one.token) if one.token else ""
    yield one.whom
