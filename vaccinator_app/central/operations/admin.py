"""What the operator of central does: the functions behind ``vaccinator central ...`` (DESIGN 11)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, insert, select, update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock, system_clock
from vaccinator_app.central.database import (
    DATABASE_FILE,
    URL_FILE,
    Database,
    connect,
    default_url,
    migrate,
    remember_url,
    require_current,
)
from vaccinator_app.central.desks.enrolment import Enrolment
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.central.keyring import keys as keyring
from vaccinator_app.central.keyring.key_files import create_keys
from vaccinator_app.central.keyring.keys import KEY_FILE, Keys
from vaccinator_app.central.keyring.tls import create_tls
from vaccinator_app.central.programme import find_centre, find_formulary, write_formulary
from vaccinator_app.central.schema import batches, centres, devices, records, roster, session_days, slots
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.protocol.messages import Status

DEFAULT_ZONE = "Asia/Kolkata"
_ROSTER_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Home:
    """An opened central: its database and keys."""

    database: Database
    keys: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much central holds."""

    centres: int
    devices: int
    appointments: int
    records: int
    held: int
    refused: int


def init(home: Path, clock: Clock, formulary: Formulary, *, names: Sequence[str] = (), url: str | None = None) -> None:
    """Make ``home`` a central server, or bring it up to date: keys, TLS for ``names``, tables, vaccines.

    Safe to run again. Raises ``CentralError``, and never makes new keys beside a database that needs the old ones.
    """
    if any((home / name).exists() for name in (DATABASE_FILE, URL_FILE)) and not (home / KEY_FILE).exists():
        raise CentralError("central.key is missing and the database needs it. Put it back from the backup.")
    create_tls(home, names, clock())
    create_keys(home, clock())
    if url is not None:
        remember_url(home, url)
    database = connect(url or default_url(home))
    try:
        migrate(database)
        with database.write() as connection:
            write_formulary(connection, formulary)
    finally:
        database.close()
    if (home / DATABASE_FILE).exists():
        os.chmod(home / DATABASE_FILE, 0o600)


def open_home(home: Path, *, url: str | None = None) -> Home:
    """The database and keys of a ``home`` that ``init`` made. Raises ``CentralError``."""
    keys = keyring.load(home)
    database = connect(url or default_url(home))
    try:
        require_current(database)
    except CentralError:
        database.close()
        raise
    return Home(database, keys)


def add_centre(home: Home, centre: str, name: str, district: str, time_zone: str = DEFAULT_ZONE) -> None:
    """Add a centre under its six-digit number. Raises ``CentralError``."""
    if not re.fullmatch(r"[0-9]{6}", centre):
        raise CentralError("A centre's number has six digits, such as 100001.")
    if not name.strip() or not district.strip():
        raise CentralError("A centre needs a name and a district.")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CentralError("This time zone is not known. Use a name such as Asia/Kolkata.") from error
    sealed = home.keys.cupboard.lock(os.urandom(_ROSTER_KEY_LENGTH), "roster_key", centre)
    with home.database.write() as connection:
        if connection.execute(select(centres.c.centre).where(centres.c.centre == centre)).first() is not None:
            raise CentralError("There is a centre with this number already.")
        connection.execute(
            insert(centres).values(
                centre=centre,
                name=name.strip(),
                district=district.strip(),
                time_zone=time_zone,
                roster_key=sealed,
                feed=0,
            )
        )
    log.event("centre_added", centre=centre)


def add_session(
    home: Home,
    centre: str,
    day: date,
    vaccine: str,
    *,
    starts: time = time(10),
    count: int = 12,
    minutes: int = 15,
    capacity: int = 10,
) -> None:
    """Open ``count`` slots of ``minutes`` each on ``day`` (times at the centre), ``capacity`` people to a slot.

    A slot that is open already for this vaccine is left as it is. Raises ``CentralError``.
    """
    if count < 1 or minutes < 1 or capacity < 1:
        raise CentralError("A session needs at least one slot, one minute and one place.")
    with home.database.write() as connection:
        try:
            found = find_centre(connection, home.keys.cupboard, centre)
        except Refused as error:
            raise CentralError(error.sentence) from error
        if vaccine not in (programme := find_formulary(connection)):
            raise CentralError(f"The vaccine is one of: {', '.join(programme)}.")
        first = datetime.combine(day, starts, found.zone)
        if (first + timedelta(minutes=minutes * (count - 1))).date() != day:
            raise CentralError("The session would run past midnight. Choose fewer or shorter slots.")
        one_day = (session_days.c.centre == centre, session_days.c.day == day)
        if connection.execute(select(session_days.c.day).where(*one_day)).first() is None:
            connection.execute(insert(session_days).values(centre=centre, day=day, last_token=0))
        open_already = set(
            connection.scalars(
                select(slots.c.slot).where(slots.c.centre == centre, slots.c.day == day, slots.c.vaccine == vaccine)
            )
        )
        wanted = [first + timedelta(minutes=minutes * number) for number in range(count)]
        fresh = [slot for slot in wanted if slot not in open_already]
        if fresh:
            connection.execute(
                insert(slots),
                [
                    {"centre": centre, "day": day, "vaccine": vaccine, "slot": slot, "capacity": capacity, "booked": 0}
                    for slot in fresh
                ],
            )
    log.event("session_added", centre=centre, count=len(fresh))


