"""QR codes: what a reader that was not written here takes from them, and how dense they are."""

import io
import xml.etree.ElementTree as ElementTree

import pytest
import segno
from hypothesis import example
from hypothesis import given as given_by
from hypothesis import strategies as st

from tests.reports.citizen import card, slip
from tests.reports.photo import codes, opened
from vaccinator_app.reports.materials import ReportFailed
from vaccinator_app.reports.qr import QUIET, _made, health_card_uri, svg
from vaccinator_app.trust.health_card import ONE_QR, read

JWS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


def scanned(code: segno.QRCode) -> list[str]:
    out = io.BytesIO()
    code.save(out, kind="png", scale=4)
    return codes(opened(out.getvalue()))


def test_the_standard_s_own_numbers() -> None:
    """SMART Health Cards: "e" is 101, and stands as 56; the smallest letter is "-", 00, the greatest "z", 77."""
    assert health_card_uri("eyJ-z") == "shc:/56" + "76" + "29" + "00" + "77"


@given_by(st.text(JWS, min_size=1))
def test_a_card_is_read_back_from_its_address(jws: str) -> None:
    digits = health_card_uri(jws).removeprefix("shc:/")
    assert "".join(chr(int(digits[at : at + 2]) + 45) for at in range(0, len(digits), 2)) == jws


def test_the_address_is_what_the_verifier_reads() -> None:
    assert read(health_card_uri(card())) == card()


@pytest.mark.parametrize("jws", ["", "a b", "a,b", "a+b", "a\n", "ä", "{}", "\u0968"])
def test_what_is_no_jws_has_no_address(jws: str) -> None:
    with pytest.raises(ValueError, match="compact JWS"):
        health_card_uri(jws)


def test_the_digits_of_a_card_are_in_numeric_mode() -> None:
    """With a byte for each digit the longest card of one QR would not fit at all, and a usual one not be readable."""
    made = _made(health_card_uri(card()))
    assert made.mode is None, "more than one"
    assert made.designator == "17-L"
    assert _made(health_card_uri("a" * ONE_QR)).designator == "22-L"
    assert segno.make_qr(health_card_uri(card()), error="l").version == 27


def test_a_slip_is_small_and_bears_a_fold() -> None:
    made = _made(slip().qr)
    assert made.mode == "numeric"
    assert made.designator == "3-Q"


@pytest.mark.parametrize(
    "text", [health_card_uri(card()), health_card_uri(card(ONE_QR)), slip().qr, "shc:/1/2/345", "shc:/", "shc:/५६"]
)
def test_it_says_exactly_what_was_given(text: str) -> None:
    assert scanned(_made(text)) == [text]


@given_by(st.text("0123456789shc:/ABC", min_size=1, max_size=60))
@example("shc:/0")
def test_any_text_is_read_back(text: str) -> None:
    assert scanned(_made(text)) == [text]


def test_more_than_a_code_holds_is_one_sentence() -> None:
    with pytest.raises(ReportFailed, match="QR"):
        svg("7" * 8000)
    with pytest.raises(ReportFailed, match="QR"):
        svg(health_card_uri("a" * 4000))


@pytest.mark.parametrize("quiet", [0, QUIET])
def test_a_page_gets_a_drawing_with_its_own_white(quiet: int) -> None:
    drawn = ElementTree.fromstring(svg(slip().qr, '<b> & "x"', quiet=quiet))  # noqa: S314  (ours)
    namespace = "{http://www.w3.org/2000/svg}"
    side = 29 + 2 * quiet
    assert drawn.tag == f"{namespace}svg"
    assert drawn.attrib == {"viewBox": f"0 0 {side} {side}"}, "no size and no style of its own"
    assert drawn.findtext(f"{namespace}title") == '<b> & "x"'
    ground, modules = drawn.findall(f"{namespace}path")
    assert (ground.attrib["fill"], modules.attrib["stroke"]) == ("#fff", "#000")
    assert modules.attrib["d"].startswith(f"M{quiet} {quiet}.5h7")
    assert "<title>" not in svg(slip().qr)
