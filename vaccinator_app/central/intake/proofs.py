"""Which record holds a proof, and what a correction takes over from the dose it corrects (DESIGN 3.1, 4.2, 4.4).

A proof counts once. When a dose is voided and recorded again with the very same proof, the person need not come with a
second code: the correction takes the proof over from the record that held it. Its place in ``records.proof`` moves
along, so that the unique index there goes on saying that one record alone stands on a proof.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from vaccinator_app.central.intake.adjudicate import ProofState
from vaccinator_app.central.schema import records
from vaccinator_app.domain.events import OverrideGranted
from vaccinator_app.protocol.messages import Reason, Status

_NOT_JUDGED = {Reason.UNKNOWN_APPOINTMENT, Reason.OTHER_CENTRE}
_SAME_AGAIN = {
    # Held as before, but no second mark against whoever signed: it is one and the same code.
    Reason.CODE_MISMATCH: ProofState.RETIRED,
    Reason.NO_PROOF: ProofState.FORGOTTEN,
    Reason.SEAL_UNREADABLE: ProofState.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Holder:
    """The record that used a proof up, the answer it has, and whether it was voided in an earlier batch."""

    seq: int
    status: Status
    reasons: tuple[Reason, ...]
    voided: bool = False


def inherited(holder: Holder, *, leave: bool) -> ProofState | None:
    """What the proof was found to be when its holder came; None when it was not looked at or is to be looked at anew.

    The code itself may be forgotten or replaced meanwhile. ``leave``: it is an in-charge's, not a code or slip.
    """
    if Reason.AWAITS_OTP in holder.reasons:
        return ProofState.OVERRIDDEN
    if holder.status is Status.ACCEPTED:
        return ProofState.MATCHED
    for reason, state in _SAME_AGAIN.items():
        if reason in holder.reasons:
            return state
    return None if leave or not _NOT_JUDGED.isdisjoint(holder.reasons) else ProofState.MATCHED


def read_holders(connection: Connection, centre: str, device: str, seals: Collection[bytes]) -> dict[bytes, Holder]:
    """Who holds these proofs, by the name of the proof."""
    statement = select(records.c.proof, records.c.seq, records.c.status, records.c.reasons, records.c.voided_by).where(
        records.c.centre == centre, records.c.device == device, records.c.proof.in_(seals)
    )
    return {
        row.proof: Holder(
            row.seq, Status(row.status), tuple(map(Reason, row.reasons.split())), row.voided_by is not None
        )
        for row in connection.execute(statement)
    }


def read_grants(connection: Connection, centre: str, device: str, seqs: Collection[int]) -> dict[int, str]:
    """The accepted ``override_granted`` among these records, each with its appointment."""
    if not seqs:
        return {}
    statement = select(records.c.seq, records.c.appointment).where(
        records.c.centre == centre,
        records.c.device == device,
        records.c.seq.in_(seqs),
        records.c.kind == OverrideGranted.KIND,
        records.c.status == Status.ACCEPTED.value,
    )
    return {row.seq: row.appointment for row in connection.execute(statement)}
