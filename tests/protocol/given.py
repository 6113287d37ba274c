"""Records, messages and strategies for the tests of this room."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tests.trust import fixed
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.closing_events import (
    CountedBatch,
    DayClosed,
    ExceptionSettled,
    LedgerHead,
    Settlement,
    SettleReason,
    VarianceReason,
)
from vaccinator_app.domain.counts import BatchCount, Counts, DayTally, Deferral, Hour, Line
from vaccinator_app.domain.events import (
    BODIES,
    Arrived,
    Body,
    CodeRefused,
    DeferReason,
    DoseDeferred,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    ObservationEnded,
    ObservationOutcome,
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
    RecordViewed,
    SignedIn,
    SignedOut,
    Site,
    Voided,
    VoidReason,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.staff_events import (
    AuditExported,
    DetailsPurged,
    Notice,
    Noticed,
    PurgeReason,
    RemovalReason,
    StaffAdded,
    StaffRemoved,
    VaultRekeyed,
)
from vaccinator_app.domain.stock_events import (
    DiscardReason,
    StockReceived,
    StockTransferred,
    VialDiscarded,
    VialOpened,
    VvmStage,
)
from vaccinator_app.protocol.delivery import DeliverReply, DeliverRequest
from vaccinator_app.protocol.enrolment import CentralKeys, EnrolmentFile, EnrolmentReply, EnrolmentRequest
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import (
    AllottedBatch,
    Changes,
    CloseAnswer,
    ConfirmReply,
    ConfirmRequest,
    ConfirmState,
    CountedElsewhere,
    Lease,
    Outcome,
    PeerDesk,
    PeerRecord,
    PullRequest,
    PushRequest,
    Reason,
    Receipt,
    RosterKey,
    Status,
)
from vaccinator_app.protocol.records import Event, Record, encode_body, sign_event
from vaccinator_app.protocol.shapes import MAX_NUMBER
from vaccinator_app.trust.certificates import issue
from vaccinator_app.trust.keys import SigningKey, key_id
from vaccinator_app.trust.seal import recovery_binding, seal_for_decades

DEVICE = fixed.DEVICE_CERTIFICATE.id
STAFF = fixed.VACCINATOR_CERTIFICATE.id
INDIA = timezone(timedelta(hours=5, minutes=30))
MORNING = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=INDIA)

# Strategies

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NUMBERS = st.integers(0, MAX_NUMBER)
BYTES = st.binary(max_size=40)
MOMENTS = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001  (hypothesis adds the zone)
    datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, INDIA, timezone(timedelta(hours=-9, minutes=-30))]),
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: NUMBERS,
    bool: st.booleans(),
    bytes: BYTES,
    date: st.dates(),
    datetime: MOMENTS,
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that stands in a body or an appointment."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of(*(st.none() if one is type(None) else values(one) for one in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=2).map(tuple)
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    hints = get_type_hints(hint)
    return st.builds(hint, **{field.name: values(hints[field.name]) for field in fields(hint)})


def bodies(kind: str) -> st.SearchStrategy[Body]:
    """Any body of one kind."""
    return values(BODIES[kind])


_PROOF = Proof(how=ProofKind.CODE, seq=3, key="44c994fe12247579", sealed=bytes(range(52)))
_WHO = "202611210014"
_COUNTS = Counts(booked=2, arrived=2, given=1, deferred=1, by_code=1, codes_refused=1)

EXAMPLES: tuple[Body, ...] = (
    SignedIn(),
    Arrived(appointment=_WHO),
    CodeRefused(appointment=_WHO, attempt=1, proof=_PROOF),
    VialOpened(vaccine="covishield", batch="4121Z025", vial=3, doses=10),
    DoseGiven(
        appointment=_WHO,
        identity=IdentityMethod.SLIP_AND_PHOTO_ID,
        eligibility=EligibilityShown(
            rule="eligible.interval_kept", previous_dose_on=date(2026, 8, 1), from_certificate=True
        ),
        proof=_PROOF,
        vaccine="covishield",
        dose=2,
        batch="4121Z025",
        expiry=date(2026, 12, 31),
        vial=3,
        site=Site.LEFT_ARM,
    ),
    DoseDeferred(appointment=_WHO, reason=DeferReason.UNWELL),
    WalkInRegistered(
        appointment="W0123456789abcdef",
        token=90,
        vaccine="covishield",
        dose=1,
        session_date=date(2026, 11, 21),
        photo_id=PhotoId.PAN,
        photo_id_last4="12AB",
        key="93f38d0e34a9efdd",
        sealed=bytes(64),
    ),
    ObservationEnded(appointment=_WHO, outcome=ObservationOutcome.WELL),
    Voided(appointment=_WHO, seq=5, reason=VoidReason.WRONG_BATCH),
    RecordViewed(appointment=_WHO),
    StaffAdded(staff="s0000000000b2", certificate="{}"),
    SignedOut(idle=True),
    StockReceived(
        vaccine="covishield",
        batch="4121Z025",
        expiry=date(2026, 12, 31),
        vials=24,
        doses_per_vial=10,
        vvm=VvmStage.STAGE_1,
    ),
    StockTransferred(vaccine="covishield", batch="4121Z025", vials=2, to="CHC Bhojpur"),
    VialDiscarded(vaccine="covishield", batch="4121Z025", reason=DiscardReason.BROKEN, doses=20, vials=2),
    OverrideGranted(appointment=_WHO, reason=OverrideReason.SLIP_LOST),
    AefiReported(
        appointment=_WHO,
        dose_seq=5,
        onset=MORNING + timedelta(minutes=20),
        signs=(AefiSign.FAINTING, AefiSign.OTHER),
        seriousness=Seriousness.HOSPITALISATION,
        outcome=AefiOutcome.RECOVERING,
        key="93f38d0e34a9efdd",
        sealed=bytes(32),
    ),
    ExceptionSettled(
        exception="held:d1:5", how=Settlement.ESCALATED, reason=SettleReason.OTHER, note="District phoned."
    ),
    DayClosed(
        day=date(2026, 11, 21),
        amendment=1,
        previous="ab" * 32,
        heads=(LedgerHead(DEVICE, 18, "cd" * 32),),
        tally=DayTally(
            day=date(2026, 11, 21),
            total=_COUNTS,
            sessions=(Line("1", _COUNTS),),
            vaccines=(Line("covishield", _COUNTS),),
            batches=(Line("covishield/4121Z025", _COUNTS),),
            staff=(Line(STAFF, _COUNTS),),
            bookings=(Line("online", _COUNTS),),
            deferrals=(Deferral("unwell", 1),),
            hours=(Hour(10, 2, 1),),
            stock=(
                BatchCount(
                    vaccine="covishield",
                    batch="4121Z025",
                    doses_per_vial=10,
                    at_start=1,
                    received=24,
                    opened=1,
                    from_vials=10,
                    given=1,
                    left=8,
                    variance=-1,
                ),
            ),
        ),
        counted=(
            CountedBatch(
                vaccine="covishield", batch="4121Z025", counted=23, computed=24, reason=VarianceReason.UNEXPLAINED
            ),
        ),
        open_exceptions=("held:d1:5",),
    ),
    StaffRemoved(staff="s02", keys=("0123456789abcdef",), reason=RemovalReason.LEFT),
    VaultRekeyed(epoch=2, key="fedcba9876543210", sealed=b"sealed for recovery"),
    Noticed(what=Notice.MANY_LOOKUPS, seconds=3600, count=21, of=STAFF),
    DetailsPurged(day=date(2026, 11, 21), people=120, reason=PurgeReason.CLOSED),
    AuditExported(first=date(2026, 11, 20), last=date(2026, 11, 21), entries=312),
)
"""A body of each kind, with every field filled."""

DOSE = EXAMPLES[4]

# A ledger


def event(link: Link, body: Body, **other: Any) -> Event:
    """The next event behind ``link``."""
    seq = link.seq + 1
    whole: dict[str, Any] = {
        "centre": fixed.CENTRE,
        "device": DEVICE,
        "seq": seq,
        "prev": link.hash,
        "kind": body.KIND,
        "at": MORNING + timedelta(minutes=seq),
        "boot": "b1",
        "uptime_ms": 1000 * seq,
        "staff": STAFF,
        "body": encode_body(body),
    }
    return Event(**{**whole, **other})


def arrivals(count: int) -> list[Body]:
    """``count`` people arriving."""
    return [Arrived(appointment=f"{number:012d}") for number in range(count)]


def ledger(bodies: Sequence[Body], key: SigningKey = fixed.VACCINATOR, **other: Any) -> list[Record]:
    """A good chain of ``bodies``, signed by ``key``."""
    link = Link()
    records = []
    for body in bodies:
        record = sign_event(event(link, body, **other), key)
        link = Link(link.seq + 1, record.hash)
        records.append(record)
    return records


# One of each message

LEASE = Lease(issued_at=MORNING, warn_at=MORNING + timedelta(days=5), expires_at=MORNING + timedelta(days=7))
APPOINTMENT = Appointment(
    appointment="202611210014",
    token=14,
    beneficiary=Beneficiary(
        name="सुनीता कुमारी",
        year_of_birth=1968,
        gender=Gender.WOMAN,
        photo_id=PhotoId.AADHAAR,
        photo_id_last4="4821",
        mobile_last4="0137",
    ),
    session_date=date(2026, 11, 21),
    slot=MORNING,
    vaccine="covishield",
    dose=2,
    booking=Booking.ONLINE,
    previous=(PreviousDose(dose=1, vaccine="covishield", given_on=date(2026, 8, 1)),),
    code_tag=bytes(range(16)),
    slip_hash=bytes(range(32)),
)
OUTCOMES = [Outcome(1, Status.ACCEPTED), Outcome(2, Status.HELD, (Reason.CODE_MISMATCH, Reason.TOO_EARLY))]

PUSH = PushRequest(centre=fixed.CENTRE, device=DEVICE, head_seq=3, head_hash=bytes(32), records=ledger(arrivals(2)))
RECEIPT = Receipt(
    centre=fixed.CENTRE, device=DEVICE, upto=2, head=bytes(range(32)), at=MORNING, outcomes=OUTCOMES, forked=[2]
)
PULL = PullRequest(centre=fixed.CENTRE, device=DEVICE, nonce=bytes(16), cursor=7)
CHANGES = Changes(
    centre=fixed.CENTRE,
    device=DEVICE,
    nonce=bytes(16),
    from_cursor=7,
    cursor=9,
    more=False,
    total=1,
    at=MORNING,
    lease=LEASE,
    roster_key=RosterKey(key=fixed.ROSTER_KEY, modulus=251),
    appointments=[APPOINTMENT],
    outcomes=OUTCOMES,
    batches=[AllottedBatch("covishield", "4121Z025", date(2026, 12, 31), 10, withdrawn=True)],
    centres={fixed.CENTRE: "PHC Rampur", "091002": "CHC Bhojpur"},
    peers=[PeerRecord("d2", ledger(arrivals(1))[0], Status.HELD, (Reason.TOO_EARLY,))],
    desks=[PeerDesk("d2", "Desk 2", 1, bytes(range(32)), 2, MORNING)],
    staff=[["{}", "{}"]],
    closes=[CloseAnswer("d2", 1, (CountedElsewhere("total.given", 2, 1),))],
)
CONFIRM = ConfirmRequest(centre=fixed.CENTRE, device=DEVICE, nonce=bytes(16), of_device="d2", seq=7, otp="123456")
CONFIRMED = ConfirmReply(centre=fixed.CENTRE, device=DEVICE, nonce=bytes(16), state=ConfirmState.CONFIRMED)
DELIVER = DeliverRequest(
    centre=fixed.CENTRE,
    device="d2",
    nonce=bytes(16),
    origin=DEVICE,
    part=1,
    key=key_id(fixed.PEOPLE.public),
    sealed=bytes(64),
)
DELIVERED = DeliverReply(
    centre=fixed.CENTRE, device="d2", nonce=bytes(16), origin=DEVICE, part=1, upto=7, receipt=bytes(64)
)
CENTRAL_KEYS = CentralKeys(signing=fixed.CENTRAL.public, codes=fixed.CODES.public, people=fixed.PEOPLE.public)
ENROLMENT_FILE = EnrolmentFile(
    centre=fixed.CENTRE,
    centre_name="PHC Rampur",
    time_zone="Asia/Kolkata",
    address="https://central.example:8443",
    authority="-----BEGIN CERTIFICATE-----\n",
    central=CENTRAL_KEYS,
    token="one-time",
    expires_at=MORNING,
)
ENROLMENT_REQUEST = EnrolmentRequest(
    token="one-time",
    device_key=fixed.DEVICE.public,
    device_name="Desk 2",
    in_charge_name="Sushila Devi",
    in_charge_signing_key=fixed.IN_CHARGE.public,
    in_charge_sealing_key=fixed.STAFF_SEALING.public,
    recovery=seal_for_decades(bytes(32), fixed.PEOPLE.public, recovery_binding(DEVICE)),
)
ENROLMENT_REPLY = EnrolmentReply(
    device=DEVICE,
    centre=fixed.CENTRE,
    in_charge=fixed.IN_CHARGE_CERTIFICATE.id,
    device_certificate=issue(fixed.DEVICE_CERTIFICATE, fixed.CENTRAL).to_json(),
    in_charge_certificate=issue(fixed.IN_CHARGE_CERTIFICATE, fixed.CENTRAL).to_json(),
)
