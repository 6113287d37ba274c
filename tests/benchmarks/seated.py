"""Starts ``sitting`` and reads what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from vaccinator_app.cli.demo.server import Central


def sitting(*what: str | Path) -> dict[str, Any]:
    """One sitting, from its start to its end."""
    return read(begun(*what))


def read(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it found, once it was told that it may end."""
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the window's process ended with {process.returncode}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def begun(*what: str | Path) -> subprocess.Popen[str]:
    """One that goes on until its standard input ends."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "tests.benchmarks.sitting", *map(str, what)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)


def at(server: Central) -> tuple[str, Path]:
    """Where a desk finds this central."""
    return server.address, server.authority
