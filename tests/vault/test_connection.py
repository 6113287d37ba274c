"""The encrypted file: its key, its settings, and what its faults are called (DESIGN 6.1, 6.5)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from tests.domain.given import WHO, dose_given, walk_in
from tests.vault.given import CHAIN, DAY, IDENTITY, KEY, born, changes, person, save
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.vault import connection, errors
from vaccinator_app.vault.connection import DATABASE
from vaccinator_app.vault.errors import (
    VaultBusy,
    VaultDamaged,
    VaultDisk,
    VaultError,
    VaultExists,
    VaultFull,
    VaultMissing,
    VaultReadOnly,
    VaultWrongKey,
    from_os,
)
from vaccinator_app.vault.vault import Vault

FAMILY = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, VaultError)]


def plain(home: Path) -> dbapi2.Connection:
    """The file through the driver alone, no key given yet."""
    return dbapi2.connect(str(home / DATABASE), isolation_level=None)


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
    assert [path.name for path in home.iterdir()] == [DATABASE]


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
    assert [path.name for path in home.iterdir()] == [DATABASE]


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


def test_another_key_opens_nothing_and_changes_nothing(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    born(home).close()
    before = (home / DATABASE).read_bytes()
    loud = plain(home)
    loud.execute("PRAGMA cipher_log_level = WARN")  # of the whole process
    loud.close()
    with pytest.raises(VaultWrongKey):
        Vault.open(home, bytes(32))
    assert (home / DATABASE).read_bytes() == before
    assert capfd.readouterr() == ("", ""), "SQLCipher speaks to nobody of its own accord"
    Vault.open(home, KEY).close()


def spoil(path: Path, data: bytes) -> None:
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("kept", "expected"), [(0, VaultDamaged), (100, VaultWrongKey), (4096, VaultDamaged), (20480, VaultDamaged)]
)
def test_a_file_cut_short_is_named_and_kept(home: Path, kept: int, expected: type[VaultError]) -> None:
    born(home).close()
    whole = (home / DATABASE).read_bytes()
    spoil(home / DATABASE, whole[:kept])
    with pytest.raises(VaultDamaged) as found:
        Vault.open(home, KEY)
    assert type(found.value) is expected
    assert (home / DATABASE).read_bytes() == whole[:kept]


def test_no_changed_bit_makes_anything_read_otherwise(home: Path) -> None:
    vault = born(home)
    vault.exchange.apply(changes(person(1), person(2, "सुनीता कुमारी")))
    save(vault, Arrived(appointment=WHO), replace(walk_in(), sealed=bytes(12_000)), dose_given())
    vault.drafts.save(WHO, "s", b"half done")
    vault.close()
    whole = (home / DATABASE).read_bytes()
    right = _read_all(home)
    noticed = 0
    for page in range(0, len(whole), 4096):
        changed = bytearray(whole)
        changed[page + 1000] ^= 1
        spoil(home / DATABASE, bytes(changed))
        for now, then in zip(_read_all(home), right, strict=True):
            assert now in (then, VaultDamaged)
            noticed += now is VaultDamaged
        assert (home / DATABASE).read_bytes() == bytes(changed)
    assert noticed > 50


def _read_all(home: Path) -> list[object]:
    """Each thing the vault can be asked, or ``VaultDamaged`` in its place."""
    asks: list[Callable[[Vault], object]] = [
        lambda vault: vault.identity,
        lambda vault: list(vault.ledger.records()),
        lambda vault: vault.certificates.chains(),
        lambda vault: vault.drafts.of("s"),
        lambda vault: vault.roster.appointment(person(1).appointment),
        lambda vault: vault.queue.counts(DAY),
        lambda vault: vault.queue.search("sunita", DAY),
        lambda vault: vault.queue.search("सुनी", DAY),
        lambda vault: vault.roster.visit(WHO),
    ]
    found: list[object] = []
    try:
        vault = Vault.open(home, KEY)
    except VaultDamaged:
        return [VaultDamaged] * len(asks)
    for ask in asks:
        try:
            found.append(ask(vault))
        except VaultDamaged:
            found.append(VaultDamaged)
    vault.close()
    return found


def test_a_full_database_refuses_one_record_and_keeps_the_rest(vault: Vault) -> None:
    save(vault, Arrived(appointment=WHO))
    pages = vault._database.read("PRAGMA page_count")[0][0]
    vault._database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(VaultFull):
        save(vault, *[dose_given()] * 100)
    assert vault.ledger.head().seq == 1
    vault._database.write(lambda c: c.execute("PRAGMA max_page_count = 100000"))
    assert save(vault, dose_given()) == [2]
    assert vault.ledger.check(vault.certificates.find).seq == 2


FULL = """
import resource, sys
from pathlib import Path
from tests.domain.given import dose_given
from tests.vault.given import KEY, save
from vaccinator_app.vault.errors import VaultDisk, VaultFull
from vaccinator_app.vault.vault import Vault

