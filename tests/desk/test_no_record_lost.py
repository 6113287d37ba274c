"""Whatever people do to a desk, a record that central has not confirmed stays there or is in a sealed file (5.4)."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.central import PASSPHRASE, Simulator, TestCentral, open_as_in_charge
from tests.support.desk import vaccines
from vaccinator_app.desk import delivery
from vaccinator_app.desk.before_vault import not_enrolled
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.history import take_back
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.uninstall import remove_files, uninstall
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.protocol.messages import Status
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import LedgerDisagrees, SyncError, Unreachable
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.errors import VaultExists

APPOINTMENT = "777700001234"


@pytest.fixture
def central(tmp_path: Path) -> Iterator[TestCentral]:
    made = TestCentral(tmp_path / "central")
    yield made
    made.close()


def reach(simulator: Simulator) -> Callable[[object], Simulator]:
    return lambda _: simulator


def nowhere(central: TestCentral) -> Callable[[object], Simulator]:
    """A network that is cut."""

    def cut() -> None:
        raise Unreachable(Message.of("sync.timed_out"))

    simulator = central.simulator()
    simulator.before = cut
    return reach(simulator)


def opened(central: TestCentral, home: Path, who: int = 0) -> Workplace:
    unlock = Unlock(home, vaccines(), lambda _: central.clock)
    return unlock.open(unlock.people()[who].staff, PASSPHRASE).place


def sync(place: Workplace, central: TestCentral) -> Workplace:
    Engine(desk_of(place.vault), place.vault.exchange, central.simulator()).run()
    return place


def saved(place: Workplace) -> list[bytes]:
    return [record.hash for record in place.vault.ledger.records()]


def test_no_act_of_people_takes_a_record_away(central: TestCentral, tmp_path: Path) -> None:
    home = tmp_path / "desk"
    place = open_as_in_charge(central.enrol(home)).place
    place.record(RecordViewed(appointment=APPOINTMENT))
    khan = Staff(place).add("M. Khan", Role.VACCINATOR, PASSPHRASE, FLOOR)
    kept: list[bytes] = []

    def nothing_is_lost() -> None:
        nonlocal kept
        now = saved(place)
        assert now[: len(kept)] == kept
        assert place.vault.exchange.pending().count == len(now)
        kept = now

    nothing_is_lost()
    # logged out, and by idling
    for idle in (False, True):
        lock(place, idle=idle)
        place = opened(central, home)
        nothing_is_lost()
    # a colleague's passphrase is made new, and they are sent away
    Staff(place).reset(khan.staff, PASSPHRASE, FLOOR)
    nothing_is_lost()
    Staff(place).disable(khan.staff, RemovalReason.LEFT)
    nothing_is_lost()
    # the last in-charge stays
    with pytest.raises(CannotDo):
        Staff(place).disable(place.staff.staff, RemovalReason.LEFT)
    nothing_is_lost()
    # the network fails, lies, and stops halfway
    spoiled = central.simulator()
    spoiled.spoil = lambda _: b"200 OK"
    for way in (nowhere(central)(None), spoiled):
        with pytest.raises(SyncError):
            Engine(desk_of(place.vault), place.vault.exchange, way).run()
        nothing_is_lost()
    # enrolled a second time, with or without the vault's own file open
    for again in range(2):
        with pytest.raises(VaultExists):
            central.enrol(home, name="Somebody Else")
        assert not not_enrolled(home)
        if not again:
            lock(place)
    place = opened(central, home)
    nothing_is_lost()
    # put away
    with pytest.raises(CannotDo) as refused:
        uninstall(place, nowhere(central))
    assert refused.value.message.params["n"] == len(kept)
    nothing_is_lost()
    sync(place, central)
    outcomes = {place.vault.exchange.status_of(seq) for seq in range(1, len(kept) + 1)}
    assert (place.vault.exchange.pending().count, outcomes) == (0, {Status.ACCEPTED})
    lock(place)


def test_on_a_full_disk_there_is_no_half_file_and_the_vault_stays(
    central: TestCentral, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, file = tmp_path / "desk", tmp_path / "last.records"
    place = open_as_in_charge(central.enrol(home)).place
    before = saved(place)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("vaccinator_app.desk.new_file.os.fsync", full)
        with pytest.raises(CannotDo, match="no_room"):
            uninstall(place, nowhere(central), file)
    assert not file.exists()
    assert saved(place) == before
    lock(place)


def test_a_file_that_does_not_read_back_keeps_the_vault(
    central: TestCentral, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, file = tmp_path / "desk", tmp_path / "last.records"
    place = open_as_in_charge(central.enrol(home)).place
    with monkeypatch.context() as patched:
        patched.setattr(
            "vaccinator_app.desk.delivery.write_new", lambda path, data: path.write_bytes(data[: len(data) // 2])
        )
        with pytest.raises(CannotDo, match=r"delivery\.cut_short"):
            uninstall(place, nowhere(central), file)
    assert not file.exists()
    assert (home / "vault.db").exists()
    lock(place)


def test_what_went_into_the_file_reaches_central_after_the_vault_is_gone(central: TestCentral, tmp_path: Path) -> None:
    home, file = tmp_path / "desk", tmp_path / "last.records"
    place = open_as_in_charge(central.enrol(home)).place
    khan = Staff(place).add("M. Khan", Role.VACCINATOR, PASSPHRASE, FLOOR)
    theirs = opened(central, home, 1)
    assert theirs.staff == khan
    with pytest.raises(CannotDo):
        uninstall(theirs, nowhere(central), file)
    # while it is open a second time nothing goes
    with pytest.raises(CannotDo, match="open_elsewhere"):
        uninstall(place, nowhere(central), file)
    theirs.vault.close()
    file.unlink()
    place = opened(central, home)
    count = place.vault.ledger.head().seq
    gone = uninstall(place, nowhere(central), file)
    assert gone.exported is not None
    assert (gone.exported.last, gone.left, home.exists()) == (count, (), False)
    other = open_as_in_charge(central.enrol(tmp_path / "other", name="A. Verma")).place
    assert delivery.deliver(other, reach(central.simulator()), file).upto == count
    lock(other)


def test_records_that_were_set_aside_go_only_when_central_says_that_it_has_them(
    central: TestCentral, tmp_path: Path
) -> None:
    home, old = tmp_path / "desk", tmp_path / "old"
    lock(open_as_in_charge(central.enrol(home)).place)
    shutil.copytree(home, old)
    sync(opened(central, home), central).vault.close()
    shutil.rmtree(home)
    shutil.copytree(old, home)
    central.clock.pass_time(timedelta(minutes=5))
    place = opened(central, home)
    place.record(RecordViewed(appointment=APPOINTMENT))
    with pytest.raises(LedgerDisagrees):
        sync(place, central)
    take_back(place, reach(central.simulator()))
    aside = len(place.vault.standing.stray_records())
    assert aside
    sync(place, central)
    with pytest.raises(CannotDo, match="set_aside"):
        uninstall(place, nowhere(central), tmp_path / "last.records")
    assert len(place.vault.standing.stray_records()) == aside
    assert uninstall(place, reach(central.simulator())).left == ()


def test_only_what_is_this_programs_own_is_removed(tmp_path: Path) -> None:
    home, outside = tmp_path / "desk", tmp_path / "outside"
    home.mkdir()
    outside.write_text("kept")
    own = ("vault.db", "vault.db-wal", "vault.db.next", "slots.json", "slots.json.1", "attempts.json", "settings.json")
    foreign = ("vault.db-old", "vault.db.bak", "slots.json.txt", "notes.txt", "recovering.json.d")
    for name in (*own, *foreign):
        (home / name).write_text("x")
    (home / "recovering.json").symlink_to(outside)
    (home / "enrolling.json").mkdir()
    left = remove_files(home, ("settings.json",))
    assert set(left) == {*foreign, "recovering.json", "enrolling.json"}
    assert outside.read_text() == "kept"
    linked = tmp_path / "linked"
    linked.symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    assert remove_files(linked) == ()
    assert linked.is_symlink()
