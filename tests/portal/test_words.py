"""The portal's words: the same in both languages, none missing, none for nothing."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from vaccinator_app.central import portal
from vaccinator_app.central.certificates.pictures import PictureFault
from vaccinator_app.central.portal.fields import field_of
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.trust.errors import CardFault

FOLDER = resources_folder() / "portal"
CENTRAL = Path(portal.__file__).parent.parent
ROOMS = ("citizens", "certificates", "portal", "errors.py", "programme.py")
"""What pages lead to: whatever these refuse, somebody may read."""

OF_ITS_OWN = {"key_unknown", "partner_unknown", "partners_locked", "scope_missing"}
"""Refusals of these rooms that answer programs alone."""


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FOLDER / f"words.{language}.json").read_text("utf-8"))
    return found


def sources() -> str:
    files = chain(FOLDER.glob("*.html"), (CENTRAL / "portal").glob("*.py"))
    return "\n".join(path.read_text("utf-8") for path in files)


def refused_codes() -> Iterator[str]:
    """The first argument of every ``Refused`` that these rooms raise."""
    places = [CENTRAL / room for room in ROOMS]
    assert all(map(Path.exists, places))
    for path in chain.from_iterable([place] if place.is_file() else place.glob("*.py") for place in places):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            if name in ("Refused", "_no", "__init__") and isinstance(first, str) and " " not in first:
                yield first


def blanks(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_both_languages_say_the_same_things_with_the_same_blanks() -> None:
    english, hindi = words("en"), words("hi")
    assert list(english) == list(hindi)
    assert {key for key in english if blanks(english[key]) != blanks(hindi[key])} == set()
    alike = {key for key in english if english[key] == hindi[key]}
    assert {key for key in alike if re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", english[key]))} == set()


def test_every_word_is_said_somewhere() -> None:
    text = sources()
    composed = ("refused.", "fault.", "help.", "privacy.", "certificate.pdf.", "start.step.")
    assert [key for key in words("en") if f'"{key}"' not in text and not key.startswith(composed)] == []


def test_every_word_that_is_said_is_there() -> None:
    said = set(re.findall(r'say\(\s*"([a-z_.0-9]+)"', sources()))
    assert {key for key in said if not key.endswith(".")} - words("en").keys() == set()


def test_help_and_privacy_say_what_they_have() -> None:
    for name in ("help", "privacy"):
        topics = re.search(r"for topic in \(([^)]*)\)", (FOLDER / f"{name}.html").read_text("utf-8"))
        assert topics is not None
        listed = set(re.findall(r'"(\w+)"', topics[1]))
        assert {key.split(".")[1] for key in words("en") if key.startswith(f"{name}.")} == {"title", *listed}


def test_every_refusal_that_somebody_may_meet_has_its_sentence() -> None:
    codes = set(refused_codes()) - OF_ITS_OWN
    assert len(codes) > 40
    assert {code for code in codes if f"refused.{code}" not in words("en")} == set()
    http = {"unreadable_request", "too_large", "method_not_allowed", "not_found", "internal"}
    sentences = {key.removeprefix("refused.") for key in words("en") if key.startswith("refused.")}
    assert sentences - codes - http == set()
    assert {words("en")[f"refused.{code}"][-1] for code in codes} == {"."}


def test_every_fault_of_a_card_or_picture_has_its_sentence() -> None:
    faults = {f"fault.{fault.value}" for fault in (*CardFault, *PictureFault)}
    assert {key for key in words("en") if key.startswith("fault.")} == faults


def test_a_refusal_about_a_field_names_one_that_there_is() -> None:
    fields = {field_of(code) for code in refused_codes()} - {None}
    text = sources()
    assert len(fields) > 8
    assert [name for name in fields if f'"{name}"' not in text and f"{name}:" not in text] == []
