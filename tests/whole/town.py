"""A centre with two desks, its neighbour with one, their staff, their people and one central: all real, made once for a
run of the tests and copied for each that begins anew. Time is told; nothing waits.
"""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from threading import get_ident
from typing import Any, Generic, TypeVar

from sqlalchemy import event, update

from tests.central.support import BHOJPUR, EXPIRY, RAMPUR, TODAY, World, make_home
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ToldClock, vaccines
from tests.whole.line import Line
from vaccinator_app.central import feed
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.desks.seats import read_entry, write_entry
from vaccinator_app.central.operations import admin
from vaccinator_app.central.schema import roster
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.stock import Batch
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.errors import StaffGone

DESKS = (("Desk 1", RAMPUR), ("Desk 2", RAMPUR), ("Desk 3", BHOJPUR))
BATCH, OTHER = "4121Z025", "4121Z099"
_HERE, _THERE, _LATER = 12, 4, 4
MINUTE = timedelta(minutes=1)


class PowerCut(BaseException):
    """Somebody's machine stops between two statements. No code of ours catches it."""


class Dying:
    """A connection of which the ``last``-th statement (with ``commits`` the ``last``-th commit) is the last; then the
    files are as ``then`` finds them. What goes on behind, on another thread, is not counted: nobody there would hear of
    the end."""

    def __init__(self, connection: Connection, last: int, then: Callable[[], None], *, commits: bool) -> None:
        self._connection = connection
        self._left = last
        self._then = then
        self._commits = commits
        self._thread = get_ident()
        self.done = False

    def execute(self, *asked: object) -> object:
        return self._counted(self._connection.execute(*asked), asked[0])

    def executemany(self, *asked: object) -> object:
        return self._counted(self._connection.executemany(*asked), asked[0])

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def _counted(self, done: object, sql: object) -> object:
        if self.done or get_ident() != self._thread or (self._commits and sql != "COMMIT"):
            return done
        self._left -= 1
        if self._left == 0:
            self._then()
            raise PowerCut
        return done


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Copy(Generic[T]):
    """What somebody copied of a desk's folder, as it lay there; ``had`` is what was in it."""

    folder: Path
    had: T


@dataclass(slots=True)
class Desk:
    """One machine. ``behind``: an old copy was put back and its ledger is not taken back yet; ``stopped``: it knows."""

    name: str
    centre: str
    home: Path
    clock: ToldClock
    line: Line
    device: str = ""
    place_or_none: Workplace | None = None
    copies: list[Copy[Any]] = field(default_factory=list)
    behind: bool = False
    ever_put_back: bool = False
    stopped: bool = False
    boots: int = 1

    @property
    def place(self) -> Workplace:
        assert self.place_or_none is not None
        return self.place_or_none

    def open(self, who: int = 0) -> None:
        """Somebody unlocks; the in-charge when that one's keys were taken back."""
        unlock = Unlock(self.home, vaccines(), lambda _: self.clock)
        people = unlock.people()
        try:
            self.place_or_none = unlock.open(people[who % len(people)].staff, PASSPHRASE).place
        except StaffGone:
            self.place_or_none = unlock.open(people[0].staff, PASSPHRASE).place

    def lock(self) -> None:
        place, self.place_or_none = self.place, None
        lock(place)

    def switch(self, who: int) -> None:
        """One leaves, another comes."""
        self.lock()
        self.open(who)

    def boot(self) -> None:
        """The machine was off."""
        self.boots += 1
        self.clock.name, self.clock.ran = f"boot{self.boots:04d}", timedelta(seconds=30)

    def cut(self, statement: int, act: Callable[[], None], *, commits: bool) -> bool:
        """``act``, and the power goes right after its ``statement``-th statement or commit, at the latest at its end.
        What then lies on the disk is what there is from now on. False when it went on to its end."""
        as_it_lies = self.home.with_name(self.home.name + "-cut")

        def photograph() -> None:
            _of_one_moment(self.home, as_it_lies)

        database = self.place.vault._database
        database._writer = dying = Dying(database._writer, statement, photograph, commits=commits)
        try:
            act()
            ended = True
        except PowerCut:
            ended = False
        dying.done = True
        if ended:
            photograph()
        self._replace(as_it_lies)
        shutil.rmtree(as_it_lies)
        return not ended

    def people(self) -> list[StaffMember]:
        return Unlock(self.home, vaccines()).people()

    def copy(self, had: object) -> None:
        """Somebody copies the folder while the desk is at work."""
        to = Path(mkdtemp(prefix="copy-", dir=self.home.parent)) / self.home.name
        _of_one_moment(self.home, to)
        self.copies.append(Copy(to, had))

    def put_back(self, copy: Copy[Any]) -> None:
        """The whole folder is again what it was when it was copied. Nobody has opened it yet."""
        self._replace(copy.folder)
        self.behind = self.ever_put_back = True
        self.stopped = False

    def _replace(self, folder: Path) -> None:
        place, self.place_or_none = self.place_or_none, None
        if place is not None:
            place.vault.close()
        shutil.rmtree(self.home)
        shutil.copytree(folder, self.home)


