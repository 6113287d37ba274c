"""A real central: its own database and keys in a folder, its request handling behind the sync port (no HTTP)."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from tests.support.desk import CENTRE, MORNING, ToldClock, vaccines
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.errors import Refused as CentralRefused
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.unlock import Opened
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.sync.errors import Refused
from vaccinator_app.trust.keyslot import FLOOR

PASSPHRASE = "monsoon over Rampur"


@dataclass(slots=True)
class Simulator:
    """Central's own request handling behind the port; counts calls and lets a test spoil an answer or a question."""

    api: DeskApi
    pushes: int = 0
    pulls: int = 0
    before: Callable[[], None] = lambda: None
    spoil: Callable[[bytes], bytes] = lambda answer: answer

    def push(self, packed: bytes) -> bytes:
        self.pushes += 1
        self.before()
        return self.spoil(_asked(self.api.push, packed))

    def pull(self, packed: bytes) -> bytes:
        self.pulls += 1
        return self.spoil(_asked(self.api.pull, packed))

    def confirm(self, packed: bytes) -> bytes:
        self.before()
        return self.spoil(_asked(self.api.confirm, packed))

    def history(self, packed: bytes) -> bytes:
        self.before()
        return self.spoil(_asked(self.api.history, packed))

    def deliver(self, packed: bytes) -> bytes:
        self.before()
        return self.spoil(_asked(self.api.deliver, packed))

    def enrol(self, packed: bytes) -> bytes:
        return _asked(self.api.enrol, packed)

    def close(self) -> None:
        """Nothing is open."""


def _asked(call: Callable[[bytes], bytes], packed: bytes) -> bytes:
    try:
        return call(packed)
    except CentralRefused as error:
        raise Refused(Message.of("sync.refused", status=error.http_status)) from error


@lru_cache
def _made_once(alike: int) -> Path:
    """A central's folder to copy: to make its keys and tables anew for each test takes longer than most tests do."""
    folder = Path(mkdtemp(prefix="central-of-tests-")) / str(alike)
    atexit.register(shutil.rmtree, folder.parent)
    admin.init(folder, ToldClock().now, vaccines())
    home = admin.open_home(folder)
    admin.add_centre(home, CENTRE, "PHC Rampur", "Rampur")
    admin.add_session(home, CENTRE, MORNING.date(), "covishield", capacity=1000)
    for name, expiry in (("4121Z025", date(2027, 3, 31)), ("4121Z026", date(2027, 6, 30))):
        admin.allot_batch(home, CENTRE, Batch(vaccine="covishield", batch=name, expiry=expiry, doses_per_vial=10))
    home.database.close()
    return folder


@dataclass(slots=True)
class TestCentral:
    """A central with one centre, PHC Rampur, a session today and two batches."""

    __test__ = False

    folder: Path
    clock: ToldClock = field(default_factory=ToldClock)
    alike: int = 0
    """Centrals of one number have the same keys; another number makes another central."""
    home: admin.Home = field(init=False)
    api: DeskApi = field(init=False)

    def __post_init__(self) -> None:
        shutil.copytree(_made_once(self.alike), self.folder)
        self.home = admin.open_home(self.folder)
        self.api = DeskApi(self.home.database, self.home.keys, self.now)

    def now(self) -> datetime:
        return self.clock.now()

    def simulator(self) -> Simulator:
        return Simulator(self.api)

    def enrolment_file(self, address: str = "https://127.0.0.1:1") -> bytes:
        return admin.create_enrolment_file(self.home, self.now, CENTRE, address)

    def enrol(self, home: Path, name: str = "R. Sharma") -> Unlock:
        """Enrol a new desk in ``home`` and return its unlock screen; the in-charge's passphrase is ``PASSPHRASE``."""
        desk = NewDesk(device_name="Desk 2", in_charge_name=name, passphrase=PASSPHRASE, kdf=FLOOR)
        simulator = self.simulator()
        enrol(home, read_file(self.enrolment_file()), desk, lambda _: simulator, self.now())
        return Unlock(home, vaccines(), lambda _: self.clock)

    def close(self) -> None:
        self.home.database.close()


def open_as_in_charge(unlock: Unlock) -> Opened:
    """The desk, opened by its in-charge."""
    return unlock.open(unlock.people()[0].staff, PASSPHRASE)
