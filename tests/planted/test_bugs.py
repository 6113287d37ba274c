"""Each planted bug stands on a line that is there. That it is caught is shown by ``make planted``: minutes."""

from __future__ import annotations

import ast

from tests.planted.bugs import bugs
from tests.support.breaking import ROOT


def test_each_bug_can_be_planted() -> None:
    for one in bugs():
        source = (ROOT / one.file).read_text("utf-8")
        assert source.count(one.take_out) == 1, one.bug
        ast.parse(source.replace(one.take_out, one.put))


def test_each_test_that_shall_catch_it_is_there() -> None:
    for one in bugs():
        for test in one.tests:
            path, _, name = test.partition("::")
            assert f"def {name.rpartition('::')[2].partition('[')[0]}(" in (ROOT / path).read_text("utf-8") or (
                f"{name.partition('::')[0]} = " in (ROOT / path).read_text("utf-8")
            ), test
