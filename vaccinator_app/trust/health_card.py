"""SMART Health Cards: a signed FHIR bundle that anybody's software verifies (DESIGN 8.3; C.1-C.4 of
``docs/certificates.md``; https://spec.smarthealth.cards 1.4, "SHC" below).

A card is a compact JWS (RFC 7515) by ES256 (RFC 7518) over a deflated (RFC 1951) JSON payload. Pure functions on bytes:
nothing is fetched. Whoever verifies hands in the key sets it trusts and the lists of revoked cards it has.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from vaccinator_app.trust.card_keys import KeySet, StatusList, VerifyingKey, thumbprint
from vaccinator_app.trust.errors import BadCard, CardFault
from vaccinator_app.trust.keys import CardKey
from vaccinator_app.trust.strict_json import base64url, read_base64url, read_object

HEALTH_CARD = "https://smarthealth.cards#health-card"
IMMUNIZATION = "https://smarthealth.cards#immunization"
COVID19 = "https://smarthealth.cards#covid19"

FHIR_VERSION = "4.0.1"

ONE_QR = 1195
"""Characters of a card that fits one QR of version 22 (SHC, "Health Cards as QR Codes")."""

MAX_CARD = 16 * 1024
"""Characters of a card that is looked at at all (C.3.1)."""

MAX_PAYLOAD = 64 * 1024
"""Bytes that a payload may inflate to (C.3.1)."""

SKEW = timedelta(minutes=5)
"""By how much a verifier's clock may be behind the issuer's (C.3.6)."""

_SCHEME = "shc:/"
_SMALLEST = 45  # "-", the lowest character of a compact JWS
_DIGITS = re.compile(r"(?:[0-9]{2})+")
_CHUNK = re.compile(r"[0-9]+/[0-9]+/")
_ISSUER = re.compile(r"https://[!-~]{1,500}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}")
_SCALAR = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a card says, once everything about it held.

    ``status_checked`` is False when no list of revoked cards of its key was handed in, or only one older than the key
    set says there is: whether the card still stands is then not known (C.3.7). ``bundle`` is the issuer's word, of no
    particular shape beyond being a FHIR Bundle.
    """

    issuer: str
    kid: str
    issued_at: datetime
    rid: str | None
    types: tuple[str, ...]
    bundle: Mapping[str, Any]
    status_checked: bool


def sign(
    key: CardKey, *, issuer: str, issued_at: datetime, rid: str, types: Sequence[str], bundle: Mapping[str, Any]
) -> str:
    """The card as a compact JWS (C.2). The same arguments give the same card, wherever zlib is the same.

    ``issuer`` is an https address without a slash at its end; ``rid`` 1 to 24 characters of the base64url alphabet;
    ``types`` are beside ``HEALTH_CARD``. Raises ``ValueError`` for others. Not checked: what the bundle says, and
    whether the card fits one QR (``ONE_QR``).
    """
    if not _is_issuer(issuer) or _RID.fullmatch(rid) is None:
        raise ValueError("a card needs an https issuer without a slash at its end, and a short rid")
    header = {"alg": "ES256", "zip": "DEF", "kid": thumbprint(key.public)}
    payload = {
        "iss": issuer,
        "nbf": int(issued_at.timestamp()),
        "vc": {
            "type": [HEALTH_CARD, *types],
            "credentialSubject": {"fhirVersion": FHIR_VERSION, "fhirBundle": bundle},
            "rid": rid,
        },
    }
    signed = f"{base64url(_write(header))}.{base64url(_deflate(_write(payload)))}"
    return f"{signed}.{base64url(key.sign(signed.encode()))}"


def verify(text: str, key_sets: Iterable[KeySet], status_lists: Iterable[StatusList], now: datetime) -> Verified:
    """What the card says; ``BadCard`` with the first thing that is wrong with it (C.3).

    ``text`` is what ``read`` takes. Not checked: whether the key sets and lists are the issuer's newest, whether the
    bundle is sound FHIR, whether what it says is true, and who the person is that shows it (C.6).
    """
    parts = read(text).split(".")
    if len(parts) != 3:
        raise BadCard(CardFault.UNREADABLE, "this is not a card")
    header, payload, signature = (read_base64url(part) for part in parts)
    kid = _kid(header)
    trusted = [(keys.issuer, key) for keys in key_sets if (key := keys.keys.get(kid)) is not None]
    if not trusted:
        raise BadCard(CardFault.UNKNOWN_KEY, "the card was signed by a key that is not among those handed in")
    # Nothing of the payload is looked at, nor even inflated, before somebody trusted has answered for it.
    _check_signature(trusted[0][1], f"{parts[0]}.{parts[1]}".encode(), signature)
    claims = read_object(_inflate(payload))
    issuer = _issuer(claims, [issuer for issuer, _ in trusted])
    issued_at = _not_before(claims, now)
    vc = claims.get("vc")
    if not isinstance(vc, dict):
        raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the signed text is no health card")
    types, bundle = _credential(vc)
    rid = vc.get("rid")
    if rid is not None and not (isinstance(rid, str) and _RID.fullmatch(rid)):
        raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the card's mark for revoking is of another shape than it may be")
    newest = max((key.crl_version for _, key in trusted), default=0)
    return Verified(
        issuer=issuer,
        kid=kid,
        issued_at=issued_at,
        rid=rid,
        types=types,
        bundle=bundle,
        status_checked=_check_status(kid, newest, rid, claims["nbf"], status_lists),
    )


