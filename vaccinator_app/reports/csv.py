"""The day's doses and deferrals as CSV (RFC 4180): a line a record, for spreadsheets and other programs.

UTF-8 with a byte order mark, since the spreadsheet most used reads Hindi wrongly without; CRLF. The columns are
described in docs/reports.md; they and their values are the same in every language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from vaccinator_app.reports.day import DayReport, DoseLine

HEADER = (
    *("centre", "day", "device", "seq", "at", "recorded_at", "status", "reason", "appointment", "vaccine"),
    *("vaccine_name", "dose", "batch", "expiry", "site", "proof", "staff", "staff_name", "corrects"),
)
"""The first line: names never change their meaning; a new column comes last."""

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection), full-width forms included."""

_MARK = "'"


def render(report: DayReport) -> bytes:
    """The file, header first, in the order of time, device and ``seq``. A day without records is a header alone."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    zone = ZoneInfo(report.time_zone)
    writer.writerows([safe(cell) for cell in _cells(report, line, zone)] for line in report.lines())
    return text.getvalue().encode("utf-8-sig")


def safe(cell: str) -> str:
    """``cell`` with an apostrophe before it where a spreadsheet would calculate it.

    So has a cell that begins with an apostrophe itself, so that ``plain`` can tell the two apart.
    """
    return _MARK + cell if cell.startswith((*FORMULA_SIGNS, _MARK)) else cell


def plain(cell: str) -> str:
    """What ``safe`` was given: for programs that read the file back."""
    return cell.removeprefix(_MARK)


def _cells(report: DayReport, line: DoseLine, zone: ZoneInfo) -> Iterator[str]:
    yield report.centre
    yield report.day.isoformat()
    yield line.device
    yield str(line.seq)
    yield _moment(line.at, zone)
    yield _moment(line.recorded_at or line.at, zone)
    yield line.status.value
    yield line.reason
    yield line.appointment
    yield line.vaccine
    yield report.vaccines.get(line.vaccine, "")
    yield str(line.dose) if line.dose else ""
    yield line.batch
    yield line.expiry.isoformat() if line.expiry else ""
    yield line.site.value if line.site else ""
    yield line.proof.value if line.proof else ""
    yield line.staff
    yield report.names.get(line.staff, "")
    yield str(line.corrects) if line.corrects else ""


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
