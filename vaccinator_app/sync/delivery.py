"""Bringing central a part of another machine's records (DESIGN 5.4; P.19.7-P.19.9)."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.delivery import (
    DELIVER_TYPE,
    DELIVERED_TYPE,
    DeliverReply,
    DeliverRequest,
    DeliveryTitle,
)
from vaccinator_app.protocol.messages import RECEIPT_TYPE, Receipt
from vaccinator_app.sync.errors import Untrusted
from vaccinator_app.sync.ports import Central, Desk
from vaccinator_app.sync.trusted import trusted


@dataclass(frozen=True, slots=True)
class Brought:
    """The receipt for the machine whose records they are, read and as central signed it."""

    receipt: Receipt
    packed: bytes


def deliver(desk: Desk, central: Central, title: DeliveryTitle, part: int, sealed: bytes) -> Brought:
    """Bring part ``part`` of what ``title`` begins. Nothing is stored here.

    Raises ``SyncError``: ``Unreachable`` when no answer came, ``Refused`` when central will not, ``Untrusted`` for an
    answer that is not central's to this very question.
    """
    nonce = os.urandom(16)
    request = DeliverRequest(
        centre=desk.centre,
        device=desk.device,
        nonce=nonce,
        origin=title.device,
        part=part,
        key=title.key,
        sealed=sealed,
        keys=desk.central().number,
    )
    answer = central.deliver(packing.pack(request, DELIVER_TYPE, desk.device_key))
    reply = trusted(desk, answer, DELIVERED_TYPE, DeliverReply)
    if (reply.nonce, reply.origin, reply.part) != (nonce, title.device, part):
        raise Untrusted(Message.of("sync.stale_answer"))
    receipt = trusted(replace(desk, device=title.device), reply.receipt, RECEIPT_TYPE, Receipt)
    return Brought(receipt, reply.receipt)
