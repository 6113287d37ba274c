"""The CSV: one header, a line a record, and no cell that a spreadsheet would calculate."""

import csv
import io
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from tests.reports.given import ROOT, at, empty_day, fixed_day, full_day
from vaccinator_app.domain.events import ProofKind, Site
from vaccinator_app.reports.csv import FORMULA_SIGNS, HEADER, plain, render, safe
from vaccinator_app.reports.day import LineStatus

GOLDEN = Path(__file__).parent / "golden" / "day.csv"
HOSTILE = st.text(st.sampled_from("=+-@\t\r\n'\",;＝＋－＠a1 \u202e\x00é"), max_size=8) | st.text(max_size=20)


def rows(data: bytes) -> list[list[str]]:
    """As a program that was not written here reads it."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def test_the_file_is_what_it_was() -> None:
    """A golden file: others read this; a column may come last, none may change."""
    assert render(fixed_day()) == GOLDEN.read_bytes()


def test_it_is_utf_8_with_a_mark_and_crlf() -> None:
    data = render(full_day())
    assert data.startswith(b"\xef\xbb\xbfcentre,day,")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == 601


def test_every_record_has_one_line_in_the_order_of_time() -> None:
    report = full_day()
    first, *found = rows(render(report))
    assert tuple(first) == HEADER
    assert {len(row) for row in found} == {len(HEADER)}
    assert sorted((row[2], int(row[3])) for row in found) == sorted((line.device, line.seq) for line in report.doses)
    assert [row[4] for row in found] == sorted(row[4] for row in found)
    assert {row[6] for row in found} == {status.value for status in LineStatus}


def test_the_order_in_which_records_came_makes_no_difference() -> None:
    report = full_day()
    assert render(replace(report, doses=report.doses[::-1])) == render(report)


def test_times_are_those_of_the_centre() -> None:
    report = full_day()
    moved = replace(report, doses=tuple(replace(line, at=line.at.astimezone(UTC)) for line in report.doses))
    assert render(moved) == render(report)
    assert b"+05:30" in render(moved)


def test_the_language_makes_no_difference() -> None:
    report = full_day()
    assert render(replace(report, language="hi")) == render(report)


def test_a_day_without_records_is_a_header() -> None:
    assert rows(render(empty_day())) == [list(HEADER)]


def test_ten_thousand() -> None:
    assert len(rows(render(full_day(people=10_000)))) == 10_001


@pytest.mark.parametrize("cell", ["=1+1", "+91", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "'"])
def test_a_formula_is_only_text(cell: str) -> None:
    assert safe(cell) == "'" + cell
    assert plain(safe(cell)) == cell


@pytest.mark.parametrize("cell", ["", "0", "12", "2026-11-21", "Sushma Devi", "a=1", "लक्ष्मी"])
def test_anything_else_stays_as_it_is(cell: str) -> None:
    assert safe(cell) == cell == plain(cell)


@given_by(
    texts=st.lists(HOSTILE, min_size=6, max_size=6),
    seq=st.integers(1, 10**9),
    dose=st.integers(0, 9),
)
def test_what_is_read_back_is_what_went_in_and_nothing_calculates(texts: list[str], seq: int, dose: int) -> None:
    batch, name, vaccine, device, staff, reason = (text.encode("utf-8", "replace").decode() for text in texts)
    line = replace(
        fixed_day().doses[1],
        device=device,
        seq=seq,
        batch=batch,
        vaccine=vaccine,
        staff=staff,
        reason=reason,
        dose=dose,
    )
    report = replace(fixed_day(), doses=(line,), names={staff: name}, vaccines={vaccine: batch})
    _, row = rows(render(report))
    assert not any(cell.startswith(FORMULA_SIGNS) for cell in row)
    found = dict(zip(HEADER, map(plain, row), strict=True))
    assert found == {
        "centre": "091042",
        "day": "2026-11-21",
        "device": device,
        "seq": str(seq),
        "at": at(9, 41).isoformat(),
        "recorded_at": at(9, 41).isoformat(),
        "status": "standing",
        "reason": reason,
        "appointment": "202611210014",
        "vaccine": vaccine,
        "vaccine_name": batch,
        "dose": str(dose) if dose else "",
        "batch": batch,
        "expiry": "2027-03-31",
        "site": Site.LEFT_ARM.value,
        "proof": ProofKind.CODE.value,
        "staff": staff,
        "staff_name": name,
        "corrects": "",
    }


def test_every_column_is_described() -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    table = page.partition("\n## CSV\n")[2].partition("\n## ")[0]
    assert tuple(line.split("`")[1] for line in table.splitlines() if line.startswith("| `")) == HEADER
