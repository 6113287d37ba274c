"""Keys are named by their hash, never printed, and let go of when asked (P.1)."""

from __future__ import annotations

import hashlib

import pytest

from tests.trust import fixed
from vaccinator_app.trust import dsse, keys, seal
from vaccinator_app.trust.keys import HybridKey, SealingKey, SigningKey, key_id

RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    ),
]
"""Section 7.1, tests 1 to 3: secret key and public key."""


@pytest.mark.parametrize(("private", "public"), RFC_8032)
def test_public_keys_are_those_of_rfc_8032(private: str, public: str) -> None:
    assert SigningKey(bytes.fromhex(private)).public.hex() == public


def test_the_sealing_key_is_that_of_rfc_9180() -> None:
    """Appendix A.1.1: skRm and pkRm."""
    key = SealingKey(bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"))
    assert key.public.hex() == "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"


def test_a_key_id_is_16_hex_digits_of_the_hash() -> None:
    assert key_id(fixed.CENTRAL.public) == hashlib.sha256(fixed.CENTRAL.public).hexdigest()[:16]


@pytest.mark.parametrize("kind", [SigningKey, SealingKey, HybridKey])
def test_new_keys_differ_and_come_back_from_their_bytes(kind: type[SigningKey | SealingKey | HybridKey]) -> None:
    one, other = kind.generate(), kind.generate()
    assert one.private != other.private
    assert kind(one.private).public == one.public


@pytest.mark.parametrize("key", [fixed.CENTRAL, fixed.CODES, fixed.PEOPLE])
def test_a_private_key_is_never_printed(key: SigningKey | SealingKey | HybridKey) -> None:
    assert key.private.hex()[:16] not in repr(key)
    assert repr(key.private) not in repr(key)
    assert repr(key) == f"{type(key).__name__}({key_id(key.public)})"


def test_forgetting_lets_go_of_every_private_key() -> None:
    dsse.sign("kind", b"", fixed.CENTRAL)
    seal.open_seal(seal.seal(b"1234", fixed.CODES.public, b""), fixed.CODES, b"")
    seal.open_for_decades(seal.seal_for_decades(b"", fixed.PEOPLE.public, b""), fixed.PEOPLE, b"")
    kept = (keys.ed25519_private, keys.x25519_private, keys.hybrid_private)
    assert all(one.cache_info().currsize for one in kept)
    keys.forget()
    assert not any(one.cache_info().currsize for one in kept)
    assert dsse.sign("kind", b"", fixed.CENTRAL)  # whoever still holds the bytes goes on
