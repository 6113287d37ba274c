"""A desk that lost records, or made others on an old copy, asks central for its own (DESIGN 7.4; P.20.4-P.20.6)."""

from __future__ import annotations

import msgspec

from vaccinator_app.protocol.messages import CertificateState, MessageState, Reason, Status
from vaccinator_app.protocol.records import Record
from vaccinator_app.protocol.shapes import Hash, Moment, Nonce, Number
from vaccinator_app.protocol.version import VERSION

HISTORY_REQUEST_TYPE = "application/vnd.vaccinator.history-request+msgpack"
HISTORY_TYPE = "application/vnd.vaccinator.history+msgpack"

MAX_PAST = 500
MAX_PAST_BYTES = 1024 * 1024
"""Records, and bytes of their payloads, in one page; one larger record comes alone."""


class PastRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record of this device as central stored it, and the answer it has now."""

    record: Record
    status: Status
    reasons: tuple[Reason, ...] = ()
    certificate: CertificateState = CertificateState.NONE
    message: MessageState = MessageState.NONE


class HistoryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Tell this device its own records behind ``after``, whose hash here is ``hash`` (32 zero bytes at 0).

    Signed by the device key. ``keys`` is the number of the set of central's keys that this desk goes by (P.17).
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    after: Number
    hash: Hash
    keys: Number = 0


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One page, signed by central and bound to the question by ``device``, ``nonce`` and ``after``.

    ``fits`` tells whether central's record ``after`` has the hash of the question; if not, there are no ``records``.
    They are those from ``after + 1`` on, in order; ``upto`` and ``head`` say where central's ledger of this device
    ends. ``staff`` are the chains of everybody who ever signed at the centre, whole each time.
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    after: Number
    fits: bool
    upto: Number
    head: Hash
    at: Moment
    records: list[PastRecord] = []
    staff: list[list[str]] = []
