"""Every claim of the threat model stands on a line that is there and a test that is there.

That the test fails without the line is shown by ``make controls``, which takes minutes and so is no part of this.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.controls.entries import ROOT, Control, controls
from tests.controls.table import DOCUMENT, table, written

ALL = controls()


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.room}-{one.claim[:40]}")
def test_the_control_stands_where_it_is_said_to(one: Control) -> None:
    assert (ROOT / one.file).read_text("utf-8").count(one.take_out) == 1
    assert one.put != one.take_out
    if one.file.endswith(".py"):
        ast.parse(one.without())


@pytest.mark.parametrize("test", sorted({one.test for one in ALL}))
def test_the_test_is_there(test: str) -> None:
    _holds(test)


def test_no_claim_is_made_twice() -> None:
    claims = [one.claim for one in ALL]
    assert len(set(claims)) == len(claims)


def test_the_threat_model_has_them_all() -> None:
    assert written() == table(), "write it again: python -m tests.controls --table"


def test_every_test_that_the_threat_model_names_is_there() -> None:
    for test in re.findall(r"`(tests/[\w/]+\.py::\w+)`", DOCUMENT.read_text("utf-8")):
        _holds(test)


def _holds(test: str) -> None:
    path, _, name = test.partition("::")
    name = name.partition("[")[0]
    assert re.search(rf"^\s*(async )?def {re.escape(name)}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), test
