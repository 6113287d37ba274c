"""A record: one event's payload, signed by the staff member who acted (DESIGN 3.2-3.4; P.3)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from vaccinator_app.domain.events import BODIES, Body
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.trust import dsse
from vaccinator_app.trust.keys import SigningKey, key_id

EVENT_TYPE = "application/vnd.vaccinator.event+json"
VERSION = 1
FIRST_PREV = bytes(32)
"""What the first record of a device names as the one before."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of a record (DESIGN 3.3). ``at`` carries an offset; ``uptime_ms`` counts since ``boot`` began."""

    v: int = VERSION
    centre: str
    device: str
    seq: int
    prev: bytes
    kind: str
    at: datetime
    boot: str
    uptime_ms: int
    staff: str
    body: msgspec.Raw

    def read_body(self) -> Body:
        """The typed body; ``ProtocolError`` for a kind this program does not know or a body that does not fit."""
        decoder = _BODY_DECODERS.get(self.kind)
        if decoder is None:
            raise ProtocolError("a record of a kind this program does not know")
        try:
            return decoder.decode(self.body)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ProtocolError("a record's body does not fit its kind") from error


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A signed payload as it is stored and as it travels: bytes, key name, signature (64 bytes)."""

    payload: bytes
    keyid: str
    signature: bytes

    @property
    def hash(self) -> bytes:
        """SHA-256 over PAE and signature: what the next record's ``prev`` names (P.3.4)."""
        return dsse.record_hash(EVENT_TYPE, self.payload, self.signature)

    @property
    def envelope(self) -> dsse.Envelope:
        """The same record as a DSSE envelope, for export."""
        return dsse.Envelope(payload_type=EVENT_TYPE, payload=self.payload, keyid=self.keyid, signature=self.signature)


_ENCODER = msgspec.json.Encoder()
_EVENT_DECODER = msgspec.json.Decoder(Event)
_BODY_DECODERS = {kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()}


def encode_body(body: Body) -> msgspec.Raw:
    """A body as it stands in a payload."""
    return msgspec.Raw(_ENCODER.encode(body))


def sign_event(event: Event, key: SigningKey) -> Record:
    """The event's bytes under the signature of the staff member who acted (DESIGN 3.4)."""
    payload = _ENCODER.encode(event)
    return Record(payload, key_id(key.public), dsse.sign(EVENT_TYPE, payload, key))


def read_event(payload: bytes) -> Event:
    """The event in a payload; ``ProtocolError`` when it is none. Verify the signature first (P.3.5)."""
    try:
        event = _EVENT_DECODER.decode(payload)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ProtocolError("a record's payload is not an event") from error
    if event.v != VERSION:
        raise ProtocolError("a record of a version this program does not know")
    if event.at.tzinfo is None:
        raise ProtocolError("a record's time has no offset")
    return event
