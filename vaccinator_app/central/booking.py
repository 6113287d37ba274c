"""Booking: who, where, when; and what comes of it: code, slip, message (DESIGN 4.1, 4.5, 8.2).

Nobody is booked without a session that a one-time password opened. Not here yet: captcha and rate limits (issue of the
portal), moving an appointment (cancel and book again).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from vaccinator_app.central import feed, log, outbox, persons
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.facts import read_standing
from vaccinator_app.central.keys import Keys
from vaccinator_app.central.login import Citizen, Login
from vaccinator_app.central.persons import PhotoIdNumber
from vaccinator_app.central.programme import Centre, find_centre, find_formulary
from vaccinator_app.central.rows import booking_row, may_be_id, new_beneficiary, new_code, person_row, said
from vaccinator_app.central.schema import bookings, mobiles, people, photo_ids, roster, session_days, slots, sms_outbox
from vaccinator_app.central.seats import Seat, read_entry, read_seats, roster_row, write_entry, write_seats
from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.domain.people import Beneficiary
from vaccinator_app.domain.vaccines import Formulary, Vaccine
from vaccinator_app.trust import code, slip

PEOPLE_A_MOBILE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingForm:
    """The fields as typed. ``slot`` is a time at the centre (``10:15``) or a moment with an offset."""

    name: str
    year_of_birth: int | str
    gender: str
    photo_id_type: str
    photo_id_number: str
    vaccine: str
    dose: int | str
    centre: str
    date: str
    slot: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An appointment made. ``slip`` is the digits of the slip's QR, ``code`` the four to say at the centre."""

    reference: str
    centre: str
    centre_name: str
    date: date
    slot: datetime
    token: int
    vaccine: str
    dose: int
    code: str
    slip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLeft:
    """A slot that is open for booking, and how many places it has left."""

    vaccine: str
    slot: datetime
    time: str
    left: int


@dataclass(frozen=True, slots=True)
class _Checked:
    """A form that made sense."""

    person: Beneficiary
    photo_id: PhotoIdNumber
    vaccine: Vaccine
    dose: int
    day: date
    slot: datetime
    language: str


