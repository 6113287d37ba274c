"""What can be wrong with bytes from the other side."""

from __future__ import annotations


class ProtocolError(Exception):
    """The bytes are not a message of this protocol. The text repeats nothing of them."""
