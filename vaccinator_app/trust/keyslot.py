"""A staff member's key slot: a passphrase unwraps that person's own keys (DESIGN 5.1, P.6; RFC 9106, RFC 8452)."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from vaccinator_app.trust.errors import BadPassphrase, WeakParameters

SALT_LENGTH = 16
NONCE_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class KdfParameters:
    """Argon2id's work: memory in KiB, passes, lanes."""

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4


FLOOR = KdfParameters(memory_kib=19 * 1024, passes=2, lanes=1)
"""Below this a slot is refused, whoever wrote it (DESIGN 5.1, P.6.2)."""

CEILING = KdfParameters(memory_kib=1024 * 1024, passes=64, lanes=64)
"""Above this a slot was edited: nobody waits that long, and the machine may not have the memory (P.6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """What a slot stores: salt (16 bytes), nonce (12), the wrapped secret, and the work it took."""

    kdf: KdfParameters
    salt: bytes
    nonce: bytes
    secret: bytes


def wrap(secret: bytes, passphrase: str, associated: bytes, kdf: KdfParameters) -> Wrapped:
    """Wrap ``secret`` under ``passphrase``; ``associated`` (staff, device, epoch) is bound, not stored (P.6.1).

    Raises ``WeakParameters`` below the floor. Not checked: whether the passphrase is long or common.
    """
    salt, nonce = os.urandom(SALT_LENGTH), os.urandom(NONCE_LENGTH)
    sealed = AESGCMSIV(_derive(passphrase, salt, kdf)).encrypt(nonce, secret, associated)
    return Wrapped(kdf=kdf, salt=salt, nonce=nonce, secret=sealed)


def unwrap(wrapped: Wrapped, passphrase: str, associated: bytes) -> bytes:
    """The secret; ``BadPassphrase`` for a wrong one (or a slot moved or edited: the two look the same).

    Raises ``WeakParameters`` below the floor, before any work.
    """
    try:
        key = _derive(passphrase, wrapped.salt, wrapped.kdf)
        return AESGCMSIV(key).decrypt(wrapped.nonce, wrapped.secret, associated)
    except (InvalidTag, ValueError) as error:
        raise BadPassphrase("the passphrase does not open this slot") from error


def _derive(passphrase: str, salt: bytes, kdf: KdfParameters) -> bytes:
    if kdf.memory_kib < FLOOR.memory_kib or kdf.passes < FLOOR.passes or kdf.lanes < FLOOR.lanes:
        raise WeakParameters("the slot asks for less work than the floor")
    if kdf.memory_kib > CEILING.memory_kib or kdf.passes > CEILING.passes or kdf.lanes > CEILING.lanes:
        raise ValueError("the slot asks for more work than any desk does")
    # NFKC: the same passphrase typed on two keyboards must give the same bytes.
    text = unicodedata.normalize("NFKC", passphrase).encode()
    argon = Argon2id(salt=salt, length=32, iterations=kdf.passes, lanes=kdf.lanes, memory_cost=kdf.memory_kib)
    return argon.derive(text)
