"""Reads ``bugs.toml``: which bug, where it is planted, and the tests of which each must fail with it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("bugs.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """``take_out`` stands once in ``file``; with ``put`` in its place every one of ``tests`` fails."""

    bug: str
    file: str
    take_out: str
    put: str
    tests: tuple[str, ...]


def bugs() -> list[Bug]:
    """All of them, in the order of the file."""
    entries = tomllib.loads(FILE.read_text("utf-8"))["bug"]
    return [Bug(**entry | {"tests": tuple(entry["tests"])}) for entry in entries]
