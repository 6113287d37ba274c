"""Fields encrypted at rest: only with the key, only in their place (RFC 8452)."""

from __future__ import annotations

import os

import pytest

from vaccinator_app.trust.at_rest import KEY_LENGTH, decrypt, encrypt
from vaccinator_app.trust.errors import BadSeal

KEY = bytes(range(KEY_LENGTH))


def test_there_and_back_and_never_twice_the_same() -> None:
    one, two = (encrypt(KEY, b"1234", b"here") for _ in range(2))
    assert one != two
    assert b"1234" not in one
    assert decrypt(KEY, one, b"here") == decrypt(KEY, two, b"here") == b"1234"


@pytest.mark.parametrize("cut", [0, 5, 12, 20])
def test_another_key_another_place_or_other_bytes_do_not_open(cut: int) -> None:
    sealed = encrypt(KEY, b"1234", b"here")
    for key, found, place in (
        (os.urandom(KEY_LENGTH), sealed, b"here"),
        (KEY, sealed, b"there"),
        (KEY, sealed[:cut], b"here"),
        (KEY, sealed[:cut] + bytes([sealed[cut] ^ 1]) + sealed[cut + 1 :], b"here"),
    ):
        with pytest.raises(BadSeal):
            decrypt(key, found, place)
