"""Central's next keys, told to desks that know earlier ones (DESIGN 5.2; P.17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError
from vaccinator_app.protocol.version import VERSION, check_json
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import SigningKey

CENTRAL_KEYS_TYPE = "application/vnd.vaccinator.central-keys+json"


class _Statement(msgspec.Struct, frozen=True, kw_only=True):
    v: int = VERSION
    keys: CentralKeys


def write_keys(keys: CentralKeys) -> bytes:
    """The set as JSON, for whoever keeps it."""
    return msgspec.json.encode(keys)


def read_keys(data: bytes) -> CentralKeys:
    """What ``write_keys`` wrote, or a set from before sets had numbers; ``ProtocolError`` for anything else."""
    try:
        return msgspec.json.decode(data, type=CentralKeys)
    except UNREADABLE as error:
        raise ProtocolError("this is not a set of central's keys") from error


def announce(keys: CentralKeys, signer: SigningKey) -> str:
    """A statement (DSSE JSON) by one of central's signing keys: these are central's keys (P.17.2)."""
    return Envelope.seal(CENTRAL_KEYS_TYPE, msgspec.json.encode(_Statement(keys=keys)), signer).to_json()


def learn(known: CentralKeys, statements: Iterable[str]) -> CentralKeys | None:
    """The newest set that a signing key of ``known`` vouches for, or None when there is none newer (P.17.3).

    Statements by other keys, of older sets, or that cannot be read are passed over: ``unproved`` counts them.
    """
    found = [keys for keys in (_read(known, text) for text in statements) if keys is not None]
    newest = max(found, key=lambda keys: keys.number, default=None)
    return newest if newest is not None and newest.number > known.number else None


def unproved(known: CentralKeys, statements: Sequence[str]) -> bool:
    """Whether there are statements, and no key that is known signed any of them."""
    return bool(statements) and all(_read(known, text) is None for text in statements)


def _read(known: CentralKeys, text: str) -> CentralKeys | None:
    for signer in known.signers:
        try:
            payload = Envelope.from_json(text).verified(CENTRAL_KEYS_TYPE, signer)
            check_json(payload)
            return msgspec.json.decode(payload, type=_Statement).keys
        except (BadSignature, ProtocolError, *UNREADABLE):
            continue
    return None
