"""A machine joins its centre, once, online (DESIGN 5.2; P.9)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError
from vaccinator_app.protocol.shapes import HybridPublicKey, Moment, Number, PublicKey
from vaccinator_app.protocol.version import VERSION, check_json
from vaccinator_app.trust.keys import key_id

ENROLMENT_REQUEST_TYPE = "application/vnd.vaccinator.enrolment-request+msgpack"
ENROLMENT_REPLY_TYPE = "application/vnd.vaccinator.enrolment-reply+msgpack"


class CentralKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Central's public keys: Ed25519 for signing, X25519 for codes, hybrid for people's details and recovery.

    ``others`` are further signing keys that count: earlier ones, and one that is announced. ``number`` grows with each
    change of the set (P.17); 0 stands in a file from before sets had numbers.
    """

    signing: PublicKey
    codes: PublicKey
    people: HybridPublicKey
    number: Number = 0
    others: list[PublicKey] = []

    @property
    def signers(self) -> tuple[bytes, ...]:
        """Every signing key that counts."""
        return (self.signing, *self.others)


class EnrolmentFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the in-charge brings to a new machine: where central is, how to know it, and a one-time token.

    ``address`` is an ``https`` URL, ``authority`` the PEM of the certificate authority that signs its TLS.
    """

    v: int = VERSION
    centre: str
    centre_name: str
    time_zone: str
    address: Annotated[str, msgspec.Meta(pattern="^https://")]
    authority: str
    central: CentralKeys
    token: str
    expires_at: Moment


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's answer, signed by the device key just born on it.

    ``recovery`` is the database key sealed to central's hybrid key (DESIGN 5.4), ``keys`` the number of the set of
    central's keys in the enrolment file, so that central answers under one of these (P.17.4).
    """

    v: int = VERSION
    token: str
    device_key: PublicKey
    device_name: str
    in_charge_name: str
    in_charge_signing_key: PublicKey
    in_charge_sealing_key: PublicKey
    recovery: bytes
    keys: Number = 0


class EnrolmentReply(msgspec.Struct, frozen=True, kw_only=True):
    """Central's answer, signed: who the machine and its in-charge now are. Certificates are DSSE JSON."""

    device: str
    centre: str
    in_charge: str
    device_certificate: str
    in_charge_certificate: str


def device_id(device_key: bytes) -> str:
    """A device is called after its key: ``d`` and 12 hex digits, the same on both sides (P.9.3)."""
    return f"d{key_id(device_key)[:12]}"


def write_file(enrolment: EnrolmentFile) -> bytes:
    """The enrolment file's JSON."""
    return msgspec.json.format(msgspec.json.encode(enrolment), indent=2)


def read_file(data: bytes) -> EnrolmentFile:
    """An enrolment file; ``ProtocolError`` when it is none (``UnknownVersion`` when a newer program made it)."""
    try:
        check_json(data)
        return msgspec.json.decode(data, type=EnrolmentFile)
    except UNREADABLE as error:
        raise ProtocolError("this is not an enrolment file") from error
