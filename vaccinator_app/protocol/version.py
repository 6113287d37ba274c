"""Which version of this protocol is spoken, looked at before anything else of a document (P.16.1)."""

from __future__ import annotations

import msgspec

from vaccinator_app.protocol.errors import UnknownVersion

VERSION = 1


class _Versioned(msgspec.Struct, frozen=True):
    v: int = VERSION


_FROM_JSON = msgspec.json.Decoder(_Versioned)
_FROM_MSGPACK = msgspec.msgpack.Decoder(_Versioned)


def check_json(data: bytes) -> None:
    """Raise ``UnknownVersion`` for a JSON document that says it is of another one, ``UNREADABLE`` for no document."""
    _check(_FROM_JSON.decode(data))


def check_msgpack(data: bytes) -> None:
    """The same for msgpack."""
    _check(_FROM_MSGPACK.decode(data))


def _check(found: _Versioned) -> None:
    if found.v != VERSION:
        raise UnknownVersion("a document of a version this program does not know")
