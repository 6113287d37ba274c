"""The table of ``docs/threat-model.md`` that links each claim to its test: written from the entries, never by hand."""

from __future__ import annotations

from tests.controls.entries import ROOT, controls
from tests.support.marked import Marked

PLACE = Marked(ROOT / "docs" / "threat-model.md", "<!-- controls begin -->\n", "<!-- controls end -->\n")


def table() -> str:
    """The rows as they should stand between the two marks."""
    rows = [f"| {one.claim} | `{one.file.removeprefix('vaccinator_app/')}` | `{one.test}` |" for one in controls()]
    return "\n".join(["| what holds | where | the test that fails when it is taken out |", "|---|---|---|", *rows, ""])