vault = Vault.open(Path(sys.argv[1]), KEY)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
saved = 0
try:
    for _ in range(1000):
        saved = save(vault, dose_given())[-1]
except (VaultDisk, VaultFull) as error:
    assert vault.ledger.head().seq == saved, "what was said to be saved is there, and no more"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert save(vault, dose_given()) == [saved + 1], "with room again, it goes on"
    print(saved + 1)
"""


def test_a_disk_that_takes_no_more_is_named_and_nothing_saved_is_lost(home: Path) -> None:
    born(home).close()
    ended = subprocess.run([sys.executable, "-c", FULL, str(home)], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    vault = Vault.open(home, KEY)
    assert vault.ledger.check(vault.certificates.find).seq == int(ended.stdout) > 10
    vault.close()


READ_ONLY = """
import os, sys
from pathlib import Path
from tests.vault.given import KEY
from vaccinator_app.vault.errors import VaultError
from vaccinator_app.vault.vault import Vault

home = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
try:
    Vault.open(home, KEY)
except VaultError as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(("folder", "file"), [(0o555, 0o444), (0o777, 0o444), (0o555, 0o666)])
def test_a_folder_or_file_that_may_not_be_written_is_named(folder: int, file: int) -> None:
    # Outside pytest's own folder, which nobody but its owner may enter; root passes for somebody else there.
    with tempfile.TemporaryDirectory() as outside:
        home = Path(outside) / "home"
        born(home).close()
        before = (home / DATABASE).read_bytes()
        Path(outside).chmod(0o755)
        (home / DATABASE).chmod(file)
        home.chmod(folder)
        ended = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(home)], capture_output=True, text=True, check=False
        )
        home.chmod(0o700)
        assert (ended.stdout, ended.stderr) == ("VaultReadOnly\n", "")
        assert (home / DATABASE).read_bytes() == before
        Vault.open(home, KEY).close()


def test_another_program_that_holds_the_vault_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 1)
    vault = born(home)
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
    assert len(vault._database._readers) <= 2, "this thread's, and that of the last which ended"


def test_closing_forgets_the_key_and_folds_the_log_back(home: Path) -> None:
    vault = born(home)
    save(vault, SignedIn())
    vault.close()
    assert vault._database._key is None
    assert [path.name for path in home.iterdir()] == [DATABASE]


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_fault_has_a_sentence_and_a_key(kind: type[VaultError]) -> None:
    said = str(kind("SQLITE_FULL"))
    assert said == (kind.__doc__ or "").splitlines()[0]
    assert said.endswith(".")
    assert "SQL" not in said
    assert kind.message_key.startswith("vault.")


def test_every_fault_has_a_key_of_its_own() -> None:
    assert len({kind.message_key for kind in FAMILY}) == len(FAMILY)


@pytest.mark.parametrize(
    ("number", "kind"), [(28, VaultFull), (122, VaultFull), (13, VaultReadOnly), (30, VaultReadOnly), (5, VaultDisk)]
)
def test_what_the_system_says_of_a_file(number: int, kind: type[VaultError]) -> None:
    found = from_os(OSError(number, "no", "/somewhere/of/somebody"))
    assert type(found) is kind
    assert "somebody" not in f"{found!r} {found} {found.cause}"
