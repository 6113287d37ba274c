"""The printed day: what stands on its pages, in both languages, whatever people are called."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pypdf import PageObject

from tests.reports.citizen import certificate, slip
from tests.reports.given import MATERIALS, ROOT, VACCINES, closing, empty_day, exceptions, full_day, hashed
from tests.reports.read import fonts, reader, sheets, text
from vaccinator_app.domain.counts import BatchCount, Counts, Deferral, Hour
from vaccinator_app.reports.certificate import certificate_pdf
from vaccinator_app.reports.day import DayReport, ExceptionLine
from vaccinator_app.reports.materials import Materials, ReportFailed
from vaccinator_app.reports.pdf import pages, render
from vaccinator_app.reports.slip import slip_pdf
from vaccinator_app.reports.typesetting import _fonts

HOSTILE = {
    "s1": '#panic("x")',
    "s2": "*bold* $x$ `raw` @cite <label> // no \\ end",
    "s3": "x" * 300,
    "s4": "محمد علی 😀 தமிழ் \u202eabc\u202c",
    "s5": '"};#import "@preview/cetz:0.1.0"',
}


@cache
def english() -> bytes:
    return render(full_day("en"), MATERIALS)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(full_day("en"), MATERIALS) == english()


def test_it_is_a4_and_tagged_and_says_nothing_of_who_made_it() -> None:
    found = reader(english())
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in found.pages} == {(595, 842)}
    about = found.metadata
    assert about is not None
    assert about.title == "Day report 091042 2026-11-21"
    assert about.author is None
    assert about.creation_date_raw == "D:20261121121400Z"
    root: Any = found.trailer["/Root"]
    assert root["/Lang"] == "en-IN"
    assert root["/MarkInfo"]["/Marked"]


def test_the_title_names_no_person_in_hindi_either() -> None:
    about = reader(render(full_day("hi"), MATERIALS)).metadata
    assert about is not None
    assert about.title == "दिन की रिपोर्ट 091042 2026-11-21"


def test_pages_are_numbered_and_the_count_is_right() -> None:
    found = sheets(english())
    assert len(found) == 3
    for number, sheet in enumerate(found, 1):
        assert f"Page {number} of 3" in sheet
        assert "Centre 091042" in sheet
        assert "Printed 21 November 2026, 17:44" in sheet
    assert all("PHC Rampur" in sheet and "21 November 2026" in sheet for sheet in found)


@pytest.mark.parametrize(
    "line",
    [
        "Whole day 613 25 600 560 34 38 15 6",
        "Session 1, from 09:00 402 18 395 369 20 25 9 6",
        "Walk-in 0 25 25 23 2 0 0 0",
        "Covaxin 177 7 173 166 5 11 4 2",
        "Corbevax HG-0414 6 3 3 0 0 6 5 −1",
        "HG-0414: broken and not recorded",
        "Covishield 4121Z025 170 166 3 2 +1 3 1.8 % 0",
        "All batches 590 560 9 21 0 29 4.9 % 6",
        "R. K. Mishra 165 12 77 74 2 12 4 2",
        "Slip scanned 228 40.7 %",
        "Fever or unwell 14",
        "Codes refused 15 Records voided 6 Recorded twice 0 Exceptions 14 Not settled 1",
        "Signed by Dr. N. Pillai on 21 November 2026 at 17:42.",
        "Central counted the same from the records.",
        "In-charge of the centre",
        "Medical officer",
    ],
)
def test_what_was_counted_stands_there(line: str) -> None:
    assert line in text(english())


def test_each_exception_stands_there_with_how_it_was_settled() -> None:
    found = text(english())
    for one in exceptions("en"):
        assert one.kind in found
        assert one.words in found
        assert one.settled in found
    # once in the summary, once for the one that nobody settled, and never for one that was
    assert found.count("Not settled") == 2


def test_the_whole_hash_can_be_read_out_in_groups() -> None:
    found = text(english())
    for device in ("d4f0c81aa92e6", "d90be77c1f3d2"):
        groups = re.findall("....", hashed(device))
        assert device in found
        assert " ".join(groups) in found
    assert "Desk 1" in found
    assert "934" in found


@pytest.mark.parametrize("language", ["en", "hi"])
def test_no_page_names_an_appointment(language: str) -> None:
    report = full_day(language)
    loud = ExceptionLine(kind="x", words="Ask 202611210014 at once", settled="W00c0ffee00c0ffee came; 091042")
    found = text(render(replace(report, exceptions=(*report.exceptions, loud)), MATERIALS))
    assert "Ask … at once" in found
    assert "… came; 091042" in found
    assert not any(line.appointment in found for line in report.doses)


@pytest.mark.parametrize(("language", "word"), [("en", "NOT CLOSED"), ("hi", "दिन बंद नहीं हुआ")])
def test_an_open_day_says_so_on_every_page(language: str, word: str) -> None:
    report = replace(full_day(language), closed=None)
    drawn = sheets(render(report, MATERIALS))
    assert len(drawn) == 3
    assert all(word in sheet for sheet in drawn)
    assert not any(word in sheet for sheet in sheets(render(full_day(language), MATERIALS)))


def test_an_amendment_says_which_on_every_page() -> None:
    report = replace(full_day(), closed=replace(closing(2), agreed=False))
    drawn = sheets(render(report, MATERIALS))
    assert all("Closed, amendment 2" in sheet for sheet in drawn)
    assert "Central counts differently from the records." in " ".join(drawn)
    waiting = replace(report, closed=replace(closing(), agreed=None))
    assert "Central has not confirmed the counts yet." in text(render(waiting, MATERIALS))


def test_hindi_is_hindi() -> None:
    data = render(full_day("hi"), MATERIALS)
    found = text(data)
    assert len(reader(data).pages) == 3
    for words in ("प्राथमिक", "रामपुर", "21 नवंबर 2026", "पूरा दिन 613 25 600 560", "पृष्ठ 3 / 3", "दिन का समापन"):
        assert words in found
    said = set(re.findall("[A-Za-z]{3,}", found))
    names = set(
        re.findall("[A-Za-z]{3,}", " ".join(["Sushma Devi Mishra Anwar Ali Pillai Desk OTP SMS", *VACCINES.values()]))
    )
    assert {word for word in said if not re.fullmatch("[0-9a-f]+", word)} <= names


def test_joined_letters_are_drawn_joined() -> None:
    """Shaping: the same letters kept apart by a non-joiner make another picture."""
    joined, apart = (
        pages(replace(empty_day("hi"), centre_name=name), MATERIALS, 60)[0] for name in ("क्षत्रिय", "क्\u200cषत्रिय")
    )
    assert joined != apart


@pytest.mark.parametrize(
    ("name", "bundled"), [("Sushma लक्ष्मी – “…” −3", True), ("தமிழ்", False), ("علی", False), ("😀", False)]
)
def test_the_machine_s_own_fonts_are_asked_only_for_letters_we_bring_none_for(name: str, bundled: bool) -> None:
    _fonts.cache_clear()
    render(replace(empty_day("hi"), centre_name=name), MATERIALS)
    folders = tuple(sorted({str(font.parent) for font in MATERIALS.fonts}))
    before = _fonts.cache_info()
    _fonts(folders, not bundled)
    assert _fonts.cache_info().hits == before.hits + 1


def test_bold_is_bold() -> None:
    """The fonts are variable ones; a typesetter that does not know them would print one weight."""
    faces = {name for page in reader(english()).pages for name in fonts_of(page)}
    assert any("NotoSans" in name for name in faces)
    assert len([name for name in faces if "NotoSans" in name and "Devanagari" not in name]) >= 3


def fonts_of(page: PageObject) -> list[str]:
    return [f"{font['/BaseFont']} {name}" for name, font in fonts(page).items()]


def test_names_are_values_and_never_markup() -> None:
    report = replace(
        full_day(),
        names=HOSTILE,
        centre_name="#sys.inputs *x* [",
        closed=replace(closing(), by="$ sum $ #let x = 1"),
        vaccines={**VACCINES, "covaxin": '#read("labels.en.json")'},
        exceptions=(ExceptionLine(kind="#panic()", words="]{", settled='"'),),
    )
    found = text(render(report, MATERIALS)).replace("\u200b", "")
    for words in (
        '#panic("x")',
        "*bold* $x$ `raw` @cite <label> // no \\ end",
        "#sys.inputs *x* [",
        "$ sum $ #let x = 1",
        "#panic() ]{",
        '#read("labels.en.json")',
    ):
        assert words in found
    assert "محمد"[::-1] in found, "right to left, as it is drawn"
    assert found.replace(" ", "").count("x" * 300) == 1


def test_a_name_cannot_turn_what_stands_beside_it() -> None:
    found = text(render(replace(full_day(), names=HOSTILE), MATERIALS))
    assert "\u202e" not in found


def test_a_very_long_name_stays_in_its_column() -> None:
    """Drawn wider than its column it would lie on the numbers or leave the page."""
    name = "क्षत्रिय" * 40
    report = replace(
        full_day("hi"), names={"s1": "W" * 400, "s2": name}, centre_name=name, desks={"d4f0c81aa92e6": name}
    )
    spots: list[float] = []
    for page in reader(render(report, MATERIALS)).pages:
        page.extract_text(visitor_text=lambda _t, _cm, tm, _f, _s: spots.append(float(tm[4])))
    assert max(spots) < 595 - 40


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_day_of_nothing(language: str) -> None:
    report = empty_day(language)
    found = text(render(report, MATERIALS))
    assert len(pages(report, MATERIALS, 40)) == 2
    assert MATERIALS.labels(language)("none") in found
    assert found.count(MATERIALS.labels(language)("chart.none")) == 4


def test_a_closed_day_of_nothing() -> None:
    report = replace(empty_day(), closed=replace(closing(), heads=(), counted=()))
    assert "Signed by Dr. N. Pillai" in text(render(report, MATERIALS))


def test_ten_thousand_doses() -> None:
    found = text(render(full_day(people=10_000), MATERIALS))
    assert "10,000" in found
    assert len(sheets(render(full_day(people=10_000), MATERIALS))) == 3


def test_every_hour_and_sixty_batches_and_two_hundred_exceptions() -> None:
    """Longer than any page: heads of tables come again, and numbers of pages go on."""
    report = full_day()
    stock = tuple(
        BatchCount(vaccine="covaxin", batch=f"B{n:03}", doses_per_vial=10, at_start=-n, from_vials=n) for n in range(60)
    )
    tally = replace(
        report.tally,
        stock=stock,
        hours=tuple(Hour(hour, 4000, 3999) for hour in range(24)),
        total=replace(report.tally.total, booked=0, by_code=0, by_slip=0, by_override=0, by_none=0),
        deferrals=(Deferral("a_reason_of_next_year", 1),),
    )
    drawn = sheets(render(replace(report, tally=tally, exceptions=exceptions("en") * 15, booked_by_hour={}), MATERIALS))
    assert f"Page {len(drawn)} of {len(drawn)}" in drawn[-1]
    listing = [sheet for sheet in drawn if "Held by central" in sheet]
    assert len(listing) > 5
    assert all("Time What Settled" in sheet for sheet in listing)
    assert "a_reason_of_next_year" in " ".join(drawn)
    assert "−59" in " ".join(drawn)


def test_batches_that_only_a_void_or_the_count_by_hand_names() -> None:
    report = full_day()
    found = text(render(replace(report, tally=replace(report.tally, stock=())), MATERIALS))
    assert "Covishield 4121Z025 0 0 0 0 0 0 6 0" in found


def test_negative_counts_are_shown_as_they_are() -> None:
    report = empty_day()
    tally = replace(report.tally, total=Counts(booked=1, voided=-3))
    assert "−3" in text(render(replace(report, tally=tally), MATERIALS))


def test_the_preview_shows_the_same_pages() -> None:
    found = pages(full_day(), MATERIALS, 48)
    assert len(found) == len(reader(english()).pages)
    assert all(page.startswith(b"\x89PNG\r\n\x1a\n") for page in found)
    width, height = (int.from_bytes(found[0][at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (397, 562) or abs(width - 397) + abs(height - 561) <= 2
    (tiny_first, *_) = pages(empty_day(), MATERIALS, 24)
    assert int.from_bytes(tiny_first[16:20], "big") < 200


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_missing_file_is_one_sentence(language: str, tmp_path: Path) -> None:
    report = full_day(language)
    with pytest.raises(ReportFailed, match="Install the app again"):
        render(report, Materials(folder=tmp_path, fonts=MATERIALS.fonts))
    with pytest.raises(ReportFailed, match=r"fonts .* missing"):
        render(report, replace(MATERIALS, fonts=(tmp_path / "NotoSans.ttf",)))
    with pytest.raises(ReportFailed, match="fonts"):
        render(report, replace(MATERIALS, fonts=()))


def test_a_template_that_fails_tells_nothing_of_the_report(tmp_path: Path) -> None:
    for path in (ROOT / "resources").rglob("*.json"):
        copy = tmp_path / path.relative_to(ROOT / "resources")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "reports" / "day.typ").write_text("#panic(sys.inputs.report)")
    with pytest.raises(ReportFailed) as failed:
        render(full_day(), replace(MATERIALS, folder=tmp_path))
    assert str(failed.value) == "The pages could not be set."
    assert failed.value.__cause__ is None


def test_a_language_without_words_is_refused() -> None:
    report: DayReport = replace(full_day(), language="../en")
    with pytest.raises(ReportFailed, match="language"):
        render(report, MATERIALS)


def test_the_template_names_no_package() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "resources" / "reports").glob("*.typ"))
    assert set(re.findall(r'(?:import|include) +"([^"]*)"', sources)) == {"charts.typ", "paper.typ"}
    assert "@" not in sources


def alone(*words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tests.reports.without_sockets", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 77:
        pytest.skip("this system has no seccomp")
    return done


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_no_page_asks_for_a_socket() -> None:
    """In a process that dies the moment it asks for one; the bytes are those of a process that may."""
    done = alone()
    assert done.returncode == 0, done.stderr
    assert done.stdout == english()


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
@pytest.mark.parametrize(
    ("form", "made"),
    [
        ("slip", lambda: slip_pdf(slip(), MATERIALS, "hi")),
        ("certificate", lambda: certificate_pdf(certificate(), MATERIALS, "hi")),
    ],
)
def test_no_slip_or_certificate_asks_for_one(form: str, made: Callable[[], bytes]) -> None:
    done = alone(form)
    assert done.returncode == 0, done.stderr
    assert done.stdout == made()


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_a_package_would_have() -> None:
    assert alone("package").returncode == -signal.SIGSYS
