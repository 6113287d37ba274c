"""The document and the list of faults are one."""

from __future__ import annotations

import re

from tests.faults.listed import FAULTS, trials
from tests.faults.table import PLACE, table
from tests.support.breaking import ROOT


def test_the_document_has_every_fault() -> None:
    assert PLACE.written() == table(), "write it again: python -m tests.faults --table"


def test_no_fault_is_listed_twice() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert len({name for name, _, _ in trials()}) == len(trials())


def test_the_desk_says_what_to_do_in_each() -> None:
    said = {row.split(" | ")[2] for row in table().splitlines()[2:]} - {"nothing: the run goes well"}
    for sentence in said:
        assert sentence.endswith("."), sentence
        assert sentence.count(". ") + sentence.count("; ") + sentence.count(": ") >= 1, f"no advice: {sentence}"


def test_every_test_that_the_document_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?", PLACE.document.read_text("utf-8"))
    assert len(named) > 20
    for path, name in named:
        assert f"def {name}" in (ROOT / path).read_text("utf-8"), f"{path}::{name}"
