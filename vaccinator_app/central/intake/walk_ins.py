"""Walk-ins: their details opened and made a beneficiary with an appointment (DESIGN 4.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from vaccinator_app.central.citizens.login import mobile_hash
from vaccinator_app.central.citizens.persons import clean_mobile
from vaccinator_app.central.desks.seats import Seat, roster_row, write_entry
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.rows import booking_row, new_beneficiary, person_row, storable
from vaccinator_app.central.schema import bookings, mobiles, people, roster
from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.domain.events import WalkInRegistered
from vaccinator_app.domain.people import Beneficiary
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.people import read_details

DEFAULT_LANGUAGE = "en"
_LONGEST_NAME = 200
_YEARS = range(1850, 2200)


@dataclass(frozen=True, slots=True)
class WalkIn:
    """A person who came without a booking. ``mobile`` is ten digits or empty."""

    seat: Seat
    booked: Appointment
    mobile: str

    def __repr__(self) -> str:
        """Nothing of the person."""
        return f"WalkIn({self.booked.appointment})"


def read_walk_in(
    body: WalkInRegistered, opened: bytes, at: datetime, interval_days: int | None = None
) -> WalkIn | None:
    """The walk-in whose details were in the seal; None when they do not fit. ``interval_days`` is by the rule of the
    day (``programme``).

    Told to no desk (the seat has no place in the feed): the one where they stand has them, and nobody else needs to
    know (DESIGN 5.5).
    """
    try:
        details = read_details(opened)
    except ProtocolError:
        return None
    if details.year_of_birth not in _YEARS:
        return None
    mobile = clean_mobile(details.mobile) or ""
    person = Beneficiary(
        name=storable(details.name, _LONGEST_NAME),
        year_of_birth=details.year_of_birth,
        gender=details.gender,
        photo_id=details.photo_id,
        photo_id_last4=storable(details.photo_id_last4, 4),
        mobile_last4=mobile[-4:],
    )
    booked = Appointment(
        appointment=body.appointment,
        token=body.token,
        beneficiary=person,
        session_date=body.session_date,
        slot=at,
        vaccine=body.vaccine,
        dose=body.dose,
        booking=Booking.WALK_IN,
        interval_days=interval_days,
    )
    return WalkIn(Seat(new_beneficiary(), write_entry(booked), changed=None), booked, mobile)


def write_walk_ins(
    connection: Connection, cupboard: Cupboard, centre: str, found: Sequence[WalkIn], now: datetime
) -> None:
    """Put them down, in the caller's transaction."""
    for one in found:
        beneficiary, person = one.seat.beneficiary, one.booked.beneficiary
        row = person_row(cupboard, beneficiary, person, one.mobile, DEFAULT_LANGUAGE, now)
        connection.execute(insert(people).values(row))
        if one.mobile:
            connection.execute(
                insert(mobiles).values(
                    mobile_hash=mobile_hash(cupboard, one.mobile),
                    beneficiary=beneficiary,
                    booking=Booking.WALK_IN.value,
                )
            )
        connection.execute(insert(bookings).values(booking_row(beneficiary, centre, one.booked, now)))
        connection.execute(insert(roster).values(roster_row(centre, one.booked, one.seat)))
