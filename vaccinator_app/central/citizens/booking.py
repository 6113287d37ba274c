"""Appointments: made, moved and cancelled; and what comes of one: code, slip, message (DESIGN 4.1, 4.5, 8.2).

Nobody is booked without a session that a one-time password opened.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vaccinator_app.central import feed, locks, log
from vaccinator_app.central.citizens.login import Citizen, Login
from vaccinator_app.central.citizens.places import (
    Place,
    Places,
    SlotLeft,
    check_place,
    give_place_back,
    refuse_too_young,
    take_place,
)
from vaccinator_app.central.citizens.registering import (
    PersonForm,
    as_booked,
    check_person,
    find_or_register,
    own_person,
)
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.seats import Seat, read_entry, read_seats, roster_row, write_entry, write_seats
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake.facts import read_standing
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.programme import Centre, find_centre, formulary_on, rule_on
from vaccinator_app.central.rows import booking_row, may_be_id, new_code, said
from vaccinator_app.central.schema import bookings, mobiles, roster, session_days, sms_outbox
from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.trust import code, slip


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingForm:
    """A person and a place at once, as typed. ``slot`` is a time at the centre (``10:15``) or one with an offset."""

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
class PlaceForm:
    """A place for somebody registered before, as typed; ``slot`` as in ``BookingForm``."""

    beneficiary: str
    centre: str
    date: str
    slot: str
    vaccine: str
    dose: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveForm:
    """Where an appointment is to be instead, as typed; ``slot`` as in ``BookingForm``."""

    centre: str
    date: str
    slot: str


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


class Bookings:
    """Makes, moves and cancels appointments. Each call is one transaction; a ``Refused`` one changed nothing."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, login: Login) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock
        self._login = login
        self._places = Places(database, keys, clock)

    def open_slots(self, centre: str, day: str) -> list[SlotLeft]:
        """The slots of a day (ISO 8601) at a centre, full ones too."""
        return self._places.slots(centre, day)

    def book(self, token: str, form: BookingForm) -> Booked:
        """Book one person for one dose, registered by the way if need be. A later dose needs no earlier one on record:
        the desk asks for the certificate.

        Raises ``Refused`` with the first thing that is wrong.
        """
        self._login.allow(token, "bookings_mobile")
        now = self._clock()

        def act(connection: Connection) -> Booked:
            citizen = self._login.citizen(connection, token)
            locks.mobile(connection, citizen.mobile_hash)
            centre = find_centre(connection, self._cupboard, form.centre)
            today = centre.day(now)
            typed = PersonForm(
                name=form.name,
                year_of_birth=form.year_of_birth,
                gender=form.gender,
                photo_id_type=form.photo_id_type,
                photo_id_number=form.photo_id_number,
                language=form.language,
            )
            checked = check_person(typed, today, citizen.mobile)
            formulary = formulary_on(connection, today)
            place = check_place(
                form.vaccine, form.dose, form.date, form.slot, centre=centre, formulary=formulary, today=today
            )
            refuse_too_young(checked.person.year_of_birth, place)
            beneficiary = find_or_register(connection, self._cupboard, citizen, checked, now)
            return self._book(connection, citizen, beneficiary, centre, place, now)

        booked = self._database.run(act)
        log.event("booked", centre=booked.centre)
        return booked

    def book_person(self, token: str, form: PlaceForm) -> Booked:
        """Book one of this mobile's people for one dose. Raises ``Refused`` with the first thing that is wrong."""
        self._login.allow(token, "bookings_mobile")
        now = self._clock()

        def act(connection: Connection) -> Booked:
            citizen = self._login.citizen(connection, token)
            centre = find_centre(connection, self._cupboard, form.centre)
            place = check_place(
                form.vaccine,
                form.dose,
                form.date,
                form.slot,
                centre=centre,
                formulary=formulary_on(connection, centre.day(now)),
                today=centre.day(now),
            )
            return self._book(connection, citizen, form.beneficiary, centre, place, now)

        booked = self._database.run(act)
        log.event("booked", centre=booked.centre)
        return booked

    def move(self, token: str, reference: str, form: MoveForm) -> Booked:
        """Put an appointment elsewhere or at another time: a new one, with a code of its own, takes its place.

        Raises ``Refused``; then the old one stays as it is.
        """
        self._login.allow(token, "bookings_mobile")
        now = self._clock()

        def act(connection: Connection) -> Booked:
            citizen = self._login.citizen(connection, token)
            old = self._open(connection, citizen, reference, form.centre)
            person = own_person(connection, citizen, old.beneficiary)
            centre = find_centre(connection, self._cupboard, form.centre)
            place = check_place(
                old.vaccine,
                int(old.dose),
                form.date,
                form.slot,
                centre=centre,
                formulary=formulary_on(connection, centre.day(now)),
                today=centre.day(now),
            )
            refuse_too_young(person.year_of_birth, place)
            self._withdraw(connection, old, now)
            take_place(connection, centre, place)
            made = self._appoint(connection, centre, person, place, now, outbox.Kind.MOVED)
            connection.execute(update(bookings).where(*_named(old)).values(moved_to=made.reference))
            return made

        moved = self._database.run(act)
        log.event("booking_moved", centre=moved.centre)
        return moved

    def cancel(self, token: str, reference: str) -> None:
        """Cancel an appointment of one of this mobile's people. Raises ``Refused``."""
        now = self._clock()

        def act(connection: Connection) -> Centre:
            citizen = self._login.citizen(connection, token)
            row = self._open(connection, citizen, reference)
            self._withdraw(connection, row, now)
            centre = find_centre(connection, self._cupboard, row.centre)
            message = outbox.row(
                self._cupboard,
                outbox.Kind.CANCELLED,
                row.beneficiary,
                now,
                params={"centre": centre.name, "day": said(row.day), "appointment": row.appointment},
            )
            connection.execute(insert(sms_outbox).values(message))
            return centre

        log.event("booking_cancelled", centre=self._database.run(act).centre)

    def _open(self, connection: Connection, citizen: Citizen, reference: str, *others: str) -> Any:
        """An appointment of this mobile's people that may still be changed, its person and its centre (and ``others``)
        locked."""
        statement = (
            select(bookings)
            .join(mobiles, mobiles.c.beneficiary == bookings.c.beneficiary)
            .where(mobiles.c.mobile_hash == citizen.mobile_hash, bookings.c.appointment == reference)
        )
        row = connection.execute(statement).one_or_none() if may_be_id(reference) else None
        if row is not None:
            locks.places(connection, [row.centre, *filter(may_be_id, others)])
            locks.persons(connection, [row.beneficiary])
            # as it stands now that nobody else can change it
            row = connection.execute(statement).one_or_none()
        if row is None or row.cancelled_at is not None or row.booking != Booking.ONLINE.value:
            raise Refused("booking_unknown", 404, "There is no such appointment under this mobile number.")
        given = read_standing(connection, [row.beneficiary]).get(row.beneficiary, [])
        if any(standing.previous.dose == row.dose for standing in given):
            raise Refused("dose_recorded", 409, "This dose is on record. The appointment can no longer be changed.")
        return row

    def _book(
        self, connection: Connection, citizen: Citizen, beneficiary: str, centre: Centre, place: Place, now: datetime
    ) -> Booked:
        person = own_person(connection, citizen, beneficiary)
        # So that two requests of one moment do not both find the dose unbooked.
        locks.places(connection, [centre.centre])
        locks.persons(connection, [person.beneficiary])
        # Its horizon may have moved until now.
        centre = find_centre(connection, self._cupboard, centre.centre)
        refuse_too_young(person.year_of_birth, place)
        _refuse_second(connection, person.beneficiary, place.dose)
        take_place(connection, centre, place)
        return self._appoint(connection, centre, person, place, now, outbox.Kind.BOOKED)

    def _appoint(
        self, connection: Connection, centre: Centre, person: Any, place: Place, now: datetime, told: outbox.Kind
    ) -> Booked:
        name = _fresh_reference(connection, centre.centre)
        typed, secret = new_code(), secrets.token_bytes(slip.SECRET_LENGTH)
        rule = rule_on(connection, place.vaccine.id, centre.day(now))
        appointment = Appointment(
            appointment=name,
            token=_next_token(connection, centre.centre, place.day),
            beneficiary=as_booked(person),
            session_date=place.day,
            slot=place.slot,
            vaccine=place.vaccine.id,
            dose=place.dose,
            booking=Booking.ONLINE,
            code_tag=code.tag(centre.roster_key, name, code.bucket(typed)),
            slip_hash=slip.secret_hash(secret),
            interval_days=None if rule is None else rule.interval_before(place.dose),
            min_age_years=None if rule is None else rule.min_age_years,
        )
        near = centre.horizon is not None and place.day <= centre.horizon
        seat = Seat(
            person.beneficiary,
            write_entry(appointment),
            changed=feed.take(connection, centre.centre, 1)[0] if near else None,
            code=self._cupboard.lock(typed.encode(), "code", centre.centre, name),
            slip_secret=self._cupboard.lock(secret, "slip_secret", centre.centre, name),
        )
        connection.execute(insert(bookings).values(booking_row(person.beneficiary, centre.centre, appointment, now)))
        connection.execute(insert(roster).values(roster_row(centre.centre, appointment, seat)))
        params = _told(centre, appointment, place.vaccine.name)
        message = outbox.row(self._cupboard, told, person.beneficiary, now, params=params, secret={"code": typed})
        connection.execute(insert(sms_outbox).values(message))
        paper = slip.Slip(centre=centre.centre, session_date=place.day, appointment=name, secret=secret)
        return Booked(
            reference=name,
            centre=centre.centre,
            centre_name=centre.name,
            date=place.day,
            slot=place.slot,
            token=appointment.token,
            vaccine=place.vaccine.id,
            dose=place.dose,
            code=typed,
            slip=slip.encode(paper),
        )

    def _withdraw(self, connection: Connection, row: Any, now: datetime) -> None:
        """The appointment is cancelled, its place is free, and the desks are told."""
        connection.execute(update(bookings).where(*_named(row)).values(cancelled_at=now))
        give_place_back(connection, row.centre, row.day, row.vaccine, row.slot)
        seats = read_seats(connection, row.centre, [row.appointment])
        for seat in seats.values():
            seat.entry = write_entry(replace(read_entry(seat.entry), cancelled=True))
        write_seats(connection, row.centre, seats)


def _named(row: Any) -> tuple[Any, Any]:
    return bookings.c.beneficiary == row.beneficiary, bookings.c.appointment == row.appointment


def _refuse_second(connection: Connection, beneficiary: str, dose: int) -> None:
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
