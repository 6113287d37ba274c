"""Every act of a desk that writes, each on a home of its own: what the disk is made to refuse in the midst of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from tests.central.support import RAMPUR, World
from tests.desk.copies import make, running
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import CentralSide, ToldClock, vaccines
from tests.vault import given
from tests.vault.golden import FOLDER as GOLDEN
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.ledger import write_lines
from vaccinator_app.desk import closing, delivery
from vaccinator_app.desk.backup import back_up, look, restore
from vaccinator_app.desk.clock import Clock
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import VoidReason
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.export import read_export, write_export
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slotfile import members
from vaccinator_app.vault.vault import Vault

LEAVES = "S. Devi"


@dataclass(frozen=True, slots=True)
class Made:
    """A central and a closed desk of two people with two doses given, all confirmed; copied for each act."""

    folder: Path
    people: list[Booked]
    key: bytes
    signing_key: SigningKey
    backup: Path


def make_once(folder: Path) -> Made:
    """Once a process: the key derivation is meant to be slow."""
    people = make(folder / "first")
    with running(folder / "first", people, folder) as machine:
        Staff(machine.place).add(LEAVES, Role.VACCINATOR, PASSPHRASE, FLOOR)
        machine.sync()
        place = machine.place
        key, signing_key = place.vault.key, place.signing_key
        backup, _ = back_up(place, folder / "made.backup")
        lock(place)
    return Made(folder, people, key, signing_key, backup)


def _morning() -> ToldClock:
    clock = ToldClock()
    clock.pass_time(timedelta(minutes=5))
    return clock


@dataclass(slots=True)
class Scene:
    """One home below ``folder``, a stick beside it, and who is at the desk."""

    made: Made
    folder: Path
    outside: Path
    clock: ToldClock = field(default_factory=_morning)
    place: Workplace | None = None
    world: World | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def stick(self) -> Path:
        return self.folder / "stick"

    @property
    def open(self) -> Workplace:
        assert self.place is not None
        return self.place

    def set_up(self) -> None:
        self.stick.mkdir(parents=True)
        shutil.copytree(self.made.folder / "home", self.home)

    def unlock(self) -> Unlock:
        return Unlock(self.home, vaccines(), self._told)

    def _told(self, _: object) -> Clock:
        return self.clock

    def come_in(self) -> None:
        """By the keys alone: the passphrase takes longer than all the rest."""
        vault = Vault.open(self.home, self.made.key)
        vault.note_file()
        self.place = Workplace(
            home=self.home,
            vault=vault,
            staff=next(one for one in members(self.home) if one.name != LEAVES),
            signing_key=self.made.signing_key,
            formulary=vaccines(),
            clock=self.clock,
        )

    def central(self) -> Simulator:
        if self.world is None:
            shutil.copytree(self.made.folder / "central", self.outside)
            self.world = World(self.outside, admin.open_home(self.outside))
        self.world.clock.now = self.clock.moment.astimezone(UTC)
        return Simulator(self.world.api)

    def person(self, number: int) -> Booked:
        return self.made.people[number]


@dataclass(frozen=True, slots=True)
class Act:
    """``prepare`` may write, ``run`` is what the disk refuses, ``done`` says whether its effect is there, all of it.

    ``steps``: it is several transactions, so that an act that failed may have got half its way, to be gone on with
    by doing it ``again``. ``file``: its effect is one that a disk which takes nothing more does not let go of either.
    """

    prepare: Callable[[Scene], None]
    run: Callable[[Scene], object]
    done: Callable[[Scene], bool]
    steps: bool = False
    again: bool = True
    file: bool = False


def _came_in(scene: Scene) -> None:
    scene.come_in()


def _no(_: Scene) -> None:
    """Nothing is prepared."""


def _unlock(scene: Scene) -> None:
    door = scene.unlock()
    scene.place = door.open(door.people()[0].staff, PASSPHRASE).place


def _visit(scene: Scene) -> VisitDesk:
    desk: VisitDesk = scene.kept["desk"]
    return desk


def _sheet(scene: Scene) -> None:
    scene.come_in()
    scene.kept["desk"] = VisitDesk(scene.open, scene.person(2).reference)


def _identified(scene: Scene) -> None:
    _sheet(scene)
    _visit(scene).confirm_identity()


def _proven(scene: Scene) -> None:
    _identified(scene)
    assert _visit(scene).type_code(scene.person(2).code)


def _dosed(scene: Scene) -> None:
    _proven(scene)
    _visit(scene).record_dose()


def _kinds(scene: Scene) -> list[str]:
    return [body.KIND for *_, body in scene.open.vault.ledger.events()]


def _has(kind: str, times: int = 1) -> Callable[[Scene], bool]:
    def done(scene: Scene) -> bool:
        found = _kinds(scene).count(kind)
        assert found <= times, f"{kind} {found} times"
        return found == times

    return done


def _wrong_code(scene: Scene) -> None:
    assert not _visit(scene).type_code(f"{(int(scene.person(2).code) + 1) % 10_000:04d}")


def _sync(scene: Scene) -> None:
    vault = scene.open.vault
    Engine(desk_of(vault), vault.exchange, scene.central()).run()


def _many(scene: Scene) -> None:
    scene.come_in()
    vault = scene.open.vault
    side = CentralSide()
    people = [side.appointment(number) for number in range(1000, 1400)]
    scene.kept["changes"] = side.changes(vault.identity.device, people, from_cursor=vault.exchange.cursor())


def _apply(scene: Scene) -> None:
    scene.open.vault.exchange.apply(scene.kept["changes"])


def _applied(scene: Scene) -> bool:
    there = [scene.open.vault.roster.appointment(one.appointment) for one in scene.kept["changes"].appointments]
    assert len({one is None for one in there}) == 1, "half a page is there"
    return there[0] is not None


def _disable(scene: Scene) -> None:
    leaves = next((one.staff for one in members(scene.home) if one.name == LEAVES), None)
    if leaves is not None and not _kinds(scene).count("staff_removed"):
        Staff(scene.open).disable(leaves, RemovalReason.LEFT)


def _add(scene: Scene) -> None:
    """Whose certificate is on record but has no key here, or one that may not be durable, is given a new one."""
    staff = Staff(scene.open)
    there = next((one for one in staff.people() if one.name == "M. Khan"), None)
    if there is None:
        staff.add("M. Khan", Role.VERIFIER, PASSPHRASE, FLOOR)
    else:
        staff.reset(there.staff, PASSPHRASE, FLOOR)


def _counted(scene: Scene) -> None:
    scene.come_in()
    overview = Reconcile(scene.open).overview(scene.open.today())
    assert overview is not None
    counted = {(one.vaccine, one.batch): closing.Counted("4") for one in scene.open.vault.roster.batches()}
    scene.kept["plan"] = closing.prepare(scene.open, overview, counted)


def _close(scene: Scene) -> None:
    closing.close(scene.open, scene.kept["plan"])


def _free(scene: Scene) -> Path:
    """A new name: on a disk that takes nothing more, what was begun cannot be taken away either."""
    return next(path for path in (scene.stick / f"file-{n}" for n in range(9)) if not path.exists())


def _is_whole(check: Callable[[Scene, Path], object]) -> Callable[[Scene], bool]:
    """Whether a file is there that is what it should be; another is known as one that is not whole."""

    def done(scene: Scene) -> bool:
        whole = 0
        for path in scene.stick.glob("file-*"):
            with suppress(CannotDo, ProtocolError):
                check(scene, path)
                whole += 1
        return whole > 0

    return done


def _reach(scene: Scene) -> Callable[[object], Simulator]:
    simulator = scene.central()
    return lambda _: simulator


def _export(scene: Scene) -> None:
    delivery.export(scene.open, scene.kept["reach"], _free(scene))


def _to_export(scene: Scene) -> None:
    _dosed(scene)
    scene.kept["reach"] = _reach(scene)


def _lines(scene: Scene) -> None:
    write_lines(_free(scene), write_export(scene.open.vault))


def _verify(_: Scene, path: Path) -> None:
    with path.open(encoding="utf-8") as lines:
        read_export(lines)


def _restored(scene: Scene) -> bool:
    new = scene.folder / "new"
    if (new / DATABASE).exists():
        Vault.open(new, scene.made.key).close()
        return True
    return False


def _new_desk(scene: Scene) -> None:
    simulator = scene.central()
    assert scene.world is not None
    scene.kept["simulator"] = simulator
    scene.kept["file"] = read_file(
        admin.create_enrolment_file(scene.world.home, scene.world.clock, RAMPUR, "https://127.0.0.1:1")
    )


def _enrol(scene: Scene) -> None:
    if (scene.folder / "new" / DATABASE).exists():
        # the disk took all of it, and failed as it was to say so: whoever is told that it is a desk already unlocks it
        assert _enrolled(scene)
        return
    desk = NewDesk(device_name="Desk 9", in_charge_name="A. Verma", passphrase=PASSPHRASE, kdf=FLOOR)
    enrol(scene.folder / "new", scene.kept["file"], desk, lambda _: scene.kept["simulator"], scene.clock.now())


def _enrolled(scene: Scene) -> bool:
    new = scene.folder / "new"
    if not (new / DATABASE).exists():
        return False
    door = Unlock(new, vaccines(), scene._told)
    door.open(door.people()[0].staff, PASSPHRASE).place.vault.close()
    return True


def _old(scene: Scene) -> None:
    (scene.folder / "new").mkdir(mode=0o700)
    shutil.copy(GOLDEN / "vault-0001.db", scene.folder / "new" / DATABASE)


def _open_old(scene: Scene) -> None:
    Vault.open(scene.folder / "new", given.KEY).close()


def _opens(scene: Scene) -> bool:
    vault = Vault.open(scene.folder / "new", given.KEY)
    assert vault.ledger.check(vault.certificates.find).seq > 5
    vault.close()
    return True


def _locked(scene: Scene) -> None:
    lock(scene.open)


ACTS = {
    "unlock": Act(_no, _unlock, lambda scene: True, steps=True),
    "lock": Act(_came_in, _locked, lambda scene: True, steps=True, again=False),
    "arrival": Act(_sheet, lambda scene: _visit(scene).confirm_identity(), _has("arrived", 3)),
    "wrong code": Act(_identified, _wrong_code, _has("code_refused")),
    "dose": Act(_proven, lambda scene: _visit(scene).record_dose(), _has("dose_given", 3)),
    "void": Act(_dosed, lambda scene: _visit(scene).void(VoidReason.NEVER_CAME), _has("voided")),
    "sync": Act(_dosed, _sync, lambda scene: scene.open.vault.exchange.pending().count == 0, steps=True),
    "roster of 400": Act(_many, _apply, _applied),
    "removal": Act(_came_in, _disable, _has("staff_removed"), steps=True),
    "new colleague": Act(_came_in, _add, lambda scene: len(members(scene.home)) == 3, steps=True),
    "close of the day": Act(_counted, _close, _has("day_closed")),
    "backup": Act(
        _came_in, lambda scene: back_up(scene.open, _free(scene)), _is_whole(lambda _, path: look(path)), file=True
    ),
    "restore": Act(_no, lambda scene: restore(scene.folder / "new", scene.made.backup), _restored),
    "sealed export": Act(
        _to_export, _export, _is_whole(lambda scene, path: delivery.look(scene.open, path)), file=True
    ),
    "export": Act(_came_in, _lines, _is_whole(_verify), file=True),
    "enrolment": Act(_new_desk, _enrol, _enrolled, steps=True),
    "migration": Act(_old, _open_old, _opens, steps=True),
}
