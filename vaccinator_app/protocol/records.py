"""A record: one event's payload, signed by the staff member who acted (DESIGN 3.2-3.4; P.3)."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import datetime
from operator import attrgetter
from typing import get_type_hints

import msgspec

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.events import BODIES, Body
from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError, UnknownVersion
from vaccinator_app.protocol.shapes import MAX_NUMBER, Hash, Number, Seq
from vaccinator_app.protocol.version import VERSION, check_json
from vaccinator_app.trust import dsse
from vaccinator_app.trust.keys import SigningKey, key_id

EVENT_TYPE = "application/vnd.vaccinator.event+json"
FIRST_PREV = bytes(32)
"""What the first record of a device names as the one before."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of a record (DESIGN 3.3). ``at`` carries an offset; ``uptime_ms`` counts since ``boot`` began."""

    v: int = VERSION
    centre: str
    device: str
    seq: Seq
    prev: Hash
    kind: str
    at: datetime
    boot: str
    uptime_ms: Number
    staff: str
    body: msgspec.Raw

    def read_body(self) -> Body:
        """The typed body; ``ProtocolError`` for a kind this program does not know or a body that does not fit."""
        decoder = _BODY_DECODERS.get(self.kind)
        if decoder is None:
            raise ProtocolError("a record of a kind this program does not know")
        try:
            body = decoder.decode(self.body)
        except UNREADABLE as error:
            raise ProtocolError("a record's body does not fit its kind") from error
        if not all(0 <= number(body) <= MAX_NUMBER for number in _NUMBERS[self.kind]):
            raise ProtocolError("a number in a record is out of range")
        if isinstance(body, DayClosed) and not _countable(body):
            raise ProtocolError("a number in a record is out of range")
        moment = body.onset if isinstance(body, AefiReported) else getattr(body, "given_at", None)
        if moment is not None and moment.tzinfo is None:
            raise ProtocolError("a time in a record has no offset")
        return body


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


def _number_paths(kind: type) -> list[str]:
    paths = []
    for name, hint in get_type_hints(kind).items():
        if hint is int:
            paths.append(name)
        elif isinstance(hint, type) and is_dataclass(hint):
            paths += [f"{name}.{inner}" for inner in _number_paths(hint)]
    return paths


# domain knows no wire, so its numbers are bounded here (P.3.6)
_NUMBERS = {kind: [attrgetter(path) for path in _number_paths(body)] for kind, body in BODIES.items()}


def _countable(value: object) -> bool:
    """Every number in a close, however deep; a difference of counts may be below zero."""
    if isinstance(value, int):
        return abs(value) <= MAX_NUMBER
    if isinstance(value, tuple):
        return all(map(_countable, value))
    if is_dataclass(value):
        return all(_countable(getattr(value, field.name)) for field in fields(value))
    return True


# U+0000 as JSON spells it, and not an escaped backslash before "u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def encode_body(body: Body) -> msgspec.Raw:
    """A body as it stands in a payload."""
    return msgspec.Raw(_ENCODER.encode(body))


def sign_event(event: Event, key: SigningKey) -> Record:
    """The event's bytes under the signature of the staff member who acted (DESIGN 3.4).

    Raises ``ProtocolError`` for an event that nobody could read again: what is signed stands for ever (P.3.6).
    """
    payload = _ENCODER.encode(event)
    read_event(payload).read_body()
    return Record(payload, key_id(key.public), dsse.sign(EVENT_TYPE, payload, key))


def read_event(payload: bytes) -> Event:
    """The event in a payload; ``ProtocolError`` when it is none. Verify the signature first (P.3.5)."""
    try:
        try:
            event = _EVENT_DECODER.decode(payload)
        except UNREADABLE:
            # of another version, perhaps: that is the first thing to be said of it (P.16.1)
            check_json(payload)
            raise
    except UNREADABLE as error:
        raise ProtocolError("a record's payload is not an event") from error
    if event.v != VERSION:
        raise UnknownVersion("a document of a version this program does not know")
    if event.at.tzinfo is None:
        raise ProtocolError("a record's time has no offset")
    # a year more than datetime's first and less than its last: every zone can show it
    if not 1970 <= event.at.year <= 9998 or (rb"\u0000" in payload and _NUL.search(payload)):
        raise ProtocolError("a record holds what cannot be stored")
    return event
