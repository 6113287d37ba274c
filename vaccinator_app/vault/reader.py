"""A connection that asks and never writes (DESIGN 6.1)."""

from __future__ import annotations

import threading
from typing import Any


class Reader:
    """One thread's own connection, and the lock that lets another thread close it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        self.thread = threading.current_thread()
        self.closed = False

    def close(self) -> None:
        """Once no question is under way; the thread asks for a new one."""
        with self.lock:
            self.closed = True
            self.connection.close()
