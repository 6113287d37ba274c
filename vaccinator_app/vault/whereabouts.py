"""Whether the vault that stands open is still the one under its name (DESIGN 3.6, 6.5).

A file that was removed, moved away or replaced takes every write as before, and is gone for good with the program that
has it open. So each commit looks first: what nobody would find again is not called saved.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from vaccinator_app.vault.errors import VaultGone, from_os

_GONE = (FileNotFoundError, NotADirectoryError)
_TICK_NS = 50_000_000
"""Two changes of a folder may bear the same time when they are less apart (the system's clock for files)."""


class Whereabouts:
    """Which files lay under the names of an opened vault and of its log."""

    def __init__(self, path: Path) -> None:
        """Raises ``VaultError``."""
        whole = os.fspath(path.absolute())
        self._folder = os.path.dirname(whole)
        self._names = (whole, whole + "-wal")
        self._files = [_identity(name) for name in self._names]
        self._seen: tuple[int, int, int] | None = None

    def check(self) -> None:
        """Raise ``VaultGone`` unless the same files lie there now; another ``VaultError`` when nobody can tell.

        A folder in which nothing was made, removed or renamed since the last look is not looked through again: each
        record waits for this.
        """
        try:
            found = os.stat(self._folder)
        except _GONE:
            raise VaultGone from None
        except OSError as error:
            raise from_os(error) from None
        seen = (found.st_dev, found.st_ino, found.st_mtime_ns)
        if seen != self._seen:
            self._look()
            self._seen = seen if time.time_ns() - found.st_mtime_ns > _TICK_NS else None

    def _look(self) -> None:
        for name, file in zip(self._names, self._files, strict=True):
            if _identity(name) != file:
                raise VaultGone


def _identity(name: str) -> tuple[int, int]:
    try:
        found = os.stat(name)
    except _GONE:
        raise VaultGone from None
    except OSError as error:
        raise from_os(error) from None
    return found.st_dev, found.st_ino
