"""Fields kept encrypted in a database whose key lies elsewhere (DESIGN 8.2; RFC 8452)."""

from __future__ import annotations

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from vaccinator_app.trust.errors import BadSeal

KEY_LENGTH = 32
_NONCE_LENGTH = 12


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCMSIV:
    return AESGCMSIV(key)


def encrypt(key: bytes, plain: bytes, associated: bytes) -> bytes:
    """``plain`` under a 32-byte key: nonce (12 bytes), ciphertext, tag (16 bytes) in one string.

    ``associated`` says which field of which row it is; it is bound, not stored, so that a value moved to another
    row no longer opens. AES-256-GCM-SIV: a nonce met twice reveals only that two values are equal.
    """
    nonce = os.urandom(_NONCE_LENGTH)
    return nonce + _cipher(key).encrypt(nonce, plain, associated)


def decrypt(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """What ``encrypt`` kept; ``BadSeal`` for another key, another place or changed bytes."""
    try:
        return _cipher(key).decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], associated)
    except (InvalidTag, ValueError) as error:
        raise BadSeal("a stored field does not open: another key, another row, or changed") from error
