"""Another key for the same vault: a whole new file, checked, in the place of the old one (DESIGN 5.3, 6.3; P.18)."""

from __future__ import annotations

import os
import resource
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from tests.domain.given import WHO, dose_given
from tests.vault import golden
from tests.vault.given import DAY, KEY, aefi, changes, person, save, vial
from vaccinator_app.vault import lock
from vaccinator_app.vault.errors import (
    VaultBusy,
    VaultClosed,
    VaultDamaged,
    VaultDisk,
    VaultError,
    VaultFull,
    VaultWrongKey,
)
from vaccinator_app.vault.file_seal import SEAL
from vaccinator_app.vault.files import DATABASE, NEXT
from vaccinator_app.vault.vault import Vault

NEW = bytes(range(32))


@pytest.fixture
def full(vault: Vault) -> Vault:
    """With people, records, a draft, and free pages."""
    vault.exchange.apply(changes(*[person(n, f"Sunita {n}") for n in range(1, 60)]))
    save(vault, vial(3), dose_given(), aefi(2))
    vault.drafts.save(WHO, "s", bytes(40_000))
    vault.drafts.drop(WHO, "s")
    return vault


def everything(vault: Vault) -> dict[str, list[Any]]:
    vault.standing.will_be_sealed()
    read = vault._database.read
    found = {"schema": read("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY 1, 2")}
    for pragma in ("user_version", "application_id", "page_count", "freelist_count", "journal_mode", "foreign_keys"):
        found[pragma] = read(f"PRAGMA {pragma}")
    for (name,) in read("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"):
        found[name] = read(f"SELECT * FROM {name}")
    return found


def test_all_of_it_is_there_under_the_new_key_alone(full: Vault, home: Path) -> None:
    before, salt = everything(full), (home / DATABASE).read_bytes()[:16]
    assert before["freelist_count"] != [(0,)]
    full.rekey(NEW)
    assert everything(full) == before
    assert full.key == NEW
    assert len(full.queue.search("sunita", DAY)) > 5
    with pytest.raises(VaultError):
        full._database.write(lambda connection: connection.execute("UPDATE ledger SET staff = 'x' WHERE seq = 1"))
    assert save(full, dose_given("000000000009")) == [4]
    full.close()
    assert (home / DATABASE).read_bytes()[:16] != salt
    assert (home / DATABASE).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in home.iterdir()) == [DATABASE, SEAL]
    with pytest.raises(VaultWrongKey):
        Vault.open(home, KEY)
    opened = Vault.open(home, NEW)
    assert opened.ledger.check(opened.certificates.find).seq == 4
    assert opened._database.read("PRAGMA integrity_check") == [("ok",)]
    opened.close()


