"""The certificate: what stands on it in both languages, and that its card is read from paper, whoever it is about."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from tests.reports.citizen import LONG, MARKUP, card, certificate, markup, squeezed
from tests.reports.given import MATERIALS
from tests.reports.photo import codes, ink, opened, photographed, quiet
from tests.reports.read import fonts, reader, text
from vaccinator_app.reports import qr
from vaccinator_app.reports.certificate import Certificate, certificate_labels, certificate_pdf, certificate_picture
from vaccinator_app.reports.materials import LANGUAGES, ReportFailed
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust.health_card import ONE_QR

MM = 150 / 25.4


def one_sheet(one: Certificate, language: str = "en") -> str:
    """Its words, once it is sure that it is one page with white all around and a code that can be scanned."""
    data = certificate_pdf(one, MATERIALS, language)
    assert len(reader(data).pages) == 1
    image = opened(certificate_picture(one, MATERIALS, language, 150))
    width, height = image.size
    edge = round(19 * MM)
    for box in ((0, 0, edge, height), (width - edge, 0, width, height), (0, height - edge, width, height)):
        assert ink(image, box) == 255
    assert codes(image) == [health_card_uri(one.card)]
    assert quiet(image, qr._made(health_card_uri(one.card)).symbol_size(border=0)[0])
    return text(data)


def test_english() -> None:
    found = one_sheet(certificate())
    for words in (
        "Vaccination certificate",
        "Name लक्ष्मी क्षत्रिय",
        "Year of birth 1961 Gender Woman Photo ID Voter ID, ends in 4821",
        "Vaccine Covaxin Dose 1 of 2 Given on 23 November 2026",
        "Batch 37F21003A District Sehore Vaccination centre प्राथमिक स्वास्थ्य केंद्र रामपुर",
        "Certificate number 7c0e 51b2 9d4f a863 10e7 b5c2 d98a 4f06",
        "Issued 23 November 2026, 17:42",
        "Issued by https://central.example.in",
        "Open https://central.example.in/verify and let it read the QR code.",
        "A certificate that was withdrawn is shown there as withdrawn.",
    ):
        assert words in found


def test_hindi_has_english_beside_it() -> None:
    found = one_sheet(certificate(), "hi")
    for words in (
        "टीकाकरण प्रमाण पत्र Vaccination certificate",
        "नाम · Name लक्ष्मी क्षत्रिय",
        "जन्म का वर्ष · Year of birth 1961 लिंग · Gender महिला Woman",
        "फ़ोटो पहचान पत्र · Photo ID मतदाता पहचान पत्र, अंत में 4821 Voter ID, ends in 4821",
        "टीका · Vaccine Covaxin खुराक · Dose 1 (कुल 2) 1 of 2",
        "टीका लगने की तारीख · Given on 23 नवंबर 2026 23 November 2026",
        "बैच · Batch 37F21003A ज़िला · District Sehore टीकाकरण केंद्र · Vaccination centre प्राथमिक",
        "जारी हुआ · Issued 23 नवंबर 2026, 17:42 23 November 2026, 17:42",
        "जारीकर्ता · Issued by https://central.example.in",
        "https://central.example.in/verify खोलें",
        "वापस लिया गया प्रमाण पत्र वहाँ वापस लिया गया दिखेगा।",
        "Open https://central.example.in/verify",
    ):
        assert words in found
    assert found.count("Covaxin") == 1, "what is the same in both languages stands once"


def test_english_is_english_alone() -> None:
    found = one_sheet(replace(certificate(), name="A", centre_name="B"))
    assert not any("\u0900" <= letter <= "\u097f" for letter in found)
    assert [len(certificate_labels(MATERIALS, language)) for language in LANGUAGES] == [1, 2]


@pytest.mark.parametrize(("language", "title"), [("en", "Vaccination certificate"), ("hi", "टीकाकरण प्रमाण पत्र")])
def test_it_is_a4_and_tagged_and_titled_without_a_name(language: str, title: str) -> None:
    found = reader(certificate_pdf(certificate(), MATERIALS, language))
    (page,) = found.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    assert found.metadata is not None
    assert found.metadata.title == f"{title} {certificate().certificate}"
    assert found.metadata.author is None
    root: Any = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == f"{language}-IN"


def test_its_fonts_come_with_it() -> None:
    (page,) = reader(certificate_pdf(certificate(), MATERIALS, "hi")).pages
    names = set()
    for font in fonts(page).values():
        about = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert about.keys() & {"/FontFile", "/FontFile2", "/FontFile3"}
        names.add(font["/BaseFont"])
    assert {name.partition("+")[2] for name in names} == {"NotoSans-Regular", "DejaVuSansMono"}
    assert len(names) >= 4, "Latin and Devanagari, bold and plain"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("length", [500, 720, ONE_QR])
def test_a_phone_reads_it(language: str, length: int) -> None:
    one = replace(certificate(), card=card(length))
    picture = certificate_picture(one, MATERIALS, language, 150)
    for degrees in (-6, 3, 90):
        assert codes(photographed(picture, degrees)) == [health_card_uri(one.card)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LONG, ids=range(len(LONG)))
def test_however_long_it_is_one_page(name: str, language: str) -> None:
    long = replace(
        certificate(),
        name=name,
        vaccine_name=name,
        batch=name[:40],
        centre_name=name,
        district=name,
        issuer="https://" + "central." * 60 + "example.in",
        given_on=date(2026, 9, 30),
        dose=10,
        doses=12,
        card=card(ONE_QR),
    )
    found = one_sheet(long, language)
    assert all(words in found for words in ("7c0e", "4f06", "30 September 2026", "10 of 12"))


def test_a_hundred_letters_are_all_there() -> None:
    name = " ".join(["Venkatanarasimharajuvaripeta"] * 4)[:100]
    assert squeezed(name) in squeezed(one_sheet(replace(certificate(), name=name)))


@pytest.mark.parametrize("value", MARKUP)
def test_what_people_typed_is_never_markup(value: str) -> None:
    hostile = replace(certificate(), name=value, centre_name=value, district=value, vaccine_name=value, batch=value)
    assert squeezed(one_sheet(hostile)).count(squeezed(value)) == 5


@settings(max_examples=40, deadline=None)
@given_by(markup)
def test_no_text_is_markup(value: str) -> None:
    found = squeezed(text(certificate_pdf(replace(certificate(), name=value, centre_name=""), MATERIALS, "en")))
    assert squeezed(value) in found


@settings(max_examples=40, deadline=None)
@given_by(st.text(max_size=100), st.sampled_from(LANGUAGES))
def test_any_name_makes_one_page(name: str, language: str) -> None:
    assert len(reader(certificate_pdf(replace(certificate(), name=name), MATERIALS, language)).pages) == 1


def test_a_slash_at_the_issuer_s_end_is_one_slash() -> None:
    assert "example.in/verify" in one_sheet(replace(certificate(), issuer="https://central.example.in/"))


def test_a_dose_beyond_the_course_is_a_number() -> None:
    assert "Dose 3 Given on" in one_sheet(replace(certificate(), dose=3))


def test_the_same_certificate_is_the_same_file_from_every_thread() -> None:
    many = [replace(certificate(), year_of_birth=1950 + number) for number in range(8)]
    alone = [certificate_pdf(one, MATERIALS, "hi") for one in many]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda one: certificate_pdf(one, MATERIALS, "hi"), many * 6))
    assert together == alone * 6


def test_it_is_not_said_in_a_log() -> None:
    assert repr(certificate()) == f"Certificate({certificate().certificate})"


def test_what_is_no_card_and_what_is_too_long_is_not_printed() -> None:
    with pytest.raises(ValueError, match="compact JWS"):
        certificate_pdf(replace(certificate(), card="#x"), MATERIALS, "en")
    with pytest.raises(ReportFailed, match="QR"):
        certificate_pdf(replace(certificate(), card="a" * 4000), MATERIALS, "en")
