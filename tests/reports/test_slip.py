"""The appointment slip: what stands on it, that it is one page whoever it is for, and that a desk can scan it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from tests.reports.citizen import LONG, MARKUP, markup, slip, squeezed
from tests.reports.given import MATERIALS
from tests.reports.photo import codes, ink, opened, photographed, quiet
from tests.reports.read import reader, text
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.reports.materials import LANGUAGES, ReportFailed
from vaccinator_app.reports.slip import Slip, slip_pdf, slip_picture

MM = 150 / 25.4


def one_sheet(one: Slip, language: str = "en") -> str:
    """Its words, once it is sure that it is one page with white all around and a code that can be scanned."""
    data = slip_pdf(one, MATERIALS, language)
    assert len(reader(data).pages) == 1
    image = opened(slip_picture(one, MATERIALS, language, 150))
    width, height = image.size
    side, foot = round(12 * MM), round(10 * MM)
    for box in ((0, 0, side, height), (width - side, 0, width, height), (0, height - foot, width, height)):
        assert ink(image, box) == 255
    assert codes(image) == [one.qr]
    assert quiet(image, 29)
    return text(data)


def test_english() -> None:
    found = one_sheet(slip())
    for words in (
        "Appointment for vaccination",
        "Appointment 2026 1123 0047",
        "Monday, 23 November 2026 10:00",
        "प्राथमिक स्वास्थ्य केंद्र रामपुर Sehore",
        "Token 47",
        "Security code 5903 Tell it only to the vaccinator when you are there.",
        "लक्ष्मी क्षत्रिय",
        "Year of birth 1961 Gender Woman Photo ID Voter ID, ends in 4821",
        "Vaccine Covaxin Dose 1 of 2",
        "Please bring",
        "Your photo ID itself: Voter ID, ends in 4821",
        "This slip, on paper or on a phone",
    ):
        assert words in found


def test_hindi() -> None:
    found = one_sheet(slip(), "hi")
    for words in (
        "टीकाकरण का अपॉइंटमेंट",
        "सोमवार, 23 नवंबर 2026 10:00",
        "टोकन 47",
        "सुरक्षा कोड 5903 केंद्र पहुँचकर केवल टीकाकर्मी को बताएँ।",
        "जन्म का वर्ष 1961 लिंग महिला फ़ोटो पहचान पत्र मतदाता पहचान पत्र, अंत में 4821",
        "टीका Covaxin खुराक 1 (कुल 2)",
        "साथ लाएँ",
        "अपना मूल फ़ोटो पहचान पत्र: मतदाता पहचान पत्र, अंत में 4821",
    ):
        assert words in found


def test_it_is_a5_and_tagged_and_titled_without_a_name() -> None:
    found = reader(slip_pdf(slip(), MATERIALS, "en"))
    (page,) = found.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (420, 595)
    assert found.metadata is not None
    assert found.metadata.title == "Appointment slip 2026 1123 0047"
    assert found.metadata.author is None
    root: Any = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-IN"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_reads_it(language: str) -> None:
    for degrees in (-9, 4, 90, 176):
        assert codes(photographed(slip_picture(slip(), MATERIALS, language, 150), degrees)) == [slip().qr]


def test_black_and_white_loses_nothing() -> None:
    """As a fax or an old printer does it: every point black or white."""
    harsh = opened(slip_picture(slip(), MATERIALS, "hi", 150)).convert("L").point(lambda grey: 255 * (grey > 160))
    assert codes(harsh) == [slip().qr]
    (label,) = {ink(harsh, (round(13 * MM), round(57 * MM), round(30 * MM), round(64 * MM)))}
    assert label == 0, "the small words too"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LONG, ids=range(len(LONG)))
def test_however_long_it_is_one_page(name: str, language: str) -> None:
    long = replace(
        slip(), name=name, centre_name=name, district=name, vaccine=name, photo_id_last4="WWWW", token=99999, dose=10
    )
    found = one_sheet(long, language)
    assert all(words in found for words in ("99999", "5903", "10:00"))


def test_a_hundred_letters_are_all_there() -> None:
    name = " ".join(["Venkatanarasimharajuvaripeta"] * 4)[:100]
    assert squeezed(name) in squeezed(one_sheet(replace(slip(), name=name, centre_name="x")))


@pytest.mark.parametrize("value", MARKUP)
def test_what_people_typed_is_never_markup(value: str) -> None:
    found = squeezed(one_sheet(replace(slip(), name=value, centre_name=value, district=value, vaccine=value)))
    assert found.count(squeezed(value)) == 4


@settings(max_examples=40, deadline=None)
@given_by(markup)
def test_no_text_is_markup(value: str) -> None:
    found = squeezed(text(slip_pdf(replace(slip(), name=value, centre_name=""), MATERIALS, "en")))
    assert squeezed(value) in found


@settings(max_examples=40, deadline=None)
@given_by(st.text(max_size=100), st.sampled_from(LANGUAGES))
def test_any_name_makes_one_page(name: str, language: str) -> None:
    assert len(reader(slip_pdf(replace(slip(), name=name), MATERIALS, language)).pages) == 1


def test_a_name_turns_nothing_that_stands_beside_it() -> None:
    found = one_sheet(replace(slip(), name="\u202eabc\u2066", district="علی"))
    assert "\u202e" not in found
    assert "abc" in found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("group", "name"), [*(("gender", one) for one in Gender), *(("photo_id", n) for n in PhotoId)])
def test_every_kind_has_its_words(language: str, group: str, name: str) -> None:
    assert MATERIALS.labels(language).either(group, name) != name


def test_a_kind_of_next_year_stands_for_itself() -> None:
    assert "a_new_card, ends in 4821" in one_sheet(replace(slip(), photo_id="a_new_card"))


def test_a_dose_beyond_the_course_is_a_number() -> None:
    assert "Dose 3 Please" in one_sheet(replace(slip(), dose=3))


def test_the_same_slip_is_the_same_file_from_every_thread() -> None:
    """Central prints in the threads that answer; each gets its own slip, and all the same of one."""
    many = [replace(slip(), token=token) for token in range(1, 9)]
    alone = [slip_pdf(one, MATERIALS, "hi") for one in many]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda one: slip_pdf(one, MATERIALS, "hi"), many * 6))
    assert together == alone * 6


def test_it_is_not_said_in_a_log() -> None:
    said = repr(slip())
    assert said == "Slip(202611230047)"


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ReportFailed, match="language"):
        slip_pdf(slip(), MATERIALS, "../en")
