"""Reads ``*.toml`` of this folder: what is claimed, where the control stands, and which test fails without it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """``take_out`` stands once in ``file``; with ``put`` in its place ``test`` fails. ``room`` is the file it is in."""

    room: str
    claim: str
    file: str
    take_out: str
    put: str
    test: str

    def without(self) -> str:
        """The file's text without the control."""
        return (ROOT / self.file).read_text("utf-8").replace(self.take_out, self.put)


def controls(*rooms: str) -> list[Control]:
    """All of them, or those of some rooms, in the order of their files."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        if not rooms or path.stem in rooms:
            entries = tomllib.loads(path.read_text("utf-8"))["control"]
            found += [Control(room=path.stem, **entry) for entry in entries]
    return found
