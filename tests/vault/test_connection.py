"""The encrypted file: its key, its settings, who may read it, and its threads (DESIGN 6.1)."""

from __future__ import annotations

import _thread
import os
import stat
import threading
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from tests.domain.given import WHO
from tests.vault.given import CHAIN, IDENTITY, KEY, born, plain, save
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.vault import connection
from vaccinator_app.vault.errors import (
    VaultBusy,
    VaultError,
    VaultExists,
    VaultMissing,
)
from vaccinator_app.vault.file_seal import SEAL
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.vault import Vault


def test_the_key_is_the_raw_key_and_no_passphrase(home: Path) -> None:
    born(home).close()
    raw = plain(home)
    raw.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    assert raw.execute("SELECT count(*) FROM ledger").fetchone() == (0,)
    raw.close()
    passphrase = plain(home)
    passphrase.execute("PRAGMA cipher_log_level = NONE")
    passphrase.set_key(KEY.hex())
    with pytest.raises(dbapi2.DatabaseError):
        passphrase.execute("SELECT count(*) FROM ledger")
    passphrase.close()


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(home: Path, length: int) -> None:
    born(home).close()
    with pytest.raises(ValueError, match="32 bytes"):
        Vault.open(home, bytes(length))


def test_how_it_is_open(vault: Vault) -> None:
    def of_writer(pragma: str) -> object:
        return vault._database.write(lambda c: c.execute(f"PRAGMA {pragma}").fetchone()[0])

    def of_reader(pragma: str) -> object:
        return vault._database.read(f"PRAGMA {pragma}")[0][0]

    assert of_writer("journal_mode") == of_reader("journal_mode") == "wal"
    assert of_writer("synchronous") == 2
    assert of_writer("foreign_keys") == 1
    assert of_reader("query_only") == 1
    for asked in (of_writer, of_reader):
        assert asked("busy_timeout") == connection.BUSY_MS
        assert asked("recursive_triggers") == 1
        assert asked("trusted_schema") == 0
        assert asked("temp_store") == 2


def test_no_extension_is_ever_loaded(vault: Vault) -> None:
    for ask in (
        lambda: vault._database.read("SELECT load_extension('x')"),
        lambda: vault._database.write(lambda c: c.execute("SELECT load_extension('x')").fetchall()),
    ):
        with pytest.raises(VaultError):
            ask()


def test_files_are_for_this_account_alone(home: Path) -> None:
    before = os.umask(0)
    try:
        vault = born(home)
        save(vault, SignedIn())
    finally:
        os.umask(before)
    assert sorted(path.name for path in home.iterdir()) == [DATABASE, f"{DATABASE}-shm", f"{DATABASE}-wal"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    vault.close()


def test_a_created_vault_is_for_this_account_alone_and_whole(home: Path) -> None:
    before = os.umask(0)
    try:
        vault = Vault.create(home, KEY, IDENTITY, [CHAIN])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert vault.identity == IDENTITY
    assert vault.certificates.chains() == [CHAIN]
    vault.close()
    assert sorted(path.name for path in home.iterdir()) == [DATABASE, SEAL]


def test_a_vault_is_for_this_account_alone_from_its_first_moment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaccinator_app.vault.vault.tighten", lambda path: None)
    before = os.umask(0)
    try:
        vault = Vault.create(home, KEY, IDENTITY, [CHAIN])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}
    vault.close()


def test_a_folder_that_is_open_to_others_is_closed_to_them(home: Path) -> None:
    born(home).close()
    home.chmod(0o755)
    (home / DATABASE).chmod(0o644)
    Vault.open(home, KEY).close()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / DATABASE).stat().st_mode) == 0o600


def test_a_vault_is_never_made_in_anothers_place(home: Path) -> None:
    vault = born(home)
    save(vault, Arrived(appointment=WHO))
    vault.close()
    before = (home / DATABASE).read_bytes()
    with pytest.raises(VaultExists):
        Vault.refuse_existing(home)
    with pytest.raises(VaultExists):
        Vault.create(home, bytes(32), IDENTITY)
    assert (home / DATABASE).read_bytes() == before


