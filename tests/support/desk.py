"""A real vault with a roster, opened for one person, without any central behind it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId, Role, StaffMember
from vaccinator_app.domain.vaccines import Formulary, formulary
from vaccinator_app.protocol.enrolment import CentralKeys, device_id
from vaccinator_app.protocol.messages import (
    AllottedBatch,
    Changes,
    CloseAnswer,
    Lease,
    Outcome,
    PeerDesk,
    PeerRecord,
    RosterKey,
)
from vaccinator_app.trust import code, slip
from vaccinator_app.trust.certificates import Certificate, Subject, issue
from vaccinator_app.trust.keys import HybridKey, SealingKey, SigningKey
from vaccinator_app.vault.identity import Identity
from vaccinator_app.vault.vault import Vault

ZONE = ZoneInfo("Asia/Kolkata")
MORNING = datetime(2026, 11, 21, 10, 0, tzinfo=ZONE)
TODAY = MORNING.date()
CENTRE = "091042"
IN_CHARGE = StaffMember(staff="s-incharge", name="R. Sharma", role=Role.IN_CHARGE)


def vaccines() -> Formulary:
    """The programme's vaccines as they ship."""
    return formulary(json.loads((resources_folder() / "vaccines.json").read_text("utf-8")))


@dataclass(slots=True)
class ToldClock:
    """A clock that stands still until it is told otherwise."""

    moment: datetime = MORNING
    name: str = "boot0001"
    ran: timedelta = timedelta(hours=1)

    def now(self) -> datetime:
        return self.moment

    def boot(self) -> str:
        return self.name

    def uptime_ms(self) -> int:
        return int(self.ran.total_seconds() * 1000)

    def pass_time(self, span: timedelta) -> None:
        self.moment += span
        self.ran += span


@dataclass(slots=True)
class CentralSide:
    """What only central knows: its keys, and each person's code and slip secret."""

    signing: SigningKey = field(default_factory=SigningKey.generate)
    codes: SealingKey = field(default_factory=SealingKey.generate)
    people: HybridKey = field(default_factory=HybridKey.generate)
    roster_key: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def public(self) -> CentralKeys:
        return CentralKeys(signing=self.signing.public, codes=self.codes.public, people=self.people.public)

    def appointment(
        self,
        number: int,
        name: str = "Sunita Kumari",
        *,
        the_code: str = "4821",
        secret: bytes | None = None,
        year: int = 1968,
        dose: int = 1,
        vaccine: str = "covishield",
        day: date = TODAY,
        previous: Sequence[PreviousDose] = (),
        cancelled: bool = False,
    ) -> Appointment:
        reference = f"{number:012d}"
        return Appointment(
            appointment=reference,
            token=number,
            beneficiary=Beneficiary(
                name=name,
                year_of_birth=year,
                gender=Gender.WOMAN,
                photo_id=PhotoId.AADHAAR,
                photo_id_last4=f"{4000 + number}",
                mobile_last4=f"{7000 + number}",
            ),
            session_date=day,
            slot=datetime(day.year, day.month, day.day, 10, number % 60, tzinfo=ZONE),
            vaccine=vaccine,
            dose=dose,
            booking=Booking.ONLINE,
            previous=tuple(previous),
            code_tag=code.tag(self.roster_key, reference, code.bucket(the_code)),
            slip_hash=slip.secret_hash(secret or self.secret(number)),
            cancelled=cancelled,
        )

    def secret(self, number: int) -> bytes:
        return number.to_bytes(16, "big")

    def slip(self, number: int, day: date = TODAY, centre: str = CENTRE) -> str:
        """The digits in the QR of somebody's slip."""
        made = slip.Slip(centre=centre, session_date=day, appointment=f"{number:012d}", secret=self.secret(number))
        return slip.encode(made)

    def changes(
        self,
        device: str,
        appointments: Sequence[Appointment] = (),
        *,
        at: datetime = MORNING,
        from_cursor: int = 0,
        outcomes: Sequence[Outcome] = (),
        batches: Sequence[AllottedBatch] | None = None,
        peers: Sequence[PeerRecord] = (),
        desks: Sequence[PeerDesk] = (),
        staff: Sequence[Sequence[str]] = (),
        closes: Sequence[CloseAnswer] = (),
    ) -> Changes:
        if batches is None:
            batches = [
                AllottedBatch("covishield", "4121Z025", date(2027, 3, 31), 10),
                AllottedBatch("covishield", "4121Z026", date(2027, 6, 30), 10),
            ]
        return Changes(
            centre=CENTRE,
            device=device,
            nonce=bytes(16),
            from_cursor=from_cursor,
            cursor=from_cursor + 1,
            more=False,
            total=len(appointments),
            at=at,
            lease=Lease(issued_at=at, warn_at=at + timedelta(days=5), expires_at=at + timedelta(days=7)),
            roster_key=RosterKey(key=self.roster_key, modulus=code.MODULUS),
            appointments=list(appointments),
            outcomes=list(outcomes),
            batches=list(batches),
            centres={"091043": "CHC Bhojpur"},
            peers=list(peers),
            desks=list(desks),
            staff=[list(chain) for chain in staff],
            closes=list(closes),
        )


def identity(central: CentralSide, device_key: SigningKey) -> Identity:
    """A desk of the centre, enrolled with ``central``."""
    return Identity(
        centre=CENTRE,
        centre_name="PHC Rampur",
        time_zone="Asia/Kolkata",
        device=device_id(device_key.public),
        device_name="Desk 2",
        device_key=device_key,
        device_certificate="{}",
        central=central.public,
        address="https://127.0.0.1:1",
        authority="",
    )


def staff_certificate(central: CentralSide, member: StaffMember, key: SigningKey) -> str:
    """What central says of an in-charge: DSSE JSON."""
    certificate = Certificate(
        subject=Subject.STAFF,
        id=member.staff,
        centre=CENTRE,
        name=member.name,
        role=member.role,
        signing_key=key.public,
        sealing_key=SealingKey.generate().public,
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2028, 1, 1, tzinfo=UTC),
    )
    return issue(certificate, central.signing).to_json()


def make_place(
    home: Path, central: CentralSide, appointments: Sequence[Appointment], clock: ToldClock | None = None
) -> Workplace:
    """A new vault in ``home`` with ``appointments`` on its roster, the in-charge signed in. Close its vault."""
    key = SigningKey.generate()
    vault = Vault.create(home, os.urandom(32), identity(central, SigningKey.generate()))
    vault.certificates.add([staff_certificate(central, IN_CHARGE, key)])
    vault.exchange.apply(central.changes(vault.identity.device, appointments))
    return Workplace(
        home=home, vault=vault, staff=IN_CHARGE, signing_key=key, formulary=vaccines(), clock=clock or ToldClock()
    )
