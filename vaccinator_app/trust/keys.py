"""Key pairs as raw bytes, and what a key is called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KEY_ID_LENGTH = 16


def key_id(public: bytes) -> str:
    """The first 16 hex digits of SHA-256 over a raw public key (P.1.3).

    A name to look a key up by, never a proof: whoever uses it still verifies with the key itself.
    """
    return hashlib.sha256(public).hexdigest()[:KEY_ID_LENGTH]


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
        return Ed25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """Never the key."""
        return f"SigningKey({key_id(self.public)})"


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
        return X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()

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
        lattice = MLKEM768PrivateKey.from_seed_bytes(self.private[:64]).public_key().public_bytes_raw()
        return lattice + X25519PrivateKey.from_private_bytes(self.private[64:]).public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """Never the key."""
        return f"HybridKey({key_id(self.public)})"
