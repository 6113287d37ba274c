"""Whether a write-ahead log that was left behind ends where a power cut may end it (DESIGN 6.5).

SQLite reads a log up to the first frame whose checksum does not fit, and drops the rest without a word: the tail of a
transaction that was under way, usually. But the next transaction is begun only once the one before is durable, so what
lies behind the end of another transaction was on the disk: if that is dropped too, saved records go with it.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""SQLite's file format, 4.1: the last bit says in which order the checksums read their words."""

_SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
_SALTS = 8
"""Where in a frame's head the salts begin: behind its page's number, and whether a transaction ends with it."""


def was_cut(log: Path, database: Path) -> bool:
    """Whether more than an unfinished transaction will be dropped from ``log``, the log of ``database``.

    Raises ``OSError``.
    """
    data = log.read_bytes()
    if len(data) < _HEADER.size:
        return False
    magic, _, page, _, *salts, first, second = _HEADER.unpack_from(data)
    size = _FRAME.size + page
    frames = range(_HEADER.size, len(data) - size + 1, size) if 512 <= page <= 65536 else range(0)
    order = _MAGIC.get(magic)
    if order is None or _sum(data[:24], (0, 0), order) != (first, second):
        # A log is begun anew once all of it was written back: where power went in the midst of that, what follows is
        # in the file, whichever of the old salts are left.
        own = [at for at in frames if _any_of(salts, _FRAME.unpack_from(data, at)[2:4])]
        return sum(_commits(data, at) for at in own) > 1 and not _written_back(data, own, page, database)
    running = (first, second)
    for place, at in enumerate(frames):
        head = _FRAME.unpack_from(data, at)
        running = _sum(data[at + _FRAME.size : at + size], _sum(data[at : at + 8], running, order), order)
        if list(head[2:4]) != salts or head[4:] != running:
            own = [f for f in frames[place:] if list(_FRAME.unpack_from(data, f)[2:4]) == salts]
            return _ends_within(own, data, page, order)
    return False


def _ends_within(frames: list[int], data: bytes, page: int, order: str) -> bool:
    """Whether a transaction ended among ``frames`` and another one began behind it.

    Where a sector begins with a head's salts, what stands before them may be of a frame that lay there before the log
    was begun anew. Then it is believed only if what is behind it was all written, as what was durable was.
    """
    return any(
        _commits(data, at) and ((at + _SALTS) % _SECTOR or _all_written(at, frames[place:], data, page, order))
        for place, at in enumerate(frames[:-1], 1)
    )


def _all_written(at: int, behind: list[int], data: bytes, page: int, order: str) -> bool:
    """Whether the frames ``behind`` the one at ``at`` follow one another to the end of a transaction."""
    size = _FRAME.size + page
    for expected, found in enumerate(behind, 1):
        if found != at + expected * size:
            return False
        running = _sum(data[found : found + 8], _FRAME.unpack_from(data, found - size)[4:], order)
        if _sum(data[found + _FRAME.size : found + size], running, order) != _FRAME.unpack_from(data, found)[4:]:
            return False
    return _commits(data, behind[-1])


def _written_back(data: bytes, frames: list[int], page: int, database: Path) -> bool:
    """Whether the file has every page as the last transaction that ended among ``frames`` left it."""
    ended, under_way = dict[int, int](), dict[int, int]()
    for at in frames:
        under_way[_FRAME.unpack_from(data, at)[0]] = at + _FRAME.size
        if _commits(data, at):
            ended |= under_way
            under_way.clear()
    with database.open("rb") as file:
        for number, at in ended.items():
            if number:
                file.seek((number - 1) * page)
            if not number or file.read(page) != data[at : at + page]:
                return False
    return True


def _any_of(salts: list[int], found: tuple[int, ...]) -> bool:
    return any(one == other for one, other in zip(salts, found, strict=True))


def _commits(data: bytes, at: int) -> bool:
    return bool(_FRAME.unpack_from(data, at)[1])


def _sum(data: bytes, running: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = running
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two
