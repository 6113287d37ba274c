"""A real desk with its central, and the copies somebody made of its folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.central.support import RAMPUR, World, make_home
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ToldClock, vaccines
from tests.whole.script import Counter
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.history import TakenBack, take_back
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.staff_events import Noticed
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.vault import Vault

PEOPLE = 8
PAGE = 4096


@dataclass(slots=True)
class Machine:
    """One desk with its central, and the copies somebody made of its folder."""

    world: World
    counter: Counter
    people: list[Booked]
    key: bytes = b""

    @property
    def place(self) -> Workplace:
        return self.counter.place

    @property
    def stopped(self) -> str:
        """Why nothing is recorded; empty while recording goes on."""
        return "" if self.place.disagreement is None else self.place.disagreement.key

    def told_of_file(self) -> bool:
        return self.place.file_words is not None

    def dose(self, number: int) -> VisitDesk:
        return self.counter.dose(self.people[number].reference, self.people[number].code)

    def sync(self) -> None:
        self.world.clock.now = self.counter.clock.moment
        self.counter.sync()

    def kinds(self) -> list[str]:
        return [body.KIND for _, _, _, body in self.place.vault.ledger.events()]

    def copy(self, name: str) -> Path:
        """What stands on the disk now, beside."""
        to = self.counter.home.with_name(name)
        shutil.copytree(self.counter.home, to)
        return to

    def put_back(self, copy: Path) -> None:
        shutil.rmtree(self.counter.home)
        shutil.copytree(copy, self.counter.home)

    def open(self) -> None:
        self.counter.clock.pass_time(timedelta(minutes=1))
        self.counter.place = self.counter.unlock.open(self.counter.unlock.people()[0].staff, PASSPHRASE).place

    def take_back(self) -> TakenBack:
        return take_back(self.place, lambda _: self.counter.simulator)


def make(folder: Path) -> list[Booked]:
    """A central and an enrolled desk in ``folder``, and people who booked."""
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    people = [world.book(slot="10:00") for _ in range(PEOPLE)]
    file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
    desk = NewDesk(device_name="Desk 1", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
    simulator = Simulator(world.api)
    enrol(folder / "home", file, desk, lambda _: simulator, ToldClock().now())
    world.home.database.close()
    return people


@contextmanager
def running(made: Path, people: list[Booked], tmp_path: Path) -> Iterator[Machine]:
    """Opened by its in-charge, with the roster, and two doses given and confirmed."""
    for name in ("central", "home"):
        shutil.copytree(made / name, tmp_path / name)
    world = World(tmp_path / "central", admin.open_home(tmp_path / "central"))
    clock, simulator = ToldClock(), Simulator(world.api)
    unlock = Unlock(tmp_path / "home", vaccines(), lambda _: clock)
    opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
    found = Machine(world, Counter("Desk 1", tmp_path / "home", clock, simulator, unlock, opened.place), people)
    found.sync()
    Stock(found.place).receive(ReceiveForm(vaccine="covishield", batch="4121Z025", expiry=None, vials="5"))
    found.dose(0)
    found.dose(1)
    found.sync()
    yield found
    found.place.vault.close()
    world.home.database.close()


def noticed(machine: Machine) -> list[tuple[str, int]]:
    found = [body for _, _, _, body in machine.place.vault.ledger.events()]
    return [(body.what.value, body.count) for body in found if isinstance(body, Noticed)]


def rolled_back(machine: Machine) -> None:
    """Three more doses are given and confirmed; then the whole folder is put back as it was before them."""
    lock(machine.place)
    old = machine.copy("old")
    machine.open()
    for number in (2, 3, 4):
        machine.dose(number)
    machine.sync()
    lock(machine.place)
    machine.put_back(old)
    machine.open()


def vault_of(machine: Machine) -> Vault:
    """The closed vault, opened by its key alone: a passphrase takes longer than all the rest."""
    return Vault.open(machine.counter.home, machine.key)


def crash(machine: Machine) -> int:
    """The power goes: what stands on the disk is all there is. How long the write-ahead log is."""
    shutil.copytree(machine.counter.home, machine.counter.home.with_name("crashed"))
    machine.place.vault.close()
    machine.put_back(machine.counter.home.with_name("crashed"))
    return (machine.counter.home / "vault.db-wal").stat().st_size


def spoil(machine: Machine, *statements: str) -> None:
    """What stands in the vault is changed by somebody with its key: as an old page leaves it."""

    def work(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    machine.place.vault._database.write(work)
