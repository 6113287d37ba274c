"""A centre to measure with: a real central in its own process, people booked there, a desk that is enrolled.

As many people as a row wants are written into central's tables as booking leaves them (person, mobile, photo ID,
booking, seat with sealed code), without the way there: nobody waits for 100,000 one-time passwords.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, update

from tests.benchmarks.names import name_of
from tests.support.central import PASSPHRASE, open_as_in_charge
from tests.support.desk import CENTRE, vaccines
from vaccinator_app.central import bulk
from vaccinator_app.central.citizens.login import mobile_hash
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.desks.roster import horizon_of
from vaccinator_app.central.desks.seats import Seat, roster_row, write_entry
from vaccinator_app.central.operations import admin
from vaccinator_app.central.programme import Centre, find_centre
from vaccinator_app.central.rows import booking_row, new_beneficiary, new_code, person_row
from vaccinator_app.central.schema import bookings, centres, mobiles, people, photo_ids, roster, session_days
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.domain.events import DoseGiven, EligibilityShown, IdentityMethod, Proof, ProofKind, Site
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.stock import Batch
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust import code, seal, slip
from vaccinator_app.trust.keys import key_id
from vaccinator_app.trust.keyslot import FLOOR, KdfParameters

BATCH = "4121Z025"
ZONE = ZoneInfo(admin.DEFAULT_ZONE)
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an appointment today: what they say at the desk."""

    appointment: str
    code: str


def copied(template: Path, folder: Path) -> None:
    """A copy to work on, written to the disk before anybody is timed: else the first commits wait for the copy."""
    shutil.copytree(template, folder)
    os.sync()


def today() -> date:
    """The date at the centre."""
    return datetime.now(UTC).astimezone(ZONE).date()


def make_central(folder: Path, number: int) -> list[Person]:
    """A central in ``folder`` with one centre and ``number`` people booked there for today; nobody answers yet."""
    admin.init(folder, system_clock, vaccines())
    home = admin.open_home(folder)
    try:
        admin.add_centre(home, CENTRE, "PHC Rampur", "Rampur")
        batch = Batch(vaccine="covishield", batch=BATCH, expiry=today() + timedelta(days=190), doses_per_vial=10)
        admin.allot_batch(home, CENTRE, batch)
        return _book(home, number)
    finally:
        home.database.close()


def _book(home: admin.Home, number: int) -> list[Person]:
    with home.database.write() as connection:
        connection.execute(insert(session_days).values(centre=CENTRE, day=today(), last_token=number))
        centre = find_centre(connection, home.keys.cupboard, CENTRE)
        # what the first pull of the day would do: the lease's days are in the feed
        told = update(centres).where(centres.c.centre == CENTRE)
        connection.execute(told.values(feed=number, horizon=horizon_of(today())))
    found: list[Person] = []
    waiting = iter(range(number))
    while some := list(islice(waiting, _AT_ONCE)):
        with home.database.write() as connection:
            found += _write(connection, home, centre, some)
    return found


def _write(connection: Connection, home: admin.Home, centre: Centre, numbers: Sequence[int]) -> list[Person]:
    cupboard, now = home.keys.cupboard, datetime.now(UTC)
    found: list[Person] = []
    rows: dict[str, list[dict[str, object]]] = {"people": [], "mobiles": [], "ids": [], "bookings": [], "seats": []}
    for number in numbers:
        beneficiary, typed, secret = new_beneficiary(), new_code(), secrets.token_bytes(slip.SECRET_LENGTH)
        mobile = f"98{number // 4:08d}"
        booked = _appointment(centre, number, typed, secret)
        name = booked.appointment
        seat = Seat(
            beneficiary,
            write_entry(booked),
            changed=number + 1,
            code=cupboard.lock(typed.encode(), "code", centre.centre, name),
            slip_secret=cupboard.lock(secret, "slip_secret", centre.centre, name),
        )
        digest = mobile_hash(cupboard, mobile)
        rows["people"].append(person_row(cupboard, beneficiary, booked.beneficiary, mobile, "en", now))
        rows["mobiles"].append({"mobile_hash": digest, "beneficiary": beneficiary, "booking": Booking.ONLINE.value})
        photo_id = cupboard.keyed_hash("photo_id", f"{PhotoId.AADHAAR}\n4444{number:08d}")
        rows["ids"].append({"photo_id_hash": photo_id, "beneficiary": beneficiary, "mobile_hash": digest})
        rows["bookings"].append(booking_row(beneficiary, centre.centre, booked, now))
        rows["seats"].append(roster_row(centre.centre, booked, seat))
        found.append(Person(name, typed))
    for table, of in ((people, "people"), (mobiles, "mobiles"), (photo_ids, "ids"), (bookings, "bookings"),
                      (roster, "seats")):  # fmt: skip
        columns = tuple(rows[of][0])
        bulk.add(connection, table, columns, [tuple(row.values()) for row in rows[of]])
    return found


