"""A central process and a desk's home, lives begun and killed in them, and the books kept beside."""

from __future__ import annotations

import faulthandler
import json
import os
import select
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from sqlalchemy import select as select_rows

from tests.central.support import BOUNDLESS, texts
from tests.crash import central_seams
from tests.crash.acts import VACCINE, Person
from tests.crash.fuse import Fuse
from tests.crash.life import PATIENCE, Life, WorldClock, live
from tests.support import forking, nothing_lost
from tests.support.central import PASSPHRASE, TestCentral
from tests.support.desk import CENTRE, MORNING, TODAY
from tests.support.nothing_lost import Called
from vaccinator_app.central.citizens.booking import BookingForm, Bookings
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.database import connect, default_url
from vaccinator_app.central.desks.seats import read_entry
from vaccinator_app.central.district.machine_alarms import FORK, SHORTER
from vaccinator_app.central.keyring import keys as keyring
from vaccinator_app.central.keyring.tls import create_tls
from vaccinator_app.central.messages.gateways import FileGateway
from vaccinator_app.central.messages.sms import Drain
from vaccinator_app.central.operations import admin
from vaccinator_app.central.running.building import INBOX
from vaccinator_app.central.running.server import listen, prepare
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.central.schema import alarms, roster
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.vault.errors import VaultWrongKey
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

_A_MOBILE = 4
_ADDRESS = "203.0.113.7"
_PORTAL = "https://vaccinator.example"


class Lost(Exception):
    """What a check or a life said; the world's seed is in it."""


