"""The encrypted database file: how it is opened, who may write to it, and what its faults mean (DESIGN 6.1, 6.5).

One connection writes, for one caller at a time; each question is asked on one that nobody else asks on just then, and
so waits for no writer. Another file may be put in the place of this one (``rekeying``): then all are opened anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlcipher3 import dbapi2

from vaccinator_app.vault import memory
from vaccinator_app.vault.errors import (
    VaultBusy,
    VaultClosed,
    VaultDamaged,
    VaultError,
    VaultFileMissing,
    VaultGone,
    VaultMissing,
    VaultNewer,
    VaultReadOnly,
    from_os,
)
from vaccinator_app.vault.files import BESIDE, clear_next, identity_of, sync_folder
from vaccinator_app.vault.lock import HomeLock
from vaccinator_app.vault.log_room import make_room
from vaccinator_app.vault.migrations import migrate, newest
from vaccinator_app.vault.reader import Ask, Reader, ReaderClosed, Readers
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.speaking import speaking
from vaccinator_app.vault.whereabouts import Whereabouts

KEY_LENGTH = 32
BUSY_MS = 5000
"""How long a writer waits for another program before it says so."""

# A reader's is small, for there are some, and a search does no better with more. Nor does a first roster come sooner
# with more for who writes; that is when a desk needs the most memory.
_READ_CACHE_KIB = 3 * 1024
_WRITE_CACHE_KIB = 4 * 1024
_WAL_KEPT = 16 * 1024 * 1024
_CHECKPOINT_PAGES = 4000
# Folded back behind people's backs so many commits apart, a record never waits for it; the first time after as many as
# somebody makes who stays.
_TEND_EVERY = 200
_TEND_FIRST = 16

Connection = Any
"""A connection of sqlcipher3, which ships no types."""

Row = tuple[Any, ...]
T = TypeVar("T")


def connect(path: Path, key: bytes, *, mode: str = "rw") -> Connection:
    """Open an existing file with a raw key of 32 bytes; ``mode`` is ``rw`` or ``ro``. Never creates a file.

    The key goes in as SQLCipher's blob literal. Sixty-four bare hex digits, which the driver also takes, are a
    *passphrase*: they work, over PBKDF2, with another key and 150 ms later. So would a key of any other length.

    ``cipher_memory_security`` stays off, as SQLCipher ships: it locks and wipes the library's own memory, which makes a
    search seven times as long, while the key and what was read stand in this process's memory all the same.
    """
    if len(key) != KEY_LENGTH:
        raise ValueError("a database key has 32 bytes")
    with speaking(opening=True):
        # An autocommit connection: transactions are begun and ended by name, in one place.
        connection = dbapi2.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            # SQLCipher writes to standard error of its own accord; our sentences say what there is to say.
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.set_key(f"x'{key.hex()}'")
            for pragma in (
                f"busy_timeout = {BUSY_MS}",
                "foreign_keys = ON",
                "recursive_triggers = ON",
                "trusted_schema = OFF",
                "cell_size_check = ON",
                "temp_store = MEMORY",
                f"cache_size = -{_READ_CACHE_KIB}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def connect_to_write(path: Path, key: bytes) -> Connection:
    """A connection whose commits are durable when they return (DESIGN 3.6)."""
    connection = connect(path, key)
    with speaking(opening=True):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_WRITE_CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        # What is deleted is overwritten (DESIGN 5.5). SQLCipher ships so; nobody's build may say otherwise.
        connection.execute("PRAGMA secure_delete = ON")
    return connection


def inspect(path: Path, key: bytes) -> None:
    """Refuse what must not be opened for writing, through a connection that cannot write (DESIGN 6.2, 6.5).

    Raises ``VaultMissing``, ``VaultFileMissing``, ``VaultReadOnly``, ``VaultWrongKey``, ``VaultDamaged`` or
    ``VaultNewer``.
    """
    if not path.is_file():
        raise VaultFileMissing if (path.parent / SLOTS).exists() else VaultMissing
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
        raise VaultReadOnly
    connection = connect(path, key, mode="ro")
    try:
        with speaking(opening=True):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    if version > newest():
        raise VaultNewer
    if version < 1:
        # An empty file opens with any key. A vault is never empty: it gets its name only once it is whole.
        raise VaultDamaged


class Database:
    """An opened vault file: ``write`` for whole transactions, ``read`` for single questions, from any thread.

    Writes are made one after another on the one connection that can, by whoever holds its lock: handing each to a
    thread of its own would cost a dose a third of what saving it takes. ``later`` is for what nobody waits for.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """Open and bring to this program's shape. Raises ``VaultError``; then nothing was changed."""
        self._path = path
        self._lock = HomeLock(path.parent)
        try:
            self._open(key)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, key: bytes) -> None:
        inspect(self._path, key)
        # A copy that never took its place is nothing; whoever makes one lets nobody in here (``HomeLock``).
        with suppress(OSError):
            clear_next(self._path.parent)
        self._key: bytes | None = key
        self._readers = Readers()
        self._door = threading.Lock()
        self._writing = threading.Lock()
        self._commits = 0
        self._behind = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vault")
        self._writer = connect_to_write(self._path, key)
        try:
            with speaking(opening=True):
                migrate(self._writer)
            self._whereabouts = Whereabouts(self._path)
        except BaseException:
            self._writer.close()
            raise

    @property
    def key(self) -> bytes:
        """The key that the file opens with (32 bytes). Raises ``VaultClosed``."""
        if self._key is None:
            raise VaultClosed
        return self._key

    @property
    def closed(self) -> bool:
        """Nothing is read or written any more: by ``close``, or after a ``replace`` that could not open the file."""
        return self._key is None

    @property
    def home(self) -> Path:
        """The folder that the file lies in."""
        return self._path.parent

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction; returns once it is durable (DESIGN 3.6, 6.3).

        Whatever ``work`` raises undoes it all and is raised here. Raises ``VaultError`` for faults of the disk, and
        ``VaultGone`` when nobody would find again what was written.
        """
        with self._writing:
            if self._key is None:
                raise VaultClosed
            result = self._transaction(work)
            self._commits += 1
            due = self._commits % _TEND_EVERY == _TEND_FIRST
        if due:
            with suppress(RuntimeError):
                self._behind.submit(self._tend)
        return result

    def _tend(self) -> None:
        """Write the log back into the file, and see to it that it is long enough (``log_room``). Who records meanwhile
        waits for the second alone. Where it cannot be done now, it is done next time."""
        with suppress(VaultError, OSError):
            self.read("PRAGMA wal_checkpoint(PASSIVE)")
            with self._writing, speaking():
                if self._key is not None:
                    make_room(self._writer, self._path)

    def fold(self, *, empty: bool = True) -> bool:
        """Write the write-ahead log back into the file and empty it. False when a reader is in the way: ask again.

        Without ``empty`` the log stays, and with it the sign that the file was not closed: should the power go before
        the next commit, a file that differs from the sealed one would else be taken for one that somebody changed.
        """
        how = "TRUNCATE" if empty else "FULL"
        with self._writing:
            if self._key is None:
                raise VaultClosed
            with self._door:
                self._readers.let_go()
            with speaking():
                ((busy, _, _),) = self._writer.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
        return not busy

    def later(self, work: Callable[[Connection], T]) -> Future[T] | None:
        """The same on a thread behind, in turn; None when the vault is closed. What goes wrong stays in the future."""
        try:
            return self._behind.submit(self.write, work)
        except RuntimeError:
            return None

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        connection = self._writer
        with speaking():
            if connection.in_transaction:  # the disk took not even the end of the one before
                connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                self._whereabouts.check()
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return result

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of one question, as of now, whole. Raises ``VaultError``."""
        return self._read(lambda ask: ask(sql, parameters), lambda reader, work: work(reader.ask))

    def read_as_one(self, work: Callable[[Ask], T]) -> T:
        """What ``work`` makes of several short questions, all answered as of one moment. Raises ``VaultError``.

        It is called again, from the start, where its reader had to go meanwhile. The log is folded no further than
        that moment until it is done, so it is not to take long.
        """
        return self._read(work, Reader.ask_as_one)

    def _read(self, work: Callable[[Ask], T], use: Callable[[Reader, Callable[[Ask], T]], T]) -> T:
        while True:
            reader = self._readers.take() or self._new_reader()
            if reader is None:
                return self._read_what_is_gone(work)
            try:
                return use(reader, work)
            except ReaderClosed:
                continue
            finally:
                self._readers.put_back(reader)

    def _read_what_is_gone(self, work: Callable[[Ask], T]) -> T:
        """No new reader finds the file; what is open still has all of it, for a thread that comes to save it."""
        with self._writing, speaking():
            if self._key is None:
                raise VaultClosed
            return work(lambda sql, parameters=(), /: list(self._writer.execute(sql, parameters).fetchall()))

    def give_back(self) -> None:
        """After large work: pages of the file that were kept for it are let go of, and memory goes back."""
        with suppress(VaultError):
            with self._writing, speaking():
                if self._key is not None:
                    self._writer.execute("PRAGMA shrink_memory")
            self._readers.ask_each("PRAGMA shrink_memory")
        memory.give_back()

    def beside(self) -> Connection:
        """A connection of the caller's own, for what takes long and needs tables of its own. Close it.

        It writes nothing, also when it is closed after all others: the last one that may folds the log into a file
        that was sealed by then, which would look like another file.
        """
        return connect(self._path, self.key, mode="ro")

    def _new_reader(self) -> Reader | None:
        """None when the file is not under its name any more."""
        with self._door:
            if self._key is None:
                raise VaultClosed
            try:
                self._whereabouts.check()
            except VaultGone:
                return None
            connection = connect(self._path, self._key)
            connection.execute("PRAGMA query_only = ON")
            return self._readers.add(connection)

    def replace(self, make: Callable[[Path, bytes], Path], key: bytes, last: Callable[[Path], None]) -> None:
        """Put the file that ``make`` (given path and key) leaves beside this one in its place, and open it by ``key``.

        Nothing is written meanwhile, here or by another program; reading goes on until the moment of the exchange.
        ``last`` is given the new file's path just before that, when all that was written stands in either file.
        Raises ``VaultError``: then this file stands open as before, or nothing is open if that cannot be done.
        """
        with self._writing:
            if self._key is None:
                raise VaultClosed
            file = identity_of(self._path)
            try:
                with self._lock.alone():
                    made = make(self._path, self._key)
                    with self._door:
                        self._readers.let_go()
                    with speaking():
                        self._writer.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
                    last(made)
                    with self._door:
                        self._exchange(made, key)
            except VaultBusy:
                if not self._lock.held or identity_of(self._path) != file:
                    with self._door:
                        self._shut()
                raise

    def _exchange(self, made: Path, key: bytes) -> None:
        self._close_connections()
        try:
            # The last to close the old file takes its log away. Who still has it open would play that log into the new
            # file, or take the new file's away.
            if any(self._path.with_name(self._path.name + ending).exists() for ending in BESIDE):
                raise VaultBusy
            sync_folder(self._path.parent)
            made.replace(self._path)
            self._key = key
            sync_folder(self._path.parent)
        except OSError as error:
            raise from_os(error) from None
        finally:
            self._open_again()

    def _open_again(self) -> None:
        assert self._key is not None
        try:
            self._writer = connect_to_write(self._path, self._key)
            self._whereabouts = Whereabouts(self._path)
        except BaseException:
            # whatever it is, memory that is out too: it is closed, and says so
            self._key = None
            raise

    def close(self, last: Callable[[], None] | None = None) -> None:
        """Let writes under way end, close every connection and forget the key. Safe to call again.

        ``last`` is called when everything written stands in the one file, while the log, which says that the file was
        not closed, still lies beside it. What it raises is let go: whatever becomes of it, the vault closes.
        """
        self._behind.shutdown(cancel_futures=True)
        with self._writing, self._door:
            if last is not None and self._key is not None:
                self._readers.close()
                with suppress(VaultError), speaking():
                    self._whereabouts.check()
                    self._writer.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
                    last()
            self._shut()

    def _shut(self) -> None:
        self._key = None
        self._close_connections()
        self._lock.close()

    def _close_connections(self) -> None:
        self._readers.close()
        # Last, so that it folds the write-ahead log back into the file.
        self._writer.close()
