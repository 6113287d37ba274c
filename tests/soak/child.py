"""A process of its own that is told what to do in lines of JSON and answers in lines of JSON.

An answer's last line has ``done`` (what came of it) or ``failed`` (the name of what went wrong, never its words).
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

Told = dict[str, Any]


class Died(Exception):
    """The process ended in the middle of what it was told."""


class Child:
    """Runs ``python -m MODULE ARGUMENTS``; what it says on its error stream goes to ``log``."""

    def __init__(self, module: str, *arguments: str, log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout

    def ask(self, do: str, heard: Callable[[Told], None] = lambda _: None, **told: object) -> Told:
        """What came of it. ``heard`` gets each line before the last. Raises ``Died``."""
        try:
            self._to.write(json.dumps({"do": do, **told}).encode() + b"\n")
            self._to.flush()
        except BrokenPipeError as error:
            raise Died(do) from error
        return self.hello(heard, do)

    def hello(self, heard: Callable[[Told], None] = lambda _: None, do: str = "begin") -> Told:
        """What it says by itself once it has begun, or in answer to ``do``."""
        for line in self._from:
            said = json.loads(line)
            if "failed" in said:
                raise RuntimeError(f"{do}: {said['failed']}")
            if "done" in said:
                found: Told = said["done"]
                return found
            heard(said)
        raise Died(do)

    def end(self) -> None:
        """It ends when nothing more is to come, and is waited for."""
        self._to.close()
        self._process.wait(timeout=120)
        self._from.close()
        self._log.close()

    def kill(self) -> None:
        """At once, whatever it is doing."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for stream in (self._to, self._from, self._log):
            try:
                stream.close()
            except BrokenPipeError:
                continue


def serve(acts: Callable[[str, Told], Told]) -> None:
    """The other end: do what the lines say until there are no more."""
    for line in sys.stdin:
        told = json.loads(line)
        try:
            say(done=acts(told.pop("do"), told))
        except Exception as error:
            say(failed=f"{type(error).__name__}: {error}")
            raise


def say(**fields: object) -> None:
    """A line to whoever asked."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and newer, in bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def memory() -> Told:
    """What this process holds once all is let go that can be: resident bytes (Linux; 0 elsewhere), those in use of the
    C library's (glibc), the blocks in use of Python's own, and its objects, in all and the most frequent kinds."""
    gc.collect()
    used = 0
    with suppress(OSError, AttributeError):
        # glibc keeps what was freed; whether it grows is asked of what is held
        library = ctypes.CDLL(None)
        library.malloc_trim(0)
        library.mallinfo2.restype = _Mallinfo
        info = library.mallinfo2()
        used = info.uordblks + info.hblkhd
    kinds = Counter(type(one).__name__ for one in gc.get_objects())
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        rss = pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        rss = 0
    return {
        "rss": rss, "used": used, "blocks": sys.getallocatedblocks(),
        "objects": sum(kinds.values()), "kinds": dict(kinds.most_common(60)),
    }  # fmt: skip


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file in ``folder``, and of all files in each folder within."""
    found: dict[str, int] = {}
    for path in _files(folder):
        name = path.relative_to(folder).parts[0]
        found[name] = found.get(name, 0) + path.stat().st_size
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
