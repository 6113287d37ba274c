"""An answer is believed when central signed it and it is for this desk (DESIGN 7.2; P.10.10, P.11.2)."""

from __future__ import annotations

from typing import TypeVar

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.messages import Changes, ConfirmReply, Receipt
from vaccinator_app.sync.errors import Untrusted
from vaccinator_app.sync.ports import Desk
from vaccinator_app.trust.errors import TrustError

Answer = TypeVar("Answer", Receipt, Changes, ConfirmReply)


def trusted(desk: Desk, answer: bytes, payload_type: str, kind: type[Answer]) -> Answer:
    """The message in ``answer``; ``Untrusted`` when it is not central's word to this desk.

    Not checked: that it answers the question just asked, where it carries a nonce or a cursor.
    """
    try:
        message = packing.verified(packing.unpack(answer), payload_type, desk.central_key, kind)
    except (ProtocolError, TrustError) as error:
        raise Untrusted(Message.of("sync.not_central")) from error
    if message.device != desk.device or message.centre != desk.centre:
        raise Untrusted(Message.of("sync.not_for_this_desk"))
    return message