def read(text: str) -> str:
    """The compact card in what was scanned, pasted or read from a file: itself, ``shc:/`` digits, or the JSON of a
    ``.smart-health-card`` file that holds one (C.3.1). ``BadCard`` otherwise, also for a part of a card cut into
    several QRs. Not checked: anything of the card.
    """
    found = text.strip()
    # A card is at most twice as long as digits; a file of one card has a few characters around it.
    if len(found) > 2 * MAX_CARD + 100:
        raise BadCard(CardFault.TOO_LARGE, "this is larger than any card")
    if found[: len(_SCHEME)].lower() == _SCHEME:
        found = _from_digits(found[len(_SCHEME) :])
    elif found.startswith("{"):
        cards = read_object(found.encode("utf-8", "replace")).get("verifiableCredential")
        if not isinstance(cards, list) or len(cards) != 1 or not isinstance(cards[0], str):
            raise BadCard(CardFault.UNREADABLE, "the file must hold exactly one card")
        found = cards[0]
    if len(found) > MAX_CARD:
        raise BadCard(CardFault.TOO_LARGE, "this is larger than any card")
    return found


def _from_digits(digits: str) -> str:
    if _CHUNK.match(digits):
        raise BadCard(CardFault.CHUNKED, "this is one of several parts of a card, which are not read; use the file")
    if _DIGITS.fullmatch(digits) is None:
        raise BadCard(CardFault.UNREADABLE, "the digits of the card's QR are not whole")
    return "".join(chr(int(digits[at : at + 2]) + _SMALLEST) for at in range(0, len(digits), 2))


def _write(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _deflate(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


def _inflate(packed: bytes) -> bytes:
    """The payload, never more than ``MAX_PAYLOAD`` bytes of it, whatever the card claims."""
    unpacker = zlib.decompressobj(-15)
    try:
        plain = unpacker.decompress(packed, MAX_PAYLOAD)
    except zlib.error as error:
        raise BadCard(CardFault.UNREADABLE, "the card's content cannot be unpacked") from error
    if not unpacker.eof:
        if len(plain) == MAX_PAYLOAD:
            raise BadCard(CardFault.TOO_LARGE, "the card unpacks to more than any card holds")
        raise BadCard(CardFault.UNREADABLE, "the card's content ends too soon")
    if unpacker.unused_data:
        raise BadCard(CardFault.UNREADABLE, "something follows on the card's content")
    return plain


def _kid(header: bytes) -> str:
    """The key's name, of a header that says what C.2.1 wants and nothing beside it."""
    found = read_object(header)
    kid = found.get("kid")
    if found.keys() != {"alg", "zip", "kid"} or (found["alg"], found["zip"]) != ("ES256", "DEF"):
        raise BadCard(CardFault.UNREADABLE, "the card's header is not that of a health card")
    if not isinstance(kid, str):
        raise BadCard(CardFault.UNREADABLE, "the card does not name its key")
    return kid


def _check_signature(key: VerifyingKey, signed: bytes, signature: bytes) -> None:
    if len(signature) != 2 * _SCALAR:
        raise BadCard(CardFault.CHANGED, "the card's signature is not whole")
    r, s = int.from_bytes(signature[:_SCALAR], "big"), int.from_bytes(signature[_SCALAR:], "big")
    try:
        key.public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise BadCard(CardFault.CHANGED, "the card was changed after it was signed") from error


def _is_issuer(text: object) -> bool:
    return isinstance(text, str) and _ISSUER.fullmatch(text) is not None and not text.endswith("/")


def _issuer(claims: Mapping[str, Any], known: Sequence[str | None]) -> str:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not _is_issuer(issuer):
        raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the card does not say who issued it")
    if all(one is not None and one != issuer for one in known):
        raise BadCard(CardFault.OTHER_ISSUER, "the card names another issuer than the one whose key signed it")
    return issuer


def _not_before(claims: Mapping[str, Any], now: datetime) -> datetime:
    issued_at = _moment(claims.get("nbf"))
    if issued_at - SKEW > now:
        raise BadCard(CardFault.NOT_YET, "the card is dated later than today; check this machine's clock")
    if "exp" in claims and _moment(claims["exp"]) < now:
        raise BadCard(CardFault.EXPIRED, "the card has expired")
    return issued_at


def _moment(seconds: object) -> datetime:
    """RFC 7519's NumericDate, which may have a fraction."""
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            pass
    raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the card does not say when it was issued")


def _credential(vc: Mapping[str, Any]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    types, subject = vc.get("type"), vc.get("credentialSubject")
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types) or HEALTH_CARD not in types:
        raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the signed text is no health card")
    bundle = subject.get("fhirBundle") if isinstance(subject, dict) else None
    if not isinstance(subject, dict) or not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the card holds no health record")
    if subject.get("fhirVersion") != FHIR_VERSION:
        raise BadCard(CardFault.NOT_A_HEALTH_CARD, "the card is written in a version of FHIR that is not read here")
    return tuple(types), bundle


def _check_status(kid: str, newest: int, rid: str | None, nbf: float, lists: Iterable[StatusList]) -> bool:
    mine = [one for one in lists if one.kid == kid]
    if rid is not None and any(one.revokes(rid, nbf) for one in mine):
        raise BadCard(CardFault.REVOKED, "the card was revoked by its issuer")
    return any(one.version >= newest for one in mine)