class Bookings:
    """Makes and cancels appointments. Each call is one transaction; a ``Refused`` one changed nothing."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, login: Login) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock
        self._login = login

    def open_slots(self, centre: str, day: str) -> list[SlotLeft]:
        """The slots of a day (ISO 8601) at a centre, full ones too."""
        wanted = _day(day)
        with self._database.read() as connection:
            found = find_centre(connection, self._cupboard, centre)
            rows = connection.execute(
                select(slots)
                .where(slots.c.centre == centre, slots.c.day == wanted)
                .order_by(slots.c.slot, slots.c.vaccine)
            ).all()
        return [
            SlotLeft(
                vaccine=row.vaccine,
                slot=row.slot.astimezone(found.zone),
                time=f"{row.slot.astimezone(found.zone):%H:%M}",
                left=row.capacity - row.booked,
            )
            for row in rows
        ]

    def book(self, token: str, form: BookingForm) -> Booked:
        """Book one person for one dose. A later dose needs no earlier one on record: the desk asks for the certificate.

        Raises ``Refused`` with the first thing that is wrong.
        """
        now = self._clock()
        with self._database.write() as connection:
            citizen = self._login.citizen(connection, token)
            centre = find_centre(connection, self._cupboard, form.centre)
            checked = _check(form, centre, find_formulary(connection), centre.day(now), citizen.mobile)
            beneficiary = self._person(connection, citizen, checked, now)
            self._refuse_second(connection, beneficiary, checked.dose)
            _take_place(connection, centre, checked)
            booked = self._appoint(connection, centre, beneficiary, checked, now)
        log.event("booked", centre=centre.centre)
        return booked

    def cancel(self, token: str, reference: str) -> None:
        """Cancel an appointment of one of this mobile's people. Raises ``Refused``."""
        now = self._clock()
        with self._database.write() as connection:
            citizen = self._login.citizen(connection, token)
            statement = (
                select(bookings)
                .join(mobiles, mobiles.c.beneficiary == bookings.c.beneficiary)
                .where(mobiles.c.mobile_hash == citizen.mobile_hash, bookings.c.appointment == reference)
            )
            row = connection.execute(statement).one_or_none() if may_be_id(reference) else None
            if row is None or row.cancelled_at is not None:
                raise Refused("booking_unknown", 404, "There is no such appointment under this mobile number.")
            given = read_standing(connection, [row.beneficiary]).get(row.beneficiary, [])
            if any(standing.previous.dose == row.dose for standing in given):
                raise Refused("dose_recorded", 409, "This dose is on record. It can no longer be cancelled.")
            self._withdraw(connection, row, now)
        log.event("booking_cancelled", centre=row.centre)

    def _person(self, connection: Connection, citizen: Citizen, checked: _Checked, now: datetime) -> str:
        """The beneficiary of this photo ID, known or new."""
        number = f"{checked.photo_id.kind}\n{checked.photo_id.number}"
        digest = self._cupboard.keyed_hash("photo_id", number)
        known = connection.execute(select(photo_ids).where(photo_ids.c.photo_id_hash == digest)).one_or_none()
        if known is None:
            return self._register(connection, citizen, checked, digest, now)
        if known.mobile_hash != citizen.mobile_hash:
            raise Refused(
                "photo_id_elsewhere", 409, "This photo ID was registered with another mobile number. Use that number."
            )
        person = connection.execute(select(people).where(people.c.beneficiary == known.beneficiary)).one()
        same = persons.same_name(person.name, checked.person.name)
        if not same or person.year_of_birth != checked.person.year_of_birth:
            raise Refused(
                "person_differs", 409, "This photo ID was registered with another name or year of birth. Check both."
            )
        return str(known.beneficiary)

    def _register(
        self, connection: Connection, citizen: Citizen, checked: _Checked, digest: bytes, now: datetime
    ) -> str:
        taken = connection.execute(
            select(func.count())
            .select_from(mobiles)
            .where(mobiles.c.mobile_hash == citizen.mobile_hash, mobiles.c.booking == Booking.ONLINE.value)
        ).scalar_one()
        if taken >= PEOPLE_A_MOBILE:
            raise Refused(
                "mobile_full", 409, "Four people are registered with this mobile number already. Use another number."
            )
        beneficiary = new_beneficiary()
        row = person_row(self._cupboard, beneficiary, checked.person, citizen.mobile, checked.language, now)
        connection.execute(insert(people).values(row))
        connection.execute(
            insert(mobiles).values(
                mobile_hash=citizen.mobile_hash, beneficiary=beneficiary, booking=Booking.ONLINE.value
            )
        )
        connection.execute(
            insert(photo_ids).values(photo_id_hash=digest, beneficiary=beneficiary, mobile_hash=citizen.mobile_hash)
        )
        return beneficiary

    def _refuse_second(self, connection: Connection, beneficiary: str, dose: int) -> None:
        open_one = connection.execute(
            select(bookings.c.appointment).where(
                bookings.c.beneficiary == beneficiary, bookings.c.dose == dose, bookings.c.cancelled_at.is_(None)
            )
        ).first()
        if open_one is not None:
            raise Refused("already_booked", 409, "This person has an appointment for this dose already.")
        given = read_standing(connection, [beneficiary]).get(beneficiary, [])
        if any(standing.previous.dose == dose for standing in given):
            raise Refused("already_dosed", 409, "This dose is on record for this person already.")

    def _appoint(
        self, connection: Connection, centre: Centre, beneficiary: str, checked: _Checked, now: datetime
    ) -> Booked:
        name = _fresh_reference(connection, centre.centre)
        typed, secret = new_code(), secrets.token_bytes(slip.SECRET_LENGTH)
        appointment = Appointment(
            appointment=name,
            token=_next_token(connection, centre.centre, checked.day),
            beneficiary=checked.person,
            session_date=checked.day,
            slot=checked.slot,
            vaccine=checked.vaccine.id,
            dose=checked.dose,
            booking=Booking.ONLINE,
            code_tag=code.tag(centre.roster_key, name, code.bucket(typed)),
            slip_hash=slip.secret_hash(secret),
        )
        near = centre.horizon is not None and checked.day <= centre.horizon
        seat = Seat(
            beneficiary,
            write_entry(appointment),
            changed=feed.take(connection, centre.centre, 1)[0] if near else None,
            code=self._cupboard.lock(typed.encode(), "code", centre.centre, name),
            slip_secret=self._cupboard.lock(secret, "slip_secret", centre.centre, name),
        )
        connection.execute(insert(bookings).values(booking_row(beneficiary, centre.centre, appointment, now)))
        connection.execute(insert(roster).values(roster_row(centre.centre, appointment, seat)))
        params = _told(centre, appointment, checked.vaccine.name)
        message = outbox.row(
            self._cupboard, outbox.Kind.BOOKED, beneficiary, now, params=params, secret={"code": typed}
        )
        connection.execute(insert(sms_outbox).values(message))
        paper = slip.Slip(centre=centre.centre, session_date=checked.day, appointment=name, secret=secret)
        return Booked(
            reference=name,
            centre=centre.centre,
            centre_name=centre.name,
            date=checked.day,
            slot=checked.slot,
            token=appointment.token,
            vaccine=checked.vaccine.id,
            dose=checked.dose,
            code=typed,
            slip=slip.encode(paper),
        )

    def _withdraw(self, connection: Connection, row: Any, now: datetime) -> None:
        one = (bookings.c.beneficiary == row.beneficiary, bookings.c.appointment == row.appointment)
        connection.execute(update(bookings).where(*one).values(cancelled_at=now))
        connection.execute(
            update(slots)
            .where(
                slots.c.centre == row.centre,
                slots.c.day == row.day,
                slots.c.vaccine == row.vaccine,
                slots.c.slot == row.slot,
            )
            .values(booked=slots.c.booked - 1)
        )
        seats = read_seats(connection, row.centre, [row.appointment])
        for seat in seats.values():
            seat.entry = write_entry(replace(read_entry(seat.entry), cancelled=True))
        write_seats(connection, row.centre, seats)
        centre = find_centre(connection, self._cupboard, row.centre)
        message = outbox.row(
            self._cupboard,
            outbox.Kind.CANCELLED,
            row.beneficiary,
            now,
            params={"centre": centre.name, "day": said(row.day), "appointment": row.appointment},
        )
        connection.execute(insert(sms_outbox).values(message))