def test_what_an_interrupted_creation_left_is_no_vault(home: Path) -> None:
    home.mkdir()
    (home / f"{DATABASE}.new").write_bytes(b"half")
    (home / f"{DATABASE}.new-wal").write_bytes(b"half")
    with pytest.raises(VaultMissing):
        Vault.open(home, KEY)
    Vault.refuse_existing(home)
    Vault.create(home, KEY, IDENTITY).close()
    assert sorted(path.name for path in home.iterdir()) == [DATABASE, SEAL]


def test_a_vault_that_appears_meanwhile_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    born(home).close()
    before = (home / DATABASE).read_bytes()
    monkeypatch.setattr(Vault, "refuse_existing", staticmethod(lambda home: None))
    with pytest.raises(VaultExists):
        Vault.create(home, bytes(32), IDENTITY)
    assert (home / DATABASE).read_bytes() == before


def test_no_vault_is_said_and_none_is_made(home: Path) -> None:
    home.mkdir()
    with pytest.raises(VaultMissing):
        Vault.open(home, KEY)
    assert list(home.iterdir()) == []


def test_another_program_that_holds_the_vault_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 1)
    vault = born(home)
    vault._database._behind.submit(int).result()  # what an opening leaves to be done behind is done
    other = connection.connect_to_write(home / DATABASE, KEY)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(VaultBusy):
        save(vault, SignedIn())
    other.execute("ROLLBACK")
    assert save(vault, SignedIn()) == [1]
    other.close()
    vault.close()


def test_two_programs_take_turns_on_one_ledger(home: Path) -> None:
    one = born(home)
    two = Vault.open(home, KEY)
    for turn in range(6):
        assert save((one, two)[turn % 2], SignedIn()) == [turn + 1]
    assert one.ledger.check(one.certificates.find).seq == 6
    one.close()
    two.close()


def test_many_threads_write_one_ledger_without_a_gap(vault: Vault) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.extend(save(vault, SignedIn()))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 13))
    assert vault.ledger.check(vault.certificates.find).seq == 12


def test_a_reader_does_not_wait_for_a_writer(vault: Vault) -> None:
    save(vault, SignedIn())
    inside, read = threading.Event(), threading.Event()

    def slow(c: connection.Connection) -> None:
        c.execute("INSERT INTO meta VALUES ('x', x'00')")
        inside.set()
        assert read.wait(10)

    writer = threading.Thread(target=lambda: vault._database.write(slow))
    writer.start()
    assert inside.wait(10)
    assert vault.ledger.head().seq == 1
    assert vault._database.read("SELECT count(*) FROM meta WHERE key = 'x'") == [(0,)]
    read.set()
    writer.join()
    assert vault._database.read("SELECT count(*) FROM meta WHERE key = 'x'") == [(1,)]


def test_a_thread_that_ended_leaves_no_connection_behind(vault: Vault) -> None:
    for _ in range(5):
        thread = threading.Thread(target=vault.ledger.head)
        thread.start()
        thread.join()
    vault.ledger.head()
    assert len(vault._database._readers) == 1


def test_threads_that_are_new_to_python_each_time_share_one_connection(vault: Vault) -> None:
    """The window's work runs on such: each act would leave a connection behind, with its memory and its open files."""
    over = threading.Semaphore(0)

    def ask() -> None:
        vault.ledger.head()
        over.release()

    for _ in range(20):
        _thread.start_new_thread(ask, ())
        assert over.acquire(timeout=10)
    assert len(vault._database._readers) <= 2, "one may still be on its way back as the next asks"


def test_as_many_connections_as_ask_at_once_and_no_more(vault: Vault) -> None:
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait(10)
        for _ in range(50):
            vault.ledger.head()

    for _ in range(3):
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 1 <= len(vault._database._readers) <= 4
    assert vault._database._readers.free == len(vault._database._readers)


def test_closing_forgets_the_key_and_folds_the_log_back(home: Path) -> None:
    vault = born(home)
    save(vault, SignedIn())
    vault.close()
    assert vault._database._key is None
    assert [path.name for path in home.iterdir()] == [DATABASE]
