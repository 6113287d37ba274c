"""``python -m tests.controls [ROOM...]``: take each control out of a copy and see its test fail.

``--only TEXT`` takes those whose claim or test has the text; ``--table`` writes the table of ``docs/threat-model.md``
instead. Ends with 1 when a test passes although its control is gone, or fails although it is there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.controls.entries import ROOT, Control, controls
from tests.controls.table import write

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", "dist", "build", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
)
_PASSED, _FAILED = 0, 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.controls", description=__doc__)
    parser.add_argument("rooms", nargs="*")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if arguments.table:
        write()
        return 0
    chosen = [one for one in controls(*arguments.rooms) if arguments.only in one.claim or arguments.only in one.test]
    with tempfile.TemporaryDirectory(prefix="controls-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
        wrong = _all_there(copy, chosen) + [one.claim for one in chosen if not _missed(copy, one)]
    print(f"{len(chosen)} controls, {len(wrong)} of them not as claimed.")
    for claim in wrong:
        print(f"- {claim}")
    return 1 if wrong else 0


def _all_there(copy: Path, chosen: Iterable[Control]) -> list[str]:
    """With every control in its place every test passes."""
    tests = sorted({one.test for one in chosen})
    return [] if _run(copy, *tests) == _PASSED else ["with all controls in place a test fails"]


def _missed(copy: Path, one: Control) -> bool:
    path = copy / one.file
    before = path.read_text("utf-8")
    path.write_text(one.without(), "utf-8")
    try:
        missed = _run(copy, one.test) == _FAILED
    finally:
        path.write_text(before, "utf-8")
    print(f"{'missed' if missed else 'NOT MISSED'}: {one.claim}", flush=True)
    return missed


def _run(copy: Path, *tests: str) -> int:
    """pytest's exit code: 1 only when a test ran and failed."""
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    # bytecode of the file before would pass for that of the file after: both may be of one second and one size
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (_PASSED, _FAILED):
        print(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