def _check(form: BookingForm, centre: Centre, formulary: Formulary, today: date, mobile: str) -> _Checked:
    """The form, made sense of. Raises ``Refused`` with the first thing that is wrong."""
    name = persons.clean_name(form.name)
    year = persons.year_of_birth(form.year_of_birth, today)
    gender = persons.gender(form.gender)
    photo_id = persons.photo_id(form.photo_id_type, form.photo_id_number)
    vaccine = _vaccine(form.vaccine, formulary)
    dose = _dose(form.dose, vaccine)
    day = _day(form.date)
    if day < today:
        raise Refused("date_past", 422, "This day is over. Choose a later one.")
    if day.year - year < vaccine.min_age_years:
        raise Refused("too_young", 422, f"This vaccine is for people of {vaccine.min_age_years} years and over.")
    person = Beneficiary(
        name=name,
        year_of_birth=year,
        gender=gender,
        photo_id=photo_id.kind,
        photo_id_last4=photo_id.last4,
        mobile_last4=mobile[-4:],
    )
    return _Checked(
        person, photo_id, vaccine, dose, day, _slot(form.slot, day, centre), persons.language(form.language)
    )


def _vaccine(typed: str, formulary: Formulary) -> Vaccine:
    wanted = typed.strip().casefold()
    for vaccine in formulary.values():
        if wanted in (vaccine.id.casefold(), vaccine.name.casefold()):
            return vaccine
    raise Refused("vaccine_unknown", 422, f"The vaccine is one of: {', '.join(v.name for v in formulary.values())}.")


def _dose(typed: int | str, vaccine: Vaccine) -> int:
    text = persons.typed_number(typed)
    if text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= vaccine.doses:
        return int(text)
    raise Refused("dose_unknown", 422, f"The dose is a number from 1 to {vaccine.doses}.")


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Refused("date_shape", 422, "The date is written year, month, day, such as 2021-03-01.") from None


def _slot(typed: str, day: date, centre: Centre) -> datetime:
    """A time of that day at the centre, or a moment with an offset."""
    text = typed.strip()
    try:
        if "T" not in text:
            return datetime.strptime(f"{day.isoformat()} {text}", "%Y-%m-%d %H:%M").replace(tzinfo=centre.zone)
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(centre.zone)
    except (ValueError, OverflowError):
        raise Refused("slot_shape", 422, "The slot is a time, such as 10:15.") from None


def _take_place(connection: Connection, centre: Centre, checked: _Checked) -> None:
    """One place of the slot, or ``Refused``. The count moves in the database, so that two never take the last one."""
    wanted = (
        slots.c.centre == centre.centre,
        slots.c.day == checked.day,
        slots.c.vaccine == checked.vaccine.id,
        slots.c.slot == checked.slot,
    )
    taken = connection.execute(
        update(slots).where(*wanted, slots.c.booked < slots.c.capacity).values(booked=slots.c.booked + 1)
    )
    if taken.rowcount == 1:
        return
    if connection.execute(select(slots.c.slot).where(*wanted)).first() is None:
        raise Refused(
            "slot_unknown", 422, "This centre has no such slot for this vaccine on that day. Choose one of its slots."
        )
    raise Refused("slot_full", 409, "This slot is full. Choose another one.")


def _next_token(connection: Connection, centre: str, day: date) -> int:
    statement = (
        update(session_days)
        .where(session_days.c.centre == centre, session_days.c.day == day)
        .values(last_token=session_days.c.last_token + 1)
        .returning(session_days.c.last_token)
    )
    number: int = connection.execute(statement).scalar_one()
    return number


def _fresh_reference(connection: Connection, centre: str) -> str:
    """Twelve random digits, so that nobody works out another's; unique at the centre, which is how desks know them."""
    while True:
        name = f"{secrets.randbelow(10**12):012d}"
        taken = select(roster.c.appointment).where(roster.c.centre == centre, roster.c.appointment == name)
        if connection.execute(taken).first() is None:
            return name


def _told(centre: Centre, appointment: Appointment, vaccine: str) -> dict[str, str | int]:
    return {
        "appointment": appointment.appointment,
        "centre": centre.name,
        "day": said(appointment.session_date),
        "time": f"{appointment.slot.astimezone(centre.zone):%H:%M}",
        "token": appointment.token,
        "vaccine": vaccine,
        "dose": appointment.dose,
    }
