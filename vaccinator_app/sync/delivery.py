"""Bringing central a part of another machine's records (DESIGN 5.4; P.19.7-P.19.9)."""

from __future__ import annotations

import os
from collections.abc import Sequence
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
from vaccinator_app.protocol.messages import PUSH_TYPE, RECEIPT_TYPE, PushRequest, Receipt
from vaccinator_app.protocol.records import Record, read_event
from vaccinator_app.sync.errors import Untrusted
from vaccinator_app.sync.ports import Central, Desk, Store
from vaccinator_app.sync.trusted import trusted

_AT_ONCE = 100
"""Records set aside are few; at a kilobyte each this stays far below what a push may hold."""


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


def hand_in(desk: Desk, store: Store, central: Central, records: Sequence[Record]) -> None:
    """Have central say that it keeps ``records`` of this desk, none of which is in its ledger, as forks (P.10.4).

    Raises ``SyncError`` unless it said so of each.
    """
    head = store.head()
    for start in range(0, len(records), _AT_ONCE):
        some = records[start : start + _AT_ONCE]
        request = PushRequest(
            centre=desk.centre,
            device=desk.device,
            head_seq=head.seq,
            head_hash=head.hash,
            records=list(some),
            keys=desk.central().number,
        )
        answer = central.push(packing.pack(request, PUSH_TYPE, desk.device_key))
        receipt = trusted(desk, answer, RECEIPT_TYPE, Receipt)
        if not {read_event(record.payload).seq for record in some} <= set(receipt.forked):
            raise Untrusted(Message.of("sync.no_progress"))
