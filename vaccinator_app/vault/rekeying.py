"""A whole new file under another key, made beside the old one and checked before it takes its place (DESIGN 5.3; P.18).

SQLite's backup interface reads page after page through the one key and writes it through the other: what comes out is
the same database, page for page, with a salt of its own. ``PRAGMA rekey`` would do it in place, where a power cut needs
the journal to be undone; ``sqlcipher_export`` forgets the user version and renumbers rows.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from sqlcipher3 import dbapi2

from vaccinator_app.vault.connection import Connection, Database, connect
from vaccinator_app.vault.errors import VaultDamaged, VaultDisk, VaultError, VaultFull, from_os
from vaccinator_app.vault.files import BESIDE, FILE_MODE, NEXT, clear_next
from vaccinator_app.vault.speaking import speaking

Progress = Callable[[int, int], None]
"""Told how many pages of how many are done."""

_PAGES = 4096
_WORDS: Mapping[str, type[VaultError]] = {
    "database or disk is full": VaultFull,
    "database disk image is malformed": VaultDamaged,
    "file is not a database": VaultDamaged,
}
_FACTS = (
    "PRAGMA user_version",
    "PRAGMA page_count",
    "PRAGMA freelist_count",
    "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY 1, 2",
    "SELECT count(*), max(seq) FROM ledger",
    "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1",
    "SELECT count(*), max(upto) FROM receipts",
    "SELECT count(*) FROM roster",
)


def rekey(
    database: Database, key: bytes, last: Callable[[Path], None] = lambda _: None, progress: Progress | None = None
) -> None:
    """Bring the vault under ``key`` (32 bytes). Reading goes on meanwhile; writing waits. ``last`` is called with the
    new file's path before it takes the old one's place.

    Until the new file is whole, checked and durable the old one stands, and any ``VaultError`` leaves it in place:
    ``VaultBusy`` when another program has the vault open, ``VaultFull`` when there is no room for a second file.
    """
    database.replace(lambda path, old: _copy(path, old, key, progress), key, last)


def _copy(path: Path, key: bytes, new_key: bytes, progress: Progress | None) -> Path:
    copy = path.with_name(NEXT)
    try:
        clear_next(path.parent)
    except OSError as error:
        raise from_os(error) from None
    copy_to(path, key, copy, new_key, progress)
    return copy


def copy_to(path: Path, key: bytes, copy: Path, new_key: bytes, progress: Progress | None = None) -> None:
    """Make the new file ``copy`` under ``new_key`` of the vault at ``path``, as it is at one moment. Others may read
    and write meanwhile. On return it is durable, and each of its pages was read back.

    Raises ``VaultFull`` before anything is written when there is no room, or another ``VaultError``; then it is gone.
    """
    try:
        if shutil.disk_usage(copy.parent).free < path.stat().st_size:
            # Before the last of the room is taken from records that have yet to be made.
            raise VaultFull
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
        try:
            _fill(path, key, copy, new_key, progress)
            _sync(copy)
        except BaseException:
            with suppress(OSError):
                for ending in ("", *BESIDE):
                    copy.with_name(copy.name + ending).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise from_os(error) from None


def records_in(copy: Path, key: bytes) -> int:
    """How many records a copy holds. Nothing is left beside it. Raises ``VaultError``."""
    made = connect(copy, key, mode="ro")
    try:
        with speaking():
            ((found,),) = made.execute("SELECT count(*) FROM ledger").fetchall()
    finally:
        made.close()
    return int(found)


def _fill(path: Path, key: bytes, copy: Path, new_key: bytes, progress: Progress | None) -> None:
    source = connect(path, key)
    try:
        with speaking():
            # what others write from here on is not seen, and does not make the copy begin anew
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        target = connect(copy, new_key)
        try:
            with speaking():
                # If it goes wrong the copy is thrown away; it is made durable as a whole before it is used.
                target.execute("PRAGMA journal_mode = OFF")
                target.execute("PRAGMA synchronous = OFF")
                _back_up(source, target, progress)
        finally:
            target.close()
        _check(source, copy, new_key)
    finally:
        source.close()


def _back_up(source: Connection, target: Connection, progress: Progress | None) -> None:
    try:
        source.backup(target, pages=_PAGES, progress=_told(progress), sleep=0)
    except dbapi2.DatabaseError as error:
        # The driver gives this one's errors no code; what it says are SQLite's own fixed words (sqlite3_errstr).
        raise _WORDS.get(str(error), VaultDisk)("backup") from None


def _told(progress: Progress | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None
    return lambda _, left, whole: progress(whole - left, whole)


def _check(source: Connection, copy: Path, new_key: bytes) -> None:
    """Raise ``VaultDamaged`` unless the copy opens with its key, each page bears it out, and it says the same."""
    made = connect(copy, new_key)
    try:
        with speaking():
            if made.execute("PRAGMA cipher_integrity_check").fetchall() or _facts(made) != _facts(source):
                raise VaultDamaged
    finally:
        made.close()


def _facts(connection: Connection) -> list[object]:
    return [connection.execute(question).fetchall() for question in _FACTS]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
