"""JSON and base64url read strictly: what has two readings is refused (C.3.2; RFC 8259 and 4648).

Two programs that read one signed text differently, because a member stands in it twice or bits were left over, may each
believe something else of it. For health cards and what belongs to them; raises ``BadCard``.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from vaccinator_app.trust.errors import BadCard, CardFault

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 appendix C)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_base64url(text: str) -> bytes:
    """The bytes; only of the very text that ``base64url`` makes of them."""
    if _ALPHABET.fullmatch(text) is not None and len(text) % 4 != 1:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if base64url(found) == text:
            return found
    raise BadCard(CardFault.UNREADABLE, "this is not a card")


def read_object(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 with no name twice in any object, and no numbers that JSON does not have."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except BadCard:
        raise
    except (ValueError, RecursionError) as error:
        raise BadCard(CardFault.UNREADABLE, "the text is not the JSON it should be") from error
    if not isinstance(found, dict):
        raise BadCard(CardFault.UNREADABLE, "the text is not the JSON it should be")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadCard(CardFault.UNREADABLE, "a field stands in the text twice")
    return found


def _no_constant(name: str) -> float:
    raise BadCard(CardFault.UNREADABLE, "the text holds a number that is none")
