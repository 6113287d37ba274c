"""A desk that is nothing but its keys, and whoever else signs at it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tests.central.support import BATCH, EXPIRY, RAMPUR, TODAY, World
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.domain.events import (
    Body,
    CodeRefused,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    Proof,
    ProofKind,
    Site,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Gender, PhotoId, Role
from vaccinator_app.domain.staff_events import StaffAdded
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import (
    ENROLMENT_REPLY_TYPE,
    ENROLMENT_REQUEST_TYPE,
    EnrolmentFile,
    EnrolmentReply,
    EnrolmentRequest,
    read_file,
)
from vaccinator_app.protocol.messages import (
    CHANGES_TYPE,
    CONFIRM_TYPE,
    CONFIRMED_TYPE,
    PULL_TYPE,
    PUSH_TYPE,
    RECEIPT_TYPE,
    Changes,
    ConfirmReply,
    ConfirmRequest,
    ConfirmState,
    PullRequest,
    PushRequest,
    Receipt,
    Status,
)
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.people import WalkInDetails, write_details
from vaccinator_app.protocol.records import FIRST_PREV, Event, Record, encode_body, sign_event
from vaccinator_app.trust import seal, slip
from vaccinator_app.trust.certificates import Certificate, Subject, issue
from vaccinator_app.trust.code import MODULUS
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id


@dataclass(slots=True)
class Desk:
    """A machine with its in-charge, as far as central can see one: keys and a ledger in memory."""

    world: World
    centre: str = RAMPUR
    device_key: SigningKey = field(default_factory=SigningKey.generate)
    staff_key: SigningKey = field(default_factory=SigningKey.generate)
    sealing_key: SealingKey = field(default_factory=SealingKey.generate)
    ledger: list[Record] = field(default_factory=list)
    file: EnrolmentFile = field(init=False)
    reply: EnrolmentReply = field(init=False)

    def __post_init__(self) -> None:
        self.file = read_file(
            admin.create_enrolment_file(self.world.home, self.world.clock, self.centre, "https://127.0.0.1:1")
        )
        answer = self.world.api.enrol(self.request())
        self.reply = packing.verified(
            packing.unpack(answer), ENROLMENT_REPLY_TYPE, self.file.central.signing, EnrolmentReply
        )

    def request(self) -> bytes:
        """The packed enrolment request of this machine."""
        request = EnrolmentRequest(
            token=self.file.token,
            device_key=self.device_key.public,
            device_name="Desk 1",
            in_charge_name="S. Devi",
            in_charge_signing_key=self.staff_key.public,
            in_charge_sealing_key=self.sealing_key.public,
            recovery=b"sealed database key",
        )
        return packing.pack(request, ENROLMENT_REQUEST_TYPE, self.device_key)

    @property
    def device(self) -> str:
        return self.reply.device

    @property
    def seq(self) -> int:
        """The number of the next record."""
        return len(self.ledger) + 1

    @property
    def head(self) -> bytes:
        return self.ledger[-1].hash if self.ledger else FIRST_PREV

    def event(self, body: Body, **changes: object) -> Event:
        fields: dict[str, object] = {
            "centre": self.centre,
            "device": self.device,
            "seq": self.seq,
            "prev": self.head,
            "kind": body.KIND,
            "at": self.world.clock(),
            "boot": "boot",
            "uptime_ms": 1,
            "staff": self.reply.in_charge,
            "body": encode_body(body),
        }
        return Event(**{**fields, **changes})  # type: ignore[arg-type]

    def record(self, body: Body, key: SigningKey | None = None, **changes: object) -> Record:
        """Sign ``body`` as the next record and append it."""
        record = sign_event(self.event(body, **changes), key or self.staff_key)
        self.ledger.append(record)
        return record

    def proof(self, appointment: str, typed: str | bytes, how: ProofKind = ProofKind.CODE, seq: int = 0) -> Proof:
        codes = self.file.central.codes
        plain = typed.encode() if isinstance(typed, str) else typed
        number = seq or self.seq
        sealed = seal.seal(plain, codes, seal.code_binding(appointment, self.device, number))
        return Proof(how=how, seq=number, key=key_id(codes), sealed=sealed)

    def dose(self, booked: Booked, typed: str | None = None, **changes: object) -> DoseGiven:
        """A dose for an appointment with its code, or with another one."""
        proof = self.proof(booked.reference, booked.code if typed is None else typed)
        fields: dict[str, object] = {
            "appointment": booked.reference,
            "identity": IdentityMethod.PHOTO_ID,
            "eligibility": EligibilityShown(rule="eligible.first_dose"),
            "proof": proof,
            "vaccine": booked.vaccine,
            "dose": booked.dose,
            "batch": BATCH,
            "expiry": EXPIRY,
            "vial": 1,
            "site": Site.LEFT_ARM,
        }
        return DoseGiven(**{**fields, **changes})  # type: ignore[arg-type]

    def slip_dose(self, booked: Booked) -> DoseGiven:
        """A dose proved by the scanned slip."""
        secret = slip.decode(booked.slip).secret
        return self.dose(booked, proof=self.proof(booked.reference, secret, ProofKind.SLIP))

    def refused_code(self, booked: Booked, typed: str) -> CodeRefused:
        return CodeRefused(appointment=booked.reference, attempt=1, proof=self.proof(booked.reference, typed))

    def walk_in(self, appointment: str, mobile: str = "9812345678", **changes: object) -> WalkInRegistered:
        details = WalkInDetails(
            name="Mohd. Irfan",
            year_of_birth=1990,
            gender=Gender.MAN,
            photo_id=PhotoId.VOTER_ID,
            photo_id_last4="7788",
            mobile=mobile,
        )
        people = self.file.central.people
        info = seal.person_binding(appointment, self.device)
        fields: dict[str, object] = {
            "appointment": appointment,
            "token": 900,
            "vaccine": "covishield",
            "dose": 1,
            "session_date": TODAY,
            "photo_id": PhotoId.VOTER_ID,
            "photo_id_last4": "7788",
            "key": key_id(people),
            "sealed": seal.seal_for_decades(write_details(details), people, info),
        }
        return WalkInRegistered(**{**fields, **changes})  # type: ignore[arg-type]

    def colleague(
        self, staff: str, key: SigningKey, *, role: Role = Role.VACCINATOR, issuer: SigningKey | None = None
    ) -> StaffAdded:
        """A certificate for somebody new, by the in-charge or by ``issuer``."""
        now = self.world.clock()
        certificate = Certificate(
            subject=Subject.STAFF,
            id=staff,
            centre=self.centre,
            name="New Colleague",
            role=role,
            signing_key=key.public,
            sealing_key=SealingKey.generate().public,
            not_before=now - timedelta(hours=1),
            not_after=now + timedelta(days=366),
        )
        return StaffAdded(staff=staff, certificate=issue(certificate, issuer or self.staff_key).to_json())

    def packed(self, records: Sequence[Record], **changes: object) -> bytes:
        fields: dict[str, object] = {
            "centre": self.centre,
            "device": self.device,
            "head_seq": len(self.ledger),
            "head_hash": self.head,
            "records": list(records),
        }
        request = PushRequest(**{**fields, **changes})  # type: ignore[arg-type]
        return packing.pack(request, PUSH_TYPE, self.device_key)

    def push(self, records: Sequence[Record] | None = None, urgent: Sequence[Record] = ()) -> Receipt:
        """Push these records, or the whole ledger, and verify the receipt."""
        answer = self.world.api.push(self.packed(self.ledger if records is None else records, urgent=list(urgent)))
        return packing.verified(packing.unpack(answer), RECEIPT_TYPE, self.file.central.signing, Receipt)

    def pull(self, cursor: int = 0, limit: int = 5000) -> Changes:
        nonce = os.urandom(16)
        request = PullRequest(centre=self.centre, device=self.device, nonce=nonce, cursor=cursor, limit=limit)
        answer = self.world.api.pull(packing.pack(request, PULL_TYPE, self.device_key))
        changes = packing.verified(packing.unpack(answer), CHANGES_TYPE, self.file.central.signing, Changes)
        assert changes.nonce == nonce
        return changes

    def confirm(self, seq: int, otp: str = "", of: Desk | None = None, of_name: str | None = None) -> ConfirmState:
        """Ask for somebody's OTP about a dose of this or another desk, or give it."""
        device = (of or self).device if of_name is None else of_name
        nonce = os.urandom(16)
        request = ConfirmRequest(
            centre=self.centre, device=self.device, nonce=nonce, of_device=device, seq=seq, otp=otp
        )
        answer = self.world.api.confirm(packing.pack(request, CONFIRM_TYPE, self.device_key))
        reply = packing.verified(packing.unpack(answer), CONFIRMED_TYPE, self.file.central.signing, ConfirmReply)
        assert (reply.nonce, reply.device, reply.centre) == (nonce, self.device, self.centre)
        return reply.state


@dataclass(slots=True)
class Colleague:
    """Somebody the in-charge added: a name and a key to sign with."""

    staff: str = "s-new"
    key: SigningKey = field(default_factory=SigningKey.generate)

    def join(self, desk: Desk) -> None:
        desk.record(desk.colleague(self.staff, self.key))

    def record(self, desk: Desk, body: Body, **changes: object) -> Record:
        return desk.record(body, self.key, staff=self.staff, **changes)


A, H, X = Status.ACCEPTED, Status.HELD, Status.REFUSED


def said(receipt: Receipt) -> dict[int, tuple[Status, tuple[R, ...]]]:
    return {outcome.seq: (outcome.status, outcome.reasons) for outcome in receipt.outcomes}


def other_code(code: str, *, same_bucket: bool) -> str:
    """A wrong code: one the desk's check lets through, or one it stops."""
    step = MODULUS if same_bucket else 1
    return f"{(int(code) + step) % 10_000 if int(code) + step < 10_000 else int(code) - step:04d}"
