"""Every claim of the threat model stands on a line that is there and a test that is there.

That the test fails without the line is shown by ``make controls``, which takes minutes and so is no part of this.
"""

from __future__ import annotations

import ast
import re

from tests.controls.entries import ROOT, Control, controls
from tests.controls.table import PLACE, table

ALL = controls()


def test_each_control_stands_where_it_is_said_to() -> None:
    assert [one.claim for one in ALL if not _stands(one)] == []


def _stands(one: Control) -> bool:
    """Its line is there, once, and the file is still a program without it."""
    if (ROOT / one.file).read_text("utf-8").count(one.take_out) != 1 or one.put == one.take_out:
        return False
    if one.file.endswith(".py"):
        ast.parse(one.without())
    return True


def test_each_control_has_its_test() -> None:
    assert [one.test for one in ALL if not _is_there(one.test)] == []


def _is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    name = name.partition("[")[0]
    source = (ROOT / path).read_text("utf-8")
    return re.search(rf"^def {re.escape(name)}\(", source, re.MULTILINE) is not None


def test_no_claim_is_made_twice() -> None:
    claims = [one.claim for one in ALL]
    assert len(set(claims)) == len(claims)


def test_the_threat_model_has_them_all() -> None:
    assert PLACE.written() == table(), "write it again: python -m tests.controls --table"
