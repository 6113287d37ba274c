"""Key pairs as raw bytes, and what a key is called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_ID_LENGTH = 16
_LATTICE_SEED = 64
_SCALAR = 32


def key_id(public: bytes) -> str:
    """The first 16 hex digits of SHA-256 over a raw public key (P.1.3).

    A name to look a key up by, never a proof: whoever uses it still verifies with the key itself.
    """
    return hashlib.sha256(public).hexdigest()[:KEY_ID_LENGTH]


@lru_cache(maxsize=64)
def ed25519_private(private: bytes) -> Ed25519PrivateKey:
    """The key object of 32 raw bytes; kept, since to make it costs as much as a signature, until ``forget``."""
    return Ed25519PrivateKey.from_private_bytes(private)


@lru_cache(maxsize=64)
def ed25519_public(private: bytes) -> bytes:
    """The raw public key of 32 raw bytes; kept until ``forget``, since each record asks for it."""
    return ed25519_private(private).public_key().public_bytes_raw()


@lru_cache(maxsize=64)
def x25519_private(private: bytes) -> X25519PrivateKey:
    """The key object of 32 raw bytes; kept until ``forget``."""
    return X25519PrivateKey.from_private_bytes(private)


@lru_cache(maxsize=16)
def hybrid_private(private: bytes) -> MLKEM768X25519PrivateKey:
    """The key object of a ``HybridKey``'s 96 bytes; kept until ``forget``."""
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(private[:_LATTICE_SEED]),
        X25519PrivateKey.from_private_bytes(private[_LATTICE_SEED:]),
    )


@lru_cache(maxsize=16)
def p256_private(private: bytes) -> ec.EllipticCurvePrivateKey:
    """The key object of a ``CardKey``'s 32 bytes; kept until ``forget``."""
    return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())


def forget() -> None:
    """Let go of every private key kept here: for a desk that locks (DESIGN 5.1). Keys that others hold stay theirs."""
    ed25519_private.cache_clear()
    ed25519_public.cache_clear()
    x25519_private.cache_clear()
    hybrid_private.cache_clear()
    p256_private.cache_clear()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key, 32 raw bytes (RFC 8032)."""

    private: bytes

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return ed25519_public(self.private)

    def __repr__(self) -> str:
        """Never the key."""
        return f"SigningKey({key_id(self.public)})"


@dataclass(frozen=True, slots=True)
class CardKey:
    """A P-256 private key, 32 raw bytes: signs certificates that other people's software verifies (RFC 7518, ES256)."""

    private: bytes

    @classmethod
    def generate(cls) -> CardKey:
        """A new key from the system's randomness."""
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(number.to_bytes(_SCALAR, "big"))

    @property
    def public(self) -> bytes:
        """The raw public key: ``x`` and ``y``, 32 bytes each."""
        point = p256_private(self.private).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return point[1:]

    def sign(self, message: bytes) -> bytes:
        """64 bytes, ``r`` and ``s`` (RFC 7518 section 3.4); the same for the same message (RFC 6979)."""
        how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(p256_private(self.private).sign(message, how))
        return r.to_bytes(_SCALAR, "big") + s.to_bytes(_SCALAR, "big")

    def __repr__(self) -> str:
        """Never the key."""
        return f"CardKey({key_id(self.public)})"


@dataclass(frozen=True, slots=True)
class SealingKey:
    """An X25519 private key, 32 raw bytes (RFC 7748): opens what was sealed to its public half."""

    private: bytes

    @classmethod
    def generate(cls) -> SealingKey:
        """A new key from the system's randomness."""
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return x25519_private(self.private).public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """Never the key."""
        return f"SealingKey({key_id(self.public)})"


@dataclass(frozen=True, slots=True)
class HybridKey:
    """An ML-KEM-768 seed (64 bytes) followed by an X25519 private key (32 bytes): for what stays secret for decades."""

    private: bytes

    @classmethod
    def generate(cls) -> HybridKey:
        """A new key from the system's randomness."""
        lattice = MLKEM768PrivateKey.generate().private_bytes_raw()
        return cls(lattice + X25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        """ML-KEM-768 public key (1184 bytes) followed by the X25519 one (32 bytes)."""
        lattice = MLKEM768PrivateKey.from_seed_bytes(self.private[:_LATTICE_SEED])
        curve = X25519PrivateKey.from_private_bytes(self.private[_LATTICE_SEED:])
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """Never the key."""
        return f"HybridKey({key_id(self.public)})"