def fork(work: Callable[[], None]) -> int:
    """``work`` in a child of this process, which ends with it and runs nothing of its parent's."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = forking.fork()
    if child:
        return child
    status = 1
    try:
        faulthandler.enable()
        work()
        status = 0
    except BaseException:  # noqa: BLE001  (no child goes on as its parent)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


class Booker:
    """People who book at an opened central, four by each mobile."""

    def __init__(self, folder: Path, home: admin.Home, now: Callable[[], datetime], first: int = 0) -> None:
        self._login = Login(home.database, home.keys, now, BOUNDLESS)
        self._bookings = Bookings(home.database, home.keys, now, self._login)
        self._inbox = folder / INBOX
        self._drain = Drain(home.database, home.keys.cupboard, FileGateway(self._inbox), texts(), now, _PORTAL)
        self._count = first
        self._token = ""

    def book(self, number: int) -> list[Person]:
        """So many people more, with appointments this morning."""
        return [self._one() for _ in range(number)]

    def _one(self) -> Person:
        if self._count % _A_MOBILE == 0 or not self._token:
            self._token = self._sign_in(f"98{self._count:08d}")
        self._count += 1
        form = BookingForm(
            name=f"Sunita Kumari {self._count}", year_of_birth=1968, gender="woman", photo_id_type="aadhaar",
            photo_id_number=f"4444{self._count:08d}", vaccine=VACCINE, dose=1, centre=CENTRE, date=TODAY.isoformat(),
            slot="10:00",
        )  # fmt: skip
        booked = self._bookings.book(self._token, form)
        return Person(booked.reference, booked.code, booked.slip)

    def _sign_in(self, mobile: str) -> str:
        self._login.ask(mobile, "en", address=_ADDRESS)
        self._drain.run()
        lines = (self._inbox / f"{mobile}.jsonl").read_text("utf-8").splitlines()
        return self._login.verify(mobile, json.loads(lines[-1])["text"][:6], address=_ADDRESS).token


@dataclass(frozen=True, slots=True)
class Template:
    """A central with people booked, to be copied for each world. Its TLS is of today, whatever day its desks have."""

    folder: Path
    people: list[Person]

    @classmethod
    def make(cls, folder: Path, people: int) -> Template:
        central = TestCentral(folder)
        shutil.rmtree(folder / "tls")
        create_tls(folder, (), datetime.now(UTC))
        booked = Booker(folder, central.home, central.now).book(people)
        central.close()
        with listen("127.0.0.1", 0) as nobody, ExitStack() as stack:
            # once in this process, so that none of those forked from it imports anything
            prepare(Settings(home=folder, texts=texts()), nobody, stack)
        for served in ("anyio._backends._asyncio", "uvicorn.lifespan.on"):
            import_module(served)
        return cls(folder, booked)


@dataclass(slots=True)
class Ended:
    """How a life went: what its screen said, whether it was killed, and the steps that it reached when it was not."""

    killed: bool = False
    central_killed: bool = False
    said: list[Any] = field(default_factory=list)
    reached: Counter[str] | None = None


class World:
    """One centre: its central on a port that stays, and one desk."""

    def __init__(self, folder: Path, template: Template, seed: str) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self._folder = folder
        self.central_home = folder / "central"
        shutil.copytree(template.folder, self.central_home)
        (self.central_home / INBOX).mkdir(exist_ok=True)
        self.people = list(template.people)
        self.clock = WorldClock(MORNING, time.monotonic())
        self.listening = listen("127.0.0.1", 0)
        self._central_keys = keyring.load(self.central_home)
        self._central: int | None = None
        self._desks = 0
        self.new_desk()

    def new_desk(self) -> None:
        """Another machine is to be enrolled; the one before is put away."""
        self._desks += 1
        self.home = self._folder / f"desk-{self._desks}"
        central = self._open_central()
        address = f"https://127.0.0.1:{self.listening.getsockname()[1]}"
        self.file = admin.create_enrolment_file(central, self.clock.now, CENTRE, address)
        central.database.close()
        self.called: list[Called] = []
        self.passed: list[str] = []
        self._keys: list[bytes] = []
        self._lives: list[str] = []

    def close(self) -> None:
        """Central and all its files go."""
        self.stop_central()
        self.listening.close()
        shutil.rmtree(self._folder)

    # Central

    def start_central(self, step: str | None = None, count: int = 1, tells: int | None = None) -> None:
        """It answers when this returns; killed at its ``count``-th ``step``, if any."""
        reads, writes = os.pipe()
        self._central = fork(lambda: self._serve(writes, Fuse(step, count, tells)))
        os.close(writes)
        answered = os.read(reads, 1)
        os.close(reads)
        if not answered:
            self._fail("central did not start")

    def _serve(self, ready: int, fuse: Fuse) -> None:
        central_seams.fit(fuse)
        settings = Settings(home=self.central_home, texts=texts(), clock=self.clock.now)
        with ExitStack() as stack:
            server, _ = prepare(settings, self.listening, stack)

            def started() -> None:
                os.write(ready, b"x")
                os.close(ready)

            server.on_started = started
            server.run(sockets=[self.listening])

    def stop_central(self) -> None:
        """SIGKILL, as always."""
        if self._central is not None:
            os.kill(self._central, signal.SIGKILL)
            os.waitpid(self._central, 0)
            self._central = None

    # The desk

    def live(self, scene: str, *, after: float | None = None, central: float | None = None, **more: Any) -> Ended:
        """One life, killed ``after`` so many seconds if it is not over by then; ``central`` is killed after so many.
        Whenever it was killed, it is started again on the same port."""
        life = Life(
            scene=scene, home=self.home, file=self.file, clock=self.clock, people=self.people,
            seed=str(self.rng.random()), **more,
        )  # fmt: skip
        reads, writes = os.pipe()
        child = fork(lambda: live(life, writes))
        os.close(writes)
        ended = Ended()
        now = time.monotonic()
        kills = [(now + at, what) for at, what in ((after, "desk"), (central, "central")) if at is not None]
        try:
            text = self._follow(reads, child, [*sorted(kills), (now + 2 * PATIENCE, "late")], ended)
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            os.close(reads)
            status = os.waitpid(child, 0)[1]
        ended.killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        lines = text.decode().splitlines() or [""]
        how = f"killed at {more.get('step') or after}" if ended.killed else "ended"
        self._lives.append(f"{scene}: {how}, {lines[-1][:60]}")
        for line in text.splitlines(keepends=True):
            if line.endswith(b"\n"):
                self._heard(json.loads(line), ended)
        if not ended.killed and ended.reached is None:
            self._fail(f"a life ended with status {status} and no last word")
        return ended

    def _follow(self, reads: int, child: int, kills: list[tuple[float, str]], ended: Ended) -> bytes:
        """What a life says until it is over. ``kills``: when to kill what, by the machine's own clock."""
        text = bytearray()
        with ExitStack() as stack:
            watching = self._watched(stack)
            while True:
                left = max(0.0, kills[0][0] - time.monotonic())
                ready, _, _ = select.select([reads, *watching], [], [], left)
                if not ready:
                    what = kills.pop(0)[1]
                    if what == "late":
                        self._late(child)
                    os.kill(self._central or child if what == "central" else child, signal.SIGKILL)
                elif reads in ready:
                    part = os.read(reads, 65536)
                    if not part:
                        return bytes(text)
                    text += part
                else:
                    assert self._central is not None
                    os.waitpid(self._central, 0)
                    ended.central_killed = True
                    self.start_central()
                    watching = self._watched(stack)

    def _late(self, child: int) -> NoReturn:
        """Both say on standard error where each of their threads stands."""
        for process in (child, self._central):
            if process is not None:
                os.kill(process, signal.SIGABRT)
                os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        if self._central is not None:
            os.waitpid(self._central, 0)
            self._central = None
        self._fail("a life did not end")

    def _watched(self, stack: ExitStack) -> list[int]:
        """A descriptor that says when central was killed."""
        if self._central is None:
            return []
        found = os.pidfd_open(self._central)
        stack.callback(os.close, found)
        return [found]

    def _heard(self, said: Any, ended: Ended) -> None:
        match said:
            case ["saved", int(seq), str(digest), *more]:
                kind, appointment = [str(one) for one in more] or (None, None)
                self.called.append(Called(seq, bytes.fromhex(digest), kind, appointment))
            case ["passed", str(appointment)]:
                self.passed.append(appointment)
            case ["end", dict() as reached]:
                ended.reached = Counter(reached)
            case ["wrong", *what]:
                self._fail(" ".join(map(str, what)))
        ended.said.append(said)

    # The books

    def check(self) -> None:
        """What a kill may leave: everything called saved is there, and what shows confirmed central has signed for."""

        def look(vault: Vault, central: admin.Home) -> None:
            nothing_lost.nothing_lost(vault, central, self.called)
            nothing_lost.passed_stays_passed(vault, self.passed)

        self._look(look)

    def check_settled(self) -> None:
        """The same after a sync that went through, and everything is at central, and all that central tells is here."""

        def look(vault: Vault, central: admin.Home) -> None:
            nothing_lost.all_confirmed(vault, central, self.called)
            nothing_lost.passed_stays_passed(vault, self.passed)
            _no_false_alarm(vault, central)
            _roster_alike(vault, central)

        self._look(look)

    def _look(self, look: Callable[[Vault, admin.Home], object]) -> None:
        """At a copy: the desk itself finds its files as they were left."""
        if not (self.home / DATABASE).exists():
            return
        copy = self._folder / "copy"
        shutil.copytree(self.home, copy)
        central = self._open_central()
        try:
            vault = self._open(copy)
            try:
                look(vault, central)
            finally:
                vault.close()
        except AssertionError as error:
            self._fail(str(error))
        finally:
            central.database.close()
            shutil.rmtree(copy)

    def _open_central(self) -> admin.Home:
        return admin.Home(connect(default_url(self.central_home)), self._central_keys)

    def _open(self, copy: Path) -> Vault:
        for key in self._keys:
            try:
                return Vault.open(copy, key)
            except VaultWrongKey:
                continue
        slots = Slots.read(copy)
        unlocked = slots.unlock(slots.people()[0].staff, PASSPHRASE)
        keys = [key for key in (unlocked.database_key, unlocked.next_key) if key is not None]
        self._keys = keys
        return Vault.open_with_one_of(copy, keys)

    def book(self, number: int) -> None:
        """People whom the next pull brings."""
        central = self._open_central()
        self.people += Booker(self.central_home, central, self.clock.now, first=len(self.people) + 4).book(number)
        central.database.close()

    def _fail(self, what: str) -> NoReturn:
        raise Lost(f"{what} (world {self.seed}; last lives: {', '.join(self._lives[-4:])})")


