"""While the database key changes, the file of slots has the present and the next (DESIGN 5.3; P.18)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vault.given import KEY
from tests.vault.slots_given import ASHA, KEYS, NEXT, WORDS
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault import slotfile
from vaccinator_app.vault.errors import (
    KeysOlder,
    SlotsDamaged,
)
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.slots import Slots


def begun(slots: Slots) -> dict[str, bytes]:
    staying = {staff: sealing.public for staff, (_, sealing) in KEYS.items()}
    slots.change_to(2, NEXT, staying, KEY, b"sealed to central")
    return staying


def test_while_the_key_changes_each_has_both(slots: Slots, home: Path) -> None:
    begun(slots)
    read = Slots.read(home)
    assert (read.epoch, read.next_epoch) == (1, 2)
    for staff, words in WORDS.items():
        unlocked = read.unlock(staff, words)
        assert (unlocked.database_key, unlocked.next_key) == (KEY, NEXT)
    assert slotfile.recovery_copies(home) == [(2, b"sealed to central")]
    assert (read.is_next(NEXT), read.is_next(KEY), read.knows(KEY), read.knows(bytes(32))) == (True, False, True, False)
    text = (home / SLOTS).read_text()
    assert NEXT.hex() not in text
    assert b64encode(NEXT).decode() not in text
    read.changed()
    assert (read.epoch, read.next_epoch) == (2, None)
    assert read.unlock("s1", WORDS["s1"]).next_key is None
    assert slotfile.recovery_copies(home) == [(2, b"sealed to central")]


def test_who_is_added_meanwhile_gets_both_from_one_who_has_both(slots: Slots, home: Path) -> None:
    begun(slots)
    slots.add(ASHA, *KEYS["s1"], "another one", KEY, FLOOR, next_key=NEXT)
    unlocked = Slots.read(home).unlock("s3", "another one")
    assert (unlocked.database_key, unlocked.next_key) == (KEY, NEXT)


@pytest.mark.parametrize("given", [None, bytes(32)])
def test_who_is_added_by_one_without_the_next_key_calls_the_change_off(
    slots: Slots, home: Path, given: bytes | None
) -> None:
    """Otherwise the change would leave the new one behind."""
    begun(slots)
    slots.add(ASHA, *KEYS["s1"], "another one", KEY, FLOOR, next_key=given)
    read = Slots.read(home)
    assert read.next_epoch is None
    for staff, words in (*WORDS.items(), ("s3", "another one")):
        assert read.unlock(staff, words).next_key is None


def test_nobody_is_given_a_key_that_the_vault_does_not_stand_under(slots: Slots, home: Path) -> None:
    before = (home / SLOTS).read_bytes()
    acts: list[Callable[[], None]] = [
        lambda: slots.add(ASHA, *KEYS["s1"], "another one", bytes(32), FLOOR),
        lambda: slots.change_to(2, NEXT, {"s1": KEYS["s1"][1].public}, bytes(32), b""),
    ]
    for act in acts:
        with pytest.raises(KeysOlder):
            act()
    with pytest.raises(ValueError, match="stay"):
        slots.change_to(2, NEXT, {}, KEY, b"")
    assert (home / SLOTS).read_bytes() == before


@pytest.mark.parametrize("spoilt", [{"epoch": 3}, {"epoch": "x"}, 3, {"epoch": 2, "check": "%"}], ids=str)
def test_a_next_epoch_that_was_edited_keeps_nobody_out_or_is_named(slots: Slots, home: Path, spoilt: object) -> None:
    begun(slots)
    found = json.loads((home / SLOTS).read_text())
    (home / SLOTS).write_text(json.dumps({**found, "next": spoilt}))
    try:
        unlocked = Slots.read(home).unlock("s1", WORDS["s1"])
    except SlotsDamaged:
        assert spoilt != {"epoch": 3}
    else:
        assert (unlocked.database_key, unlocked.next_key) == (KEY, None)


def test_with_the_present_key_spoilt_the_next_one_is_there(slots: Slots, home: Path) -> None:
    begun(slots)
    found = json.loads((home / SLOTS).read_text())
    found["slots"][0]["database_key"] = ""
    (home / SLOTS).write_text(json.dumps(found))
    assert Slots.read(home).unlock("s1", WORDS["s1"]).database_key == NEXT


@pytest.mark.parametrize("lowered", [0, -1, 2])
def test_an_epoch_that_was_edited_opens_nothing(slots: Slots, home: Path, lowered: int) -> None:
    found = json.loads((home / SLOTS).read_text())
    (home / SLOTS).write_text(json.dumps({**found, "epoch": lowered}))
    with pytest.raises(SlotsDamaged):
        Slots.read(home).unlock("s1", WORDS["s1"])
