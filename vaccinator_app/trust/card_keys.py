"""The keys of health cards as JSON Web Keys, and the lists of revoked cards (C.4; RFC 7517, RFC 7638; SHC,
"Determining keys associated with an issuer" and "Revocation").
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from cryptography.hazmat.primitives.asymmetric import ec

from vaccinator_app.trust.errors import BadCard, CardFault
from vaccinator_app.trust.strict_json import base64url, read_base64url, read_object

MAX_KEY_SET = 256 * 1024
"""Bytes of a key set that is looked at at all."""

MAX_STATUS_LIST = 64 * 1024 * 1024
"""Bytes of a list of revoked cards that is looked at at all: some two million of them."""

_SCALAR = 32
_KIND = {"kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256"}
_REVOKED = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.([0-9]{1,12}))?")


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, and the number of the newest list of revoked cards when it was read (0: there is no list)."""

    public: ec.EllipticCurvePublicKey
    crl_version: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """An issuer's keys by ``kid``. ``issuer`` is None in a set that does not say whose it is."""

    issuer: str | None
    keys: Mapping[str, VerifyingKey]


@dataclass(frozen=True, slots=True)
class StatusList:
    """The cards of one key that were revoked: each ``rid``, up to which moment (seconds), None for all."""

    kid: str
    version: int
    revoked: Mapping[str, int | None]

    def revokes(self, rid: str, issued: float) -> bool:
        """Whether a card with this ``rid``, issued at that moment, is on the list."""
        if rid not in self.revoked:
            return False
        before = self.revoked[rid]
        return before is None or issued < before


def thumbprint(public: bytes) -> str:
    """The ``kid`` of a raw public key (``x`` and ``y``, 64 bytes): RFC 7638's thumbprint."""
    x, y = base64url(public[:_SCALAR]), base64url(public[_SCALAR:])
    # The members in this order and nothing else, as RFC 7638 section 3 has it.
    text = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64url(hashlib.sha256(text.encode()).digest())


def write_key_set(public: Iterable[bytes], issuer: str, crl_version: int) -> bytes:
    """The JSON of a key set (``application/json``). ``issuer`` stands beside the keys, so that a file of them can be
    carried to a machine without a network and still says whose they are; other software passes over it (RFC 7517
    section 5).
    """
    keys = [
        {
            "kty": _KIND["kty"],
            "kid": thumbprint(one),
            "use": _KIND["use"],
            "alg": _KIND["alg"],
            "crv": _KIND["crv"],
            "x": base64url(one[:_SCALAR]),
            "y": base64url(one[_SCALAR:]),
            "crlVersion": crl_version,
        }
        for one in public
    ]
    return json.dumps({"issuer": issuer, "keys": keys}, separators=(",", ":")).encode()


def read_key_set(data: bytes) -> KeySet:
    """The health card keys in a JWK set; ``BadCard`` when there are none, or one is not what it says (C.4.1).

    Keys of other kinds are passed over. Not checked: whose set it is.
    """
    if len(data) > MAX_KEY_SET:
        raise BadCard(CardFault.TOO_LARGE, "the file is larger than any key set")
    found = read_object(data)
    listed, issuer = found.get("keys"), found.get("issuer")
    if not isinstance(listed, list) or not (issuer is None or isinstance(issuer, str)):
        raise BadCard(CardFault.UNREADABLE, "the file is no set of keys")
    keys = dict(_read_key(one) for one in listed if isinstance(one, dict) and _is_ours(one))
    if not keys:
        raise BadCard(CardFault.UNREADABLE, "the file holds no key that health cards are signed with")
    return KeySet(issuer, keys)


def write_status_list(kid: str, rids: Iterable[str], version: int) -> bytes:
    """The JSON of a list of revoked cards (C.4.3)."""
    found = {"kid": kid, "method": "rid", "ctr": version, "rids": list(rids)}
    return json.dumps(found, separators=(",", ":")).encode()


def read_status_list(data: bytes) -> StatusList:
    """A list of revoked cards; ``BadCard`` for anything else (C.4.3). Not checked: who wrote it. It is not signed."""
    if len(data) > MAX_STATUS_LIST:
        raise BadCard(CardFault.TOO_LARGE, "the file is larger than any list of revoked cards that is read here")
    found = read_object(data)
    kid, version, rids = found.get("kid"), found.get("ctr"), found.get("rids")
    if (
        found.get("method") != "rid"
        or not isinstance(kid, str)
        or not _is_number(version)
        or not isinstance(rids, list)
    ):
        raise BadCard(CardFault.UNREADABLE, "the file is no list of revoked cards")
    revoked: dict[str, int | None] = {}
    for one in rids:
        match = _REVOKED.fullmatch(one) if isinstance(one, str) else None
        if match is None:
            raise BadCard(CardFault.UNREADABLE, "the list of revoked cards names one in a way that none has")
        before = None if match[2] is None else int(match[2])
        if match[1] in revoked:
            earlier = revoked[match[1]]
            before = None if before is None or earlier is None else max(before, earlier)
        revoked[match[1]] = before
    return StatusList(kid, int(version), revoked)


def _is_ours(jwk: Mapping[str, Any]) -> bool:
    return all(jwk.get(name) == value for name, value in _KIND.items())


def _read_key(jwk: Mapping[str, Any]) -> tuple[str, VerifyingKey]:
    if "d" in jwk:
        raise BadCard(CardFault.UNREADABLE, "the file holds a secret key, which no set of public keys does")
    parts = [jwk.get("x"), jwk.get("y")]
    public = b"".join(read_base64url(part) if isinstance(part, str) else b"" for part in parts)
    version = jwk.get("crlVersion", 0)
    if len(public) != 2 * _SCALAR or jwk.get("kid") != thumbprint(public) or not (version == 0 or _is_number(version)):
        raise BadCard(CardFault.UNREADABLE, "a key of the set is not the one that its name says")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public)
    except ValueError as error:
        raise BadCard(CardFault.UNREADABLE, "a key of the set is no key") from error
    return thumbprint(public), VerifyingKey(key, version)


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
