"""``make bench``: each row with its reference in the same run, to the screen and to ``bench.json``.

``python -m tests.benchmarks [NAME...] [--quick] [--plots [KIND...]]``. Without names everything is measured and written
down; with names only those rows, to the screen. Each measure is a process of its own: one that fails says why, leaves
the others alone and takes what it started with it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.rows import Missing
from tests.support.marked import Marked

MEASURES = {
    "start": "start.start",
    "dose": "dose.durable_dose",
    "push": "push.push",
    "pull": "pull.pull",
    "search": "search.search",
    "stall": "stall.stall",
    "wire": "wire.wire",
    "memory": "memory.memory",
    "intake": "intake.intake",
    "reconcile": "reconcile.reconcile",
}
"""By name: the module here and its function, which takes a folder and whether to be quick."""

_NOT_HERE = 4
"""The exit code of a measure whose reference is not on this machine."""

PATIENCE = 900.0
"""Seconds after which a measure is ended."""

_TABLE, _TABLE_ENDS = "<!-- rows: written by `python -m tests.benchmarks --table` -->", "<!-- end of rows -->"

_HEAD = f"{'row':<56}{'ours':>14}{'reference':>14}{'ratio':>8}  {'spread':<15}{'runs':>5}  {'budget':<9}"


def main() -> int:
    """Measure; the exit code says nothing of the budgets, which are read, not enforced, but of measures that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="The budgets, measured.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURES)}; all without any")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: to see a change, not to say")
    parser.add_argument("--out", type=Path, help="where the rows go as JSON; bench.json when all are measured")
    parser.add_argument(
        "--plots", nargs="*", metavar="KIND", choices=("people", "records", "desks"),
        help="instead of rows, costs against size, into docs/performance: people, records, desks; long",
    )  # fmt: skip
    parser.add_argument("--most", type=int, default=10**9, metavar="N", help="no size of a plot beyond this")
    parser.add_argument("--table", action="store_true", help="write the rows of bench.json into docs/performance.md")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = set(given.names) - set(MEASURES)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # asked to end, everything here ends as after an error, and cleans up
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    if given.one is not None:
        _measure(given.names[0], given.one, quick=given.quick)
        return 0
    if given.table:
        write_table(json.loads(Path("bench.json").read_text("utf-8")), Path("docs/performance.md"))
        return 0
    if given.plots is not None:
        _plot(given.plots or ["people", "records", "desks"], given.most, quick=given.quick)
        return 0
    print(_HEAD, flush=True)
    found: list[dict[str, Any]] = []
    for name in given.names or MEASURES:
        found += _in_process(name, quick=given.quick)
    out = given.out or (None if given.names or given.quick else Path("bench.json"))
    if out is not None:
        out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if any("failed" in row and not row["missing"] for row in found) else 0


def _in_process(name: str, *, quick: bool) -> list[dict[str, Any]]:
    """The rows of one measure, printed as they come out; one that says what failed if nothing came."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "tests.benchmarks", name, "--one", folder, *(["--quick"] if quick else [])]
        # a session of its own, so that its work can be told from others'
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            _, said = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()
            _, said = process.communicate()
            said += f"\nended after {PATIENCE:.0f} seconds"
        finally:
            # asked to end, it takes along whatever it started
            process.terminate()
            process.wait()
        rows = Path(folder) / "rows.json"
        if process.returncode == 0 and rows.exists():
            found: list[dict[str, Any]] = json.loads(rows.read_text("utf-8"))
            for row in found:
                print(_line(row), flush=True)
                if row["note"]:
                    print(f"    {row['note']}", flush=True)
            print(f"    ({name}: {time.monotonic() - began:.0f} s)", flush=True)
            return found
    why = said.strip().splitlines()[-1] if said.strip() else f"exit code {process.returncode}"
    print(f"{name:<56}not measured: {why}", flush=True)
    missing = process.returncode == _NOT_HERE
    if not missing:
        print(said, file=sys.stderr, flush=True)
    none = dict.fromkeys(("ours", "reference", "ratio", "budget"))
    return [{"row": name, **none, "holds": False, "failed": why, "missing": missing}]


def _measure(name: str, folder: Path, *, quick: bool) -> None:
    """In the process of one measure: its rows into a file."""
    module, function = MEASURES[name].split(".")
    measure = getattr(importlib.import_module(f"tests.benchmarks.{module}"), function)
    try:
        rows = [row.as_json() for row in measure(folder, quick)]
    except Missing as error:
        print(error, file=sys.stderr)
        sys.exit(_NOT_HERE)
    (folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")


def write_table(rows: list[dict[str, Any]], page: Path) -> None:
    """Between its two marks; ratios alone, since times say more of the machine."""
    lines = ["| row | ratio | spread | runs | budget | |", "|---|---|---|---|---|---|"]
    for row in rows:
        if "failed" in row:
            lines.append(f"| {row['row']} | not measured: {row['failed']} | | | | |")
            continue
        side = "≥" if row["side"] == "at least" else "≤"
        low, high = row["spread"]
        holds = "holds" if row["holds"] else "**does not hold**"
        ratio = f"{row['ratio']:.2f} | {low:.2f} to {high:.2f} | {row['runs']}"
        lines.append(f"| {row['row']} | {ratio} | {side} {row['budget']:g} | {holds} |")
    table = "\n".join(lines)
    Marked(page, _TABLE, _TABLE_ENDS).write(f"\n\n{table}\n\n")


def _plot(kinds: list[str], most: int, *, quick: bool) -> None:
    from tests.benchmarks import growth, plots

    for kind in kinds:
        sizes = [size for size in (growth.QUICK_SIZES if quick else growth.SIZES)[kind] if size <= most]
        if len(sizes) < 2:
            continue
        print(kind, flush=True)
        file = Path(tempfile.gettempdir()) / "plots" / "points.json" if quick else plots.POINTS
        with tempfile.TemporaryDirectory(prefix=f"bench-{kind}-") as folder:
            getattr(growth, kind)(Path(folder), sizes, lambda plot, file=file: plots.write([plot], file))


def _line(row: dict[str, Any]) -> str:
    low, high = row["spread"]
    side = ">=" if row["side"] == "at least" else "<="
    return (
        f"{row['row']:<56}{row['ours']:>10.2f} {row['unit']:<3}{row['reference']:>10.2f} {row['unit']:<3}"
        f"{row['ratio']:>8.2f}  {f'{low:.2f}..{high:.2f}':<15}{row['runs']:>5}  {side} {row['budget']:<6}"
        f"  {'holds' if row['holds'] else 'DOES NOT HOLD'}"
    )


if __name__ == "__main__":
    sys.exit(main())
