"""A copy of central's database in one file, made while it serves (DESIGN 8.1).

The file is a tar archive: first ``manifest.json`` (what it is, how much is in it, the head of every ledger), then the
database as SQLite's own file or PostgreSQL's custom dump, of one moment. Keys are never in it: ``back_up_keys`` writes
them into a file of their own, to be kept elsewhere. Both are for this account alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import Connection, func, select

from vaccinator_app import __version__
from vaccinator_app.central import log
from vaccinator_app.central.database import Database, connect, revision
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring.key_files import RETIRED_FILE
from vaccinator_app.central.keyring.keys import KEY_FILE
from vaccinator_app.central.schema import device_heads, records

MANIFEST = "manifest.json"
_MEMBER = {"sqlite": "central.db", "postgresql": "central.pgdump"}
_KEY_FILES = (KEY_FILE, RETIRED_FILE, "tls/authority.pem", "tls/authority.key", "tls/server.pem", "tls/server.key")
_CHUNK = 1024 * 1024


class Head(msgspec.Struct, frozen=True, array_like=True):
    """How far a ledger is in the copy, with the hash there in hex."""

    centre: str
    device: str
    seq: int
    hash: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is. ``sha256`` and ``size`` are of the database's copy."""

    v: int = 1
    program: str
    revision: str
    database: str
    made_at: datetime
    records: int
    heads: list[Head]
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a database holds."""

    records: int
    heads: list[Head]


def back_up(url: str, out: Path, now: datetime) -> Manifest:
    """Write a backup of the database at ``url`` into the new file ``out``. Raises ``CentralError``."""
    database = connect(url)
    kind = database.engine.dialect.name
    try:
        with _private(out) as file, TemporaryDirectory(dir=out.parent, prefix=".backup-") as folder:
            copy = Path(folder) / _MEMBER[kind]
            copy.touch(mode=0o600)
            found = _copy_sqlite(database, copy) if kind == "sqlite" else _copy_postgresql(database, copy)
            manifest = Manifest(
                program=__version__,
                revision=revision(database) or "",
                database=kind,
                made_at=now,
                records=found.records,
                heads=found.heads,
                sha256=_digest(copy),
                size=copy.stat().st_size,
            )
            with tarfile.open(fileobj=file, mode="w") as archive:
                _add(archive, MANIFEST, msgspec.json.encode(manifest))
                archive.add(copy, copy.name)
    finally:
        database.close()
    log.event("backed_up", records=manifest.records, count=len(manifest.heads))
    return manifest


def back_up_keys(home: Path, out: Path) -> None:
    """Write central's keys and TLS files into the new file ``out``. Raises ``CentralError``."""
    if not (home / KEY_FILE).exists():
        raise CentralError("This folder holds no keys of a central server.")
    with _private(out) as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name in _KEY_FILES:
            if (home / name).exists():
                _add(archive, name, (home / name).read_bytes())


def contents(connection: Connection) -> Contents:
    """How much the database holds, as one transaction sees it."""
    rows = connection.execute(select(device_heads).order_by(device_heads.c.centre, device_heads.c.device))
    heads = [Head(row.centre, row.device, row.seq, bytes(row.hash).hex()) for row in rows]
    return Contents(connection.execute(select(func.count()).select_from(records)).scalar_one(), heads)


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[Manifest, Path]]:
    """A backup's manifest, and its database's copy in a folder of its own for the time of the block.

    Raises ``CentralError`` for a file that is none, that is of a later version, or that is not whole.
    """
    with TemporaryDirectory(prefix="central-restore-") as folder:
        try:
            with tarfile.open(path, "r:") as archive:
                manifest = msgspec.json.decode(_member(archive, MANIFEST), type=Manifest)
                name = _MEMBER[manifest.database]
                copy = Path(folder) / name
                source = archive.extractfile(name)
                if source is None or manifest.v != 1:
                    raise KeyError(name)
                with source, copy.open("wb") as out:
                    copy.chmod(0o600)
                    shutil.copyfileobj(source, out, _CHUNK)
        except (OSError, tarfile.TarError, KeyError, msgspec.MsgspecError) as error:
            raise CentralError(f"{path.name} is no backup of central, or not whole. Nothing was changed.") from error
        if (copy.stat().st_size, _digest(copy)) != (manifest.size, manifest.sha256):
            raise CentralError(f"{path.name} is damaged: its checksum differs. Nothing was changed.")
        yield manifest, copy


def unpack_keys(path: Path, home: Path) -> None:
    """Put keys back into ``home``, which must have none. Raises ``CentralError``."""
    if (home / KEY_FILE).exists():
        raise CentralError("There are keys in this folder already. Leave --keys out, or name an empty folder.")
    try:
        with tarfile.open(path, "r:") as archive:
            found = {name: _member(archive, name) for name in _KEY_FILES if name in archive.getnames()}
    except (OSError, tarfile.TarError, KeyError) as error:
        raise CentralError(f"{path.name} holds no keys of central. Nothing was changed.") from error
    (home / "tls").mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in found.items():
        handle = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)


def run_tool(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs. Raises ``CentralError``, without what it said: it may quote rows."""
    found = shutil.which(name)
    if found is None:
        raise CentralError(f"PostgreSQL's {name} is not installed here, or not in PATH. Nothing was changed.")
    done = subprocess.run([found, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise CentralError(f"PostgreSQL's {name} could not do it (exit code {done.returncode}).")


def address_for_tools(database: Database) -> str:
    """The database's address as PostgreSQL's programs take it."""
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _copy_sqlite(database: Database, copy: Path) -> Contents:
    path = database.engine.url.database
    if path is None or not Path(path).exists():
        raise CentralError("There is no database to back up.")
    # VACUUM INTO reads one moment and lets others write meanwhile; the backup call would begin anew at each write.
    source = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
    try:
        source.execute("VACUUM INTO ?", (str(copy),))
    finally:
        source.close()
    made = connect(f"sqlite:///{copy}")
    try:
        with made.read() as connection:
            return contents(connection)
    finally:
        made.close()
        for name in ("-wal", "-shm"):
            copy.with_name(copy.name + name).unlink(missing_ok=True)


def _copy_postgresql(database: Database, copy: Path) -> Contents:
    with database.read() as connection:
        # However long the dump takes, this transaction holds the moment that it is of.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        found = contents(connection)
        address = f"--dbname={address_for_tools(database)}"
        run_tool("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={copy}", "--schema=public", address)
    return found


@contextmanager
def _private(path: Path) -> Iterator[io.BufferedWriter]:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CentralError(f"{path.name} is there already; name another file.") from error
    except OSError as error:
        raise CentralError(f"{path.name} cannot be written.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    archive.addfile(entry, io.BytesIO(data))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    source = archive.extractfile(name)
    if source is None:
        raise KeyError(name)
    with source:
        return source.read()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
