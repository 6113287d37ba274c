"""Power cuts: what a recorded folder may hold when the power goes, at any place of its journal.

A disk promises little (POSIX): bytes are there for sure once their file was synced, names once their folder was. Of
everything later any part may have arrived, in any order, whole or by sectors, some of them torn or rubbish. ``Disk``
plays a journal that far and says, by a seed, one folder that may be found.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR = 512
_HEAD = struct.Struct("=cQQQ")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: ``W`` write, ``T`` truncate, ``C`` create, ``O`` open, ``R`` rename, ``L`` link,
    ``U`` unlink, ``S`` sync, ``M`` mark. ``number`` is a place or a length."""

    what: str
    inode: int
    number: int
    data: bytes

    @property
    def text(self) -> str:
        """Of a mark, or the name of what was opened or taken away."""
        return self.data.decode()


def read(journal: Path) -> list[Entry]:
    """What was recorded, in order."""
    return list(_entries(journal.read_bytes()))


def _entries(found: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(found):
        what, inode, number, length = _HEAD.unpack_from(found, at)
        at += _HEAD.size
        yield Entry(what.decode(), inode, number, found[at : at + length])
        at += length


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Writes at a place, and lengths the file was cut to (None)."""

    def sync(self) -> None:
        for place, data in self.pending:
            _apply(self.durable, place, data)
        self.pending.clear()


def _apply(held: bytearray, place: int, data: bytes | None) -> None:
    end = place if data is None else place + len(data)
    if len(held) < end:
        held.extend(bytes(end - len(held)))
    if data is None:
        del held[place:]
    else:
        held[place:end] = data


class Disk:
    """The folder as it was recorded, up to the entry last played; ``below``: only what lies in that folder of it. It
    was empty when recording began."""

    def __init__(self, below: str = "") -> None:
        self._below = below
        self._names: dict[str, _File] = {}
        self._durable_names: dict[str, _File] = {}
        self._changes: list[dict[str, _File]] = []
        """The names after each change that no sync of the folder made durable."""
        self._by_inode: dict[int, _File] = {}
        self._folder: int | None = None

    def play(self, entry: Entry) -> bool:
        """One entry more. Whether it is about this folder."""
        if entry.what in "COU" and not (name := self._own(entry.text)):
            self._by_inode.pop(entry.inode, None)
            return False
        match entry.what:
            case "C":
                self._by_inode[entry.inode] = self._names[name] = _File()
                self._named()
            case "O" if name == ".":
                self._folder = entry.inode
            case "W" | "T" if entry.inode in self._by_inode:
                data = entry.data if entry.what == "W" else None
                self._by_inode[entry.inode].pending.append((entry.number, data))
            case "S" if entry.inode == self._folder:
                self._durable_names = dict(self._names)
                self._changes.clear()
            case "S" if entry.inode in self._by_inode:
                self._by_inode[entry.inode].sync()
            case "R" | "L":
                source, target = map(self._own, entry.text.split("\0"))
                if not (source and target):
                    return False
                self._names[target] = self._names.pop(source) if entry.what == "R" else self._names[source]
                self._named()
            case "U":
                self._names.pop(name, None)
                self._named()
            case _:
                return entry.what in "CO"
        return True

    def settle(self) -> None:
        """All that was written so far is there for sure."""
        self._durable_names = dict(self._names)
        self._changes.clear()
        for file in self._names.values():
            file.sync()

    def _own(self, name: str) -> str:
        """The name within the folder that this is about; empty for what lies elsewhere."""
        if not self._below:
            return name
        if name == self._below:
            return "."
        return name.removeprefix(self._below + "/") if name.startswith(self._below + "/") else ""

    def _named(self) -> None:
        self._changes.append(dict(self._names))

    def found(self, rng: Random) -> dict[str, bytes]:
        """One folder that may be found when the power goes now: bytes by name."""
        # a journaling file system keeps the order of names; how far it came nobody knows
        came = rng.choice([0, len(self._changes), rng.randint(0, len(self._changes))])
        names = self._changes[came - 1] if came else self._durable_names
        way = rng.choice(_WAYS)
        return {name: way(file, rng) for name, file in sorted(names.items())}

    def write(self, folder: Path, rng: Random) -> None:
        """The same into an empty ``folder``, for its owner alone. Shared memory is made anew and is left out."""
        folder.mkdir(mode=0o700)
        for name, data in self.found(rng).items():
            if not name.endswith("-shm"):
                (folder / name).parent.mkdir(exist_ok=True)
                descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with open(descriptor, "wb") as file:
                    file.write(data)


def _nothing(file: _File, _: Random) -> bytes:
    return bytes(file.durable)


def _everything(file: _File, _: Random) -> bytes:
    return _kept(file, file.pending)


def _beginning(file: _File, rng: Random) -> bytes:
    """In order, up to some write; that one by half a page or half a sector."""
    if not file.pending:
        return bytes(file.durable)
    last = rng.randrange(len(file.pending))
    place, data = file.pending[last]
    torn = data if data is None else data[: rng.choice([len(data), len(data) // 2, SECTOR // 2, SECTOR])]
    return _kept(file, [*file.pending[:last], (place, torn)])


def _some(file: _File, rng: Random) -> bytes:
    return _kept(file, [one for one in file.pending if rng.random() < 0.5])


def _sectors(file: _File, rng: Random) -> bytes:
    """Any sectors of any writes."""
    parts: list[tuple[int, bytes | None]] = []
    for place, data in file.pending:
        if data is None:
            parts += [(place, None)] if rng.random() < 0.5 else []
            continue
        start = 0
        while start < len(data):
            end = min(len(data), start + SECTOR - (place + start) % SECTOR)
            if rng.random() < 0.6:
                parts.append((place + start, data[start:end]))
            start = end
    return _kept(file, parts)


def _rubbish(file: _File, rng: Random) -> bytes:
    """As ``_beginning``, and what was written last is rubbish from some byte on."""
    if not file.pending:
        return bytes(file.durable)
    last = rng.randrange(len(file.pending))
    place, data = file.pending[last]
    if data is not None:
        whole = rng.randrange(len(data) + 1)
        data = data[:whole] + rng.randbytes(len(data) - whole)
    return _kept(file, [*file.pending[:last], (place, data)])


_WAYS = (_nothing, _everything, _beginning, _some, _sectors, _rubbish)


def _kept(file: _File, parts: list[tuple[int, bytes | None]]) -> bytes:
    held = bytearray(file.durable)
    for place, data in parts:
        _apply(held, place, data)
    return bytes(held)
