"""The one error family of this room."""

from __future__ import annotations

from enum import StrEnum


class TrustError(Exception):
    """Something that should hold does not. The text names no person and no secret."""


class BadSignature(TrustError):
    """The signature is not that key's over those bytes."""


class BadSeal(TrustError):
    """The sealed bytes were not sealed to this key for this purpose, or were changed."""


class BadCertificate(TrustError):
    """The certificate or its chain does not prove what it should."""


class BadSlip(TrustError):
    """The scanned text is not a whole appointment slip."""


class BadPassphrase(TrustError):
    """The passphrase does not open this slot."""


class WeakParameters(TrustError):
    """The key derivation asks for less work than the floor (DESIGN 5.1)."""


class CardFault(StrEnum):
    """What is wrong with a health card, for whoever has words of their own for it."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    CHUNKED = "chunked"
    UNKNOWN_KEY = "unknown_key"
    CHANGED = "changed"
    OTHER_ISSUER = "other_issuer"
    NOT_A_HEALTH_CARD = "not_a_health_card"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"


class BadCard(TrustError):
    """A health card, or the keys or list it is verified with, does not hold."""

    def __init__(self, fault: CardFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
