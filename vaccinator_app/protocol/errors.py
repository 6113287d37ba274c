"""What can be wrong with bytes from the other side."""

from __future__ import annotations

import msgspec


class ProtocolError(Exception):
    """The bytes are not a message of this protocol. The text repeats nothing of them."""


class UnknownVersion(ProtocolError):
    """The other side speaks a version that this program does not (P.16.1)."""


UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the decoders raise for bytes that are not what they should be; RecursionError for nesting without end."""
