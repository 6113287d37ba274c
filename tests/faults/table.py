"""The table of ``docs/reliability.md`` that tells of each network fault: written from the list, never by hand."""

from __future__ import annotations

from tests.faults.listed import FAULTS, Fault
from tests.support.breaking import ROOT
from tests.support.marked import Marked
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.gui.words import Words

PLACE = Marked(ROOT / "docs" / "reliability.md", "<!-- faults begin -->\n", "<!-- faults end -->\n")
_WAYS = {("push",): "push", ("pull",): "pull", ("push", "pull"): "push, pull"}


def table() -> str:
    """The rows as they should stand between the two marks."""
    words = Words(resources_folder(), "en")
    rows = [f"| {one.name} | {_ways(one)} | {_said(one, words)} | {_caught_up(one)} | 0 |" for one in FAULTS]
    head = "| fault | in a | what the desk shows | caught up, once the line is good | records lost |"
    return "\n".join([head, "|---|---|---|---|---|", *rows, ""])


def _ways(one: Fault) -> str:
    return _WAYS[tuple(path.rpartition("/")[2] for path in one.paths)]


def _said(one: Fault, words: Words) -> str:
    return "nothing: the run goes well" if one.words is None else words.say(one.words)


def _caught_up(one: Fault) -> str:
    if one.says is None:
        return "while it lasts"
    if one.least_wait > 1:
        return f"first run; by itself {one.least_wait:.0f} s after it was told to wait, 5 min at most"
    return "first run"
