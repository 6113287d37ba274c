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
CONFIRM_TYPE = "application/vnd.vaccinator.confirm+msgpack"
CONFIRMED_TYPE = "application/vnd.vaccinator.confirmed+msgpack"

MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 1024 * 1024
MAX_PAGE = 5000
"""Appointments, and records of other desks, in one page of changes."""


class Status(StrEnum):
    """What central made of a record. All three are confirmed: central has it and signed for it."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a record is held or refused, or what an accepted one waits for; words for each stand in the catalogue."""

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
    BATCH_WITHDRAWN = "batch_withdrawn"
    NOT_VACCINATED = "not_vaccinated"
    TALLY_DIFFERS = "tally_differs"
    TIME_MOVED = "time_moved"
    AWAITS_OTP = "awaits_otp"
    """Accepted without a code on an in-charge's word: the certificate waits for the person (DESIGN 4.4)."""
    APPOINTMENT_MOVED = "appointment_moved"
    CLOCK_AHEAD = "clock_ahead"
    """Dated later than central's own clock when it came, by more than clocks differ."""
    DISPUTED = "disputed"
    """The person says that they did not get this dose: held until somebody decides."""
    GIVEN_TWICE = "given_twice"
    """Accepted; but another record of the same dose for the same person came as well, and is held."""
    REJECTED = "rejected"
    """The district decided against it."""
    DEVICE_REVOKED = "device_revoked"
    """The machine had been taken out of use when the record came (P.21)."""


class CertificateState(StrEnum):
    """What became of the certificate of a dose (DESIGN 7.5, 8.3)."""

    NONE = ""
    """The record is not one that a certificate follows."""
    WAITING = "waiting"
    """For the person's own word, or for a decision."""
    ISSUED = "issued"
    REVOKED = "revoked"


class MessageState(StrEnum):
    """What became of the message to the person about a dose (DESIGN 7.5, 8.4)."""

    NONE = ""
    """Nothing was written to anybody; such as to a walk-in without a mobile."""
    WAITING = "waiting"
    TAKEN = "taken"
    """The telephone network took it, and said no more yet."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """The telephone network could not bring it."""


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """Central's answer for one record; of an accepted dose also what became of its certificate and message."""

    seq: Number
    status: Status
    reasons: tuple[Reason, ...] = ()
    certificate: CertificateState = CertificateState.NONE
    message: MessageState = MessageState.NONE


class PushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in ``seq`` order without a gap, signed by the device key together with the ledger's head.

    ``head_seq`` and ``head_hash`` are of the whole ledger, not of the batch: central learns how much is still to come,
    and notices a ledger that became shorter (P.10.2). ``urgent`` are serious AEFI reports from further back, told at
    once: central raises the alarm on them and answers nothing, their turn comes with their ``seq`` (P.10.7). ``keys``
    is the number of the set of central's keys that this desk goes by (P.17).
    """

    v: int = VERSION
    centre: str
    device: str
    head_seq: Number
    head_hash: Hash
    records: list[Record]
    urgent: list[Record] = []
    keys: Number = 0


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Central signed for every record of ``device`` up to ``upto``, whose hash is ``head`` (DESIGN 7.2).

    Since each record names the hash of the one before, ``head`` covers all of them. ``outcomes`` are those of the batch
    just pushed. ``upto`` is 0 and ``head`` 32 zero bytes for a device central has nothing of. ``forked`` lists ``seq``
    of the batch under which central already holds another record. ``revoked_at`` is since when the machine is out of
    use (P.21); None while it is in use.
    """

    v: int = VERSION
    centre: str
    device: str
    upto: Number
    head: Hash
    at: Moment
    outcomes: list[Outcome]
    forked: list[Number] = []
    revoked_at: Moment | None = None


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for what changed since ``cursor`` (0 at first). ``nonce`` (16 bytes) ties the answer to the question.

    ``keys`` is the number of the set of central's keys that this desk goes by (P.17).
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    cursor: Number
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = MAX_PAGE
    keys: Number = 0


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
    """A batch sent to this centre; ``withdrawn`` when nothing of it may be given any more."""

    vaccine: str
    batch: str
    expiry: date
    doses_per_vial: Number
    withdrawn: bool = False


class PeerRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record of another desk of the same centre, with central's answer for it. A later answer comes as a further one.

    Kinds that only say who looked at what or signed in stay where they were made (DESIGN 5.5).
    """

    device: str
    record: Record
    status: Status
    reasons: tuple[Reason, ...] = ()


class PeerDesk(msgspec.Struct, frozen=True, array_like=True):
    """Another desk of the centre: how far central has its ledger, how long it last said it is, and when that was."""

    device: str
    name: str
    seq: Number
    head: Hash
    claimed: Number
    seen_at: Moment | None = None


class CountedElsewhere(msgspec.Struct, frozen=True, array_like=True):
    """One count in which central's tally of a closed day differs from the signed one (``what`` as in P.12)."""

    what: str
    here: int
    there: int


class CloseAnswer(msgspec.Struct, frozen=True, array_like=True):
    """Central counted again what the ``day_closed`` ``seq`` of ``device`` covers; no ``differences`` when it agrees."""

    device: str
    seq: Number
    differences: tuple[CountedElsewhere, ...] = ()


class RevokedKey(msgspec.Struct, frozen=True, array_like=True):
    """A staff member's signing key that counts no more at this centre, by key id, and since when (P.18)."""

    keyid: str
    staff: str
    at: Moment


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """One page of what changed; signed, and bound to the question by ``device``, ``nonce`` and ``from_cursor``.

    ``more`` tells that a further page waits behind ``cursor``; ``total`` is how many appointments this pull has in all
    from ``from_cursor`` on, for the progress words. ``outcomes`` are later decisions on records of this device. Lists
    that do not page (batches, centres, desks, staff) are whole each time. ``peers`` are records of the centre's other
    desks, ``desks`` how far each has come, ``staff`` the chains of everybody's certificate (DSSE JSON, their own
    first), ``closes`` what central counted over this centre's closed days. ``keys`` are statements of central's present
    keys, for a desk that goes by earlier ones (P.17). ``revoked`` are keys of the centre's staff that count no more,
    ``revoked_at`` is since when this machine is out of use (P.21); then the page has nothing about people.
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
    peers: list[PeerRecord] = []
    desks: list[PeerDesk] = []
    staff: list[list[str]] = []
    closes: list[CloseAnswer] = []
    keys: list[str] = []
    revoked: list[RevokedKey] = []
    revoked_at: Moment | None = None


class ConfirmState(StrEnum):
    """What became of a question for somebody's OTP."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    EXPIRED = "expired"
    NO_MOBILE = "no_mobile"
    NOT_WAITING = "not_waiting"
    """The record is not one that a confirmation would help."""


class ConfirmRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the person for their OTP about the dose ``seq`` of ``of_device``; with ``otp``, the six digits they read.

    ``keys`` is the number of the set of central's keys that this desk goes by (P.17).
    """

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    of_device: str
    seq: Number
    otp: str = ""
    keys: Number = 0


class ConfirmReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, signed, and bound to the question by ``device`` and ``nonce``."""

    v: int = VERSION
    centre: str
    device: str
    nonce: Nonce
    state: ConfirmState