def _appointment(centre: Centre, number: int, typed: str, secret: bytes) -> Appointment:
    # as random as booking draws them, and never twice
    name = f"{(number * 7_368_787 + 104_729) % 10**12:012d}"
    start = datetime.combine(today(), datetime.min.time(), ZONE)
    return Appointment(
        appointment=name,
        token=number + 1,
        beneficiary=Beneficiary(
            name=name_of(number),
            year_of_birth=1930 + number % 70,
            gender=Gender.WOMAN if number % 2 else Gender.MAN,
            photo_id=PhotoId.AADHAAR,
            photo_id_last4=f"{number % 10_000:04d}",
            mobile_last4=f"{number // 4 % 10_000:04d}",
        ),
        session_date=today(),
        slot=start + timedelta(minutes=15 * (number % 96)),
        vaccine="covishield",
        dose=1,
        booking=Booking.ONLINE,
        code_tag=code.tag(centre.roster_key, name, code.bucket(typed)),
        slip_hash=slip.secret_hash(secret),
    )


@contextmanager
def serving(folder: Path) -> Iterator[Central]:
    """This central, answering in a process of its own as ``vaccinator central serve`` does."""
    server = Central(folder, folder.with_suffix(".log"))
    try:
        yield server
    finally:
        server.stop()


def connect(server: Central) -> HttpCentral:
    """The desk's own client, by the authority that this central's TLS hangs from."""
    return HttpCentral(server.address, server.authority.read_text("utf-8"))


def enrol_desk(server: Central, home: Path, *, kdf: KdfParameters = FLOOR) -> None:
    """A desk in ``home``, enrolled over the wire; its in-charge's passphrase is ``PASSPHRASE``."""
    opened = admin.open_home(server.home)
    try:
        file = read_file(admin.create_enrolment_file(opened, system_clock, CENTRE, server.address))
    finally:
        opened.database.close()
    desk = NewDesk(device_name="Desk", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=kdf)
    enrol(home, file, desk, lambda f: HttpCentral(f.address, f.authority), datetime.now(UTC))


@contextmanager
def at_the_desk(home: Path) -> Iterator[Workplace]:
    """The desk in ``home``, its in-charge signed in. The vault is closed afterwards."""
    place = open_as_in_charge(Unlock(home, vaccines())).place
    try:
        yield place
    finally:
        place.vault.close()


def give_doses(place: Workplace, waiting: Sequence[Person], at_once: int = 500) -> None:
    """A dose for each, with its code sealed to central, as the desk records one."""
    vault = place.vault
    device, codes = vault.identity.device, vault.exchange.central_keys().codes
    first = vault.ledger.next_seq()
    expiry = today() + timedelta(days=190)
    for start in range(0, len(waiting), at_once):
        bodies = [
            dose(person, codes, device, first + n, vial=n // 10 + 1, expiry=expiry)
            for n, person in enumerate(waiting[start : start + at_once], start)
        ]
        place.record(*bodies)


def dose(person: Person, codes: bytes, device: str, seq: int, *, vial: int, expiry: date) -> DoseGiven:
    """The record's body: everything that a dose at the desk says."""
    sealed = seal.seal(person.code.encode(), codes, seal.code_binding(person.appointment, device, seq))
    return DoseGiven(
        appointment=person.appointment,
        identity=IdentityMethod.PHOTO_ID,
        eligibility=EligibilityShown(rule="eligible.first_dose"),
        proof=Proof(how=ProofKind.CODE, seq=seq, key=key_id(codes), sealed=sealed),
        vaccine="covishield",
        dose=1,
        batch=BATCH,
        expiry=expiry,
        vial=vial,
        site=Site.LEFT_ARM,
    )


def accepted(folder: Path) -> int:
    """How many records central accepted: a benchmark of refusals would say nothing."""
    home = admin.open_home(folder)
    try:
        counts = admin.counts(home)
    finally:
        home.database.close()
    return counts.records - counts.held - counts.refused


def cores() -> str:
    """What a row says of the machine."""
    return f"central and desk share {len(os.sched_getaffinity(0))} cores"
