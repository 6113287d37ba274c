"""People book themselves: each row of a CSV goes through central's booking API, with the OTP from their own phone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from vaccinator_app.cli.demo.people_at_home import AtHome, NotBooked
from vaccinator_app.cli.exits import Exit, Failed

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS = ("name", "year_of_birth", "gender", "mobile", "photo_id_type", "photo_id_number", "vaccine", "dose", "slot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One person who has a slip. ``code`` is what their SMS says; ``slip`` the digits in its QR."""

    name: str
    dose: int
    reference: str
    token: int
    mobile: str
    photo_id: str
    code: str
    slip: str


@dataclass(slots=True)
class Outcome:
    """Who has an appointment now, and a sentence with its line number for each row that could not be booked."""

    booked: list[Booked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Each row with the number of the line it begins on; None for a row that has another number of fields.

    Raises ``Failed`` when the file cannot be read or lacks a column. A row may span lines inside quotes.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"The bookings file {path.name} is not there or cannot be read.") from error
    except UnicodeDecodeError as error:
        raise Failed(Exit.BAD_INPUT, f"The bookings file {path.name} is not UTF-8 text; save it as such.") from error
    lines = csv.reader(text.splitlines(keepends=True))
    try:
        yield from _rows(lines, path.name)
    except csv.Error as error:
        raise Failed(
            Exit.BAD_INPUT, f"The bookings file {path.name} is no table from line {lines.line_num} on; mend it."
        ) from error


def _rows(lines: Reader, file: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    header = [name.strip().casefold() for name in next(lines, [])]
    missing = [name for name in COLUMNS if name not in header]
    if len(missing) == len(COLUMNS):
        raise Failed(Exit.BAD_INPUT, f"The first line of {file} must name its columns: {','.join(COLUMNS)}.")
    if missing:
        raise Failed(Exit.BAD_INPUT, f"The bookings file {file} lacks these columns: {', '.join(missing)}.")
    begins = lines.line_num + 1
    for fields in lines:
        if fields:
            yield begins, dict(zip(header, fields, strict=True)) if len(fields) == len(header) else None
        begins = lines.line_num + 1


def book_all(path: Path, at_home: AtHome, centre: str, today: date) -> Outcome:
    """Book every row; a bad one is told by line and reason, and the others go on."""
    outcome = Outcome()
    for line, row in read_rows(path):
        if row is None:
            outcome.problems.append(f"line {line}: the number of fields is not that of the first line.")
            continue
        try:
            outcome.booked.append(_book(row, at_home, centre, today))
        except NotBooked as error:
            outcome.problems.append(f"line {line}: {error}")
    return outcome


def _book(row: dict[str, str], at_home: AtHome, centre: str, today: date) -> Booked:
    wish = {
        "centre": centre,
        "date": today.isoformat(),
        "name": row["name"],
        "year_of_birth": _number(row["year_of_birth"]),
        "gender": row["gender"].strip().casefold(),
        "photo_id_type": row["photo_id_type"].strip().casefold(),
        "photo_id_number": row["photo_id_number"],
        "vaccine": row["vaccine"].strip().casefold(),
        "dose": _number(row["dose"]),
        "slot": row["slot"].strip(),
    }
    slip = at_home.book(row["mobile"], wish)
    return Booked(
        name=row["name"].strip(),
        dose=int(wish["dose"]),
        reference=slip["reference"],
        token=int(slip["token"]),
        mobile=row["mobile"],
        photo_id=row["photo_id_number"],
        code=at_home.code_from_sms(row["mobile"], slip["reference"]),
        slip=slip["slip"],
    )


def _number(text: str) -> int | str:
    """A whole number where one stands; otherwise the text as it is, for central to say what is wrong with it."""
    stripped = text.strip()
    return int(stripped) if stripped.isdecimal() else stripped
