"""A made-up person with an appointment and a certificate, as slip and certificate print them."""

from __future__ import annotations

import random
import string
from datetime import date, datetime

from hypothesis import strategies as st

from tests.reports.given import INDIA
from vaccinator_app.reports.certificate import Certificate
from vaccinator_app.reports.slip import Slip

LETTERS = string.ascii_letters + string.digits + "-_"


def slip() -> Slip:
    return Slip(
        name="लक्ष्मी क्षत्रिय",
        year_of_birth=1961,
        gender="woman",
        photo_id="voter_id",
        photo_id_last4="4821",
        centre_name="प्राथमिक स्वास्थ्य केंद्र रामपुर",
        district="Sehore",
        day=date(2026, 11, 23),
        time="10:00",
        token=47,
        vaccine="Covaxin",
        dose=1,
        doses=2,
        reference="202611230047",
        code="5903",
        qr="71091042261123202611230047" + "0123456789" * 3 + "012345678" + "42",
    )


def certificate() -> Certificate:
    return Certificate(
        certificate="7c0e51b29d4fa86310e7b5c2d98a4f06",
        name="लक्ष्मी क्षत्रिय",
        year_of_birth=1961,
        gender="woman",
        photo_id="voter_id",
        photo_id_last4="4821",
        vaccine_name="Covaxin",
        dose=1,
        doses=2,
        given_on=date(2026, 11, 23),
        batch="37F21003A",
        centre_name="प्राथमिक स्वास्थ्य केंद्र रामपुर",
        district="Sehore",
        issued_at=datetime(2026, 11, 23, 17, 42, tzinfo=INDIA),
        issuer="https://central.example.in",
        card=card(),
    )


def card(length: int = 720) -> str:
    """As long as a health card of one dose, and as random; signed by nobody."""
    chance = random.Random(4)
    return "eyJ6aXAiOiJERUYi." + "".join(chance.choices(LETTERS, k=length - 104)) + "." + "Q" * 86


LONG = [
    "W" * 100,
    "क्षत्रिय" * 12,
    "Venkatanarasimharajuvaripeta " * 3 + "of the north",
    "محمد عبد الرحمن " * 6,
    "தமிழ்செல்வி " * 8,
    "王" * 100,
    "😀" * 100,
    "\ufdfd" * 100,
    "a " * 50,
    "e" + "\u0301" * 99,
    "",
]
"""Up to a hundred letters, in any script: wide, tall, right to left, of one word or of fifty."""

MARKUP = [
    '#panic("x")',
    "*bold* _it_ `raw`",
    "$ x^2 $ $",
    "[ ] { } \\ end",
    "#sys.inputs",
    '"#read("labels.en.json")',
    "@cite <label> // no",
    "= head - list + enum",
    "</svg><script>",
    "{name} {0} %s",
]

markup = st.text("#*_$[](){}\\`@<>/=+-~^&%\"'|.:;, a\u0915\u093f1", min_size=1, max_size=40)


def squeezed(words: str) -> str:
    """Without the spaces, which lines that break add and take away."""
    return "".join(words.replace("\u200b", "").split())
