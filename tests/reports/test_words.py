"""Words and numbers of the reports: both languages whole, names tamed, digits grouped."""

import json
import re
from itertools import chain
from unicodedata import category

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from tests.reports.given import MATERIALS
from vaccinator_app.domain.closing_events import VarianceReason
from vaccinator_app.domain.events import DeferReason, VoidReason
from vaccinator_app.domain.tally import ONLINE, WALK_IN
from vaccinator_app.reports.materials import LANGUAGES
from vaccinator_app.reports.text import clean, masked, number, percent, printable, signed

CATALOGUES = {
    language: json.loads((MATERIALS.templates / f"labels.{language}.json").read_text("utf-8")) for language in LANGUAGES
}


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    english, hindi = CATALOGUES["en"], CATALOGUES["hi"]
    assert list(english) == list(hindi)
    for key, words in english.items():
        assert sorted(re.findall(r"{(\w+)}", words)) == sorted(re.findall(r"{(\w+)}", hindi[key])), key


def test_hindi_is_written_in_devanagari() -> None:
    for key, words in CATALOGUES["hi"].items():
        letters = re.sub(r"{\w+}", "", words)
        assert not re.search("[A-Za-z]", letters), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("group", "name"),
    [
        *(("defer", reason) for reason in DeferReason),
        *(("void", reason) for reason in VoidReason),
        *(("variance", reason) for reason in VarianceReason if reason is not VarianceReason.NONE),
    ],
)
def test_every_reason_has_its_words(language: str, group: str, name: str) -> None:
    assert MATERIALS.labels(language).either(group, name) != name


def test_no_word_is_left_over() -> None:
    """Each is named in code or template, whole or by what follows its group; reasons, kinds and days are data."""
    rooms = MATERIALS.folder.parent / "vaccinator_app" / "reports"
    sources = "".join(path.read_text("utf-8") for path in chain(rooms.glob("*.py"), MATERIALS.templates.glob("*.typ")))
    unused = []
    for key in CATALOGUES["en"]:
        group, _, name = key.partition(".")
        named = f'"{key}"' in sources or re.search(rf"words\.{key}\b", sources)
        data = group in ("defer", "void", "variance", "month", "weekday", "gender", "photo_id") or name in (
            ONLINE,
            WALK_IN,
        )
        if not data and not named and f'{name}"' not in sources:
            unused.append(key)
    assert unused == []


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (999, "999"), (1000, "1,000"), (10_033, "10,033"), (100_000, "1,00,000"), (-1234567, "−12,34,567")],
)
def test_numbers_are_grouped_as_in_india(value: int, words: str) -> None:
    assert number(value) == words


@given_by(st.integers())
def test_no_digit_is_lost(value: int) -> None:
    assert int(number(value).replace(",", "").replace("−", "-")) == value


def test_signs_and_shares() -> None:
    assert [signed(n) for n in (-2, 0, 2)] == ["−2", "0", "+2"]
    assert [percent(1, 3), percent(0, 5), percent(0, 0)] == ["33.3 %", "0.0 %", "–"]


@given_by(st.text())
def test_a_name_is_one_line_of_what_can_be_seen(text: str) -> None:
    found = clean(text)
    assert not {c for c in found if category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\u200c", "\u200d"}
    assert found == found.strip()
    assert printable(text).replace("\u200b", "") == found
    json.dumps(found).encode()


@given_by(st.text("क्षत्रियज्ञाने\u200dश्वरीab", min_size=30, max_size=90))
def test_a_long_word_breaks_often_enough_and_never_inside_a_letter(word: str) -> None:
    parts = printable(word).split("\u200b")
    for part in parts[1:]:
        assert category(part[0])[0] != "M"
        assert part[0] != "\u200d"
    for part in parts[:-1]:
        assert part[-1] not in "\u094d\u200d"


def test_a_long_plain_word_breaks_at_every_twelfth_letter() -> None:
    assert [len(part) for part in printable("x" * 30).split("\u200b")] == [12, 12, 6]
    assert printable("x" * 24) == "x" * 24


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ask 202611210014.", "Ask …."),
        ("W00c0ffee00c0ffee", "…"),
        ("batch 4121Z025, 12 of 600, 21 Nov 2026", "batch 4121Z025, 12 of 600, 21 Nov 2026"),
        ("2026112100145", "2026112100145"),
        ("d4f0c81aa92e6", "d4f0c81aa92e6"),
    ],
)
def test_what_is_shaped_like_an_appointment_is_masked(text: str, kept: str) -> None:
    assert masked(text) == kept
