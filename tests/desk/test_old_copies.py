"""Old copies of a real vault put back, whole or in part, before a real central: each is noticed (DESIGN 7.4)."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from tests.desk.copies import PAGE, Machine, crash, noticed, rolled_back, spoil, vault_of
from tests.support.desk import ZONE
from vaccinator_app.desk import noticing
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.sync.errors import LedgerDisagrees, SyncError
from vaccinator_app.vault import connection
from vaccinator_app.vault.checking import check
from vaccinator_app.vault.errors import VaultError
from vaccinator_app.vault.file_seal import SEAL, FileState
from vaccinator_app.vault.vault import Vault


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


def test_an_old_answer_played_again_takes_no_stop_back(machine: Machine) -> None:
    """A receipt from before the folder was put back fits the old copy; central has said more since."""
    heard: list[bytes] = []

    def keep(answer: bytes) -> bytes:
        heard.append(answer)
        return answer

    machine.counter.simulator.spoil = keep
    machine.sync()
    rolled_back(machine)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    noticing.stand(machine.place)
    assert machine.stopped

    machine.counter.simulator.spoil = lambda _: heard[0]
    with pytest.raises(SyncError):
        machine.sync()
    noticing.stand(machine.place)
    assert machine.stopped
    with pytest.raises(CannotDo):
        machine.dose(5)
    machine.counter.simulator.spoil = keep
    machine.take_back()
    assert not machine.stopped


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


@pytest.fixture
def untended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that only ever grows: how long it is tells what was written when."""
    monkeypatch.setattr(connection, "_TEND_FIRST", -1)


@pytest.mark.usefixtures("untended")
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

    before = wal.read_bytes()
    machine.dose(3)
    machine.sync()
    shutil.rmtree(machine.counter.home.with_name("crashed"))
    crash(machine)
    after = wal.read_bytes()
    # the log has room beforehand: what was written since begins where it differs
    written = (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    with wal.open("r+b") as log:
        log.truncate(next(written, len(before)))
    machine.open()
    with pytest.raises(LedgerDisagrees) as problem:
        machine.sync()
    assert problem.value.message.key == "sync.rolled_back"
    machine.take_back()
    assert machine.kinds().count("dose_given") == 4


def test_a_second_power_cut_while_the_file_is_looked_through_makes_no_noise(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    def cut(*_: object) -> None:
        shutil.rmtree(machine.counter.home.with_name("crashed"))
        crash(machine)
        raise PowerCut

    machine.dose(2)
    crash(machine)
    machine.open()
    with monkeypatch.context() as broken:
        broken.setattr("vaccinator_app.vault.exchange.check", cut)
        with pytest.raises(PowerCut):
            machine.sync()
    machine.open()
    machine.sync()
    noticing.stand(machine.place)
    assert noticed(machine) == []
    assert not machine.told_of_file()


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
