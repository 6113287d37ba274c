"""A removal that is interrupted: by a kill at any step, by a full disk, by another program (DESIGN 5.3, 6.3; P.18)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.desk.staff_keys import (
    LEFT,
    PASSPHRASES,
    bodies,
    disk_of,
    full,
    names,
    opened,
    unlocked,
    who,
)
from tests.support.desk import vaccines
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import StaffRemoved, VaultRekeyed
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault import slots as slots_room
from vaccinator_app.vault.errors import (
    StaffGone,
    VaultWrongKey,
)
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault


def test_a_kill_at_any_step_of_a_removal(prepared: Path) -> None:
    """In memory if there is such a folder: a kill loses nothing that was written, so no disk has to be waited for."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        command = [sys.executable, "-m", "tests.desk.removal_until_killed", str(prepared), folder]
        command.append(json.dumps(PASSPHRASES))
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(found) > 30
    assert [one["removed"] for one in found] == sorted(one["removed"] for one in found)
    assert {one["rekeyed"] for one in found} == {1, 2}, "a key that was lost with the process is followed by another"


def test_with_a_full_disk_everybody_goes_on_and_it_is_done_later(home: Path) -> None:
    old = unlocked(home, "R. Sharma").database_key
    gone = who(home, "S. Devi")
    with opened(home) as place:
        place.vault._database.fold()
        with disk_of((home / DATABASE).stat().st_size // 2):
            Staff(place).disable(gone, LEFT)
        assert place.rekey_waits is not None
        assert place.rekey_waits.key == "keys.rekey_waits"
        assert place.vault.key == old
        place.record(RecordViewed(appointment="1"))
        Staff(place).add("A. Verma", Role.VERIFIER, "a fourth passphrase", FLOOR)
    assert names(home) == ["R. Sharma", "M. Khan", "A. Verma"]
    pending = Slots.read(home).next_epoch
    assert pending == 2
    with opened(home, "M. Khan") as place:
        assert place.rekey_waits is None
        assert place.vault.epoch == Slots.read(home).epoch == pending, "it went on with the same key"
        assert sum(isinstance(body, VaultRekeyed) for body in bodies(place)) == 1
    Unlock(home, vaccines()).open(who(home, "A. Verma"), "a fourth passphrase").place.vault.close()
    with pytest.raises(VaultWrongKey):
        Vault.open(home, old)


def test_without_room_for_the_slots_the_removal_holds_and_the_next_finishes_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = unlocked(home, "R. Sharma").database_key
    with opened(home) as place:
        with monkeypatch.context() as patched:
            patched.setattr(slots_room, "write_private", full)
            Staff(place).disable(who(home, "S. Devi"), LEFT)
        assert place.rekey_waits is not None
    with pytest.raises(StaffGone), opened(home, "S. Devi"):
        pass
    with opened(home, "M. Khan") as place:
        assert names(home) == ["R. Sharma", "M. Khan"]
        assert place.vault.epoch == Slots.read(home).epoch == 3, "the key of epoch 2 was never written down here"
        assert sum(isinstance(body, StaffRemoved) for body in bodies(place)) == 1
    with pytest.raises(VaultWrongKey):
        Vault.open(home, old)


def test_without_the_last_step_the_vault_opens_with_the_next_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(home) as place:
        with monkeypatch.context() as patched:
            patched.setattr(Slots, "changed", full)
            Staff(place).disable(who(home, "S. Devi"), LEFT)
        assert Slots.read(home).is_next(place.vault.key)
        Staff(place).add("A. Verma", Role.VERIFIER, "a fourth passphrase", FLOOR)
        assert Slots.read(home).next_epoch is None, "whoever gets a slot gets the key that the vault stands under"
    with opened(home, "M. Khan"):
        assert Slots.read(home).epoch == 2
    with opened(home) as place, monkeypatch.context() as patched:
        patched.setattr(Slots, "changed", full)
        Staff(place).disable(who(home, "A. Verma"), LEFT)
    assert Slots.read(home).next_epoch == 3
    with opened(home, "M. Khan"):
        assert (Slots.read(home).epoch, Slots.read(home).next_epoch) == (3, None)
