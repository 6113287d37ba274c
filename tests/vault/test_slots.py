"""Each member's own keys under their own passphrase (DESIGN 5.1, 5.3)."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.vault.given import KEY, born
from tests.vault.slots_given import DEVICE, KEYS, RAMESH, SUSHILA, WORDS, Clock
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.trust.keyslot import FLOOR, KdfParameters
from vaccinator_app.vault import attempts, slotfile
from vaccinator_app.vault.errors import (
    PassphraseTooShort,
    SlotsDamaged,
    TooSoon,
    UnknownStaff,
    VaultError,
    VaultExists,
    VaultFull,
    VaultMissing,
    VaultNewer,
    WrongPassphrase,
)
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.slots import Slots, check_passphrase


def test_each_opens_their_own_keys_and_the_one_database(slots: Slots, home: Path, clock: Clock) -> None:
    read = Slots.read(home, clock)
    assert read.people() == [SUSHILA, RAMESH]
    for member in (SUSHILA, RAMESH):
        unlocked = read.unlock(member.staff, WORDS[member.staff])
        assert unlocked.staff == member
        assert (unlocked.signing_key, unlocked.sealing_key) == KEYS[member.staff]
        assert unlocked.database_key == KEY


def test_a_passphrase_is_the_same_however_it_is_composed(slots: Slots) -> None:
    assert slots.unlock("s1", "ｎｅｅｍ leaf tea").database_key == KEY


def test_nobody_opens_anothers_slot(slots: Slots) -> None:
    with pytest.raises(WrongPassphrase):
        slots.unlock("s1", WORDS["s2"])
    with pytest.raises(UnknownStaff):
        slots.unlock("s3", WORDS["s1"])


def test_nothing_secret_is_printed_or_written(slots: Slots, home: Path) -> None:
    unlocked = slots.unlock("s1", WORDS["s1"])
    text = (home / SLOTS).read_text()
    for secret in (KEY, KEYS["s1"][0].private, KEYS["s1"][1].private):
        assert secret.hex() not in repr(unlocked)
        assert repr(secret) not in repr(unlocked)
        assert secret.hex() not in text
    assert stat.S_IMODE((home / SLOTS).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert sorted(path.name for path in home.iterdir()) == ["attempts.json", SLOTS]


def test_the_work_is_what_the_design_says_unless_told_otherwise(home: Path, clock: Clock) -> None:
    slots = Slots.create(home, DEVICE, clock)
    slots.add(SUSHILA, *KEYS["s1"], WORDS["s1"], KEY)
    (kept,) = json.loads((home / SLOTS).read_text())["slots"]
    assert kept["kdf"] == {"memory_kib": 65536, "passes": 3, "lanes": 4}


def test_a_new_key_for_everybody_needs_only_what_is_public(slots: Slots, home: Path) -> None:
    """The wrapping stays as it is, and nobody is asked for a passphrase (DESIGN 5.3)."""
    before = json.loads((home / SLOTS).read_text())["slots"]
    staying = {staff: sealing.public for staff, (_, sealing) in KEYS.items()}
    slots.change_to(2, bytes(32), staying, KEY, b"sealed to central")
    slots.changed()
    after = json.loads((home / SLOTS).read_text())["slots"]
    for name in ("epoch", "wrapped", "salt", "nonce", "kdf"):
        assert [slot[name] for slot in after] == [slot[name] for slot in before]
    assert Slots.read(home).unlock("s2", WORDS["s2"]).database_key == bytes(32)


@pytest.mark.parametrize("passphrase", ["", "1234567", "सात अक्", "ﬁﬁﬁ"])
def test_a_short_passphrase_is_refused_and_nothing_written(slots: Slots, home: Path, passphrase: str) -> None:
    before = (home / SLOTS).read_bytes()
    with pytest.raises(PassphraseTooShort):
        check_passphrase(passphrase)
    with pytest.raises(PassphraseTooShort):
        slots.add(SUSHILA, *KEYS["s1"], passphrase, KEY, FLOOR)
    assert (home / SLOTS).read_bytes() == before


def test_eight_characters_are_enough_here() -> None:
    check_passphrase("kx7!qo2v")
    check_passphrase("ﬁﬂ7!ﬀ")


def test_a_second_slot_of_one_person_replaces_the_first(slots: Slots) -> None:
    slots.add(SUSHILA, *KEYS["s1"], "another passphrase", KEY, FLOOR)
    assert slots.people() == [RAMESH, SUSHILA]
    with pytest.raises(WrongPassphrase):
        slots.unlock("s1", WORDS["s1"])
    assert slots.unlock("s1", "another passphrase").database_key == KEY


# Wrong tries


def test_wrong_tries_cost_exponentially_more_time(home: Path, clock: Clock) -> None:
    home.mkdir()
    tries = attempts.Attempts(home, clock)
    waits = []
    for _ in range(80):
        tries.count("s1")
        waits.append(tries.wait("s1"))
    assert waits[:14] == [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert set(waits[14:]) == {900}
    assert tries.wait("s2") == 0, "nobody waits for another's slips"


def test_a_right_one_begins_anew(slots: Slots, clock: Clock) -> None:
    wrong(slots, 3)
    clock.now += slots.retry_after("s1")
    assert slots.unlock("s1", WORDS["s1"]).staff == SUSHILA
    assert slots.retry_after("s1") == 0
    wrong(slots, 2)
    assert slots.retry_after("s1") == 0


def wrong(slots: Slots, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongPassphrase):
            slots.unlock("s1", "not this one")


def test_while_it_waits_not_even_the_right_one_is_looked_at(slots: Slots, clock: Clock) -> None:
    for _ in range(3):
        slots._attempts.count("s1")
    clock.now += 1.9
    assert slots.retry_after("s1") == pytest.approx(0.1)
    with pytest.raises(TooSoon):
        slots.unlock("s1", WORDS["s1"])
    clock.now += 0.1
    assert slots.unlock("s1", WORDS["s1"]).staff == SUSHILA


def test_a_restart_forgets_no_wrong_try(slots: Slots, home: Path, clock: Clock) -> None:
    for _ in range(3):
        slots._attempts.count("s1")
    assert Slots.read(home, clock).retry_after("s1") == 2
    with pytest.raises(TooSoon):
        Slots.read(home, clock).unlock("s1", WORDS["s1"])


def test_a_try_is_counted_before_it_is_made(
    slots: Slots, home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("vaccinator_app.vault.slots.keyslot.unwrap", pulled)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            slots.unlock("s1", "not this one")
    assert Slots.read(home, clock).retry_after("s1") == 2


def test_a_try_that_cannot_be_counted_is_not_made(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise VaultFull

    monkeypatch.setattr(attempts, "write_private", full)
    with pytest.raises(VaultFull):
        slots.unlock("s1", WORDS["s1"])


@pytest.mark.parametrize("back", [1, 3600, 10**9])
def test_a_clock_set_back_makes_nobody_wait_longer_than_before(home: Path, clock: Clock, back: float) -> None:
    home.mkdir()
    tries = attempts.Attempts(home, clock)
    for _ in range(5):
        tries.count("s1")
    clock.now -= back
    assert tries.wait("s1") == 8
    clock.now += back + 8
    assert tries.wait("s1") == 0


@pytest.mark.parametrize(
    "spoilt", [b"", b"{", b"[]", b'{"s1": 3}', b'{"s1": ["x", 1]}', b"[" * 100_000, b'{"s1": [1e999, 1]}']
)
def test_a_spoilt_count_keeps_nobody_out(home: Path, clock: Clock, spoilt: bytes) -> None:
    home.mkdir()
    (home / attempts.ATTEMPTS).write_bytes(spoilt)
    tries = attempts.Attempts(home, clock)
    assert tries.wait("s1") == 0
    tries.count("s1")
    assert json.loads((home / attempts.ATTEMPTS).read_bytes()) == {"s1": [1, clock.now]}


@pytest.mark.parametrize("last", [0.0, float("nan"), float("inf")])
def test_a_count_beyond_all_counting_costs_the_longest_wait_at_most(home: Path, clock: Clock, last: float) -> None:
    home.mkdir()
    (home / attempts.ATTEMPTS).write_text(json.dumps({"s1": [10**9, last]}))
    assert 0 <= attempts.Attempts(home, clock).wait("s1") <= attempts.LONGEST


# The file


def test_no_slots_are_said_and_none_are_made(home: Path) -> None:
    home.mkdir()
    with pytest.raises(VaultMissing):
        Slots.read(home)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 100, 700])
def test_a_file_cut_short_is_named_and_kept(slots: Slots, home: Path, cut: int) -> None:
    data = (home / SLOTS).read_bytes()[:cut]
    (home / SLOTS).write_bytes(data)
    with pytest.raises(SlotsDamaged):
        Slots.read(home)
    assert (home / SLOTS).read_bytes() == data


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("staff", None),
        ("role", "queen"),
        ("epoch", "two"),
        ("kdf", {"memory_kib": 65536}),
        ("kdf", 3),
        ("kdf", {"memory_kib": 1024, "passes": float("inf"), "lanes": 1}),
        ("salt", "%%%"),
        ("wrapped", None),
    ],
)
def test_a_slot_that_cannot_be_read_is_named(slots: Slots, home: Path, name: str, value: object) -> None:
    found = json.loads((home / SLOTS).read_text())
    if value is None:
        del found["slots"][0][name]
    else:
        found["slots"][0][name] = value
    (home / SLOTS).write_text(json.dumps(found))
    with pytest.raises(SlotsDamaged):
        Slots.read(home)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("database_key", "AAAA", SlotsDamaged),
        ("kdf", {"memory_kib": 1024, "passes": 1, "lanes": 1}, SlotsDamaged),
        ("epoch", 7, WrongPassphrase),
        ("wrapped", "AAAA", WrongPassphrase),
    ],
)
def test_an_edited_slot_opens_nothing(
    slots: Slots, home: Path, name: str, value: object, kind: type[VaultError]
) -> None:
    found = json.loads((home / SLOTS).read_text())
    found["slots"][0][name] = value
    (home / SLOTS).write_text(json.dumps(found))
    with pytest.raises(kind):
        Slots.read(home).unlock("s1", WORDS["s1"])


def test_a_slot_moved_to_another_machine_or_person_opens_nothing(slots: Slots, home: Path) -> None:
    found = json.loads((home / SLOTS).read_text())
    found["device"] = "d000000000000"
    (home / SLOTS).write_text(json.dumps(found))
    with pytest.raises(WrongPassphrase):
        Slots.read(home).unlock("s1", WORDS["s1"])
    found["device"] = DEVICE
    found["slots"][0]["staff"] = "s9"
    (home / SLOTS).write_text(json.dumps(found))
    with pytest.raises(WrongPassphrase):
        Slots.read(home).unlock("s9", WORDS["s1"])


def test_more_work_than_anybody_waits_for_is_refused_before_it_is_done_or_counted(slots: Slots, home: Path) -> None:
    found = json.loads((home / SLOTS).read_text())
    for name, value in (("memory_kib", 1 << 30), ("passes", 10**6), ("lanes", 65), ("memory_kib", 0)):
        edited = json.loads(json.dumps(found))
        edited["slots"][0]["kdf"][name] = value
        (home / SLOTS).write_text(json.dumps(edited))
        for _ in range(4):
            with pytest.raises(SlotsDamaged):
                Slots.read(home).unlock("s1", WORDS["s1"])
    (home / SLOTS).write_text(json.dumps(found))
    assert Slots.read(home).unlock("s1", WORDS["s1"]).staff == SUSHILA


def test_a_slot_copied_from_one_to_another_opens_nothing(slots: Slots, home: Path) -> None:
    found = json.loads((home / SLOTS).read_text())
    mine = found["slots"][0]
    found["slots"][1] = {**mine, "staff": "s2", "name": RAMESH.name, "role": RAMESH.role}
    (home / SLOTS).write_text(json.dumps(found))
    for passphrase in WORDS.values():
        with pytest.raises(WrongPassphrase):
            Slots.read(home).unlock("s2", passphrase)
    assert Slots.read(home).unlock("s1", WORDS["s1"]).staff == SUSHILA


def test_two_slots_of_one_person_are_refused(slots: Slots, home: Path) -> None:
    found = json.loads((home / SLOTS).read_text())
    found["slots"].append(found["slots"][0])
    (home / SLOTS).write_text(json.dumps(found))
    for ask in (Slots.read, slotfile.members):
        with pytest.raises(SlotsDamaged):
            ask(home)


def test_a_newer_file_is_refused_untouched(slots: Slots, home: Path) -> None:
    data = json.dumps({"v": 3, "anything": "else"}).encode()
    (home / SLOTS).write_bytes(data)
    with pytest.raises(VaultNewer):
        Slots.read(home)
    assert (home / SLOTS).read_bytes() == data


def test_slots_of_a_vault_are_never_replaced(slots: Slots, home: Path) -> None:
    born(home).close()
    before = (home / SLOTS).read_bytes()
    with pytest.raises(VaultExists):
        Slots.create(home, DEVICE)
    assert (home / SLOTS).read_bytes() == before


def test_slots_without_a_vault_are_set_aside_not_lost(slots: Slots, home: Path) -> None:
    before = (home / SLOTS).read_bytes()
    Slots.create(home, DEVICE)
    Slots.create(home, DEVICE)
    assert Slots.read(home).people() == []
    assert (home / f"{SLOTS}.1").read_bytes() == before
    assert (home / f"{SLOTS}.2").exists()


def test_a_disk_that_fails_while_writing_leaves_the_old_file(
    slots: Slots, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (home / SLOTS).read_bytes()

    def fails(descriptor: int) -> None:
        raise OSError(28, "no space", "x")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(VaultFull):
        slots.add(StaffMember(staff="s3", name="Asha", role=Role.VACCINATOR), *KEYS["s1"], "another one", KEY, FLOOR)
    monkeypatch.undo()
    assert (home / SLOTS).read_bytes() == before
    assert slots.people() == Slots.read(home).people() == [SUSHILA, RAMESH]
    slots.add(SUSHILA, *KEYS["s1"], "another passphrase", KEY, FLOOR)


def test_the_floor_is_held(home: Path) -> None:
    assert KdfParameters() != FLOOR
