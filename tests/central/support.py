"""A central in a folder with a clock that stands still, people who book, and a desk that is nothing but its keys."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select

from tests.support import postgres
from vaccinator_app.central import admin
from vaccinator_app.central.admin import Home
from vaccinator_app.central.booking import Booked, BookingForm, Bookings
from vaccinator_app.central.database import URL_FILE, default_url
from vaccinator_app.central.desk_api import DeskApi
from vaccinator_app.central.gateways import FileGateway
from vaccinator_app.central.limits import Bound, Bounds
from vaccinator_app.central.login import Login
from vaccinator_app.central.partners import Partners, Scope
from vaccinator_app.central.schema import metadata
from vaccinator_app.central.sms import Drain, Texts
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.domain.events import (
    Body,
    CodeRefused,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    Proof,
    ProofKind,
    Site,
    StaffAdded,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Gender, PhotoId, Role
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.vaccines import Formulary, formulary
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

RAMPUR, BHOJPUR, FAR = "100001", "100002", "200001"
MORNING = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)  # ten in the morning in Rampur
TODAY = date(2026, 11, 21)
BATCH = "4121Z025"
PORTAL = "https://vaccinator.example"
EXPIRY = date(2027, 3, 31)
HOME = "203.0.113.7"
"""Where everybody's requests come from."""

BOUNDLESS = Bounds(**{name: Bound(10**6, timedelta(days=1)) for name in Bounds.__dataclass_fields__})
"""For tests in which one mobile does in a moment what takes others a year."""


def vaccines() -> Formulary:
    return formulary(json.loads((resources_folder() / "vaccines.json").read_text("utf-8")))


def texts() -> Texts:
    found: Texts = json.loads((resources_folder() / "sms.json").read_text("utf-8"))
    return found


@dataclass(slots=True)
class Clock:
    """Stands still until moved on."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def make_home(folder: Path, url: str | None = None) -> None:
    """A central with three centres (two of one district), sessions today and in the days to come, and a batch."""
    clock = Clock()
    admin.init(folder, clock, vaccines(), url=url)
    home = admin.open_home(folder)
    admin.add_centre(home, RAMPUR, "PHC Rampur", "Rampur")
    admin.add_centre(home, BHOJPUR, "CHC Bhojpur", "Rampur")
    admin.add_centre(home, FAR, "PHC Far", "Elsewhere")
    for centre in (RAMPUR, BHOJPUR):
        for days in (0, 1, 7, 8, 20):
            admin.add_session(home, centre, TODAY + timedelta(days=days), "covishield", capacity=1000)
        admin.add_session(home, centre, TODAY, "covaxin", capacity=2)
        batch = Batch(vaccine="covishield", batch=BATCH, expiry=EXPIRY, doses_per_vial=10)
        admin.allot_batch(home, centre, batch)
    home.database.close()


def partner_key(folder: Path, scopes: Sequence[Scope] = tuple(Scope), calls_a_day: int = 10**6) -> str:
    """The key of an app that may connect to the central in ``folder``."""
    home = admin.open_home(folder)
    try:
        return Partners(home.database, home.keys, Clock()).add("Aarogya", scopes, calls_a_day)[1]
    finally:
        home.database.close()


@dataclass(slots=True)
class World:
    """An opened central and what stands around it."""

    folder: Path
    home: Home
    clock: Clock = field(default_factory=Clock)
    api: DeskApi = field(init=False)
    login: Login = field(init=False)
    bookings: Bookings = field(init=False)
    drain: Drain = field(init=False)
    people: int = 0

    def __post_init__(self) -> None:
        database, keys = self.home.database, self.home.keys
        self.api = DeskApi(database, keys, self.clock)
        self.login = Login(database, keys, self.clock, BOUNDLESS)
        self.bookings = Bookings(database, keys, self.clock, self.login)
        gateway = FileGateway(self.folder / "sms")
        self.drain = Drain(database, keys.cupboard, gateway, texts(), self.clock, PORTAL)

    def inbox(self, mobile: str) -> list[str]:
        """The texts that reached a phone, oldest first."""
        self.drain.run()
        file = self.folder / "sms" / f"{mobile}.jsonl"
        return [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def sign_in(self, mobile: str) -> str:
        """A session, opened with the one-time password that came by SMS."""
        self.login.ask(mobile, "en", address=HOME)
        otp = self.inbox(mobile)[-1][:6]
        return self.login.verify(mobile, otp, address=HOME).token

    def form(self, **changes: object) -> BookingForm:
        """A form that is in order, for a person not seen before."""
        self.people += 1
        fields: dict[str, object] = {
            "name": f"Sunita Kumari {self.people}",
            "year_of_birth": 1968,
            "gender": "woman",
            "photo_id_type": "aadhaar",
            "photo_id_number": f"4444{self.people:08d}",
            "vaccine": "covishield",
            "dose": 1,
            "centre": RAMPUR,
            "date": TODAY.isoformat(),
            "slot": "10:00",
        }
        return BookingForm(**{**fields, **changes})  # type: ignore[arg-type]

    def mobile(self) -> str:
        """A number nobody has."""
        return f"98{self.people:08d}"

    def book(self, mobile: str | None = None, **changes: object) -> Booked:
        """A person with an appointment."""
        form = self.form(**changes)
        booked = self.bookings.book(self.sign_in(mobile or self.mobile()), form)
        # Delivered now: messages of one moment have no order among them, and this clock stands still.
        self.drain.run()
        return booked

    def restore(self, template: Path) -> None:
        """Begin again with the files of ``template``, under the same open home: its statements stay compiled."""
        self.home.database.close()
        own, like = default_url(self.folder), default_url(template)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(template, self.folder)
        if (self.folder / URL_FILE).exists():
            postgres.again(own, like)
            (self.folder / URL_FILE).write_text(own, "utf-8")
        (self.folder / "sms").mkdir(mode=0o700)


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


def count(world: World, table: Table, *where: Any) -> int:
    with world.home.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    return found


def plan_of(world: World, sql: str) -> str:
    """How the database goes about a statement, on tables that are too small for PostgreSQL to use an index unasked."""
    with world.home.database.read() as connection:
        if connection.dialect.name == "sqlite":
            return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all())
        for way in ("seqscan", "bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        return str(connection.exec_driver_sql(f"EXPLAIN {sql}".replace("%", "%%")).all())


def stored(world: World) -> bytes:
    """Everything that the database has, as whoever steals it could read it."""
    if world.home.database.engine.dialect.name == "sqlite":
        world.home.database.close()
        return b"".join(path.read_bytes() for path in world.folder.glob("central.db*"))
    found: list[bytes] = []
    with world.home.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


def other_code(code: str, *, same_bucket: bool) -> str:
    """A wrong code: one the desk's check lets through, or one it stops."""
    step = MODULUS if same_bucket else 1
    return f"{(int(code) + step) % 10_000 if int(code) + step < 10_000 else int(code) - step:04d}"
