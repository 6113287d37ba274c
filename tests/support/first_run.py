"""A served central of today, over TLS, and a machine that is no desk yet."""

from __future__ import annotations

import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.central.support import World, texts
from tests.support.desk import CENTRE, vaccines
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.operations import admin
from vaccinator_app.central.running.server import Running, Settings, running
from vaccinator_app.desk.first_run import FirstCentral, FirstRun, Outside, Step
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch
from vaccinator_app.sync.checking import Checked
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust.keyslot import FLOOR

PASSPHRASE = "monsoon over Rampur"
BOOKED = 3
"""How many people are expected today."""


@dataclass(slots=True)
class Served:
    """A central that answers at ``server.address``; files for machines come from its home."""

    folder: Path
    server: Running

    @property
    def address(self) -> str:
        return self.server.address

    def file(self, path: Path, address: str | None = None, now: Callable[[], datetime] = system_clock) -> Path:
        """A new enrolment file at ``path``."""
        home = admin.open_home(self.folder)
        try:
            path.write_bytes(admin.create_enrolment_file(home, now, CENTRE, address or self.address))
        finally:
            home.database.close()
        return path

    def devices(self) -> int:
        """How many machines central has taken in."""
        home = admin.open_home(self.folder)
        try:
            return admin.counts(home).devices
        finally:
            home.database.close()


@contextmanager
def served() -> Iterator[Served]:
    """PHC Rampur with a session today and some people booked for the last slot of the day."""
    folder = Path(tempfile.mkdtemp(prefix="served-"))
    home_folder = folder / "central"
    formulary = vaccines()
    today = datetime.now(ZoneInfo("Asia/Kolkata")).date()
    admin.init(home_folder, system_clock, formulary)
    home = admin.open_home(home_folder)
    admin.add_centre(home, CENTRE, "PHC Rampur", "Rampur")
    admin.add_session(home, CENTRE, today, "covishield", starts=time(0), count=96, minutes=15, capacity=50)
    expiry = today.replace(year=today.year + 1, day=1)
    admin.allot_batch(home, CENTRE, Batch(vaccine="covishield", batch="4121Z025", expiry=expiry, doses_per_vial=10))
    world = World(home_folder, home)
    world.clock.now = datetime.now(UTC)
    for _ in range(BOOKED):
        world.book(centre=CENTRE, date=today.isoformat(), slot="23:45")
    home.database.close()
    with running(Settings(home=home_folder, texts=texts(), port=0, clock=system_clock)) as server:
        yield Served(home_folder, server)
    shutil.rmtree(folder)


class Losing(HttpCentral):
    """Central takes the machine in, and the line is cut before the answer is here."""

    def enrol(self, packed: bytes) -> bytes:
        super().enrol(packed)
        raise Unreachable(Message.of("sync.could_not_reach"))


@dataclass(slots=True)
class Machine:
    """A machine with a home folder, a stick, and a way to central."""

    folder: Path
    connect: Callable[[str, str], FirstCentral] = HttpCentral
    home: Path = field(init=False)
    stick: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home, self.stick = self.folder / "home", self.folder / "STICK"
        self.stick.mkdir(parents=True, exist_ok=True)

    def start(self) -> FirstRun:
        """Somebody starts the program."""
        return FirstRun(
            self.home,
            Outside(
                formulary=vaccines(),
                connect=self._connect,
                places=lambda: [self.stick, self.folder / "not there"],
                kdf=FLOOR,
            ),
        )

    def _connect(self, address: str, authority: str) -> FirstCentral:
        # asked each time: the way may change while the program runs
        return self.connect(address, authority)


def go_on() -> None:
    """Nobody wants to stop."""


def at_enrolling(machine: Machine, file: Path) -> FirstRun:
    """Everything said, nothing asked yet."""
    run = machine.start()
    run.take(file)
    run.next()
    run.heard(Checked())
    run.next()
    assert run.name("Desk 2", "R. Sharma") == {}
    run.choose(PASSPHRASE)
    run.next()
    run.acknowledged = True
    assert run.next() is Step.ENROLLING
    return run


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """What a full disk is to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
