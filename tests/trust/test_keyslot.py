"""A slot opens for its passphrase, its owner and its machine, and never for less work than the floor (P.6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vaccinator_app.trust import keyslot
from vaccinator_app.trust.errors import BadPassphrase, WeakParameters
from vaccinator_app.trust.keyslot import FLOOR, KdfParameters, Wrapped, unwrap, wrap

PASSPHRASE = "three rivers meet"
OWNER = b"staff 1\ndevice 1\n1"
SECRET = bytes(range(64))


@pytest.fixture(scope="module")
def slot() -> Wrapped:
    return wrap(SECRET, PASSPHRASE, OWNER, FLOOR)


def refuse(slot: Wrapped, passphrase: str = PASSPHRASE, associated: bytes = OWNER) -> None:
    with pytest.raises(BadPassphrase):
        unwrap(slot, passphrase, associated)


def test_the_passphrase_opens_it(slot: Wrapped) -> None:
    assert unwrap(slot, PASSPHRASE, OWNER) == SECRET


def test_the_secret_does_not_stand_in_it(slot: Wrapped) -> None:
    assert SECRET[:8] not in slot.secret
    assert (len(slot.salt), len(slot.nonce), len(slot.secret)) == (16, 12, len(SECRET) + 16)


def test_no_two_slots_are_alike(slot: Wrapped) -> None:
    other = wrap(SECRET, PASSPHRASE, OWNER, FLOOR)
    assert other.salt != slot.salt
    assert other.nonce != slot.nonce
    assert other.secret != slot.secret


@pytest.mark.parametrize("wrong", ["", "three rivers mee", "Three rivers meet", "three rivers meet "])
def test_another_passphrase_does_not(slot: Wrapped, wrong: str) -> None:
    refuse(slot, wrong)


@pytest.mark.parametrize("other", [b"", b"staff 2\ndevice 1\n1", b"staff 1\ndevice 2\n1", b"staff 1\ndevice 1\n2"])
def test_it_does_not_move_to_another_owner_machine_or_epoch(slot: Wrapped, other: bytes) -> None:
    refuse(slot, associated=other)


def test_an_edited_slot_does_not_open(slot: Wrapped) -> None:
    refuse(replace(slot, secret=slot.secret[:-1] + bytes([slot.secret[-1] ^ 1])))
    refuse(replace(slot, secret=b""))
    refuse(replace(slot, nonce=bytes(12)))
    refuse(replace(slot, nonce=b""))
    refuse(replace(slot, salt=bytes(16)))
    refuse(replace(slot, salt=b""))
    refuse(replace(slot, kdf=replace(FLOOR, passes=3)))


def test_the_usual_work_is_what_the_design_says() -> None:
    assert KdfParameters() == KdfParameters(memory_kib=64 * 1024, passes=3, lanes=4)
    assert KdfParameters(memory_kib=19 * 1024, passes=2, lanes=1) == FLOOR


LESS = [
    {"memory_kib": FLOOR.memory_kib - 1},
    {"passes": 1},
    {"lanes": 0},
    {"memory_kib": 0, "passes": 0},
    {"memory_kib": -1},
]


@pytest.mark.parametrize("less", LESS)
def test_less_work_than_the_floor_is_refused(slot: Wrapped, less: dict[str, int]) -> None:
    """Also from a slot's own file: a weaker one put there would let the next passphrase be guessed cheaply."""
    kdf = replace(FLOOR, **less)
    with pytest.raises(WeakParameters):
        wrap(SECRET, PASSPHRASE, OWNER, kdf)
    with pytest.raises(WeakParameters):
        unwrap(replace(slot, kdf=kdf), PASSPHRASE, OWNER)


@pytest.mark.parametrize("more", [{"memory_kib": 2**21}, {"memory_kib": 2**40}, {"passes": 2**31}, {"lanes": 65}])
def test_absurd_work_is_refused_before_it_is_done(slot: Wrapped, more: dict[str, int]) -> None:
    refuse(replace(slot, kdf=replace(FLOOR, **more)))


def test_lanes_that_the_memory_does_not_allow_are_refused(slot: Wrapped) -> None:
    kdf = replace(FLOOR, lanes=64)
    assert unwrap(wrap(b"", "", b"", kdf), "", b"") == b""
    refuse(replace(slot, kdf=kdf))


def test_a_passphrase_is_what_is_read_not_how_it_was_typed() -> None:
    """Composed and decomposed, full-width and not: the same (NFKC)."""
    pairs = [("caf\u00e9 au lait", "cafe\u0301 au lait"), ("ｐａｓｓ１２３４", "pass1234"), ("\u0958लम", "क\u093cलम")]
    for one, other in pairs:
        assert one != other
        assert unwrap(wrap(SECRET, one, OWNER, FLOOR), other, OWNER) == SECRET


def test_half_a_letter_opens_nothing(slot: Wrapped) -> None:
    """A keyboard can leave half a surrogate pair in a field."""
    refuse(slot, "\ud83d")


def test_work_is_bounded_on_both_sides() -> None:
    low, high = keyslot.FLOOR, keyslot.CEILING
    usual = KdfParameters()
    assert low.memory_kib < usual.memory_kib < high.memory_kib
    assert low.passes < usual.passes < high.passes
    assert low.lanes < usual.lanes < high.lanes