_OF_MACHINES = frozenset({SHORTER, FORK, *map(str, Notice)} - {str(Notice.MANY_LOOKUPS)})
"""Alarms that a kill must not raise."""


def _no_false_alarm(vault: Vault, central: admin.Home) -> None:
    """A kill is no change of the file, no old copy and no fork: nobody is told that it was."""
    told = [body.what for *_, body in vault.ledger.of_kind(Noticed.KIND) if isinstance(body, Noticed)]
    told = [what for what in told if what is not Notice.MANY_LOOKUPS]
    assert not told, f"a false alarm is on record: {told[0]}"
    with central.database.read() as connection:
        kinds = set(connection.scalars(select_rows(alarms.c.kind)))
    assert not kinds & _OF_MACHINES, f"a false alarm at central: {min(kinds)}"


def _roster_alike(vault: Vault, central: admin.Home) -> None:
    """Everybody whom central expects today the desk knows, as central does; of doses before it may know more."""
    with central.database.read() as connection:
        entries = connection.scalars(select_rows(roster.c.entry).where(roster.c.day == TODAY)).all()
    for entry in map(read_entry, entries):
        found = vault.roster.appointment(entry.appointment)
        assert found is not None, f"lost on the way down: appointment {entry.appointment}"
        if entry.booking is Booking.ONLINE:
            same = replace(found, previous=()) == replace(entry, previous=())
            assert same, f"appointment {entry.appointment} is another on the desk than at central"
