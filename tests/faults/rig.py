"""A real central in processes of its own, a line to it that can be spoiled, and real desks at the line's near end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from tempfile import mkdtemp

from tests.central.support import RAMPUR, World, make_home
from tests.support.central import PASSPHRASE
from tests.support.desk import ToldClock, vaccines
from tests.support.line import FaultyLine, authority_of
from tests.support.nothing_lost import Called, all_confirmed, noted, nothing_lost
from tests.support.served import ServedCentral
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.status import SyncWords
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.syncing import Syncing
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.sync.driver import DriverStatus, Phase
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.sync.tls import Limits
from vaccinator_app.trust.authority import Pair
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.vault import Vault

_PATIENCE = 60.0
"""Seconds after which a test that waits in vain ends."""


@dataclass(slots=True)
class Site:
    """Central, and the line to it."""

    folder: Path
    world: World
    served: ServedCentral
    line: FaultyLine
    desks: int = 0

    @property
    def authority(self) -> Pair:
        return authority_of(self.world.folder)

    def enrol(self) -> Rig:
        """One more desk of PHC Rampur, opened by its in-charge, with its roster."""
        self.desks += 1
        home = self.folder / f"desk{self.desks}"
        file = read_file(admin.create_enrolment_file(self.world.home, self.world.clock, RAMPUR, self.line.address))
        new = NewDesk(device_name=f"Desk {self.desks}", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
        clock = ToldClock()
        with closing(HttpCentral(file.address, file.authority)) as central:
            enrol(home, file, new, lambda _: central, clock.now())
        unlock = Unlock(home, vaccines(), lambda _: clock)
        place = unlock.open(unlock.people()[0].staff, PASSPHRASE).place
        rig = Rig(self, place, noted(place.vault))
        rig.book()
        with rig.at_work():
            rig.catch_up()
        Stock(place).receive(ReceiveForm(vaccine="covishield", batch="4121Z025", expiry=None, vials="90"))
        rig.called = noted(place.vault)
        return rig


@contextmanager
def site() -> Iterator[Site]:
    """Until the block ends."""
    folder = Path(mkdtemp(prefix="faults-"))
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    served = ServedCentral(folder / "central", folder / "central.log")
    line = FaultyLine(served.port)
    try:
        yield Site(folder, world, served, line)
    finally:
        line.cut()
        served.stop()
        world.home.database.close()
        shutil.rmtree(folder)


def connecting(
    address: str | None = None, *, limits: Limits | None = None, way_out: Callable[[], bool] = lambda: True
) -> Callable[[Vault], HttpCentral]:
    """How a desk reaches its central, by another address than its own if one is given, within the usual limits."""
    return lambda vault: HttpCentral(
        address or vault.identity.address, vault.identity.authority, limits=limits, way_out=way_out
    )


@dataclass(slots=True)
class Rig:
    """One desk, whoever is at it, and what its screens called saved. ``at_work`` while it syncs by itself."""

    site: Site
    place: Workplace
    called: list[Called]
    expected: list[Booked] = field(default_factory=list)
    booked: int = 0
    """Booked, and not vaccinated yet."""
    connect: Callable[[Vault], HttpCentral] = field(default_factory=connecting)
    _syncing: Syncing | None = None
    _heard: Queue[DriverStatus] = field(default_factory=Queue)

    @property
    def line(self) -> FaultyLine:
        return self.site.line

    @property
    def syncing(self) -> Syncing:
        assert self._syncing is not None
        return self._syncing

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The desk syncs by itself, from a first run at once, until the block ends."""
        self._heard = Queue()
        self._syncing = syncing = Syncing(self.place, self.connect, lambda: self._heard.put(syncing._driver.status))
        self.syncing.start()
        try:
            yield
        finally:
            self.syncing.stop()

    @contextmanager
    def within(self, limits: Limits | None) -> Iterator[None]:
        """Within these limits until the block ends; None: as it is."""
        before = self.connect
        if limits is not None:
            self.connect = connecting(limits=limits)
        try:
            yield
        finally:
            self.connect = before

    def book(self) -> Booked:
        """One more person books; desks hear of them with their next pull."""
        # by night there are thousands, and a slot takes a thousand, of all desks
        hour, quarter = divmod(self.booked // 200, 4)
        self.booked += 1
        self.expected.append(self.site.world.book(slot=f"{10 + hour}:{15 * quarter:02d}"))
        return self.expected[-1]

    def save(self) -> None:
        """A visit of somebody who is on the roster, from the first look to the dose, or else a record that a
        person was looked at; a screen calls it saved."""
        person = next((one for one in self.expected if self.on_list(one)), None)
        if person is not None:
            self.expected.remove(person)
            desk = VisitDesk(self.place, person.reference)
            desk.confirm_identity()
            assert desk.type_code(person.code)
            desk.record_dose()
        else:
            self.place.record(RecordViewed(appointment="000000000001"))
        self.note()

    def note(self) -> None:
        """What stands in the ledger now was called saved."""
        self.called += noted(self.place.vault, self.called[-1].seq)

    def until_tried(self) -> DriverStatus:
        """The status with which the run ends that is under way, or the next."""
        return self._until(lambda status: status.phase is Phase.WAITING)

    def until_failed(self) -> DriverStatus:
        """The status with which a run first fails."""
        return self._until(lambda status: status.phase is Phase.WAITING and status.failure is not None)

    def catch_up(self, most: int = 5) -> int:
        """Sync now, until nothing waits and the last run went well; how many runs that took."""
        while not self._heard.empty():
            self._heard.get_nowait()
        done = None
        for runs in range(1, most + 1):
            self.syncing.now()
            self._until(lambda status: status.phase is Phase.RUNNING)
            done = self.until_tried()
            if done.failure is None and self.place.vault.exchange.pending().count == 0:
                return runs
        raise AssertionError(f"not caught up after {most} runs: {done}")

    def words(self) -> SyncWords:
        """The line at the foot of the window."""
        return self.syncing.words()

    def failure(self) -> Message | None:
        """What it says of the last attempt."""
        return self.words().failure

    def on_list(self, person: Booked) -> bool:
        """Whether this desk has heard of this person."""
        return self.place.vault.roster.appointment(person.reference) is not None

    def nothing_lost(self) -> None:
        """At any moment between two steps."""
        nothing_lost(self.place.vault, self.site.world.home, self.called)

    def all_confirmed(self) -> None:
        """After a run that went well."""
        self.note()
        all_confirmed(self.place.vault, self.site.world.home, self.called)

    def _until(self, so: Callable[[DriverStatus], bool]) -> DriverStatus:
        while True:
            status = self._heard.get(timeout=_PATIENCE)
            if so(status):
                return status

    def close(self) -> None:
        """Nobody is at it any more."""
        self.place.vault.close()
