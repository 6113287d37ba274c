"""Slots, epochs and the database key: who can open this desk, and who cannot any more (DESIGN 5.1, 5.3; P.18)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from tests.desk.staff_keys import (
    GOES,
    LEFT,
    PASSPHRASES,
    bodies,
    disk_of,
    edit,
    lines,
    names,
    opened,
    unlocked,
    who,
)
from tests.support.central import PASSPHRASE, TestCentral
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.desk import keys
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import RemovalReason, StaffRemoved, VaultRekeyed
from vaccinator_app.protocol.ledger import LedgerBroken
from vaccinator_app.protocol.messages import RevokedKey
from vaccinator_app.trust import keyslot, seal
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import SealingKey, key_id
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault import certificates
from vaccinator_app.vault.errors import (
    KeysOlder,
    SlotsDamaged,
    StaffGone,
    VaultError,
    VaultWrongKey,
)
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.ledger import Author, Moment
from vaccinator_app.vault.slotfile import SLOTS, recovery_copies
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

# Removed


def test_whoever_went_opens_nothing_with_anything_they_kept(home: Path) -> None:
    went = unlocked(home, "S. Devi")
    kept = {name: (home / name).read_bytes() for name in (SLOTS, DATABASE)}
    with opened(home) as place:
        Staff(place).disable(went.staff.staff, LEFT)
        (removed,) = [body for body in bodies(place) if isinstance(body, StaffRemoved)]
        (rekeyed,) = [body for body in bodies(place) if isinstance(body, VaultRekeyed)]
        assert removed.keys == (key_id(went.signing_key.public),)
        assert (rekeyed.epoch, rekeyed.key) == (2, key_id(place.vault.identity.central.people))
        assert recovery_copies(home) == [(2, rekeyed.sealed)]
    now = (home / SLOTS).read_bytes()
    with pytest.raises(VaultWrongKey):
        Vault.open(home, went.database_key)
    # the file of slots from before: its key is the old one
    (home / SLOTS).write_bytes(kept[SLOTS])
    with pytest.raises(KeysOlder), opened(home, "S. Devi"):
        pass
    # the vault from before: who stays has the new key alone
    new = (home / DATABASE).read_bytes()
    (home / SLOTS).write_bytes(now)
    (home / DATABASE).write_bytes(kept[DATABASE])
    with pytest.raises(KeysOlder), opened(home):
        pass
    (home / DATABASE).write_bytes(new)
    # their own line put back among the others, as the machine it stands on would have it
    (home / SLOTS).write_bytes(now)
    own = next(line for line in json.loads(kept[SLOTS])["slots"] if line["staff"] == went.staff.staff)
    edit(home, slots=[*lines(home), own])
    with pytest.raises(SlotsDamaged), opened(home, "S. Devi"):
        pass
    with opened(home):
        pass


def test_a_key_put_in_a_colleagues_place_is_given_nothing(home: Path) -> None:
    """Who is to go edits the slots first: the new key is sealed to what was certified, whatever lies there."""
    thief = unlocked(home, "S. Devi")
    edited = lines(home)
    for line in edited:
        line["sealing_public"] = b64encode(thief.sealing_key.public).decode()
    phantom = {**edited[1], "staff": "s00000000000f", "name": "Nobody", "keyid": ""}
    edit(home, slots=[*edited, phantom])
    with opened(home) as place:
        Staff(place).disable(thief.staff.staff, LEFT)
    found = json.loads((home / SLOTS).read_text())
    assert [line["name"] for line in found["slots"]] == ["R. Sharma", "M. Khan"]
    for slot in Slots.read(home)._file.slots:
        for staff in (slot.member.staff, thief.staff.staff):
            info = seal.database_key_binding(staff, found["device"], found["epoch"])
            with pytest.raises(TrustError):
                seal.open_seal(slot.database_key, thief.sealing_key, info)
    with opened(home, "M. Khan"):
        pass


def test_a_removal_twice_is_one(home: Path) -> None:
    went = unlocked(home, "S. Devi")
    with opened(home) as place:
        for _ in range(2):
            keys.take_back(place, went.staff.staff, [key_id(went.signing_key.public)], LEFT)
        assert sum(isinstance(body, StaffRemoved | VaultRekeyed) for body in bodies(place)) == 2


def test_who_has_no_slot_here_costs_no_new_key(home: Path) -> None:
    with opened(home) as place:
        keys.take_back(place, "s0000elsewhere", ["00" * 16], LEFT)
        assert [type(body) for body in bodies(place)][-1] is StaffRemoved
        assert place.vault.epoch == Slots.read(home).epoch == 1


def test_removed_and_reset_in_any_order_the_new_keys_stay(home: Path) -> None:
    devi = who(home, "S. Devi")
    with opened(home) as place:
        Staff(place).reset(devi, "another passphrase", FLOOR)
    with pytest.raises(VaultError), opened(home, "S. Devi"):
        pass
    again = Unlock(home, vaccines(), lambda _: ToldClock()).open(devi, "another passphrase").place
    again.vault.ledger.check(again.vault.certificates.find)
    lock(again)
    assert Slots.read(home).epoch == 2


# Central's word


def told(place: Workplace, *names_: str) -> None:
    """Central took these people's certificates back."""
    found = {name: one for one in place.vault.certificates.counting() for name in names_ if one.name == name}
    revoked = [RevokedKey(keyid=one.keyid, staff=one.id, at=place.now()) for one in found.values()]
    place.vault._database.write(lambda connection: certificates.hear(connection, revoked))


