"""Who this desk is: what enrolment gave it, kept inside the encrypted database (DESIGN 5.2)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from vaccinator_app.protocol.central_keys import read_keys, write_keys
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.errors import VaultDamaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The machine, its centre, and how it knows central.

    ``device_certificate`` is DSSE JSON, ``address`` an ``https`` URL, ``authority`` the PEM that signs its TLS,
    ``time_zone`` a name of the IANA database.
    """

    centre: str
    centre_name: str
    time_zone: str
    device: str
    device_name: str
    device_key: SigningKey = field(repr=False)
    device_certificate: str
    central: CentralKeys
    address: str
    authority: str


_TEXTS = (
    "centre",
    "centre_name",
    "time_zone",
    "device",
    "device_name",
    "device_certificate",
    "address",
    "authority",
)


def write_identity(identity: Identity) -> bytes:
    """The identity as the vault keeps it."""
    found: dict[str, object] = {name: getattr(identity, name) for name in _TEXTS}
    found["device_key"] = b64encode(identity.device_key.private).decode()
    found["central"] = json.loads(write_keys(identity.central))
    return json.dumps(found, ensure_ascii=False).encode()


def read_identity(data: bytes) -> Identity:
    """What ``write_identity`` wrote; ``VaultDamaged`` for anything else."""
    try:
        found = json.loads(data)
        return Identity(
            device_key=SigningKey(b64decode(found["device_key"], validate=True)),
            central=read_keys(json.dumps(found["central"]).encode()),
            **{name: found[name] for name in _TEXTS},
        )
    except (ValueError, KeyError, TypeError, ProtocolError):
        raise VaultDamaged from None
