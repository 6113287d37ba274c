"""Kills the process it burns in, at a step named beforehand; and counts the steps that were reached."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_WRITES = re.compile(
    r"(INSERT OR [A-Z]+ INTO|INSERT INTO|UPDATE|DELETE FROM|BEGIN|COMMIT|PRAGMA wal_checkpoint)\b\s*\"?([a-z_]*)"
)


class Fuse:
    """``around(name)`` is ``before name``, what is done, and ``after name``: at the ``count``-th time that the named
    one is reached, SIGKILL. Unarmed, it only counts."""

    def __init__(self, step: str | None = None, count: int = 1, tells: int | None = None) -> None:
        """``tells`` is a descriptor to which each step is written as it is reached, a line each."""
        self._tells = tells
        self._step = step
        self._left = count
        self._doing = threading.local()
        self.reached: Counter[str] = Counter()

    def reach(self, step: str) -> None:
        """This process is at ``step``."""
        self.reached[step] += 1
        if self._tells is not None:
            os.write(self._tells, f"{step}\n".encode())
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """The block is what is done."""
        self.reach(f"before {name}")
        yield
        self.reach(f"after {name}")

    @property
    def doing(self) -> str:
        """What this thread is about, as ``within`` says."""
        return getattr(self._doing, "what", None) or "other"

    @contextmanager
    def within(self, what: str) -> Iterator[None]:
        """Statements in this block are those of ``what``; the outermost block says."""
        before = getattr(self._doing, "what", None)
        self._doing.what = before or what
        try:
            yield
        finally:
            self._doing.what = before

    @contextmanager
    def statement(self, sql: str) -> Iterator[None]:
        """The block executes ``sql``; only what writes is a step."""
        found = _WRITES.match(sql)
        if found is None:
            yield
        else:
            verb = "checkpoint" if "checkpoint" in found[1] else found[1].split()[0]
            with self.around(f"{self.doing}: {verb} {found[2]}".strip()):
                yield

    # Seams

    def wrap(self, owner: Any, name: str, step: str) -> None:
        """Calls of ``owner.name`` are a step."""
        real: Callable[..., Any] = getattr(owner, name)

        def stepping(*given: Any, **named: Any) -> Any:
            with self.around(step):
                return real(*given, **named)

        setattr(owner, name, stepping)

    def scope(self, owner: Any, name: str, what: str) -> None:
        """Statements made by calls of ``owner.name`` are those of ``what``."""
        real: Callable[..., Any] = getattr(owner, name)

        def scoped(*given: Any, **named: Any) -> Any:
            with self.within(what):
                return real(*given, **named)

        setattr(owner, name, scoped)
