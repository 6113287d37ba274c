"""A vault with staff whose certificates hold, and people on its roster, for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlcipher3 import dbapi2

from tests.domain.given import WHO, dose_given
from tests.trust import fixed
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.events import (
    Body,
    DoseGiven,
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.stock_events import DiscardReason, StockReceived, StockTransferred, VialDiscarded, VialOpened
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.messages import (
    AllottedBatch,
    Changes,
    CloseAnswer,
    Lease,
    Outcome,
    PeerDesk,
    PeerRecord,
    Receipt,
    RosterKey,
)
from vaccinator_app.trust import certificates, code, slip
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.identity import Identity
from vaccinator_app.vault.ledger import Author, Moment
from vaccinator_app.vault.vault import Vault

KEY = bytes(range(100, 132))
"""Of every vault in these tests, and of the one kept in tests/golden/vault."""

INDIA = timezone(timedelta(hours=5, minutes=30))
DAY = date(2026, 11, 21)
TEN = datetime(2026, 11, 21, 10, 0, tzinfo=INDIA)

CHAIN = (certificates.issue(fixed.IN_CHARGE_CERTIFICATE, fixed.CENTRAL).to_json(),)
COLLEAGUE_CHAIN = (certificates.issue(fixed.VACCINATOR_CERTIFICATE, fixed.IN_CHARGE).to_json(), *CHAIN)
IN_CHARGE = Author(staff=fixed.IN_CHARGE_CERTIFICATE.id, key=fixed.IN_CHARGE)
COLLEAGUE = Author(staff=fixed.VACCINATOR_CERTIFICATE.id, key=fixed.VACCINATOR)

IDENTITY = Identity(
    centre=fixed.CENTRE,
    centre_name="PHC Rampur",
    time_zone="Asia/Kolkata",
    device=fixed.DEVICE_CERTIFICATE.id,
    device_name="Desk 2",
    device_key=fixed.DEVICE,
    device_certificate=certificates.issue(fixed.DEVICE_CERTIFICATE, fixed.CENTRAL).to_json(),
    central=CentralKeys(signing=fixed.CENTRAL.public, codes=fixed.CODES.public, people=fixed.PEOPLE.public),
    address="https://central.example",
    authority="-----BEGIN CERTIFICATE-----",
)


@cache
def _whole() -> bytes:
    with TemporaryDirectory() as folder:
        Vault.create(Path(folder), KEY, IDENTITY, [CHAIN, COLLEAGUE_CHAIN]).close()
        return (Path(folder) / DATABASE).read_bytes()


def born(home: Path) -> Vault:
    """A new vault in ``home``, of a desk with an in-charge and one colleague."""
    home.mkdir(mode=0o700, exist_ok=True)
    (home / DATABASE).write_bytes(_whole())
    return Vault.open(home, KEY)


def moment(minutes: float = 0) -> Moment:
    return Moment(at=TEN + timedelta(minutes=minutes), boot="4f1d2c3b", uptime_ms=int(minutes * 60_000))


def person(
    number: int,
    name: str = "Sunita Kumari",
    *,
    day: date = DAY,
    minute: int = 600,
    token: int | None = None,
    last4: str | None = None,
    mobile: str = "0000",
    the_code: str = "4821",
    cancelled: bool = False,
    previous: Sequence[PreviousDose] = (),
) -> Appointment:
    """A booked person; ``minute`` is that of the slot, counted from midnight."""
    reference = f"{number:012d}"
    return Appointment(
        appointment=reference,
        token=number if token is None else token,
        beneficiary=Beneficiary(
            name=name,
            year_of_birth=1968,
            gender=Gender.WOMAN,
            photo_id=PhotoId.AADHAAR,
            photo_id_last4=f"{9000 + number % 1000}" if last4 is None else last4,
            mobile_last4=mobile,
        ),
        session_date=day,
        slot=datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=INDIA),
        vaccine="two",
        dose=1,
        booking=Booking.ONLINE,
        previous=tuple(previous),
        code_tag=code.tag(fixed.ROSTER_KEY, reference, code.bucket(the_code)),
        slip_hash=slip.secret_hash(number.to_bytes(16, "big")),
        cancelled=cancelled,
    )


def walk_in_person(token: int, name: str = "Abdul Rahman") -> Appointment:
    """The roster row of somebody without a booking."""
    booked = person(token, name)
    return replace(booked, appointment=f"W{token:016x}", booking=Booking.WALK_IN, code_tag=b"", slip_hash=b"")


def changes(
    *appointments: Appointment,
    cursor: int = 0,
    outcomes: Sequence[Outcome] = (),
    batches: Sequence[AllottedBatch] = (),
    at: datetime = TEN,
    peers: Sequence[PeerRecord] = (),
    desks: Sequence[PeerDesk] = (),
    staff: Sequence[Sequence[str]] = (),
    closes: Sequence[CloseAnswer] = (),
) -> Changes:
    """A page from ``cursor`` to ``cursor + 1``."""
    return Changes(
        centre=IDENTITY.centre,
        device=IDENTITY.device,
        nonce=bytes(16),
        from_cursor=cursor,
        cursor=cursor + 1,
        more=False,
        total=len(appointments),
        at=at,
        lease=Lease(issued_at=at, warn_at=at + timedelta(days=5), expires_at=at + timedelta(days=7)),
        roster_key=RosterKey(key=fixed.ROSTER_KEY, modulus=code.MODULUS),
        appointments=list(appointments),
        outcomes=list(outcomes),
        batches=list(batches),
        centres={"091043": "CHC Bhojpur"},
        peers=list(peers),
        desks=list(desks),
        staff=[list(chain) for chain in staff],
        closes=list(closes),
    )


def receipt(vault: Vault, upto: int, *outcomes: Outcome, at: datetime = TEN, head: bytes | None = None) -> Receipt:
    """What central signs for the first ``upto`` records of this vault."""
    if head is None:
        head = vault.exchange.hash_at(upto) or bytes(32)
    return Receipt(centre=IDENTITY.centre, device=IDENTITY.device, upto=upto, head=head, at=at, outcomes=list(outcomes))


def vial(number: int = 3, doses: int = 10) -> VialOpened:
    return VialOpened(vaccine="two", batch="4121Z025", vial=number, doses=doses)


def received(vials: int = 5, batch: str = "4121Z025", *, expiry: date = DAY, doses: int = 10) -> StockReceived:
    return StockReceived(vaccine="two", batch=batch, expiry=expiry, vials=vials, doses_per_vial=doses)


def transferred(vials: int = 1, batch: str = "4121Z025") -> StockTransferred:
    return StockTransferred(vaccine="two", batch=batch, vials=vials, to="Desk 3")


def discarded(number: int = 3, vials: int = 0, doses: int = 4) -> VialDiscarded:
    """Vial ``number``, or with 0 that many unopened ``vials``."""
    return VialDiscarded(
        vaccine="two", batch="4121Z025", reason=DiscardReason.BROKEN, doses=doses, vial=number, vials=vials
    )


def override(who: str = WHO) -> OverrideGranted:
    return OverrideGranted(appointment=who, reason=OverrideReason.SLIP_LOST)


def overridden(who: str = WHO, granted: int = 1) -> DoseGiven:
    """A dose given on the leave in record ``granted``."""
    return replace(dose_given(who), proof=Proof(how=ProofKind.OVERRIDE, seq=granted))


def never_came(seq: int, who: str = WHO) -> Voided:
    return Voided(appointment=who, seq=seq, reason=VoidReason.NEVER_CAME)


def aefi(dose: int, who: str = WHO, seriousness: Seriousness = Seriousness.HOSPITALISATION) -> AefiReported:
    return AefiReported(
        appointment=who,
        dose_seq=dose,
        onset=TEN,
        signs=(AefiSign.FEVER,),
        seriousness=seriousness,
        outcome=AefiOutcome.UNKNOWN,
        key="",
        sealed=b"",
    )


def save(vault: Vault, *bodies: Body, minutes: float = 0, author: Author = IN_CHARGE) -> list[int]:
    """Append and give the numbers."""
    return [saved.seq for saved in vault.ledger.append(moment(minutes), author, bodies)]


def plain(home: Path) -> dbapi2.Connection:
    """The file through the driver alone, no key given yet."""
    return dbapi2.connect(str(home / DATABASE), isolation_level=None)
