"""Sealing to a key with HPKE, each purpose bound to what it is for (DESIGN 4.2, 4.6, 5.1; RFC 9180; P.4).

Codes: X25519, HKDF-SHA256, AES-128-GCM. What stays sensitive for decades: ML-KEM-768 + X25519, HKDF-SHA256,
AES-256-GCM. Base mode: a seal does not say who made it; the signature around it does.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from vaccinator_app.trust.errors import BadSeal
from vaccinator_app.trust.keys import HybridKey, SealingKey, hybrid_private, x25519_private

_CLASSIC = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_HYBRID = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_LATTICE_PUBLIC = 1184


def binding(purpose: str, *parts: str | int) -> bytes:
    """HPKE's ``info``: the purpose and what the seal belongs to, one to a line (P.4.2).

    Raises ``ValueError`` when a part holds a line break, which could make two bindings equal.
    """
    lines = [f"vaccinator/{purpose}/v1", *(str(part) for part in parts)]
    if any("\n" in line for line in lines):
        raise ValueError("a part of a binding holds a line break")
    return "\n".join(lines).encode()


@lru_cache(maxsize=64)
def _classic_public(public: bytes) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=16)
def _hybrid_public(public: bytes) -> MLKEM768X25519PublicKey:
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_LATTICE_PUBLIC]),
        X25519PublicKey.from_public_bytes(public[_LATTICE_PUBLIC:]),
    )


def seal(plain: bytes, public: bytes, info: bytes) -> bytes:
    """Seal to an X25519 public key: ``enc`` (32 bytes), ciphertext, tag (16 bytes) in one string (P.4.1).

    Raises ``ValueError`` for a public key of another length.
    """
    return bytes(_CLASSIC.encrypt(plain, _classic_public(public), info))


def open_seal(sealed: bytes, key: SealingKey, info: bytes) -> bytes:
    """What ``seal`` sealed; ``BadSeal`` for another key, another ``info`` or changed bytes."""
    try:
        return bytes(_CLASSIC.decrypt(sealed, x25519_private(key.private), info))
    except (InvalidTag, ValueError) as error:
        raise BadSeal("not sealed to this key for this purpose") from error


def seal_for_decades(plain: bytes, public: bytes, info: bytes) -> bytes:
    """Seal to a hybrid public key (1216 bytes), see ``HybridKey``: ``enc`` (1120 bytes), ciphertext, tag (P.4.1).

    Raises ``ValueError`` for a public key of another length.
    """
    return bytes(_HYBRID.encrypt(plain, _hybrid_public(public), info))


def open_for_decades(sealed: bytes, key: HybridKey, info: bytes) -> bytes:
    """What ``seal_for_decades`` sealed; ``BadSeal`` for another key, another ``info`` or changed bytes."""
    try:
        return bytes(_HYBRID.decrypt(sealed, hybrid_private(key.private), info))
    except (InvalidTag, ValueError) as error:
        raise BadSeal("not sealed to this key for this purpose") from error


def code_binding(appointment: str, device: str, seq: int) -> bytes:
    """What a typed code or scanned slip is bound to (DESIGN 4.2, P.4.3).

    ``seq`` is the number that the ledger's next record had when it was typed.
    """
    return binding("code", appointment, device, seq)


def person_binding(appointment: str, device: str) -> bytes:
    """What a walk-in's details are bound to (DESIGN 4.6, P.4.4)."""
    return binding("person", appointment, device)


def database_key_binding(staff: str, device: str, epoch: int) -> bytes:
    """What a staff member's copy of the database key is bound to (DESIGN 5.1, P.6.3)."""
    return binding("database-key", staff, device, epoch)


def recovery_binding(device: str) -> bytes:
    """What central's copy of the database key is bound to (DESIGN 5.4, P.6.4)."""
    return binding("recovery", device)


def recovered_key_binding(device: str, request: bytes, epoch: int) -> bytes:
    """What a database key that central gives back is bound to: the machine, the digest of the request, the epoch
    (DESIGN 5.4, P.19.4)."""
    return binding("recovered-key", device, request.hex(), epoch)


def delivery_binding(device: str, part: int) -> bytes:
    """What a part of a sealed export is bound to: the machine whose records it holds, and its number (P.19.7)."""
    return binding("delivery", device, part)
