"""A central in a folder with a clock that stands still, people who book, and a desk that is nothing but its keys."""

from __future__ import annotations

import io
import json
import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from tests.support import postgres
from vaccinator_app.central import log
from vaccinator_app.central.citizens.booking import Booked, BookingForm, Bookings
from vaccinator_app.central.citizens.limits import Bound, Bounds
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.citizens.partners import Partners, Scope
from vaccinator_app.central.database import URL_FILE, default_url
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.messages.gateways import FileGateway
from vaccinator_app.central.messages.sms import Drain, Texts
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.schema import metadata
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.vaccines import Formulary, formulary

RAMPUR, BHOJPUR, FAR = "100001", "100002", "200001"
MORNING = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)  # ten in the morning in Rampur
TODAY = date(2026, 11, 21)
BATCH = "4121Z025"
PORTAL = "https://vaccinator.example"
EXPIRY = date(2027, 3, 31)
HOME = "203.0.113.7"
"""Where everybody's requests come from."""

BOUNDLESS = Bounds(**{name: Bound(10**6, timedelta(days=1)) for name in Bounds.__dataclass_fields__})
"""For tests in which one mobile does in a moment what takes others a year."""


def vaccines() -> Formulary:
    return formulary(json.loads((resources_folder() / "vaccines.json").read_text("utf-8")))


def texts() -> Texts:
    found: Texts = json.loads((resources_folder() / "sms.json").read_text("utf-8"))
    return found


@dataclass(slots=True)
class Clock:
    """Stands still until moved on."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def make_home(folder: Path, url: str | None = None) -> None:
    """A central with three centres (two of one district), sessions today and in the days to come, and a batch."""
    clock = Clock()
    admin.init(folder, clock, vaccines(), url=url)
    home = admin.open_home(folder)
    admin.add_centre(home, RAMPUR, "PHC Rampur", "Rampur")
    admin.add_centre(home, BHOJPUR, "CHC Bhojpur", "Rampur")
    admin.add_centre(home, FAR, "PHC Far", "Elsewhere")
    for centre in (RAMPUR, BHOJPUR):
        for days in (0, 1, 7, 8, 20):
            admin.add_session(home, centre, TODAY + timedelta(days=days), "covishield", capacity=1000)
        admin.add_session(home, centre, TODAY, "covaxin", capacity=2)
        batch = Batch(vaccine="covishield", batch=BATCH, expiry=EXPIRY, doses_per_vial=10)
        admin.allot_batch(home, centre, batch)
    home.database.close()


def partner_key(folder: Path, scopes: Sequence[Scope] = tuple(Scope), calls_a_day: int = 10**6) -> str:
    """The key of an app that may connect to the central in ``folder``."""
    home = admin.open_home(folder)
    try:
        return Partners(home.database, home.keys, Clock()).add("Aarogya", scopes, calls_a_day)[1]
    finally:
        home.database.close()


@dataclass(slots=True)
class World:
    """An opened central and what stands around it."""

    folder: Path
    home: Home
    clock: Clock = field(default_factory=Clock)
    api: DeskApi = field(init=False)
    login: Login = field(init=False)
    bookings: Bookings = field(init=False)
    drain: Drain = field(init=False)
    people: int = 0

    def __post_init__(self) -> None:
        database, keys = self.home.database, self.home.keys
        self.api = DeskApi(database, keys, self.clock)
        self.login = Login(database, keys, self.clock, BOUNDLESS)
        self.bookings = Bookings(database, keys, self.clock, self.login)
        gateway = FileGateway(self.folder / "sms")
        self.drain = Drain(database, keys.cupboard, gateway, texts(), self.clock, PORTAL)

    def inbox(self, mobile: str) -> list[str]:
        """The texts that reached a phone, oldest first."""
        self.drain.run()
        return self._arrived(mobile)

    def _arrived(self, mobile: str) -> list[str]:
        file = self.folder / "sms" / f"{mobile}.jsonl"
        return [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def sign_in(self, mobile: str) -> str:
        """A session, opened with the one-time password that came by SMS."""
        before = len(self._arrived(mobile))
        self.login.ask(mobile, "en", address=HOME)
        otp = self._next(mobile, before)[:6]
        return self.login.verify(mobile, otp, address=HOME).token

    def _next(self, mobile: str, before: int) -> str:
        """The text that follows so many. Where a central serves this home, its postman may have it in hand."""
        moment = threading.Event()
        for _ in range(2000):
            texts = self.inbox(mobile)
            if len(texts) > before:
                return texts[-1]
            moment.wait(0.005)
        raise AssertionError("No message came.")

    def form(self, **changes: object) -> BookingForm:
        """A form that is in order, for a person not seen before."""
        self.people += 1
        fields: dict[str, object] = {
            "name": f"Sunita Kumari {self.people}",
            "year_of_birth": 1968,
            "gender": "woman",
            "photo_id_type": "aadhaar",
            "photo_id_number": f"4444{self.people:08d}",
            "vaccine": "covishield",
            "dose": 1,
            "centre": RAMPUR,
            "date": TODAY.isoformat(),
            "slot": "10:00",
        }
        return BookingForm(**{**fields, **changes})  # type: ignore[arg-type]

    def mobile(self) -> str:
        """A number nobody has."""
        return f"98{self.people:08d}"

    def book(self, mobile: str | None = None, **changes: object) -> Booked:
        """A person with an appointment."""
        form = self.form(**changes)
        booked = self.bookings.book(self.sign_in(mobile or self.mobile()), form)
        # Delivered now: messages of one moment have no order among them, and this clock stands still.
        self.drain.run()
        return booked

    def rest(self) -> None:
        """After one test and before the next: files are let go, a server's connections kept."""
        if self.home.database.engine.dialect.name == "sqlite":
            self.home.database.close()

    def restore(self, template: Path) -> None:
        """Begin again with the files of ``template``, under the same open home: its statements stay compiled."""
        own, like = default_url(self.folder), default_url(template)
        self.rest()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(template, self.folder)
        if (self.folder / URL_FILE).exists():
            postgres.again(own, like, self.home.database.close)
            (self.folder / URL_FILE).write_text(own, "utf-8")
        (self.folder / "sms").mkdir(mode=0o700)


def count(world: World, table: Table, *where: Any) -> int:
    with world.home.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    return found


def plan_of(world: World, sql: str) -> str:
    """How the database goes about a statement, on tables that are too small for PostgreSQL to use an index unasked."""
    with world.home.database.read() as connection:
        if connection.dialect.name == "sqlite":
            return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all())
        for way in ("seqscan", "bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        return str(connection.exec_driver_sql(f"EXPLAIN {sql}".replace("%", "%%")).all())


def stored(world: World) -> bytes:
    """Everything that the database has, as whoever steals it could read it."""
    if world.home.database.engine.dialect.name == "sqlite":
        world.home.database.close()
        return b"".join(path.read_bytes() for path in world.folder.glob("central.db*"))
    found: list[bytes] = []
    with world.home.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


@contextmanager
def log_of(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """What the server's own log says within the block; ``caplog`` hears it as well, down to every library's whisper."""
    caplog.set_level(logging.DEBUG)
    stream = io.StringIO()
    handler = log.to_stream(stream)
    log.LOGGER.propagate = True
    try:
        yield stream
    finally:
        log.LOGGER.removeHandler(handler)
