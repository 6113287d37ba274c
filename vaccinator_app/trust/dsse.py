"""DSSE: sign and verify the stored bytes themselves (DESIGN 3.2, P.2; secure-systems-lab/dsse v1.0)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import SigningKey, ed25519_private, key_id


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding (P.2.1)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@lru_cache(maxsize=4096)
def _verifier(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def sign(payload_type: str, payload: bytes, key: SigningKey) -> bytes:
    """The 64-byte Ed25519 signature over PAE (P.2.2)."""
    return ed25519_private(key.private).sign(pae(payload_type, payload))


def verify(payload_type: str, payload: bytes, signature: bytes, public: bytes) -> None:
    """Raise ``BadSignature`` unless ``public`` (32 raw bytes) signed these bytes as this type (P.2.3).

    Not checked: whose key it is, whether it may sign this, and what the payload says.
    """
    try:
        _verifier(public).verify(signature, pae(payload_type, payload))
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("the signature does not belong to these bytes and this key") from error


def record_hash(payload_type: str, payload: bytes, signature: bytes) -> bytes:
    """SHA-256 over PAE and signature: what the next record's ``prev`` names (DESIGN 3.3, P.3.4)."""
    return hashlib.sha256(pae(payload_type, payload) + signature).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One payload under one signature. ``keyid`` is a hint and is not signed."""

    payload_type: str
    payload: bytes
    keyid: str
    signature: bytes

    @classmethod
    def seal(cls, payload_type: str, payload: bytes, key: SigningKey) -> Envelope:
        """Sign ``payload`` with ``key``."""
        return cls(
            payload_type=payload_type,
            payload=payload,
            keyid=key_id(key.public),
            signature=sign(payload_type, payload, key),
        )

    def verified(self, payload_type: str, public: bytes) -> bytes:
        """The payload, once its type is the wanted one and ``public`` signed it; else ``BadSignature``."""
        if self.payload_type != payload_type:
            raise BadSignature(f"expected {payload_type}, found another kind of document")
        verify(payload_type, self.payload, self.signature, public)
        return self.payload

    def to_json(self) -> str:
        """The envelope as DSSE's JSON, one line, fields in DSSE's order (P.2.4)."""
        return json.dumps(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [{"keyid": self.keyid, "sig": base64.b64encode(self.signature).decode()}],
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Envelope:
        """Read DSSE's JSON; ``BadSignature`` when it is not an envelope under exactly one signature."""
        try:
            found = json.loads(text)
            (one,) = found["signatures"]
            envelope = cls(
                payload_type=str(found["payloadType"]),
                payload=base64.b64decode(found["payload"], validate=True),
                keyid=str(one["keyid"]),
                signature=base64.b64decode(one["sig"], validate=True),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadSignature("this is not a signed envelope") from error
        return envelope
