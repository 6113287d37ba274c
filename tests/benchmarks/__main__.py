"""``make bench``: each row with its reference in the same run, to the screen and to ``bench.json``."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.dose import durable_dose
from tests.benchmarks.reconcile import reconcile
from tests.benchmarks.rows import Row
from tests.benchmarks.search import search
from tests.benchmarks.start import start
from tests.benchmarks.sync import push

MEASURES: tuple[Callable[[Path], list[Row]], ...] = (start, durable_dose, search, push, reconcile)


def main() -> None:
    """Measure everything; the exit code says nothing of the budgets, which are read, not enforced."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    rows: list[Row] = []
    print(f"{'row':<58}{'ours':>12}{'reference':>12}{'ratio':>8}{'budget':>9}")
    for measure in MEASURES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for row in measure(Path(folder)):
                rows.append(row)
                side = ">=" if row.at_least else "<="
                print(
                    f"{row.row:<58}{row.ours:>9.2f} {row.unit:<3}{row.reference:>8.2f} {row.unit:<3}{row.ratio:>8.2f}"
                    f"{side:>4} {row.budget:<4}  {'holds' if row.holds else 'does not hold'}",
                    flush=True,
                )
    Path("bench.json").write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
