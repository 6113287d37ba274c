"""A desk in one file, and put back from it: what is in the file, and what people are told (DESIGN 5.4, 7.4)."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.desk.copies import Machine, noticed
from tests.support.central import PASSPHRASE
from vaccinator_app.desk import backup
from vaccinator_app.desk.backup import back_up, look, restore
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.noticing import stand
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.sync.errors import LedgerDisagrees
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault import errors
from vaccinator_app.vault.errors import VaultError, VaultExists
from vaccinator_app.vault.files import DATABASE, RESTORED
from vaccinator_app.vault.slotfile import SLOTS, members


@pytest.fixture
def file(machine: Machine, tmp_path: Path) -> Path:
    """A backup of the desk with two doses given, both confirmed."""
    return back_up(machine.place, tmp_path / "stick.backup")[0]


def put_back(machine: Machine, file: Path) -> None:
    """The machine broke, and another gets what was in the file."""
    machine.place.vault.close()
    shutil.rmtree(machine.counter.home)
    restore(machine.counter.home, file)
    machine.open()


def test_the_file_holds_what_was_there_and_names_nobody_of_the_roster(machine: Machine, file: Path) -> None:
    found = look(file)
    assert found.records == machine.place.vault.ledger.head().seq
    assert found.device == machine.place.vault.identity.device
    assert file.stat().st_mode & 0o777 == 0o600
    data = file.read_bytes()
    for told in ("Sunita", machine.people[0].reference, "root", machine.place.vault.identity.device_key.private.hex()):
        assert told.encode() not in data
    assert [path.name for path in file.parent.iterdir() if "backup" in path.name] == [file.name]


def test_a_folder_gets_a_file_of_its_own_and_nothing_is_written_over(machine: Machine, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(CannotDo):
        back_up(machine.place, file)
    assert file.read_bytes() == before
    path, made = back_up(machine.place, file.parent)
    assert path.name.startswith(made.device)
    assert look(path) == made
    with pytest.raises(CannotDo) as problem:
        back_up(machine.place, machine.place.home)
    assert problem.value.message.key == "backup.elsewhere"


def test_nothing_is_recorded_until_central_was_asked_and_then_people_are_told(machine: Machine, file: Path) -> None:
    machine.dose(2)  # central never hears of it
    put_back(machine, file)
    assert machine.stopped == "file.restored"
    with pytest.raises(CannotDo):
        machine.dose(3)
    lock(machine.place)
    machine.open()
    assert machine.stopped == "file.restored"
    machine.sync()
    stand(machine.place)
    assert not machine.stopped
    assert machine.place.file_words is not None
    assert machine.place.file_words.key == "file.was_restored"
    assert noticed(machine) == [("rolled_back", 0)]
    machine.dose(2)
    machine.sync()
    assert machine.kinds().count("dose_given") == 3


def test_what_central_has_beyond_the_copy_comes_back(machine: Machine, file: Path) -> None:
    machine.dose(2)
    machine.sync()
    put_back(machine, file)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    done = machine.take_back()
    assert done.added > 0
    assert machine.kinds().count("dose_given") == 3
    assert [what for what, _ in noticed(machine)] == ["rolled_back"]
    lock(machine.place)
    machine.open()
    assert not machine.stopped
    assert machine.place.file_words is None


def test_whoever_was_removed_since_is_out_again_once_central_was_asked(machine: Machine, tmp_path: Path) -> None:
    staff = Staff(machine.place)
    gone = staff.add("S. Devi", Role.VACCINATOR, PASSPHRASE, FLOOR)
    machine.sync()
    file = back_up(machine.place, tmp_path / "stick.backup")[0]
    staff.disable(gone.staff, RemovalReason.LEFT)
    machine.sync()
    put_back(machine, file)
    assert len(members(machine.counter.home)) == 2
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    machine.take_back()
    lock(machine.place)
    machine.open()
    assert [one.name for one in members(machine.counter.home)] == ["R. Sharma"]
    with pytest.raises(errors.UnknownStaff):
        machine.counter.unlock.open(gone.staff, PASSPHRASE)


@pytest.mark.parametrize("there", [DATABASE, SLOTS, f"{DATABASE}-wal"])
def test_a_home_that_may_hold_a_vault_stays_as_it_is(machine: Machine, file: Path, tmp_path: Path, there: str) -> None:
    home = tmp_path / "new"
    home.mkdir()
    (home / there).write_bytes(b"whatever it is")
    with pytest.raises(VaultExists):
        restore(home, file)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == {there: b"whatever it is"}


@pytest.mark.parametrize("cut", ["note_restored", "write_private", "_checked"])
def test_a_restoring_that_was_cut_short_is_no_desk_and_is_done_again(
    machine: Machine, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    home = tmp_path / "new"
    kept = {"other": b"somebody's"}
    home.mkdir()
    (home / "other").write_bytes(kept["other"])

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(backup, cut, fail)
        with pytest.raises((VaultError, OSError, CannotDo)):
            restore(home, file)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == kept
    # a power cut leaves what a failure takes away
    (home / RESTORED).write_text("{}")
    (home / SLOTS).write_text("half")
    (home / f"{DATABASE}.new").write_text("half")
    restore(home, file)
    assert (home / "other").read_bytes() == kept["other"]
    assert not (home / f"{DATABASE}.new").exists()
    assert len(members(home)) == 1


def test_a_file_that_was_changed_anywhere_puts_nothing_back(machine: Machine, file: Path, tmp_path: Path) -> None:
    whole, spoiled, home = file.read_bytes(), tmp_path / "spoiled", tmp_path / "new"
    places = [*range(0, 1536, 64), *range(1536, len(whole), len(whole) // 40)]
    changed = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    cut = [whole[:at] for at in range(0, len(whole), len(whole) // 20)]
    for data in (*changed, *cut, b"", b"no archive at all"):
        spoiled.write_bytes(data)
        try:
            found = look(spoiled)
        except CannotDo:
            with pytest.raises(CannotDo, match=r"backup\."):
                restore(home, spoiled)
            assert not home.exists()
        else:
            # what lies between the parts, or says who made the archive
            assert found == look(file)


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        "{}",
        "[" * 9000,
        '{"v": 1, "centre_name": "x", "device": "d", "made_at": "2026-11-22", "records": Infinity, "parts": {}}',
        '{"v": 1, "centre_name": "x", "device": "d", "made_at": 7, "records": 1, "parts": {}}',
        '{"v": 1, "centre_name": "x", "device": "d", "made_at": "2026-11-22", "records": 1, "parts": [1, 2]}',
    ],
)
def test_a_list_of_contents_that_says_anything_is_no_backup(tmp_path: Path, said: str) -> None:
    path = tmp_path / "stick.backup"
    entry = tarfile.TarInfo(backup.MANIFEST)
    entry.size = len(said)
    with tarfile.open(path, "w") as archive:
        archive.addfile(entry, io.BytesIO(said.encode()))
    with pytest.raises(CannotDo, match=r"backup\.not_one"):
        look(path)
