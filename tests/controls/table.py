"""The table of ``docs/threat-model.md`` that links each claim to its test: written from the entries, never by hand."""

from __future__ import annotations

from tests.controls.entries import ROOT, controls

DOCUMENT = ROOT / "docs" / "threat-model.md"
BEGINS, ENDS = "<!-- controls begin -->\n", "<!-- controls end -->\n"


def table() -> str:
    """The rows as they should stand between the two marks."""
    rows = [f"| {one.claim} | `{one.file.removeprefix('vaccinator_app/')}` | `{one.test}` |" for one in controls()]
    return "\n".join(["| what holds | where | the test that fails when it is taken out |", "|---|---|---|", *rows, ""])


def written() -> str:
    """What stands there."""
    return DOCUMENT.read_text("utf-8").partition(BEGINS)[2].partition(ENDS)[0]


def write() -> None:
    """Put the table in its place."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    DOCUMENT.write_text(before + BEGINS + table() + ENDS + after, "utf-8")