def test_central_takes_somebody_back_and_whoever_is_at_the_desk_sees_to_it(home: Path) -> None:
    old = unlocked(home, "R. Sharma").database_key
    with opened(home, "M. Khan") as place:
        told(place, "S. Devi")
        keys.settle(place)
        (removed,) = [body for body in bodies(place) if isinstance(body, StaffRemoved)]
        assert removed.reason is RemovalReason.CENTRAL
        keys.settle(place)
        assert sum(isinstance(body, VaultRekeyed) for body in bodies(place)) == 1
        place.vault.views.rebuild()
        assert len(place.vault.certificates.removed()) == 1
    assert names(home) == ["R. Sharma", "M. Khan"]
    with pytest.raises(VaultWrongKey):
        Vault.open(home, old)


def test_where_nothing_is_recorded_any_more_the_removal_waits_too(home: Path) -> None:
    with opened(home) as place:
        told(place, "S. Devi")
        head = place.vault.ledger.head()
        waits = []
        for stopped in (Message.of("sync.forked"), None):
            place.disagreement = stopped
            keys.settle(place)
            waits.append(place.rekey_waits)
            assert (place.vault.ledger.head() == head, Slots.read(home).epoch) in ((True, 1), (False, 2))
        assert waits == [Message.of("keys.rekey_waits", why=Message.of("sync.forked")), None]
    assert Slots.read(home).epoch == 2


def test_whoever_central_takes_back_while_they_sit_there_is_shown_out(home: Path) -> None:
    with opened(home, "S. Devi") as place:
        told(place, "S. Devi")
        head = place.vault.ledger.head()
        with pytest.raises(StaffGone):
            keys.settle(place)
        assert place.vault.ledger.head() == head
    with pytest.raises(StaffGone), opened(home, "S. Devi"):
        pass
    with opened(home) as place:
        assert place.vault.epoch == Slots.read(home).epoch == 2, "the key they had is changed by the next who may"
        assert "S. Devi" not in names(home)
        after = list(place.vault.ledger.events(head.seq))
        assert {staff for _, _, staff, _ in after} == {place.staff.staff}, "nothing more was recorded in their name"


def test_when_nobody_is_left_the_slots_stand_and_open_for_nobody(home: Path) -> None:
    with opened(home) as place:
        told(place, "S. Devi", "M. Khan", "R. Sharma")
    assert names(home) == ["R. Sharma", "S. Devi", "M. Khan"]
    for name in ("S. Devi", "M. Khan", "R. Sharma"):
        with pytest.raises(StaffGone), opened(home, name):
            pass
    assert names(home) == ["R. Sharma", "S. Devi", "M. Khan"]


# Nobody as another


OPEN = """
import sys
from pathlib import Path
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.desk.front_door import Unlock

place = Unlock(Path(sys.argv[1]), vaccines(), lambda _: ToldClock()).open(sys.argv[2], sys.argv[3]).place
place.vault.queue.search("a", place.today())
print("open", flush=True)
sys.stdin.readline()
"""


