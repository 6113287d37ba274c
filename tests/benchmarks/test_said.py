"""What the benchmarks say of what they measured: ratios, spread, side, and the pictures."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

from tests.benchmarks import plots
from tests.benchmarks.__main__ import MEASURES, write_table
from tests.benchmarks.plots import Curve, Plot
from tests.benchmarks.rows import Pairs, Rate, Row

GROWN = Plot(
    "people",
    "As it grows & grows",
    "people",
    "processor time",
    [
        Curve("flat", [1_000, 10_000, 100_000], [1, 1.1, 0.9]),
        Curve("as the size", [1_000, 10_000, 100_000], [1, 10, 98]),
        Curve("nearly flat", [1_000, 10_000, 100_000], [1, 1.1, 0.91]),
    ],
)


def test_a_rows_ratio_is_the_median_of_its_pairs_and_not_of_its_sides() -> None:
    row = Row.paired("r", "ms", [(1, 1), (9, 3), (2, 4)], 1.6)
    assert (row.ratio, row.ours, row.reference, row.spread) == (1, 2, 3, (0.5, 3))
    assert row.holds


@pytest.mark.parametrize(("at_least", "holds"), [(True, False), (False, True)])
def test_the_budget_has_two_sides(at_least: bool, holds: bool) -> None:
    assert Row.paired("r", "1/s", [(2, 1)], 3.0, at_least=at_least).holds is holds


def test_the_spread_of_many_runs_is_their_quartiles() -> None:
    assert Row.against("r", "ms", [*range(1, 100)], 1.0).spread == (25, 75)


def test_a_row_as_json_has_the_fields_that_the_design_names() -> None:
    found = Row.paired("r", "ms", [(1, 2)], 1.6).as_json()
    assert {"row", "ours", "reference", "ratio", "budget", "holds"} <= found.keys()
    assert (found["spread"], found["runs"], found["unit"]) == ([0.5, 0.5], 1, "ms")


def test_a_rate_by_processor_time_stands_beside_it() -> None:
    assert "alone 2.50" in Row.rates("r", [(Rate(6, 5), Rate(2, 2))], 3.0, note="n").note


def test_neither_of_a_pair_always_goes_first() -> None:
    said: list[str] = []
    pairs = Pairs()
    for _ in range(4):
        pairs.take(lambda: said.append("ours"), lambda: said.append("other"))
    assert said[::2] == ["other", "ours"] * 2
    assert len(pairs.found) == len(pairs.worked) == 4


def test_a_picture_names_every_curve_and_where_it_ends_and_no_words_lie_on_others(tmp_path: Path) -> None:
    plots.write([GROWN], tmp_path / "points.json")
    assert plots.read(tmp_path / "points.json") == [GROWN]
    root = ET.fromstring((tmp_path / "people.svg").read_text("utf-8"))  # noqa: S314  (our own picture)
    words = {text.text: float(text.attrib["y"]) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    ends = sorted(words[said] for said in ("flat: 0.90 ×", "as the size: 98 ×", "nearly flat: 0.91 ×"))
    assert min(after - before for before, after in pairwise(ends)) >= 16


def test_a_plot_of_another_name_stays(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    plots.write([GROWN], file)
    plots.write([Plot("desks", "t", "desks", "h", [Curve("c", [1, 2], [1, 2])])], file)
    assert [plot.name for plot in plots.read(file)] == ["desks", "people"]


def test_the_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    marks = "<!-- rows: written by `python -m tests.benchmarks --table` -->", "<!-- end of rows -->"
    page.write_text(f"before\n{marks[0]}\nthe last\n{marks[1]}\nafter\n", "utf-8")
    rows = [Row.paired("a dose", "ms", [(3, 2)], 1.6).as_json(), {"row": "push", "holds": False, "failed": "no Node"}]
    write_table(rows, page)
    found = page.read_text("utf-8")
    assert "| a dose | 1.50 | 1.50 to 1.50 | 1 | ≤ 1.6 | holds |" in found
    assert "no Node" in found
    assert "the last" not in found
    assert found.startswith("before\n")
    assert found.endswith("\nafter\n")


def test_every_row_of_the_documentation_can_be_asked_for() -> None:
    said = Path(__file__).parents[2].joinpath("docs/performance.md").read_text("utf-8")
    assert all(f"`{name}`" in said for name in MEASURES)
