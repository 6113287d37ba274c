"""The write-ahead log is long enough beforehand, and folded back behind people's backs (DESIGN 3.6, 10)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.vault.given import KEY, born, save, vial
from vaccinator_app.vault import connection
from vaccinator_app.vault.connection import connect_to_write
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.log_room import ROOM, make_room
from vaccinator_app.vault.vault import Vault

LOG = DATABASE + "-wal"


@pytest.fixture
def tended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is seen to after the third commit, and after every tenth from there on."""
    monkeypatch.setattr(connection, "_TEND_FIRST", 3)
    monkeypatch.setattr(connection, "_TEND_EVERY", 10)


def settle(vault: Vault) -> None:
    vault._database._behind.submit(lambda: None).result()


@pytest.mark.usefixtures("tended")
def test_records_make_a_log_with_room_no_longer(home: Path) -> None:
    vault = born(home)
    for number in range(3):
        save(vault, vial(number))
    settle(vault)
    assert (home / LOG).stat().st_size == ROOM
    for number in range(100):
        save(vault, vial(3 + number))
    settle(vault)
    assert (home / LOG).stat().st_size == ROOM
    assert vault.ledger.head().seq == 103
    vault.close()
    assert not (home / LOG).exists()


@pytest.mark.usefixtures("tended")
def test_the_log_is_folded_back_while_people_record(home: Path) -> None:
    vault = born(home)
    before = (home / DATABASE).stat().st_size
    for number in range(33):
        save(vault, vial(number))
    settle(vault)
    assert (home / DATABASE).stat().st_size > before, "what was recorded stands in the file, and nothing was closed"
    vault.close()


def test_what_was_saved_before_and_after_room_was_made_is_there_after_a_power_cut(home: Path, tmp_path: Path) -> None:
    vault = born(home)
    save(vault, vial(1))
    make_room(vault._database._writer, home / DATABASE)
    save(vault, vial(2))
    head = vault.ledger.head()
    cut = tmp_path / "cut"
    shutil.copytree(home, cut)
    vault.close()
    found = Vault.open(cut, KEY)
    assert found.ledger.head() == head
    assert found.ledger.check(found.certificates.find) == head
    found.close()


def test_room_made_while_another_program_records_takes_nothing_of_it(home: Path) -> None:
    vault = born(home)
    other = Vault.open(home, KEY)
    for number in range(6):
        save(vault, vial(2 * number))
        make_room(vault._database._writer, home / DATABASE)
        save(other, vial(2 * number + 1))
    assert vault.ledger.head() == other.ledger.head()
    assert vault.ledger.check(vault.certificates.find).seq == 12
    other.close()
    vault.close()


def test_a_log_longer_than_its_room_stays_as_it_is(home: Path) -> None:
    born(home).close()
    writer = connect_to_write(home / DATABASE, KEY)
    writer.execute("CREATE TABLE large (of BLOB)")
    writer.execute("INSERT INTO large VALUES (zeroblob(?))", (2 * ROOM,))
    before = (home / LOG).read_bytes()
    make_room(writer, home / DATABASE)
    assert (home / LOG).read_bytes() == before
    writer.close()


@pytest.mark.usefixtures("tended")
def test_a_log_that_cannot_be_lengthened_is_no_fault(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(connection, "make_room", full)
    vault = born(home)
    for number in range(25):
        save(vault, vial(number))
    settle(vault)
    assert vault.ledger.head().seq == 25
    vault.close()
