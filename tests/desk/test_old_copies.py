"""Old copies of a real vault put back, whole or in part, before a real central: noticed, and undone (DESIGN 7.4)."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.central.support import RAMPUR, World, make_home
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ZONE, ToldClock, vaccines
from tests.whole.script import Counter
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.desk import noticing
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.history import TakenBack, take_back, to_record_again
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import SignedIn, SignedOut
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import Noticed
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.history import HISTORY_TYPE, History, PastRecord
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.records import encode_body, read_event, sign_event
from vaccinator_app.sync.errors import LedgerDisagrees, Unreachable
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.checking import check
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.errors import HistoryBroken, HistoryContradicts, VaultError
from vaccinator_app.vault.file_seal import SEAL, FileState
from vaccinator_app.vault.vault import Vault

PEOPLE = 8


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Booked]]:
    folder = tmp_path_factory.mktemp("copies")
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    people = [world.book(slot="10:00") for _ in range(PEOPLE)]
    file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
    desk = NewDesk(device_name="Desk 1", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
    simulator = Simulator(world.api)
    enrol(folder / "home", file, desk, lambda _: simulator, ToldClock().now())
    world.home.database.close()
    return folder, people


@pytest.fixture
def machine(made: tuple[Path, list[Booked]], tmp_path: Path) -> Iterator[Machine]:
    """Opened by its in-charge, with the roster, and two doses given and confirmed."""
    for name in ("central", "home"):
        shutil.copytree(made[0] / name, tmp_path / name)
    world = World(tmp_path / "central", admin.open_home(tmp_path / "central"))
    clock, simulator = ToldClock(), Simulator(world.api)
    unlock = Unlock(tmp_path / "home", vaccines(), lambda _: clock)
    opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
    found = Machine(world, Counter("Desk 1", tmp_path / "home", clock, simulator, unlock, opened.place), made[1])
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


def test_an_old_copy_stops_recording_and_that_outlasts_lock_and_another_old_copy(machine: Machine) -> None:
    rolled_back(machine)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    lock(machine.place)
    machine.open()

    assert machine.stopped
    with pytest.raises(CannotDo) as problem:
        machine.place.record(SignedIn())
    assert problem.value.message.key == "sync.rolled_back"
    # whoever puts yet another copy back, of before it was noticed, is noticed by the next sync like the first
    machine.place.vault.close()
    machine.put_back(machine.counter.home.with_name("old"))
    machine.open()
    with pytest.raises(LedgerDisagrees):
        machine.sync()


def test_the_ledger_comes_back_from_central_and_recording_goes_on(machine: Machine) -> None:
    rolled_back(machine)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    before = machine.place.vault.ledger.head().seq

    done = machine.take_back()

    vault = machine.place.vault
    assert done.aside == 1  # the signing in on the old copy
    assert vault.ledger.head().seq > before
    assert vault.ledger.check(vault.certificates.find) == vault.ledger.head()
    assert machine.kinds().count("dose_given") == 5
    assert vault.roster.visit(machine.people[4].reference).dose_seq is not None
    assert noticed(machine)[-1][0] == "rolled_back"
    assert not machine.stopped
    machine.dose(5)
    machine.sync()
    assert vault.exchange.pending().count == 0
    assert to_record_again(machine.place) == ()


def test_doses_recorded_on_an_old_copy_are_set_aside_and_told(machine: Machine) -> None:
    rolled_back(machine)
    machine.dose(6)
    machine.dose(7)
    draft = VisitDesk(machine.place, machine.people[5].reference)
    draft.confirm_identity()
    with pytest.raises(LedgerDisagrees):
        machine.sync()

    machine.take_back()

    assert machine.kinds().count("dose_given") == 5
    strays = [stray.kind for stray in machine.place.vault.standing.strays()]
    assert strays.count("dose_given") == 2
    assert [str(one.params["name"]).partition(" ")[0] for one in to_record_again(machine.place)] == ["7", "8"]
    # the same visits with their arrivals and the vial that was opened for them
    assert [what for what, _ in noticed(machine)] == ["rolled_back", "forked"]
    machine.dose(6)
    assert len(to_record_again(machine.place)) == 1
    assert [appointment for appointment, _ in machine.place.vault.drafts.of(machine.place.staff.staff)] == [
        machine.people[5].reference
    ]
    machine.sync()
    assert machine.place.vault.exchange.pending().count == 0


def test_taking_back_may_be_interrupted_between_any_two_steps(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled_back(machine)
    machine.dose(6)
    monkeypatch.setattr("vaccinator_app.central.desks.history.MAX_PAST", 2)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    calls = 0

    def cut() -> None:
        nonlocal calls
        calls += 1
        # a push, a page, and the network goes
        if calls % 3 == 0:
            raise Unreachable(Message.of("sync.timed_out"))

    machine.counter.simulator.before = cut
    for _ in range(20):
        try:
            machine.take_back()
            break
        except Unreachable:
            assert machine.place.vault.standing.stopped() is not None
            # the power goes: whoever unlocks again finds the taking half done
            machine.place.vault.close()
            machine.open()
            assert machine.stopped
    machine.counter.simulator.before = lambda: None
    assert machine.kinds().count("dose_given") == 5
    assert [stray.kind for stray in machine.place.vault.standing.strays()].count("dose_given") == 1
    machine.sync()
    assert machine.place.vault.exchange.pending().count == 0


def vault_of(machine: Machine) -> Vault:
    """The closed vault, opened by its key alone: a passphrase takes longer than all the rest."""
    return Vault.open(machine.counter.home, machine.key)


PAGE = 4096


def test_each_changed_page_put_back_singly_is_noticed(machine: Machine) -> None:
    """A desk is closed; more is done and confirmed; it is closed again, and one page is put back as it was before."""
    file = machine.counter.home / "vault.db"
    machine.key = machine.place.vault.key
    lock(machine.place)
    before = file.read_bytes()
    machine.open()
    for number in (2, 3, 4):
        machine.dose(number)
    machine.sync()
    lock(machine.place)
    machine.copy("whole")
    after = file.read_bytes()

    unnoticed = []
    changed = [at for at in range(0, len(before), PAGE) if before[at : at + PAGE] != after[at : at + PAGE]]
    for at in changed:
        for ending in ("-wal", "-shm"):
            file.with_name(f"vault.db{ending}").unlink(missing_ok=True)
        (file.parent / "vault.seal").write_bytes((machine.counter.home.with_name("whole") / "vault.seal").read_bytes())
        file.write_bytes(after[:at] + before[at : at + PAGE] + after[at + PAGE :])
        try:
            vault = vault_of(machine)
        except VaultError:
            continue
        found = vault.note_file()
        if found is None or found.state not in (FileState.CHANGED, FileState.OLDER):
            unnoticed.append(at // PAGE)
        vault.close()
    assert len(changed) > 10
    assert unnoticed == []
    machine.put_back(machine.counter.home.with_name("whole"))
    machine.open()
    assert not machine.told_of_file()


def test_the_whole_file_put_back_is_noticed_before_anything_is_recorded_on_it(machine: Machine) -> None:
    """The seal beside the file is the newer one: no network is needed, and no second history begins."""
    lock(machine.place)
    old = (machine.counter.home / "vault.db").read_bytes()
    machine.open()
    machine.dose(2)
    machine.sync()
    lock(machine.place)
    (machine.counter.home / "vault.db").write_bytes(old)
    machine.open()

    assert machine.stopped == "file.older"
    head = machine.place.vault.ledger.head()
    with pytest.raises(CannotDo):
        machine.dose(3)
    lock(machine.place)
    machine.open()
    assert machine.place.vault.ledger.head() == head
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    done = machine.take_back()
    assert (done.aside, machine.kinds().count("dose_given")) == (0, 3)
    assert noticed(machine) == [("rolled_back", done.added)]


def test_an_old_file_of_which_central_lacks_what_is_missing_goes_on_after_a_sync(machine: Machine) -> None:
    lock(machine.place)
    old = (machine.counter.home / "vault.db").read_bytes()
    machine.open()
    machine.dose(2)
    lock(machine.place)
    (machine.counter.home / "vault.db").write_bytes(old)
    machine.open()
    assert machine.stopped
    machine.sync()
    noticing.stand(machine.place)
    assert not machine.stopped
    assert [what for what, _ in noticed(machine)] == ["rolled_back"]


def test_one_old_page_is_put_on_record_and_told_and_the_sync_looks_the_file_through(machine: Machine) -> None:
    file = machine.counter.home / "vault.db"
    machine.key = machine.place.vault.key
    lock(machine.place)
    before = file.read_bytes()
    machine.open()
    VisitDesk(machine.place, machine.people[2].reference).close()
    lock(machine.place)
    after = file.read_bytes()
    closed = Vault.open(machine.counter.home, machine.key)
    head = closed.ledger.head()
    closed.close()
    # such that nothing it holds speaks against it
    page = next(
        at
        for at in reversed(range(PAGE, len(before), PAGE))
        if before[at : at + PAGE] != after[at : at + PAGE] and opens(machine, after, before, at, head)
    )
    file.write_bytes(after[:page] + before[page : page + PAGE] + after[page + PAGE :])
    machine.open()
    assert machine.told_of_file()
    assert noticed(machine) == [("file_changed", 0)]
    assert machine.place.vault.exchange.cursor() == 0
    machine.sync()
    assert machine.place.vault.standing.file() is None
    lock(machine.place)
    machine.open()
    assert not machine.told_of_file()
    assert len(noticed(machine)) == 1


def opens(machine: Machine, after: bytes, before: bytes, at: int, head: Link) -> bool:
    """Whether this page leaves records, receipts and views as they should be."""
    home = machine.counter.home.with_name("tried")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    (home / "vault.db").write_bytes(after[:at] + before[at : at + PAGE] + after[at + PAGE :])
    try:
        vault = Vault.open(home, machine.key)
    except VaultError:
        return False
    try:
        return vault.ledger.head() == head and not check(vault._database.beside, ZONE)
    finally:
        vault.close()


def crash(machine: Machine) -> int:
    """The power goes: what stands on the disk is all there is. How long the write-ahead log is."""
    shutil.copytree(machine.counter.home, machine.counter.home.with_name("crashed"))
    machine.place.vault.close()
    machine.put_back(machine.counter.home.with_name("crashed"))
    return (machine.counter.home / "vault.db-wal").stat().st_size


def test_a_power_cut_makes_no_noise_and_a_log_cut_short_is_noticed(machine: Machine) -> None:
    wal = machine.counter.home / "vault.db-wal"
    confirmed = wal.stat().st_size
    machine.dose(2)
    machine.sync()
    assert crash(machine) > confirmed
    machine.open()
    assert not machine.stopped
    assert noticed(machine) == []
    machine.sync()
    assert machine.place.vault.standing.file() is None

    confirmed = wal.stat().st_size
    machine.dose(3)
    machine.sync()
    shutil.rmtree(machine.counter.home.with_name("crashed"))
    crash(machine)
    with wal.open("r+b") as log:
        log.truncate(confirmed)
    machine.open()
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    machine.take_back()
    assert machine.kinds().count("dose_given") == 4


def spoil(machine: Machine, *statements: str) -> None:
    """What stands in the vault is changed by somebody with its key: as an old page leaves it."""

    def work(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    machine.place.vault._database.write(work)


def test_after_a_power_cut_tries_are_counted_again_from_the_ledger(machine: Machine) -> None:
    desk = VisitDesk(machine.place, machine.people[2].reference)
    desk.confirm_identity()
    assert not desk.type_code(f"{(int(machine.people[2].code) + 1) % 10_000:04d}")
    spoil(machine, f"UPDATE visits SET tries = 0 WHERE appointment = '{machine.people[2].reference}'")
    crash(machine)
    machine.open()
    machine.sync()
    assert machine.place.vault.roster.visit(machine.people[2].reference).tries == 1
    noticing.stand(machine.place)
    assert noticed(machine) == [("file_changed", 0)]
    assert not machine.stopped


def test_a_hole_in_the_ledger_stops_the_desk_and_is_filled_from_central(machine: Machine) -> None:
    """Records of the middle are missing, as when an old page lies among new ones; the last is not confirmed yet."""
    machine.dose(2)
    head = machine.place.vault.ledger.head()
    guards = ("ledger_is_never_shortened", "ledger_has_no_gap")
    asked = "SELECT sql FROM sqlite_schema WHERE name = ?"
    kept = [machine.place.vault._database.read(asked, (guard,))[0][0] for guard in guards]
    spoil(
        machine,
        *(f"DROP TRIGGER {guard}" for guard in guards),
        "DELETE FROM confirmation WHERE seq IN (4, 5)",
        "DELETE FROM ledger WHERE seq IN (4, 5)",
        *kept,
    )
    crash(machine)
    machine.open()
    with pytest.raises(LedgerDisagrees) as problem:
        machine.sync()
    assert problem.value.message.key == "file.damaged"
    noticing.stand(machine.place)
    assert machine.stopped
    done = machine.take_back()
    vault = machine.place.vault
    assert vault.ledger.hash_at(head.seq) == head.hash
    assert vault.ledger.check(vault.certificates.find).seq >= head.seq
    assert (done.aside, machine.stopped) == (0, "")
    machine.sync()
    assert vault.exchange.pending().count == 0


def test_only_an_in_charge_takes_the_ledger_back(machine: Machine) -> None:
    rolled_back(machine)
    machine.place.staff = replace(machine.place.staff, role=Role.VACCINATOR)
    with pytest.raises(CannotDo):
        machine.take_back()
    assert machine.kinds().count("dose_given") == 2


def test_a_seal_made_for_another_file_is_none(machine: Machine) -> None:
    """Whoever puts an old page in and writes what the file is now, but does not have the vault's key."""
    file, beside = machine.counter.home / "vault.db", machine.counter.home / SEAL
    machine.key = machine.place.vault.key
    lock(machine.place)
    before = file.read_bytes()
    machine.open()
    lock(machine.place)
    after = file.read_bytes()
    page = next(at for at in range(PAGE, len(before), PAGE) if before[at : at + PAGE] != after[at : at + PAGE])
    changed = after[:page] + before[page : page + PAGE] + after[page + PAGE :]
    file.write_bytes(changed)
    kept = json.loads(beside.read_text())
    said = json.loads(kept["said"]) | {"file": [hashlib.sha256(changed).hexdigest()], "seq": 0, "head": "00" * 32}
    beside.write_text(json.dumps({"said": json.dumps(said), "mac": kept["mac"]}))
    vault = vault_of(machine)
    found = vault.note_file()
    vault.close()
    file.write_bytes(after)
    beside.write_text(json.dumps(kept))
    machine.open()
    assert found is not None