class Town:
    """Everything there is in one example."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="town-", dir=_quick()))
        made = _made_once()
        for part in made.iterdir():
            shutil.copytree(part, self.folder / part.name)
        self.world = World(self.folder / "central", admin.open_home(self.folder / "central"))
        self.world.clock.now += timedelta(hours=1)
        self.people: list[Booked] = list(_PEOPLE)
        self.mobiles = dict(_MOBILES)
        self.desks = [
            Desk(name, centre, self.folder / f"home{number}", _clock(), Line(self, name), _DEVICES[number])
            for number, (name, centre) in enumerate(DESKS)
        ]
        self.backups: list[tuple[Path, frozenset[bytes]]] = []
        self.restarts = 0

    def close(self) -> None:
        for desk in self.desks:
            if desk.place_or_none is not None:
                desk.place.vault.close()
        self.world.home.database.close()
        shutil.rmtree(self.folder)

    @property
    def simulator(self) -> Simulator:
        return Simulator(self.world.api)

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def pass_time(self, span: timedelta) -> None:
        self.world.clock.now += span
        for desk in self.desks:
            desk.clock.pass_time(span)

    def restart_central(self) -> None:
        """Another process, on whatever is durable."""
        self.world.home.database.close()
        world = World(self.world.folder, admin.open_home(self.world.folder), self.world.clock)
        world.people = self.world.people
        self.world = world
        self.restarts += 1

    @contextmanager
    def central_dies(self, statement: int, *, commits: bool) -> Iterator[None]:
        """Central's process ends before its ``statement``-th statement or commit; ``PowerCut`` is raised."""
        engine, left = self.world.home.database.engine, statement

        def step(*told: Any) -> None:
            nonlocal left
            if not commits or len(told) == 1 or told[2] == "COMMIT":
                left -= 1
                if left == 0:
                    raise PowerCut

        for name in ("before_cursor_execute", "commit"):
            event.listen(engine, name, step)
        try:
            yield
        finally:
            for name in ("before_cursor_execute", "commit"):
                event.remove(engine, name, step)

    def rename(self, person: Booked, name: str) -> None:
        """Central's officers put somebody's name right."""
        with self.world.home.database.write() as connection:
            this = (roster.c.centre == person.centre, roster.c.appointment == person.reference)
            entry = read_entry(connection.execute(roster.select().where(*this)).one().entry)
            (number,) = feed.take(connection, person.centre, 1)
            told = write_entry(replace(entry, beneficiary=replace(entry.beneficiary, name=name)))
            connection.execute(update(roster).where(*this).values(entry=told, changed=number))

    def session(self, person: Booked) -> str:
        """Whoever booked for this person signs in."""
        return self.world.sign_in(self.mobiles[person.reference])


def _of_one_moment(folder: Path, to: Path) -> None:
    """A copy in which all files are of one moment, as on a disk when the power goes: what tends the log behind may be
    at work meanwhile."""
    while True:
        before = _times(folder)
        shutil.copytree(folder, to)
        if _times(folder) == before:
            return
        shutil.rmtree(to)


def _times(folder: Path) -> dict[str, tuple[int, int]]:
    return {file.name: (file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(folder.iterdir())}


def _clock() -> ToldClock:
    clock = ToldClock()
    clock.pass_time(timedelta(hours=1))
    return clock


def _quick() -> str | None:
    """Where a folder costs no disk: what a power cut takes from a disk is other tests' affair."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


_PEOPLE: list[Booked] = []
_MOBILES: dict[str, str] = {}
_DEVICES: list[str] = []


@lru_cache(maxsize=1)
def _made_once() -> Path:
    folder = Path(mkdtemp(prefix="town-made-", dir=_quick()))
    atexit.register(shutil.rmtree, folder)
    make_home(folder / "central")
    home = admin.open_home(folder / "central")
    for centre in (RAMPUR, BHOJPUR):
        admin.allot_batch(home, centre, Batch(vaccine="covishield", batch=OTHER, expiry=EXPIRY, doses_per_vial=10))
    home.database.close()
    world = World(folder / "central", admin.open_home(folder / "central"))
    _people_book(world)
    for number, (name, centre) in enumerate(DESKS):
        _DEVICES.append(_enrol(world, folder / f"home{number}", name, centre, number))
    world.home.database.close()
    return folder


def _people_book(world: World) -> None:
    for centre, days, many in ((RAMPUR, 0, _HERE), (BHOJPUR, 0, _THERE), (RAMPUR, 7, _LATER)):
        for _ in range(many):
            mobile = world.mobile()
            day = (TODAY + timedelta(days=days)).isoformat()
            booked = world.book(mobile, centre=centre, date=day)
            _PEOPLE.append(booked)
            _MOBILES[booked.reference] = mobile


def _enrol(world: World, home: Path, name: str, centre: str, number: int) -> str:
    file = read_file(admin.create_enrolment_file(world.home, world.clock, centre, "https://127.0.0.1:1"))
    desk = NewDesk(device_name=name, in_charge_name=f"In-charge {number}", passphrase=PASSPHRASE, kdf=FLOOR)
    simulator, clock = Simulator(world.api), ToldClock()
    enrol(home, file, desk, lambda _: simulator, clock.now())
    unlock = Unlock(home, vaccines(), lambda _: clock)
    place = unlock.open(unlock.people()[0].staff, PASSPHRASE).place
    staff = Staff(place)
    staff.add(f"Vaccinator {number}", Role.VACCINATOR, PASSPHRASE, FLOOR)
    staff.add(f"Verifier {number}", Role.VERIFIER, PASSPHRASE, FLOOR)
    Engine(desk_of(place.vault), place.vault.exchange, simulator).run()
    Stock(place).receive(ReceiveForm(vaccine="covishield", batch=BATCH, expiry=None, vials="9"))
    lock(place)
    return place.vault.identity.device
