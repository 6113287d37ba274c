"""What goes wrong with the file or the disk: one clear sentence, and nothing lost or made anew (DESIGN 6.5)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.domain.given import WHO, dose_given
from tests.vault.given import KEY, born, plain, save
from vaccinator_app.domain.events import Arrived
from vaccinator_app.vault import errors
from vaccinator_app.vault.errors import (
    VaultDamaged,
    VaultDisk,
    VaultError,
    VaultFull,
    VaultReadOnly,
    VaultWrongKey,
    from_os,
)
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.vault import Vault

FAMILY = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, VaultError)]


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
