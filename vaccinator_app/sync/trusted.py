"""An answer is believed when central signed it and it is for this desk (DESIGN 7.2; P.10.10, P.11.2)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.delivery import DeliverReply
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.history import History
from vaccinator_app.protocol.messages import Changes, ConfirmReply, Receipt
from vaccinator_app.sync.errors import Untrusted
from vaccinator_app.sync.ports import Desk
from vaccinator_app.trust.errors import BadSignature, TrustError

Answer = TypeVar("Answer", Receipt, Changes, ConfirmReply, DeliverReply, History)


def trusted(desk: Desk, answer: bytes, payload_type: str, kind: type[Answer]) -> Answer:
    """The message in ``answer``; ``Untrusted`` when it is not central's word to this desk.

    Any of central's signing keys that this desk knows will do (P.17.4). Not checked: that it answers the question just
    asked, where it carries a nonce or a cursor.
    """
    try:
        message = _verified(packing.unpack(answer), payload_type, desk.central().signers, kind)
    except (ProtocolError, TrustError) as error:
        raise Untrusted(Message.of("sync.not_central")) from error
    if message.device != desk.device or message.centre != desk.centre:
        raise Untrusted(Message.of("sync.not_for_this_desk"))
    return message


def _verified(signed: packing.Signed, payload_type: str, keys: Sequence[bytes], kind: type[Answer]) -> Answer:
    *others, last = keys
    for key in others:
        with suppress(BadSignature):
            return packing.verified(signed, payload_type, key, kind)
    return packing.verified(signed, payload_type, last, kind)