def told(machine: Machine, change: Callable[[History], History]) -> None:
    """Central's history, changed by whoever has central's own key."""
    key = machine.world.home.keys.signing

    def spoilt(answer: bytes) -> bytes:
        signed = packing.unpack(answer)
        if signed.payload_type != HISTORY_TYPE:
            return answer
        return packing.pack(change(packing.peek(signed, History)), HISTORY_TYPE, key)

    machine.counter.simulator.spoil = spoilt


def test_records_that_nobody_known_signed_do_not_come_back(machine: Machine) -> None:
    rolled_back(machine)
    head = machine.place.vault.ledger.head()
    stranger = SigningKey.generate()

    def forged(page: History) -> History:
        event = msgspec.structs.replace(read_event(page.records[0].record.payload), kind="signed_out")
        record = sign_event(event, stranger)
        past = msgspec.structs.replace(page.records[0], record=record)
        return msgspec.structs.replace(page, records=[past], upto=event.seq, head=record.hash)

    told(machine, forged)
    with pytest.raises(HistoryBroken):
        machine.take_back()
    assert machine.place.vault.ledger.head() == head


def test_what_central_signed_for_is_not_set_aside(machine: Machine) -> None:
    """Central says that the place both agree on is an earlier one, and tells other records from there."""
    vault, place = machine.place.vault, machine.place
    machine.sync()
    head = vault.ledger.head()
    event = msgspec.structs.replace(read_event(next(iter(vault.ledger.records(1, 1))).payload), kind="signed_out")
    other = sign_event(msgspec.structs.replace(event, body=encode_body(SignedOut())), place.signing_key)
    first = next(iter(vault.ledger.records(0, 1)))
    page = History(
        centre=vault.identity.centre,
        device=vault.identity.device,
        nonce=bytes(16),
        after=1,
        fits=True,
        upto=2,
        head=other.hash,
        at=machine.world.clock(),
        records=[PastRecord(other, Status.ACCEPTED)],
    )
    with pytest.raises(HistoryContradicts):
        vault.past.take(Link(1, first.hash), page)
    assert vault.ledger.head() == head
