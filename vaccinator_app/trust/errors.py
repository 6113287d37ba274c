"""The one error family of this room."""

from __future__ import annotations


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
