"""What lies between one desk and central in the tests of the whole, and everything that may go wrong on it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import zstandard

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import RECEIPT_TYPE, Outcome, Receipt, Status
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.trust.keys import SigningKey

if TYPE_CHECKING:
    from tests.whole.town import Town

STRANGER = SigningKey.generate()
"""Of somebody who would like to be central."""


class Fault(StrEnum):
    """What becomes of one request and its answer."""

    NONE = "none"
    REQUEST_LOST = "request lost"
    REQUEST_LATE = "request comes late"
    """Nobody hears an answer; central gets it some time later, once or twice."""
    ANSWER_LOST = "answer lost"
    DOUBLED = "request comes twice"
    OLD_ANSWER = "an earlier answer comes again"
    TRUNCATED = "answer cut short"
    FLIPPED = "a bit of the answer flipped"
    PORTAL = "a page of the hotel's"
    STRANGER_SIGNS = "the answer, signed by a stranger"
    """A receipt then says that all is confirmed, with the hash of the desk's own head."""
    NOBODY_SIGNS = "the same, signed by nobody"
    OTHER_DESKS = "the answer to another desk"
    CENTRAL_DIES = "central dies at a statement"
    CENTRAL_DIES_COMMITTING = "central dies before a commit"
    RESTARTED = "central is restarted before"


class Line:
    """Stands behind the sync port of one desk. ``plan`` has the faults of the next calls, each with a number that says
    where it strikes; when it is empty, all is well."""

    def __init__(self, town: Town, name: str) -> None:
        self._town = town
        self.name = name
        self.plan: list[tuple[Fault, int]] = []
        self.answers: dict[str, list[bytes]] = {}
        self.late: list[tuple[str, bytes]] = []
        self.meanwhile: Callable[[], None] | None = None
        """What somebody does at the desk while its next request is under way."""
        self.met: set[Fault] = set()

    def push(self, packed: bytes) -> bytes:
        return self._call("push", packed)

    def pull(self, packed: bytes) -> bytes:
        return self._call("pull", packed)

    def confirm(self, packed: bytes) -> bytes:
        return self._call("confirm", packed)

    def history(self, packed: bytes) -> bytes:
        return self._call("history", packed)

    def deliver(self, packed: bytes) -> bytes:
        return self._call("deliver", packed)

    def close(self) -> None:
        """Nothing is open."""

    def late_ones_arrive(self, times: int) -> None:
        """Whatever was on its way reaches central, in any order; nobody waits for the answers."""
        late, self.late = self.late, []
        for name, packed in reversed(late):
            for _ in range(times):
                getattr(self._town.simulator, name)(packed)

    def _call(self, name: str, packed: bytes) -> bytes:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        fault, where = self.plan.pop(0) if self.plan else (Fault.NONE, 0)
        self.met.add(fault)
        if fault is Fault.REQUEST_LATE:
            self.late.append((name, packed))
        if fault in (Fault.REQUEST_LATE, Fault.REQUEST_LOST):
            raise _nothing_came()
        if fault is Fault.OLD_ANSWER and self.answers.get(name):
            return self.answers[name][where % len(self.answers[name])]
        return self._spoilt(fault, where, name, packed, self._asked(fault, where, name, packed))

    def _asked(self, fault: Fault, where: int, name: str, packed: bytes) -> bytes:
        from tests.whole.town import PowerCut

        if fault is Fault.RESTARTED:
            self._town.restart_central()
        if fault in (Fault.CENTRAL_DIES, Fault.CENTRAL_DIES_COMMITTING):
            commits = fault is Fault.CENTRAL_DIES_COMMITTING
            try:
                with self._town.central_dies(1 + where % (5 if commits else 40), commits=commits):
                    getattr(self._town.simulator, name)(packed)
            except PowerCut:
                pass
            self._town.restart_central()
            raise _nothing_came()
        if fault is Fault.DOUBLED:
            getattr(self._town.simulator, name)(packed)
        answer: bytes = getattr(self._town.simulator, name)(packed)
        self.answers.setdefault(name, []).append(answer)
        return answer

    def _spoilt(self, fault: Fault, where: int, name: str, packed: bytes, answer: bytes) -> bytes:
        match fault:
            case Fault.ANSWER_LOST:
                raise _nothing_came()
            case Fault.TRUNCATED:
                return answer[: where % len(answer)]
            case Fault.FLIPPED:
                byte, bit = divmod(where % (8 * len(answer)), 8)
                return answer[:byte] + bytes([answer[byte] ^ (1 << bit)]) + answer[byte + 1 :]
            case Fault.PORTAL:
                return b"<html><body>Welcome to the network of this house</body></html>"
            case Fault.STRANGER_SIGNS | Fault.NOBODY_SIGNS:
                return _forged(packed, answer, signs=fault is Fault.STRANGER_SIGNS)
            case Fault.OTHER_DESKS:
                others = [one.line.answers.get(name, []) for one in self._town.desks if one.line is not self]
                heard = [one for answers in others for one in answers]
                return heard[where % len(heard)] if heard else b""
        return answer


class _Head(msgspec.Struct):
    """What a push says of the whole ledger."""

    centre: str
    device: str
    head_seq: int = 0
    head_hash: bytes = b""


def _forged(packed: bytes, answer: bytes, *, signs: bool) -> bytes:
    """The same answer by another hand; of a receipt one that confirms whatever the desk has."""
    said = packing.unpack(answer)
    payload = said.payload
    if said.payload_type == RECEIPT_TYPE:
        head, true = packing.peek(packing.unpack(packed), _Head), packing.peek(said, Receipt)
        all_well = [Outcome(seq, Status.ACCEPTED) for seq in range(max(1, head.head_seq - 20), head.head_seq + 1)]
        false = msgspec.structs.replace(
            true, upto=head.head_seq, head=head.head_hash, outcomes=all_well, forked=[], revoked_at=None
        )
        payload = msgspec.msgpack.encode(false)
    signed = packing.Signed(said.payload_type, payload, said.keyid, bytes(64))
    if signs:
        signed = packing.unpack(packing.pack(msgspec.Raw(payload), said.payload_type, STRANGER))  # type: ignore[arg-type]
        signed = msgspec.structs.replace(signed, keyid=said.keyid)
    return zstandard.compress(msgspec.msgpack.encode(signed))


def _nothing_came() -> Unreachable:
    return Unreachable(Message.of("sync.timed_out"))