def memory_of(home: Path, name: str) -> bytes:
    """All that a process which opened the vault as ``name`` may write to: whatever it ever unwrapped is there."""
    command = [sys.executable, "-c", OPEN, str(home), who(home, name), PASSPHRASES[name]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        found = []
        with open(f"/proc/{child.pid}/maps") as maps, open(f"/proc/{child.pid}/mem", "rb", 0) as memory:
            for line in maps:
                where, rights = line.split()[:2]
                if rights.startswith("rw") and "[v" not in line:
                    begin, end = (int(part, 16) for part in where.split("-"))
                    memory.seek(begin)
                    found.append(memory.read(end - begin))
        child.stdin.write("\n")
    return b"".join(found)


def test_with_the_vault_open_for_one_no_others_key_can_be_used(home: Path) -> None:
    """DESIGN 5.1; issue 5: a test tries."""
    mine, theirs = unlocked(home, "S. Devi"), unlocked(home, "R. Sharma")
    private = [theirs.signing_key.private, theirs.sealing_key.private]
    needles = [form for key in private for form in (key, key.hex().encode(), b64encode(key))]
    memory = memory_of(home, "S. Devi")
    assert mine.signing_key.private in memory, "the search finds what is there"
    assert not [needle for needle in needles if needle in memory]
    for path in home.iterdir():
        assert not [needle for needle in needles if needle in path.read_bytes()]
    with opened(home, "S. Devi") as place:
        tables = place.vault._database.read("SELECT name FROM sqlite_schema WHERE type = 'table'")
        said = [repr(place.vault._database.read(f"SELECT * FROM {name}")) for (name,) in tables]
        assert not [key for key in private if any(repr(key)[2:-1] in text or key.hex() in text for text in said)]
        # their slot, by everything that is in hand
        slot = next(slot for slot in Slots.read(home)._file.slots if slot.member.staff == theirs.staff.staff)
        device = place.vault.identity.device
        for guess in (GOES, mine.database_key.hex(), mine.signing_key.private.hex(), mine.sealing_key.private.hex()):
            for name in (theirs.staff.staff, mine.staff.staff):
                with pytest.raises(TrustError):
                    keyslot.unwrap(slot.wrapped, guess, seal.binding("key-slot", name, device, slot.epoch))
                with pytest.raises(TrustError):
                    seal.open_seal(slot.database_key, mine.sealing_key, seal.database_key_binding(name, device, 1))
        # a record in their name, with the only key there is to sign with
        author = Author(staff=theirs.staff.staff, key=place.signing_key)
        place.vault.ledger.append(
            Moment(at=place.now(), boot="b", uptime_ms=1), author, [RecordViewed(appointment="1")]
        )
        with pytest.raises(LedgerBroken):
            place.vault.ledger.check(place.vault.certificates.find)


# What lies in the clear, edited


def test_slots_of_another_machine_do_not_open_this_one(home: Path, tmp_path: Path) -> None:
    central = TestCentral(tmp_path / "central")
    central.enrol(tmp_path / "other")
    shutil.copy(tmp_path / "other" / SLOTS, home / SLOTS)
    before = (home / DATABASE).read_bytes()
    with pytest.raises(KeysOlder), opened(home):
        pass
    assert (home / DATABASE).read_bytes() == before
    central.close()


def test_a_pending_epoch_that_was_edited_is_begun_anew(home: Path) -> None:
    with opened(home) as place:
        place.vault._database.fold()
        with disk_of((home / DATABASE).stat().st_size // 2):
            Staff(place).disable(who(home, "S. Devi"), LEFT)
    found = json.loads((home / SLOTS).read_text())
    edit(home, next={**found["next"], "epoch": 7})
    with opened(home) as place:
        assert place.rekey_waits is None
        assert Slots.read(home).next_epoch is None
        assert place.vault.epoch == Slots.read(home).epoch == 8
    with opened(home, "M. Khan"):
        pass


@pytest.mark.parametrize("changes", [{"epoch": 0}, {"epoch": -1}, {"device": "d0"}, {"slots": []}], ids=str)
def test_the_head_of_the_file_edited_is_one_sentence_and_loses_nothing(home: Path, changes: dict[str, object]) -> None:
    staff, before = who(home, "R. Sharma"), (home / DATABASE).read_bytes()
    edit(home, **changes)
    with pytest.raises(VaultError):
        Unlock(home, vaccines()).open(staff, PASSPHRASE)
    assert (home / DATABASE).read_bytes() == before


def test_a_file_of_the_version_before_is_read_and_kept_up(home: Path) -> None:
    found = json.loads((home / SLOTS).read_text())
    old = [
        {name: value for name, value in line.items() if name not in ("keyid", "next_key")} for line in found["slots"]
    ]
    (home / SLOTS).write_text(json.dumps({"v": 1, "device": found["device"], "epoch": 1, "slots": old}))
    with opened(home, "M. Khan") as place:
        told(place, "S. Devi")
        keys.settle(place)
    assert names(home) == ["R. Sharma", "M. Khan"]
    assert json.loads((home / SLOTS).read_text())["v"] == 2
    with opened(home) as place:
        assert Slots.read(home).epoch == 2


@pytest.mark.parametrize("spoilt", ["another key", "cut"])
def test_slots_that_open_another_vault_are_begun_anew_by_who_recovers_it_and_nobody_else(
    home: Path, spoilt: str
) -> None:
    with opened(home) as place:
        Staff(place).disable(who(home, "S. Devi"), LEFT)
        if spoilt == "cut":
            (home / SLOTS).write_bytes((home / SLOTS).read_bytes()[:100])
        else:
            edit(home, check=b64encode(bytes(16)).decode())
        before = (home / SLOTS).read_bytes()
        me, signing, sealing = place.staff, place.signing_key, SealingKey.generate()
        with pytest.raises(SlotsDamaged if spoilt == "cut" else KeysOlder):
            keys.give_slot(place, replace(me, staff="snew"), signing, sealing, PASSPHRASE, FLOOR)
        assert (home / SLOTS).read_bytes() == before
        keys.give_slot(place, me, signing, sealing, PASSPHRASE, FLOOR)
        assert (home / f"{SLOTS}.1").read_bytes() == before
        key = place.vault.key
    assert names(home) == ["R. Sharma"]
    assert Slots.read(home).unlock(me.staff, PASSPHRASE).database_key == key
