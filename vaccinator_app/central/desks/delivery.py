"""Records of one machine that another machine of its centre brings (DESIGN 5.4; P.19).

What is inside is that machine's own push, under its own signature: it goes the way of any push. Whoever brings it adds
nothing to it and learns nothing from it.
"""

from __future__ import annotations

import msgspec

from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Keys, key_name
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.delivery import DeliverRequest
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.trust import seal
from vaccinator_app.trust.errors import BadSeal


class _Claimed(msgspec.Struct):
    """Whose push it says it is."""

    centre: str
    device: str


def open_part(keys: Keys, request: DeliverRequest) -> bytes:
    """The packed push in a part, NOT verified but for what it says of itself: it is the origin's, and the origin is of
    the same centre as who brings it. Raises ``Refused``."""
    key = next((one for one in keys.all_people if key_name(one) == request.key), None)
    if key is None:
        raise Refused("delivery_key", 403, "The records were sealed to a key that central does not hold any more.")
    try:
        info = seal.delivery_binding(request.origin, request.part)
        packed = seal.open_for_decades(request.sealed, key, info)
        claimed = packing.peek(packing.unpack(packed), _Claimed)
    except (BadSeal, ProtocolError, ValueError) as error:
        raise Refused("delivery_unreadable", 400, "These records cannot be read. Export them once more.") from error
    if claimed.centre != request.centre:
        raise Refused("delivery_centre", 403, "These records are another centre's.")
    if claimed.device != request.origin:
        raise Refused("delivery_unreadable", 400, "These records cannot be read. Export them once more.")
    return packed
