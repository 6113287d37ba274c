"""Every sentence is there, in both languages, with the same blanks; and dates, times and spans as people say them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from pytestqt.qtbot import QtBot

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.words import _FORMS, LANGUAGES, UnknownKey, Words

APP = Path(__file__).parents[2] / "vaccinator_app"
INDIA = ZoneInfo("Asia/Kolkata")

LATIN_IN_HINDI = {"Caps", "Lock", "QR", "SMS", "OTP", "PDF", "CSV", "FHIR", "ID", "USB", "Enter", "Esc", "Ctrl",
    "vaccinator", "trust", "FILE", "enrolment"}  # fmt: skip
"""What people in India write in Latin letters in the middle of Hindi, what is printed on keys, and a command."""

SHOWN_BY = {
    "setText", "setWindowTitle", "setToolTip", "setStatusTip", "setPlaceholderText", "setAccessibleName",
    "setAccessibleDescription", "setTitle", "addAction", "addItem", "addItems", "addTab", "setLabelText",
    "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction",
}  # fmt: skip
"""Qt calls that put words before a person."""

Catalogue = dict[str, str | dict[str, str]]


@dataclass(frozen=True)
class Use:
    """One call that names a key: ``Message.of("…")``, ``Message("…")`` or ``t("…")``."""

    where: str
    first: ast.expr
    blanks: frozenset[str] | None
    """Names given to it; None when they are not written out."""


@pytest.fixture(scope="module")
def catalogues(resources: Path) -> dict[str, Catalogue]:
    folder = resources / "translations"
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in LANGUAGES}


@pytest.fixture(scope="module")
def trees() -> list[tuple[str, ast.Module]]:
    return [(str(path.relative_to(APP)), ast.parse(path.read_text("utf-8"))) for path in sorted(APP.rglob("*.py"))]


def _texts(entry: str | dict[str, str]) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())


def _blanks(entry: str | dict[str, str]) -> dict[str, str]:
    """Names of the blanks in a text, with the form it asks for; ``n`` is one where it chooses between forms."""
    found = {"n": ""} if isinstance(entry, dict) else {}
    for text in _texts(entry):
        found |= {name: form or "" for _, name, form, _ in Formatter().parse(text) if name is not None}
    return found


def _plain(text: str) -> str:
    return "".join(literal for literal, *_ in Formatter().parse(text))


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _literals(tree: ast.Module) -> Iterator[ast.Constant]:
    docstrings = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def _uses(where: str, tree: ast.Module) -> Iterator[Use]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        call = ast.unparse(node.func)
        if call == "Message.of" or call == "t" or call.endswith(".t"):
            written_out = all(keyword.arg for keyword in node.keywords)
            names = frozenset(keyword.arg or "" for keyword in node.keywords) if written_out else None
            yield Use(f"{where}:{node.lineno}", node.args[0], names)
        elif call == "Message":
            yield Use(f"{where}:{node.lineno}", node.args[0], None)


def _keys(first: ast.expr) -> list[str]:
    """The keys a first argument may be; empty when it is a name or a look-up in a table."""
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [first.value]
    if isinstance(first, ast.IfExp):
        return _keys(first.body) + _keys(first.orelse)
    return []


def _put_together(first: ast.expr) -> bool:
    """Whether the key is made of parts, so that nothing could find it."""
    if isinstance(first, ast.IfExp):
        return _put_together(first.body) or _put_together(first.orelse)
    if isinstance(first, ast.Call):
        return isinstance(first.func, ast.Attribute) and first.func.attr in ("format", "format_map", "join")
    return isinstance(first, ast.JoinedStr | ast.BinOp)


# The catalogues against each other


def test_both_languages_have_the_same_keys(catalogues: dict[str, Catalogue]) -> None:
    assert set(catalogues["en"]) ^ set(catalogues["hi"]) == set()


def test_keys_are_in_order_so_that_two_people_can_add_at_once(catalogues: dict[str, Catalogue]) -> None:
    for catalogue in catalogues.values():
        assert list(catalogue) == sorted(catalogue)


def test_both_languages_have_the_same_blanks(catalogues: dict[str, Catalogue]) -> None:
    english, hindi = catalogues["en"], catalogues["hi"]

    assert {key for key in english if set(_blanks(english[key])) != set(_blanks(hindi[key]))} == set()
    assert {key for key in english if isinstance(english[key], dict) != isinstance(hindi[key], dict)} == set()


def test_the_forms_asked_for_exist(catalogues: dict[str, Catalogue]) -> None:
    for catalogue in catalogues.values():
        for key, entry in catalogue.items():
            assert set(_blanks(entry).values()) <= {"", *_FORMS}, key
            assert isinstance(entry, str) or set(entry) == {"one", "other"}, key


def test_hindi_is_hindi(catalogues: dict[str, Catalogue]) -> None:
    left_over = {}
    for key, entry in catalogues["hi"].items():
        for text in _texts(entry):
            latin = set(re.findall(r"[A-Za-z]+", _plain(text))) - LATIN_IN_HINDI
            devanagari = any("\u0900" <= c <= "\u097f" for c in text)
            if latin or (any(c.isalpha() for c in _plain(text)) and not devanagari):
                left_over[key] = text

    assert left_over == {}


def test_english_has_no_devanagari_and_no_text_is_empty_or_padded(catalogues: dict[str, Catalogue]) -> None:
    for name, catalogue in catalogues.items():
        for key, entry in catalogue.items():
            for text in _texts(entry):
                assert text.strip() == text != "", (name, key)
                assert name != "en" or not re.search("[\u0900-\u097f]", text), key


def test_nothing_is_called_sent_or_synced(catalogues: dict[str, Catalogue]) -> None:
    """DESIGN 3.6: saved on this desk, then confirmed by central; nothing in between."""
    said = {key for key, entry in catalogues["en"].items() for text in _texts(entry)
            if re.search(r"\b(sent|synced|uploaded)\b", text, re.IGNORECASE)}  # fmt: skip

    assert said == set()


# The catalogues against the code


def test_every_key_in_use_is_in_the_catalogues(
    catalogues: dict[str, Catalogue], trees: list[tuple[str, ast.Module]]
) -> None:
    missing = {
        (key, use.where)
        for where, tree in trees
        for use in _uses(where, tree)
        for key in _keys(use.first)
        if key not in catalogues["en"]
    }

    assert missing == set()


def test_every_literal_that_looks_like_a_key_is_one(
    catalogues: dict[str, Catalogue], trees: list[tuple[str, ast.Module]]
) -> None:
    """Finds keys in tables (``KEYS: dict[State, str]``) or helpers; reports and portal have words of their own."""
    families = {key.split(".")[0] for key in catalogues["en"]}
    shape = re.compile(rf"(?:{'|'.join(sorted(families))})(?:\.(?!db$|next$|seal$|json$|sql$|csv$|pdf$)[a-z0-9_]+)+")
    missing = {
        (node.value, f"{where}:{node.lineno}")
        for where, tree in trees
        for node in _literals(tree)
        if not where.startswith(("reports/", "central/")) or where == "reports/from_daybook.py"
        if shape.fullmatch(str(node.value)) and node.value not in catalogues["en"]
    }

    assert missing == set()


def test_no_key_is_put_together_out_of_parts(trees: list[tuple[str, ast.Module]]) -> None:
    assert [use.where for where, tree in trees for use in _uses(where, tree) if _put_together(use.first)] == []


def test_every_key_is_used(catalogues: dict[str, Catalogue], trees: list[tuple[str, ast.Module]]) -> None:
    used = {node.value for _, tree in trees for node in _literals(tree)}

    assert set(catalogues["en"]) - used == set()


def test_every_blank_is_filled_where_the_key_is_used(
    catalogues: dict[str, Catalogue], trees: list[tuple[str, ast.Module]]
) -> None:
    unfilled = {
        (key, use.where, frozenset(_blanks(catalogues["en"][key])) - use.blanks)
        for where, tree in trees
        for use in _uses(where, tree)
        for key in _keys(use.first)
        if use.blanks is not None and key in catalogues["en"] and not set(_blanks(catalogues["en"][key])) <= use.blanks
    }

    assert unfilled == set()


def test_no_words_stand_in_the_code_of_the_window(trees: list[tuple[str, ast.Module]]) -> None:
    spoken = []
    for where, tree in trees:
        for node in ast.walk(tree):
            if where.startswith("gui") and isinstance(node, ast.Call):
                name = ast.unparse(node.func).split(".")[-1]
                words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                if name in SHOWN_BY and any(c.isalpha() for text in words for c in text):
                    spoken.append((f"{where}:{node.lineno}", words))

    assert spoken == []


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ('Message.of("step.code")', False),
        ('Message.of("step.code" if left else "step.dose", n=1)', False),
        ("Message.of(KEYS[step])", False),
        ("words.t(WEEKDAYS[day.weekday()])", False),
        ("Message.of(self.look(line).key)", False),
        ('Message.of(f"step.{step}")', True),
        ('words.t("step." + step)', True),
        ('words.t("step.{}".format(step))', True),
        ('t("step." + step if left else "step.dose")', True),
        ('t(".".join(parts))', True),
    ],
)
def test_the_walk_itself_sees_keys_made_of_parts(code: str, *, forbidden: bool) -> None:
    (use,) = _uses("here", ast.parse(code))

    assert _put_together(use.first) is forbidden


# Speaking


@pytest.fixture
def words(resources: Path) -> Words:
    return Words(resources, strict=True)


@pytest.fixture
def hindi(resources: Path) -> Words:
    return Words(resources, "hi", strict=True)


def _at(hour: int, minute: int = 0, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=INDIA)


def test_the_language_is_switched_and_said(qtbot: QtBot, words: Words) -> None:
    english = words.t("chip.arrived")

    with qtbot.waitSignal(words.changed):
        words.set_language("hi")

    assert (english, words.t("chip.arrived"), words.language) == ("Arrived", "आ गए", "hi")
    with qtbot.assertNotEmitted(words.changed):
        words.set_language("hi")
    with pytest.raises(ValueError, match="en, hi"):
        words.set_language("ta")


def test_an_unknown_language_in_the_settings_begins_in_english(resources: Path) -> None:
    assert Words(resources, "xx").language == "en"


def test_blanks_take_messages_dates_times_spans_and_lists(words: Words, hindi: Words) -> None:
    span = timedelta(minutes=12)
    dose = Message.of("eligible.other_day", day=date(2026, 11, 22))

    assert words.say(Message.of("clock.left", span=span)) == "12 min left"
    assert hindi.say(Message.of("clock.left", span=span)) == "12 मि॰ बाकी"
    assert words.say(dose) == "The appointment is for Sun 22 Nov, not today."
    assert words.t("record.confirmed", at=_at(10, 32)) == "Confirmed by central at 10:32."
    assert words.t("clock.left", span=Message.of("span.now")) == "just now left"
    assert words.t("clock.left", span=[1, "two", Message.of("span.now")]) == "1, two and just now left"
    assert words.say("Sunita {Kumari}") == "Sunita {Kumari}"


@pytest.mark.parametrize(
    ("n", "english", "devanagari"), [(0, "0 tries", "0 मौका"), (1, "1 try", "1 मौका"), (2, "2 tries", "2 मौके")]
)
def test_one_and_many_are_chosen_as_each_language_does(
    words: Words, hindi: Words, n: int, english: str, devanagari: str
) -> None:
    assert english + " left" in words.t("code.does_not_match", n=n)
    assert devanagari in hindi.t("code.does_not_match", n=n)


def test_a_missing_key_raises_in_tests_and_is_english_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "translations"
    folder.mkdir()
    (folder / "en.json").write_text('{"a.b": "Only English {x}"}', "utf-8")
    (folder / "hi.json").write_text("{}", "utf-8")

    assert Words(tmp_path, "hi").t("a.b", x=1) == "Only English 1"
    assert Words(tmp_path, "hi").t("a.b") == "Only English …"
    assert Words(tmp_path, "hi").t("a.c") == "a.c"
    with pytest.raises(UnknownKey, match=r"a\.b is not in hi\.json"):
        Words(tmp_path, "hi", strict=True).t("a.b", x=1)
    with pytest.raises(UnknownKey, match="'x' unfilled"):
        Words(tmp_path, strict=True).t("a.b")
    with pytest.raises(UnknownKey, match="None"):
        Words(tmp_path, strict=True).t("a.b", x=None)


def test_times_are_those_of_the_centre(words: Words) -> None:
    early = datetime(2026, 11, 20, 19, 34, tzinfo=UTC)

    assert words.time(_at(9, 4)) == "09:04"
    assert words.time(early) == "19:34"
    words.zone = INDIA
    assert words.time(early) == "01:04"
    assert words.day(early) == "Sat 21 Nov"
    with pytest.raises(ValueError, match="zone"):
        words.time(datetime(2026, 11, 21, 10, 4))  # noqa: DTZ001 - the fault under test


def test_dates_are_said_shortly(words: Words, hindi: Words) -> None:
    day = date(2026, 11, 21)

    assert (words.day(day), hindi.day(day)) == ("Sat 21 Nov", "शनि, 21 नव॰")
    assert (words.short_date(day), hindi.short_date(day)) == ("21 Nov", "21 नव॰")
    assert (words.short_date(day, year=True), hindi.short_date(day, year=True)) == ("21 Nov 2026", "21 नव॰ 2026")
    assert (words.month(day), hindi.month(day)) == ("Nov 2026", "नव॰ 2026")
    assert (words.when(_at(10, 4)), hindi.when(_at(10, 4))) == ("Sat 21 Nov 10:04", "शनि, 21 नव॰, 10:04")


def test_every_weekday_and_month_has_its_own_name(words: Words, hindi: Words) -> None:
    for language in (words, hindi):
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range(366)]
        assert len({language.short_date(day).split()[1] for day in days}) == 12
        assert len({language.day(day).split()[0] for day in days}) == 7
    assert [words.short_date(date(2026, month, 1)) for month in (1, 6, 12)] == ["1 Jan", "1 Jun", "1 Dec"]


def test_an_age_is_only_about(words: Words, hindi: Words) -> None:
    assert words.age(1968, date(2026, 11, 21)) == "about 58"
    assert hindi.age(1968, date(2026, 11, 21)) == "लगभग 58"
    assert words.age(2027, date(2026, 11, 21)) == "about 0"


@pytest.mark.parametrize(
    ("span", "said", "since"),
    [
        (timedelta(seconds=-5), "0 s", "just now"),
        (timedelta(seconds=30), "30 s", "just now"),
        (timedelta(seconds=59, milliseconds=999), "59 s", "just now"),
        (timedelta(minutes=1), "1 min", "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 min"),
        (timedelta(hours=1), "1 h", "1 h"),
        (timedelta(hours=1, minutes=40), "1 h 40 min", "1 h 40 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min", "47 h 59 min"),
        (timedelta(hours=48), "2 days", "2 days"),
    ],
)
def test_spans_are_said_in_round_words(words: Words, span: timedelta, said: str, since: str) -> None:
    assert (words.duration(span), words.since(span)) == (said, since)


def test_spans_in_hindi(hindi: Words) -> None:
    assert hindi.duration(timedelta(hours=1, minutes=40)) == "1 घं॰ 40 मि॰"
    assert hindi.since(timedelta(0)) == "अभी-अभी"


def test_lists_end_in_and(words: Words, hindi: Words) -> None:
    assert [words.join(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert hindi.join(["क", "ख"]) == "क और ख"