def test_reading_goes_on_in_other_threads_and_so_do_ten_changes(full: Vault) -> None:
    done = threading.Event()
    seen: list[list[int]] = [[], []]

    def look(into: list[int]) -> None:
        while not done.is_set():
            into.append(full.ledger.head().seq)

    threads = [threading.Thread(target=look, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for number in range(10):
        full.rekey(bytes([number]) * 32)
        save(full, vial(number + 4))
    done.set()
    for thread, into in zip(threads, seen, strict=True):
        thread.join()
        assert len(into) > 3
        assert into == sorted(into)
    assert full.ledger.check(full.certificates.find).seq == 13


def test_reading_is_not_kept_waiting_by_the_copy(full: Vault) -> None:
    found: list[int] = []

    def during(done: int, whole: int) -> None:
        reader = threading.Thread(target=lambda: found.append(full.ledger.head().seq))
        reader.start()
        reader.join(10)
        assert (found, done) == ([3], whole)

    full.rekey(NEW, during)
    assert found == [3]


@pytest.mark.parametrize("release", sorted(golden.FOLDER.glob("*.db")), ids=lambda path: path.stem)
def test_a_vault_of_each_release_can_be_given_another_key(home: Path, release: Path) -> None:
    home.mkdir(mode=0o700)
    shutil.copy(release, home / DATABASE)
    vault = Vault.open(home, KEY)
    before = everything(vault)
    vault.rekey(NEW)
    assert everything(vault) == before
    assert vault.ledger.check(vault.certificates.find).seq > 1
    vault.close()


def stands(vault: Vault, home: Path) -> None:
    """Nothing happened: the old key, the old file, and records are taken."""
    assert vault.key == KEY
    assert not [path.name for path in home.iterdir() if path.name.startswith(NEXT)]
    seq = vault.ledger.head().seq
    assert save(vault, vial(99)) == [seq + 1]
    vault.close()
    again = Vault.open(home, KEY)
    assert again.ledger.check(again.certificates.find).seq == seq + 1
    again.close()


def test_a_full_disk_leaves_the_old_file_and_everybody_goes_on(full: Vault, home: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    full._database.fold()
    resource.setrlimit(resource.RLIMIT_FSIZE, ((home / DATABASE).stat().st_size // 2, hard))
    try:
        with pytest.raises(VaultError) as problem:
            full.rekey(NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert problem.value.message_key == "vault.disk"
    stands(full, home)


def test_the_last_room_is_not_taken_from_records(full: Vault, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(home)._replace(free=(home / DATABASE).stat().st_size - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(VaultFull):
        full.rekey(NEW)
    stands(full, home)


def test_a_copy_that_the_disk_spoilt_is_not_taken(full: Vault, home: Path) -> None:
    def spoil(done: int, whole: int) -> None:
        assert done == whole
        with (home / NEXT).open("r+b") as file:
            file.seek(4096 * (whole - 2) + 1000)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))

    with pytest.raises(VaultDamaged):
        full.rekey(NEW, spoil)
    stands(full, home)


def test_a_vault_that_another_program_has_open_waits(full: Vault, home: Path) -> None:
    other = Vault.open(home, KEY)
    with pytest.raises(VaultBusy):
        full.rekey(NEW)
    save(other, vial(50))
    other.close()
    stands(full, home)


def test_who_opens_it_meanwhile_finds_the_new_file(full: Vault, home: Path) -> None:
    """A program that got hold of the old file would write records that nobody ever finds."""
    came: list[Vault] = []
    thread = threading.Thread(target=lambda: came.append(Vault.open(home, NEW)))
    full.rekey(NEW, lambda done, whole: thread.start())
    save(full, vial(50))
    thread.join()
    assert save(came[0], vial(51)) == [5]
    came[0].close()


def test_who_waits_too_long_for_the_new_file_is_told(full: Vault, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.03)

    def during(done: int, whole: int) -> None:
        with pytest.raises(VaultBusy):
            Vault.open(home, KEY)

    full.rekey(NEW, during)
    full.close()
    Vault.open(home, NEW).close()


def test_two_that_want_another_key_at_once_lose_no_record(full: Vault, home: Path) -> None:
    other = Vault.open(home, KEY)
    for vault in (full, other):
        with pytest.raises(VaultBusy):
            vault.rekey(NEW)
    assert save(other, vial(50)) == [4]
    other.close()
    full.rekey(NEW)
    assert save(full, vial(51)) == [5]
    assert full.ledger.check(full.certificates.find).seq == 5


def test_what_an_interrupted_change_left_is_cleared_away_and_never_taken(full: Vault, home: Path) -> None:
    full.close()
    for name in (NEXT, f"{NEXT}-wal", f"{NEXT}-shm"):
        (home / name).write_bytes(b"half a file")
    stands(Vault.open(home, KEY), home)


def test_the_new_file_is_on_the_disk_before_it_takes_its_place(
    full: Vault, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str]] = []

    def noting(what: str, called: Callable[..., None], name: Callable[..., str]) -> Callable[..., None]:
        def note(*given: Any, **named: Any) -> None:
            called(*given, **named)
            done.append((what, Path(name(*given)).name))

        return note

    monkeypatch.setattr(os, "fsync", noting("sync", os.fsync, lambda handle: os.readlink(f"/proc/self/fd/{handle}")))
    monkeypatch.setattr(os, "replace", noting("replace", os.replace, lambda old, new: str(new)))
    full.rekey(NEW)
    ours = [step for step in done if step[1] in (NEXT, DATABASE, home.name)]
    assert ours[0] == ("sync", NEXT)
    assert ours[-3:] == [("sync", home.name), ("replace", DATABASE), ("sync", home.name)]


def test_a_log_of_the_old_file_is_never_left_beside_the_new_one(
    full: Vault, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be played into it. Here the fold that closing does is kept from happening."""
    holding = dbapi2.connect(str(home / DATABASE), isolation_level=None)
    holding.set_key(f"x'{KEY.hex()}'")
    holding.execute("SELECT count(*) FROM ledger").fetchall()
    save(full, vial(60))
    with pytest.raises(VaultBusy):
        full.rekey(NEW)
    assert full.key == KEY
    assert save(full, vial(61)) == [5]
    holding.close()
    beside = full._database.beside()
    with pytest.raises(VaultBusy):
        full.rekey(NEW)
    beside.close()
    full.rekey(NEW)
    assert save(full, vial(62)) == [6]
    assert full.ledger.check(full.certificates.find).seq == 6


def test_a_closed_vault_is_not_given_a_key(vault: Vault, home: Path) -> None:
    vault.close()
    before = (home / DATABASE).read_bytes()
    with pytest.raises(VaultError) as problem:
        vault.rekey(NEW)
    assert problem.value.message_key == "vault.closed"
    assert (home / DATABASE).read_bytes() == before


@pytest.mark.parametrize("trouble", [VaultDisk, MemoryError])
def test_a_file_that_does_not_open_again_leaves_a_closed_vault_and_opens_later(
    full: Vault, home: Path, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    log, replace, stat = home / (DATABASE + "-wal"), Path.replace, os.stat

    def no_memory(path: Any, *given: Any, **named: Any) -> os.stat_result:
        if str(path) == str(log):
            raise MemoryError
        return stat(path, *given, **named)

    def then_no_more(self: Path, target: Path) -> Path:
        found = replace(self, target)
        if target.name == DATABASE and trouble is MemoryError:
            monkeypatch.setattr(os, "stat", no_memory)
        elif target.name == DATABASE:
            log.mkdir()
        return found

    monkeypatch.setattr(Path, "replace", then_no_more)
    found = [full.closed]
    with pytest.raises(trouble):
        full.rekey(NEW)
    monkeypatch.undo()
    assert [*found, full.closed] == [False, True]
    for act in (lambda: save(full, vial(99)), full.ledger.head, lambda: full.key):
        with pytest.raises(VaultClosed):
            act()
    if log.is_dir():
        log.rmdir()
    full.close()
    again = Vault.open(home, NEW)
    assert again.ledger.check(again.certificates.find).seq == 3
    again.close()
