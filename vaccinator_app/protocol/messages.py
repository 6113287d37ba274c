"""What desk and central say to each other every day: push and receipt, pull and changes (DESIGN 7; P.10, P.11)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.protocol.records import Record
from vaccinator_app.protocol.shapes import Hash, Moment, Nonce, Number
from vaccinator_app.protocol.version import VERSION

PUSH_TYPE = "application/vnd.vaccinator.push+msgpack"
RECEIPT_TYPE = "application/vnd.vaccinator.receipt+msgpack"
PULL_TYPE = "application/vnd.vaccinator.pull+msgpack"
CHANGES_TYPE = "application/vnd.vaccinator.changes+msgpack"

MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 1024 * 1024
MAX_PAGE = 5000
"""Appointments in one page of changes."""


class Status(StrEnum):
    """What central made of a record. All three are confirmed: central has it and signed for it."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a record is held or refused; words for each stand in the catalogue."""

    CODE_MISMATCH = "code_mismatch"
    SEAL_UNREADABLE = "seal_unreadable"
    NO_PROOF = "no_proof"
    UNKNOWN_APPOINTMENT = "unknown_appointment"
    OTHER_CENTRE = "other_centre"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    ALREADY_DOSED = "already_dosed"
    TOO_EARLY = "too_early"
    OTHER_VACCINE = "other_vaccine"
    BATCH_EXPIRED = "batch_expired"
    CHAIN_BROKEN = "chain_broken"
    SEQ_FORKED = "seq_forked"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_STAFF = "unknown_staff"
    NOT_ALLOWED = "not_allowed"
    UNREADABLE = "unreadable"
    NOTHING_TO_VOID = "nothing_to_void"


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """Central's answer for one record."""

    seq: Number
    status: Status
    reasons: tuple[Reason, ...] = ()


class PushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in ``seq`` order without a gap, signed by the device key together with the ledger's head.

    ``head_seq`` and ``head_hash`` are of the whole ledger, not of the batch: central learns how much is still to come,
    and notices a ledger that became shorter (P.10.2).
    """

    v: int = VERSION
    centre: str
    device: str
    head_seq: Number
    head_hash: Hash
    records: list[Record]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Central signed for every record of ``device`` up to ``upto``, whose hash is ``head`` (DESIGN 7.2).

    Since each record names the hash of the one before, ``head`` covers all of them. ``outcomes`` are those of the batch
    just pushed. ``upto`` is 0 and ``head`` 32 zero bytes for a device central has nothing of. ``forked`` lists ``seq``
    of the batch under which central already holds another record.
    """

    v: int = VERSION
    centre: str
    device: str
    upto: Number
    head: Hash
    at: Moment
    outcomes: list[Outcome]
    forked: list[Number] = []


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for what changed since ``cursor`` (0 at first). ``nonce`` (16 bytes) ties the answer to the question."""

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    cursor: Number
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = MAX_PAGE


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """How long the roster may be used without hearing from central (DESIGN 5.6)."""

    issued_at: Moment
    warn_at: Moment
    expires_at: Moment


class RosterKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key of the bucket tags in this roster (DESIGN 4.1)."""

    key: bytes
    modulus: int


class AllottedBatch(msgspec.Struct, frozen=True, array_like=True):
    """A batch sent to this centre."""

    vaccine: str
    batch: str
    expiry: date
    doses_per_vial: Number


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """One page of what changed; signed, and bound to the question by ``device``, ``nonce`` and ``from_cursor``.

    ``more`` tells that a further page waits behind ``cursor``; ``total`` is how many appointments this pull has in all
    from ``from_cursor`` on, for the progress words. ``outcomes`` are later decisions on records of this device. Lists
    that do not page (batches, centres) are whole each time.
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    from_cursor: Number
    cursor: Number
    more: bool
    total: Number
    at: Moment
    lease: Lease
    roster_key: RosterKey
    appointments: list[Appointment]
    outcomes: list[Outcome]
    batches: list[AllottedBatch]
    centres: dict[str, str]
