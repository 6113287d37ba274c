"""Who has the vault of a home open: any number of programs together, or one that puts another file in its place.

SQLite's own locks are the file's. They say nothing about a name under which another file lies a moment later: whoever
had opened the old one would go on writing records into a file that nobody finds again.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vaccinator_app.vault.errors import VaultBusy, VaultMissing, from_os

PATIENCE = 5.0
"""Seconds that somebody waits for a new file to be in its place."""
_AGAIN = 0.02


class HomeLock:
    """Held from before the file is opened until after it is closed (flock(2) on the folder; a crash lets it go)."""

    def __init__(self, folder: Path) -> None:
        """Raises ``VaultMissing``, ``VaultBusy`` when a new file is not in its place after five seconds."""
        self.held = False
        try:
            self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            raise VaultMissing from None
        except OSError as error:
            raise from_os(error) from None
        try:
            self._share()
        except BaseException:
            self.close()
            raise

    def _share(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self._take(fcntl.LOCK_SH):
            if time.monotonic() > until:
                raise VaultBusy
            time.sleep(_AGAIN)
        self.held = True

    def _take(self, how: int) -> bool:
        try:
            fcntl.flock(self._folder, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise from_os(error) from None
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else has the vault open, nor opens it meanwhile. ``VaultBusy`` at once when somebody has."""
        if not self._take(fcntl.LOCK_EX):
            # The try lets go of what was held (flock(2)): until it is held again, another file may come into place.
            self.held = False
            self._share()
            raise VaultBusy
        try:
            yield
        finally:
            self._share()

    def close(self) -> None:
        """Let go. Safe to call again."""
        if self._folder >= 0:
            os.close(self._folder)
            self._folder, self.held = -1, False
