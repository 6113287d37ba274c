"""The file removed, moved or replaced while the desk is open: nothing is called saved that nobody finds again (6.5)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.domain.given import dose_given
from tests.support.scale import count
from tests.vault.given import IDENTITY, KEY, born, save
from vaccinator_app.vault.errors import VaultFileMissing, VaultGone
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

AGAIN = "000000000009"


def removed(home: Path) -> None:
    shutil.rmtree(home)


def file_removed(home: Path) -> None:
    (home / DATABASE).unlink()


def log_removed(home: Path) -> None:
    (home / f"{DATABASE}-wal").unlink()


def moved(home: Path) -> None:
    home.rename(home.with_name("elsewhere"))


def replaced(home: Path) -> None:
    shutil.copy(home / DATABASE, home / "other")
    (home / "other").rename(home / DATABASE)


def made_anew(home: Path) -> None:
    shutil.copytree(home, home.with_name("copy"))
    shutil.rmtree(home)
    home.with_name("copy").rename(home)


@pytest.mark.parametrize("what", [removed, file_removed, log_removed, moved, replaced, made_anew])
def test_nothing_more_is_saved_and_what_was_can_be_read(home: Path, what: Callable[[Path], None]) -> None:
    vault = born(home)
    save(vault, dose_given())
    what(home)
    count("folders pulled away")
    beside = {path.name: path.read_bytes() for path in home.iterdir()} if home.exists() else {}
    for _ in range(2):
        with pytest.raises(VaultGone):
            save(vault, dose_given(AGAIN))
    assert vault.ledger.head().seq == 1
    found: list[int] = []
    other = threading.Thread(target=lambda: found.append(len(list(vault.ledger.records()))))
    other.start()
    other.join()
    assert found == [1], "whoever comes to save it reads it, on whatever thread"
    vault.close()
    if what in (replaced, made_anew):
        after = {path.name: path.read_bytes() for path in home.iterdir()}
        assert all(after[name] == data for name, data in beside.items() if not name.endswith("-shm"))
    if what in (log_removed, moved):
        again = Vault.open(home if home.exists() else home.with_name("elsewhere"), KEY)
        assert again.ledger.check(again.certificates.find).seq == 1
        again.close()


def test_other_changes_of_the_folder_keep_nobody_from_recording(home: Path) -> None:
    vault = born(home)
    for number in range(30):
        (home / f"file{number}").write_bytes(b"somebody else's")
        assert save(vault, dose_given(f"{number:012d}")) == [number + 1]
    vault.close()


def test_a_desk_without_its_file_is_not_called_new(home: Path) -> None:
    """The window would offer to enrol it, which is refused in turn."""
    Slots.create(home, IDENTITY.device)
    with pytest.raises(VaultFileMissing):
        Vault.open(home, KEY)
    assert not (home / DATABASE).exists()
