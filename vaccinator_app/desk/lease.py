"""How long this desk may still record online visits without hearing from central (DESIGN 5.6)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.messages import Lease


class LeaseState(StrEnum):
    """Good; soon over; over (or never begun)."""

    GOOD = "good"
    ENDING = "ending"
    OVER = "over"


def lease_state(lease: Lease | None, now: datetime) -> LeaseState:
    """Where ``now`` lies in the lease. A clock set back before its issue counts as ending."""
    if lease is None or now >= lease.expires_at:
        return LeaseState.OVER
    if now >= lease.warn_at or now < lease.issued_at:
        return LeaseState.ENDING
    return LeaseState.GOOD


def lease_message(lease: Lease | None, now: datetime) -> Message | None:
    """The sentence for people, or None while there is nothing to say."""
    if lease is not None and now < lease.issued_at:
        return Message.of("lease.clock_behind", at=lease.issued_at)
    match lease_state(lease, now):
        case LeaseState.GOOD:
            return None
        case LeaseState.ENDING:
            return Message.of("lease.ending", until=lease.expires_at if lease else now)
        case LeaseState.OVER:
            return Message.of("lease.never" if lease is None else "lease.over")
