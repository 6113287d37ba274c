"""A connection that asks and never writes (DESIGN 6.1)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from vaccinator_app.vault.speaking import speaking


class Reader:
    """A connection for one question at a time, and the lock that lets another thread close it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        self.closed = False

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]] | None:
        """The rows of one question; None when it is closed, since the desk is locked or another file is in the place of
        its own: a new one knows. Raises ``VaultError``."""
        with self.lock, speaking():
            return None if self.closed else list(self.connection.execute(sql, parameters).fetchall())

    def close(self) -> None:
        """Once no question is under way; whoever asks next gets another."""
        with self.lock:
            self.closed = True
            self.connection.close()
