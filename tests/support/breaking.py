"""A copy of the tree in which something may be broken, and pytest run in it: for tests that must fail then."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PASSED, FAILED = 0, 1

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", "dist", "build", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
)


class Copy:
    """The tree at ``root``, to be changed at will."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def changed(self, file: str, take_out: str, put: str) -> Iterator[None]:
        """``put`` stands in the place of ``take_out`` until this ends."""
        path = self.root / file
        before = path.read_text("utf-8")
        path.write_text(before.replace(take_out, put), "utf-8")
        try:
            yield
        finally:
            path.write_text(before, "utf-8")

    def run(self, *tests: str) -> int:
        """pytest's exit code: 1 only when a test ran and failed."""
        environment = os.environ | {
            "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", "QT_QPA_PLATFORM": "offscreen"
        }  # fmt: skip
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        # bytecode of the file before would pass for that of the file after: both may be of one second and one size
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        if done.returncode not in (PASSED, FAILED):
            print(done.stdout[-2000:] + done.stderr[-2000:])
        return done.returncode


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy of the tree without what is made anew."""
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        shutil.copytree(ROOT, Path(folder) / "copy", ignore=_LEFT_OUT)
        yield Copy(Path(folder) / "copy")
