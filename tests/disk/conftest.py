"""Homes of a vault, and a process whose disk can be made to refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import disk
from tests.support.disk import Call

Refusing = Callable[..., dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refusing]:
    """``refusing(act, at, error, calls, for_ever=, partly=)`` or ``refusing(act, memory=)``: what came of it."""
    folder = tmp_path_factory.mktemp("refusing")
    (folder / "made").mkdir()
    (folder / "disk").mkdir()
    root = str(Path(__file__).parents[2])
    environment = os.environ | disk.watched(folder / "disk") | {"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.disk.refusing", str(folder / "made"), str(folder / "disk")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=root
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        def ask(act: str, at: int = 0, error: int = 0, calls: Call = Call.ANY, **more: int) -> dict[str, Any]:
            case = {"act": act, "at": at, "error": error, "calls": int(calls), "for_ever": False, "partly": False}
            case |= more
            print(json.dumps(case), file=process.stdin, flush=True)
            assert process.stdout is not None
            found: dict[str, Any] = json.loads(process.stdout.readline())
            assert "broken" not in found, f"{case}:\n{found['broken']}"
            return found

        yield ask
        process.stdin.close()
