"""A disk that can be watched and broken: a small C library (``shim.c``) preloaded into a program under test.

``recorded`` gives the environment in which every change that a program makes to the files of one folder is written
down in order, with the moments at which it said something (``mark``): what ``replay`` makes power cuts of.
``failing`` gives the one in which the n-th such call fails; ``fail`` sets that from within, at any moment.

Linux alone, and a C compiler is needed: without one a test is skipped (``tests.support.demand``, word ``cc``).
"""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import subprocess
from enum import IntFlag
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from tests.support.demand import missing

_SOURCE = Path(__file__).with_name("shim.c")


class Call(IntFlag):
    """Kinds of calls that may fail. Those that open a file count when they create it or open it to be written."""

    WRITE = 1
    TRUNCATE = 2
    CREATE = 4
    RENAME = 8
    UNLINK = 16
    SYNC = 32
    LINK = 64
    OPEN_TO_WRITE = 128
    TAKES_ROOM = WRITE | CREATE | RENAME | LINK
    """What a full disk may refuse (``ENOSPC``)."""
    ANY = 255


@lru_cache
def library() -> Path:
    """The compiled library, made once a run; skips the test where it cannot be."""
    compiler = shutil.which("cc")
    if compiler is None:
        missing("cc", "there is no C compiler")
    folder = Path(mkdtemp(prefix="disk-shim-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = folder / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(made), str(_SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing("cc", f"the library does not compile here: {done.stderr[-500:]}")
    return made


def recorded(folder: Path, journal: Path) -> dict[str, str]:
    """What to add to the environment of a process whose changes to ``folder`` go into ``journal``."""
    return _watched(folder) | {"DISK_JOURNAL": str(journal)}


def watched(folder: Path) -> dict[str, str]:
    """The same for a process that will call ``fail`` itself: nothing fails and nothing is written down so far."""
    return _watched(folder)


def failing(
    folder: Path,
    at: int,
    error: int,
    calls: Call = Call.ANY,
    *,
    for_ever: bool = False,
    partly: bool = False,
) -> dict[str, str]:
    """In this environment the ``at``-th of these ``calls`` on files of ``folder`` (from 1 on) fails with ``error``,
    an ``errno``; ``for_ever`` also all that follow. ``partly``: where it is a write, half of it is made and said so."""
    told = {"DISK_FAIL_AT": str(at), "DISK_FAIL_ERRNO": str(error), "DISK_FAIL_CALLS": str(int(calls))}
    told |= {"DISK_FAIL_FOR_EVER": "1"} if for_ever else {}
    return _watched(folder) | told | ({"DISK_FAIL_SHORT": "1"} if partly else {})


def _watched(folder: Path) -> dict[str, str]:
    return {"LD_PRELOAD": str(library()), "DISK_FOLDER": os.path.realpath(folder)}


# Within a process that has the library. It is found by its own names, so these do nothing good anywhere else.


def mark(text: str) -> None:
    """Write ``text`` into the journal: this was so when everything before it had been asked of the disk."""
    _loaded().disk_mark(text.encode())


def fail(at: int, error: int, calls: Call = Call.ANY, *, for_ever: bool = False, partly: bool = False) -> None:
    """Count from now on, and fail as ``failing`` says; ``at`` 0 only counts."""
    _loaded().disk_fail(ctypes.c_long(at), error, int(calls), for_ever, partly)


def fail_no_more() -> int:
    """From now on nothing fails. Returns how many calls of the kinds last named were seen."""
    count = int(_loaded().disk_seen())
    fail(0, 0)
    return count


@lru_cache
def _loaded() -> ctypes.CDLL:
    found = ctypes.CDLL(None)
    found.disk_seen.restype = ctypes.c_long
    return found
