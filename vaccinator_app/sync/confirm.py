"""Asking central to confirm a dose with the person's own OTP, while it can be reached (DESIGN 4.4, 8.3)."""

from __future__ import annotations

import os

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import CONFIRM_TYPE, CONFIRMED_TYPE, ConfirmReply, ConfirmRequest, ConfirmState
from vaccinator_app.sync.errors import Untrusted
from vaccinator_app.sync.ports import Central, Desk
from vaccinator_app.sync.trusted import trusted


def ask(desk: Desk, central: Central, of_device: str, seq: int, otp: str = "") -> ConfirmState:
    """Have central send the person of dose ``seq`` of ``of_device`` an OTP, or with ``otp`` say what they read.

    Nothing is stored: what comes of it is told with a later pull. Raises ``SyncError``: ``Unreachable`` when no answer
    came, ``Refused`` when central will not, ``Untrusted`` for an answer that is not central's to this very question.
    """
    nonce = os.urandom(16)
    request = ConfirmRequest(
        centre=desk.centre,
        device=desk.device,
        nonce=nonce,
        of_device=of_device,
        seq=seq,
        otp=otp,
        keys=desk.central().number,
    )
    answer = central.confirm(packing.pack(request, CONFIRM_TYPE, desk.device_key))
    reply = trusted(desk, answer, CONFIRMED_TYPE, ConfirmReply)
    if reply.nonce != nonce:
        raise Untrusted(Message.of("sync.stale_answer"))
    return reply.state