def allot_batch(home: Home, centre: str, batch: Batch) -> None:
    """Tell the desks of ``centre`` that this batch is theirs. Raises ``CentralError``."""
    if not re.fullmatch(r"[!-~]{1,32}", batch.batch):
        raise CentralError("A batch number has 1 to 32 letters, digits and signs, and no spaces.")
    with home.database.write() as connection:
        try:
            find_centre(connection, home.keys.cupboard, centre)
        except Refused as error:
            raise CentralError(error.sentence) from error
        if batch.vaccine not in (programme := find_formulary(connection)):
            raise CentralError(f"The vaccine is one of: {', '.join(programme)}.")
        same = (batches.c.centre == centre, batches.c.vaccine == batch.vaccine, batches.c.batch == batch.batch)
        if connection.execute(select(batches.c.batch).where(*same)).first() is not None:
            raise CentralError("This batch was allotted to the centre already.")
        connection.execute(
            insert(batches).values(
                centre=centre,
                vaccine=batch.vaccine,
                batch=batch.batch,
                expiry=batch.expiry,
                doses_per_vial=batch.doses_per_vial,
            )
        )
    log.event("batch_allotted", centre=centre)


def withdraw_batch(home: Home, centre: str | None, vaccine: str, batch: str, *, clock: Clock = system_clock) -> int:
    """Take a batch out of use at ``centre``, or with None wherever it was allotted; returns at how many centres.

    Desks hear of it with their next pull, and doses given from it after this moment are held. Raises ``CentralError``
    when no such batch is in use there; one that was withdrawn before keeps its time.
    """
    these = [batches.c.vaccine == vaccine, batches.c.batch == batch, batches.c.withdrawn_at.is_(None)]
    if centre is not None:
        these.append(batches.c.centre == centre)
    with home.database.write() as connection:
        count: int = connection.execute(update(batches).where(*these).values(withdrawn_at=clock())).rowcount
    if not count:
        raise CentralError("No such batch is in use there: it was never allotted, or is withdrawn already.")
    log.event("batch_withdrawn", centre=centre or "everywhere", count=count)
    return count


def create_enrolment_file(home: Home, clock: Clock, centre: str, address: str) -> bytes:
    """An enrolment file for one machine of ``centre``; ``address`` is how that machine reaches central.

    Raises ``CentralError`` for an address that is not ``https`` or a centre that is not there.
    """
    if not address.startswith("https://"):
        raise CentralError("Central's address begins with https://, such as https://central.example:8443.")
    try:
        return Enrolment(home.database, home.keys, clock).create_file(centre, address)
    except Refused as error:
        raise CentralError(error.sentence) from error


@dataclass(frozen=True, slots=True)
class Kept:
    """One record as central keeps it: its number, hash, and what central made of it."""

    seq: int
    hash: bytes
    status: Status


def kept_of(home: Home, device: str) -> list[Kept]:
    """Every record central has of one machine, in order: to lay beside that machine's own ledger."""
    with home.database.read() as connection:
        rows = connection.execute(
            select(records.c.seq, records.c.hash, records.c.status)
            .where(records.c.device == device)
            .order_by(records.c.seq)
        ).all()
    return [Kept(row.seq, bytes(row.hash), Status(row.status)) for row in rows]


def counts(home: Home) -> Counts:
    """How much there is of everything."""
    with home.database.read() as connection:

        def number(table: object, *where: object) -> int:
            found: int = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()  # type: ignore[arg-type]
            return found

        return Counts(
            centres=number(centres),
            devices=number(devices),
            appointments=number(roster),
            records=number(records),
            held=number(records, records.c.status == Status.HELD.value),
            refused=number(records, records.c.status == Status.REFUSED.value),
        )
