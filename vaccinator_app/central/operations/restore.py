"""Central back from a backup, and what that lost (P.10.11, P.11.7).

Desks notice by themselves that central stands behind what it signed for, and push again; they are told everything anew.
What nobody pushes again is gone: what was booked, and which machines were enrolled, since the backup. It is listed from
the database that was there, when there still is one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, inspect, select, update

from vaccinator_app.central import log
from vaccinator_app.central.database import Database, connect, default_url, is_known, migrate
from vaccinator_app.central.district.decisions import UNDECIDED_YET
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring.keys import load
from vaccinator_app.central.operations.backup import address_for_tools, back_up, contents, run_tool, unpacked
from vaccinator_app.central.schema import centres, devices, metadata, records, roster

LOCK_FILE = "serving.lock"

_BEYOND = 2**32
"""More changes than any centre has between a backup and its use. P.11.7 leaves room for a quarter of a million."""


@dataclass(frozen=True, slots=True)
class Gone:
    """One thing that was there before and nobody brings back: ``what`` is ``booking``, ``change`` (of a booking: moved,
    cancelled, another code) or ``machine``."""

    what: str
    centre: str
    name: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``records_to_come``: those that desks push again; ``aside``: where the old database is."""

    made_at: datetime
    records: int
    records_to_come: int
    gone: list[Gone]
    aside: Path | None


@dataclass(frozen=True, slots=True)
class _Before:
    """What a database held that may be lost with it."""

    heads: dict[tuple[str, str], int]
    bookings: dict[tuple[str, str], tuple[date, bytes]]
    machines: set[tuple[str, str]]
    records: int
    feed: int


@contextmanager
def serving(home: Path) -> Iterator[None]:
    """Within the block this home is served, and not restored."""
    with _locked(home, fcntl.LOCK_SH, "This home is being restored. Start again when that is done."):
        yield


def restore(home: Path, backup: Path, now: datetime, *, url: str | None = None, force: bool = False) -> Restored:
    """Make the database of ``home`` what it was when ``backup`` was made, and bring it to this version's tables.

    Raises ``CentralError``, and nothing was changed: for a backup that does not hold or is of another kind of database,
    while a server runs, without ``central.key``, and, unless ``force``, when the database there holds records that the
    backup does not. Whatever was there is kept beside.
    """
    load(home)
    url = url or default_url(home)
    busy = "A server runs on this home. Stop it first."
    with _locked(home, fcntl.LOCK_EX, busy), unpacked(backup) as (manifest, copy):
        if not is_known(manifest.revision):
            raise CentralError("A newer version of this program made the backup. Install it; nothing was changed.")
        database = connect(url)
        try:
            if database.engine.dialect.name != manifest.database:
                raise CentralError(f"The backup is of {manifest.database}, and this home's database is another kind.")
            before = _before(database)
            heads = {(head.centre, head.device): head.seq for head in manifest.heads}
            to_come = sum(max(0, seq - heads.get(key, 0)) for key, seq in before.heads.items())
            if to_come and not force:
                raise CentralError(
                    f"The database there holds {to_come} records that the backup does not. With --force it is put aside"
                    " and desks push those again; what was booked since is lost and listed. Nothing was changed."
                )
            aside = _put_aside(home, database, before, now)
            database.close()
            _put_back(database, copy)
            migrate(database)
            _tell_anew(database, before.feed)
            gone = _gone(before, _before(database))
        finally:
            database.close()
    log.event("restored", records=manifest.records, count=len(gone))
    return Restored(manifest.made_at, manifest.records, to_come, gone, aside)


@contextmanager
def _locked(home: Path, how: int, refusal: str) -> Iterator[None]:
    try:
        handle = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CentralError("This folder holds no central server yet. Run `vaccinator central init` first.") from error
    try:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except OSError as error:
            raise CentralError(refusal) from error
        yield
    finally:
        os.close(handle)


def _before(database: Database) -> _Before:
    """What is there; empty when there is no database yet."""
    path = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and not Path(path or "").exists():
        return _Before({}, {}, set(), 0, 0)
    with database.read() as connection:
        if not {"device_heads", "roster", "devices", "records"} <= set(inspect(connection).get_table_names()):
            return _Before({}, {}, set(), 0, 0)
        found = contents(connection)
        online = roster.c.appointment.not_like("W%")
        rows = connection.execute(
            select(roster.c.centre, roster.c.appointment, roster.c.day, roster.c.entry).where(online)
        )
        bookings = {(row.centre, row.appointment): (row.day, bytes(row.entry)) for row in rows}
        feed = int(connection.scalar(select(func.max(centres.c.feed))) or 0)
        machines = {(row.centre, row.device) for row in connection.execute(select(devices.c.centre, devices.c.device))}
    return _Before({(one.centre, one.device): one.seq for one in found.heads}, bookings, machines, found.records, feed)


def _gone(before: _Before, after: _Before) -> list[Gone]:
    found = []
    for (centre, name), (day, entry) in sorted(before.bookings.items()):
        there = after.bookings.get((centre, name))
        if there is None:
            found.append(Gone("booking", centre, name, day))
        elif there[1] != entry:
            found.append(Gone("change", centre, name, day))
    return found + [Gone("machine", *key, None) for key in sorted(before.machines - after.machines)]


def _put_aside(home: Path, database: Database, before: _Before, now: datetime) -> Path | None:
    """Keep what was there; returns where, or None when there was nothing."""
    name = f"before-restore-{now:%Y%m%dT%H%M%S}"
    if database.engine.dialect.name == "sqlite":
        path = Path(database.engine.url.database or "")
        if not path.exists():
            return None
        database.close()
        aside = path.with_name(f"{name}.db")
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
        return aside
    if not before.heads and not before.bookings:
        return None
    aside = home / f"{name}.backup"
    back_up(database.engine.url.render_as_string(hide_password=False), aside, now)
    return aside


def _put_back(database: Database, copy: Path) -> None:
    if database.engine.dialect.name == "sqlite":
        path = Path(database.engine.url.database or "")
        partial = path.with_name(f"{path.name}.partial")
        partial.unlink(missing_ok=True)
        copy.chmod(0o600)
        partial.write_bytes(copy.read_bytes())
        partial.chmod(0o600)
        handle = os.open(partial, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        partial.replace(path)
        return
    with database.write() as connection:
        # All there are: a backup of an earlier version does not name the later ones.
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    database.close()
    how = ("--no-owner", "--single-transaction", "--exit-on-error", "--schema=public")
    run_tool("pg_restore", *how, f"--dbname={address_for_tools(database)}", str(copy))


def _tell_anew(database: Database, told: int) -> None:
    """Give everything in the feeds a number beyond any that was told since the backup, and beyond ``told``: where the
    feeds were that stood here before. The same backup may be restored a second time.

    Otherwise a desk that heard more than is here would take what changes from now on for what it has heard already, as
    soon as this feed has caught up with it. What was decided since the backup is undecided again, and desks that heard
    of it hear that too.
    """
    with database.write() as connection:
        feed = int(connection.scalar(select(func.max(centres.c.feed))) or 0)
        beyond = max(0, told - feed) + _BEYOND
        connection.execute(update(centres).values(feed=centres.c.feed + beyond))
        for place in (roster.c.changed, records.c.changed, records.c.told):
            connection.execute(update(place.table).where(place.is_not(None)).values({place: place + beyond}))
        newest = select(centres.c.feed).where(centres.c.centre == records.c.centre).scalar_subquery()
        connection.execute(update(records).where(*UNDECIDED_YET).values(changed=newest))
