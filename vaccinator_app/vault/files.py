"""Small files beside the database: for this account alone, and either the old bytes or the new ones, whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO

from vaccinator_app.vault.errors import from_os

DATABASE = "vault.db"
NEXT = "vault.db.next"
"""The file that is to be put in the place of the other; not a vault until it is (``rekeying``)."""
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file, by its name."""
RECOVERING = "recovering.json"
"""A request for recovery under way (``recovering``)."""
RESTORED = "restored.json"
"""That the vault beside it was put back from a backup, until the opened vault knows so itself (``file_seal``)."""
FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_private_folder(folder: Path) -> None:
    """``folder`` for this account alone. Raises ``VaultError`` when it cannot be made."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        tighten(folder)
    except OSError as error:
        raise from_os(error) from None


def tighten(path: Path) -> None:
    """Take away what others may do with ``path``, and nothing else. A path of somebody else's stays as it is."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        try:
            path.chmod(mode & ~0o077)
        except PermissionError:
            return


def identity_of(path: Path) -> tuple[int, int]:
    """Which file lies under this name now. Raises ``VaultError``."""
    try:
        found = path.stat()
    except OSError as error:
        raise from_os(error) from None
    return found.st_dev, found.st_ino


def write_private(path: Path, data: bytes) -> None:
    """Write ``data`` so that after a crash ``path`` holds either what it held before or ``data``; mode 0600.

    Returns once it is durable. Raises ``VaultError``; then the old file stands. Programs that write it at once do so
    one after another.
    """
    beside = path.with_name(path.name + ".new")
    try:
        with _alone_with(beside) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # before anybody else may go on with what is under this name
            beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise from_os(error) from None


@contextmanager
def _alone_with(beside: Path) -> Iterator[IO[bytes]]:
    """An empty file of this name and for this account, which no other program writes to meanwhile (flock(2))."""
    while True:
        if beside.is_symlink():
            beside.unlink()
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            found = os.fstat(file.fileno())
            # whoever had it before has put it in its place meanwhile
            if _lies(beside, found):
                os.fchmod(file.fileno(), FILE_MODE)
                file.truncate()
                yield file
                return


def _lies(path: Path, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), found)
    except FileNotFoundError:
        return False


def set_aside(path: Path) -> None:
    """Give ``path`` the first free name of ``name.1``, ``name.2``... Raises ``VaultError``."""
    try:
        number = next(n for n in count(1) if not path.with_name(f"{path.name}.{n}").exists())
        path.rename(path.with_name(f"{path.name}.{number}"))
    except OSError as error:
        raise from_os(error) from None


def clear_next(home: Path) -> None:
    """Take away what an interrupted change of the key left. Raises ``OSError``."""
    for name in (NEXT, *(NEXT + ending for ending in BESIDE)):
        (home / name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
