"""Connections that ask and never write (DESIGN 6.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from vaccinator_app.vault.speaking import speaking

T = TypeVar("T")


class Ask(Protocol):
    """One question, and its rows, whole."""

    def __call__(self, sql: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]: ...


class ReaderClosed(Exception):
    """The desk is locked, another file is in the place of this one, or the log is to be folded: a new reader knows."""


class Reader:
    """A connection for one question at a time, and the lock that lets another thread close it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        self.closed = False
        self.holding = False
        """Whether it holds on to one moment of the file (``ask_as_one``)."""

    def ask(self, sql: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        """The rows of one question. Raises ``ReaderClosed`` and ``VaultError``."""
        with self.lock, speaking():
            if self.closed:
                raise ReaderClosed
            return list(self.connection.execute(sql, parameters).fetchall())

    def ask_as_one(self, work: Callable[[Ask], T]) -> T:
        """What ``work`` makes of the questions that it asks, all answered as of one moment. Raises as ``ask`` does.

        Between two questions another thread may close it: whoever locks the desk waits for no more than one.
        """
        self.holding = True
        try:
            self.ask("BEGIN")
            made = work(self.ask)
            self.ask("ROLLBACK")
        except BaseException:
            # It would go on telling everybody of that one moment.
            self.close()
            raise
        finally:
            self.holding = False
        return made

    def close(self) -> None:
        """Once no question is under way; whoever asks next gets another."""
        with self.lock:
            self.closed = True
            self.connection.close()


class Readers:
    """All that are open, and those of them that nobody asks just now.

    They are nobody's own: the window's work runs on threads that are new to Python each time, and each would leave a
    connection behind. One is added, and all are closed, under a lock of the caller's.
    """

    def __init__(self) -> None:
        self._open: list[Reader] = []
        self._free: list[Reader] = []

    def __len__(self) -> int:
        return len(self._open)

    @property
    def free(self) -> int:
        """How many nobody asks just now."""
        return len(self._free)

    def take(self) -> Reader | None:
        """The one that was used last, so that there are no more than ever asked at once. None when all are asked."""
        with suppress(IndexError):
            return self._free.pop()
        return None

    def put_back(self, reader: Reader) -> None:
        """For the next who asks."""
        if not reader.closed:
            self._free.append(reader)

    def add(self, connection: Any) -> Reader:
        """One more; it is its asker's until it is put back."""
        reader = Reader(connection)
        self._open.append(reader)
        return reader

    def ask_each(self, sql: str) -> None:
        """The same of all. Raises ``VaultError``."""
        for reader in list(self._open):
            with suppress(ReaderClosed):
                reader.ask(sql)

    def let_go(self) -> None:
        """Who holds on to one moment begins again: to fold the log would wait for it, and all who write for that."""
        for reader in self._open:
            if reader.holding:
                reader.close()
        self._open = [reader for reader in self._open if not reader.closed]

    def close(self) -> None:
        """All of them, each once no question to it is under way."""
        for reader in self._open:
            reader.close()
        self._open, self._free = [], []
