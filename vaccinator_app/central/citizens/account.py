"""What the holder of a mobile number may see: their people, appointments and doses, and nobody else's (DESIGN 8.2).

Each call begins with a session that a one-time password opened; what belongs to another number is answered as what
does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, select, text

from vaccinator_app.central import locks, log
from vaccinator_app.central.certificates.certifying import certify_older
from vaccinator_app.central.citizens.login import Citizen, Login
from vaccinator_app.central.citizens.registering import (
    PersonForm,
    as_booked,
    check_person,
    find_or_register,
    own_person,
)
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake.adjudicate import PROOF_REASONS
from vaccinator_app.central.intake.facts import when
from vaccinator_app.central.keyring.keys import Cupboard, Keys
from vaccinator_app.central.operations.admin import DEFAULT_ZONE
from vaccinator_app.central.programme import find_formulary
from vaccinator_app.central.rows import may_be_id, read_outcome
from vaccinator_app.central.schema import bookings, centres, doses, mobiles, people, records, roster
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.protocol.messages import CertificateState, Reason, Status
from vaccinator_app.protocol.records import read_event
from vaccinator_app.reports.slip import Slip
from vaccinator_app.trust import slip

_ANSWERED = PROOF_REASONS | {Reason.AWAITS_OTP, Reason.DISPUTED}
"""Reasons that one's own word takes away (``word``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MyAppointment:
    """An appointment of one of one's people. ``moved_to`` is the one that took its place.

    ``done`` says that its dose is on record, ``changeable`` that it may still be moved or cancelled; a missed one may.
    """

    reference: str
    beneficiary: str
    centre: str
    centre_name: str
    district: str
    date: date
    slot: datetime
    time: str
    token: int
    vaccine: str
    vaccine_name: str
    dose: int
    cancelled: bool
    moved_to: str | None
    done: bool
    missed: bool
    changeable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyDose:
    """A dose that a desk recorded. ``dose`` names its record: centre, device and number, a dot between; ``number`` is
    which of the ``doses`` of its course it is.

    ``held`` says that somebody has to decide on it, ``confirmable`` that one's own word is all that it waits for.
    """

    dose: str
    number: int
    doses: int
    vaccine: str
    vaccine_name: str
    given_on: date
    centre_name: str
    certificate: str | None
    state: CertificateState
    held: bool
    confirmable: bool
    disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyPerson:
    """Somebody registered with one's mobile, or vaccinated with it as a walk-in."""

    beneficiary: str
    name: str
    year_of_birth: int
    gender: Gender
    photo_id: PhotoId
    photo_id_last4: str
    appointments: list[MyAppointment] = field(default_factory=list)
    doses: list[MyDose] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An appointment as it is shown to whoever goes there: ``doses`` are those of the whole course.

    ``code`` and ``qr`` (the digits of the slip's QR) are None once they were used or are too old.
    """

    appointment: MyAppointment
    person: Beneficiary
    doses: int
    code: str | None
    qr: str | None

    def __repr__(self) -> str:
        """Nothing of the person, and no code."""
        return "Ticket()"


class Account:
    """Reads and registers for the holder of a session."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, login: Login) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock
        self._login = login

    def people(self, token: str) -> list[MyPerson]:
        """Everybody under this mobile number, those registered first first. Raises ``Refused`` (401)."""
        found = self._people(token)
        older = [person.beneficiary for person in found if any(map(_is_older, person.doses))]
        if older:
            now = self._clock()
            self._database.run(lambda connection: certify_older(connection, older, now))
            found = self._people(token)
        return found

    def _people(self, token: str) -> list[MyPerson]:
        now = self._clock()
        with self._database.read() as connection:
            citizen = self._login.citizen(connection, token)
            formulary = find_formulary(connection)
            found = {row.beneficiary: _person(row) for row in _people_of(connection, citizen)}
            for dose in _doses(connection, sorted(found), formulary):
                found[dose.beneficiary].doses.append(dose.told)
            for row in _appointments(connection, sorted(found)):
                person = found[row.beneficiary]
                person.appointments.append(_appointment(row, person.doses, formulary, now))
        return list(found.values())

    def register(self, token: str, form: PersonForm) -> MyPerson:
        """Put somebody down under this mobile number; the same person again is no second one. Raises ``Refused``."""
        self._login.allow(token, "bookings_mobile")
        now = self._clock()

        def act(connection: Connection) -> MyPerson:
            citizen = self._login.citizen(connection, token)
            locks.mobile(connection, citizen.mobile_hash)
            checked = check_person(form, now.astimezone(ZoneInfo(DEFAULT_ZONE)).date(), citizen.mobile)
            beneficiary = find_or_register(connection, self._cupboard, citizen, checked, now)
            return _person(own_person(connection, citizen, beneficiary))

        made = self._database.run(act)
        log.event("person_registered")
        return made

    def ticket(self, token: str, reference: str) -> Ticket:
        """One appointment with its code and slip. Raises ``Refused``: 401, or 404 for anybody else's."""
        now = self._clock()
        with self._database.read() as connection:
            citizen = self._login.citizen(connection, token)
            row = _own_appointment(connection, citizen, reference)
            person = own_person(connection, citizen, row.beneficiary)
            formulary = find_formulary(connection)
            taken = [dose.told for dose in _doses(connection, [row.beneficiary], formulary)]
            seat = connection.execute(
                select(roster.c.code, roster.c.slip_secret).where(
                    roster.c.centre == row.centre, roster.c.appointment == row.appointment
                )
            ).one()
        told = _appointment(row, taken, formulary, now)
        code, qr = (None, None) if told.cancelled or told.done else _opened(self._cupboard, row, seat)
        product = formulary.get(told.vaccine)
        return Ticket(
            appointment=told,
            person=as_booked(person),
            doses=told.dose if product is None else product.doses,
            code=code,
            qr=qr,
        )

    def slip(self, token: str, reference: str) -> Slip:
        """The slip of an appointment, ready to print. Raises ``Refused``: as ``ticket``, 409 for one that is over."""
        ticket = self.ticket(token, reference)
        appointment, person = ticket.appointment, ticket.person
        if ticket.code is None or ticket.qr is None:
            raise Refused(
                "slip_over", 409, "There is no slip any more: this appointment was used, cancelled or is over."
            )
        return Slip(
            name=person.name,
            year_of_birth=person.year_of_birth,
            gender=person.gender.value,
            photo_id=person.photo_id.value,
            photo_id_last4=person.photo_id_last4,
            centre_name=appointment.centre_name,
            district=appointment.district,
            day=appointment.date,
            time=appointment.time,
            token=appointment.token,
            vaccine=appointment.vaccine_name,
            dose=appointment.dose,
            doses=ticket.doses,
            reference=appointment.reference,
            code=ticket.code,
            qr=ticket.qr,
        )


@dataclass(frozen=True, slots=True)
class _Dose:
    beneficiary: str
    told: MyDose


def _people_of(connection: Connection, citizen: Citizen) -> list[Any]:
    statement = (
        select(people)
        .join(mobiles, mobiles.c.beneficiary == people.c.beneficiary)
        .where(mobiles.c.mobile_hash == citizen.mobile_hash)
        .order_by(people.c.created_at, people.c.name, people.c.beneficiary)
    )
    return list(connection.execute(statement))


def _person(row: Any) -> MyPerson:
    return MyPerson(
        beneficiary=row.beneficiary,
        name=row.name,
        year_of_birth=row.year_of_birth,
        gender=Gender(row.gender),
        photo_id=PhotoId(row.photo_id),
        photo_id_last4=row.photo_id_last4,
    )


_WITH_CENTRE = select(bookings, centres.c.name, centres.c.district, centres.c.time_zone).join(
    centres, centres.c.centre == bookings.c.centre
)


def _appointments(connection: Connection, beneficiaries: list[str]) -> list[Any]:
    """Of these people, the next one first, then what lies back."""
    statement = _WITH_CENTRE.where(
        bookings.c.beneficiary.in_(beneficiaries), bookings.c.booking == Booking.ONLINE.value
    ).order_by(bookings.c.day.desc(), bookings.c.slot.desc(), bookings.c.appointment)
    return list(connection.execute(statement)) if beneficiaries else []


def _own_appointment(connection: Connection, citizen: Citizen, reference: str) -> Any:
    if may_be_id(reference):
        statement = _WITH_CENTRE.join(mobiles, mobiles.c.beneficiary == bookings.c.beneficiary).where(
            mobiles.c.mobile_hash == citizen.mobile_hash,
            bookings.c.appointment == reference,
            bookings.c.booking == Booking.ONLINE.value,
        )
        row = connection.execute(statement).one_or_none()
        if row is not None:
            return row
    raise Refused("booking_unknown", 404, "There is no such appointment under this mobile number.")


def _appointment(row: Any, taken: list[MyDose], formulary: Formulary, now: datetime) -> MyAppointment:
    zone = ZoneInfo(row.time_zone)
    cancelled = row.cancelled_at is not None
    done = not cancelled and any(dose.number == row.dose and not dose.held for dose in taken)
    product = formulary.get(row.vaccine)
    return MyAppointment(
        reference=row.appointment,
        beneficiary=row.beneficiary,
        centre=row.centre,
        centre_name=row.name,
        district=row.district,
        date=row.day,
        slot=row.slot.astimezone(zone),
        time=f"{row.slot.astimezone(zone):%H:%M}",
        token=row.token,
        vaccine=row.vaccine,
        vaccine_name=row.vaccine if product is None else product.name,
        dose=row.dose,
        cancelled=cancelled,
        moved_to=row.moved_to,
        done=done,
        missed=not cancelled and not done and row.day < now.astimezone(zone).date(),
        changeable=not cancelled and not done,
    )


def _opened(cupboard: Cupboard, row: Any, seat: Any) -> tuple[str | None, str | None]:
    """Code and slip of an appointment, as far as they are still kept."""
    code = qr = None
    if seat.code is not None:
        code = cupboard.unlock(seat.code, "code", row.centre, row.appointment).decode()
    if seat.slip_secret is not None:
        secret = cupboard.unlock(seat.slip_secret, "slip_secret", row.centre, row.appointment)
        qr = slip.encode(slip.Slip(centre=row.centre, session_date=row.day, appointment=row.appointment, secret=secret))
    return code, qr


def _doses(connection: Connection, beneficiaries: list[str], formulary: Formulary) -> list[_Dose]:
    """What stands on record for these people, and what is held; what a centre took back is gone."""
    if not beneficiaries:
        return []
    named = and_(records.c.centre == doses.c.centre, records.c.device == doses.c.device, records.c.seq == doses.c.seq)
    standing = (
        select(doses, records.c.status, records.c.reasons, records.c.certificate.label("state"), centres.c.name)
        .join(records, named)
        .join(centres, centres.c.centre == doses.c.centre)
        .where(doses.c.beneficiary.in_(beneficiaries), doses.c.voided_at.is_(None))
    )
    found = [
        _dose(row, row.dose, row.vaccine, row.given_on, row.certificate, formulary)
        for row in connection.execute(standing)
    ]
    seen = {one.told.dose for one in found}
    booked = and_(records.c.centre == bookings.c.centre, records.c.appointment == bookings.c.appointment)
    held = (
        select(
            bookings.c.beneficiary,
            *(records.c.centre, records.c.device, records.c.seq, records.c.payload),
            *(records.c.status, records.c.reasons, records.c.certificate.label("state")),
            *(records.c.day, centres.c.name, centres.c.time_zone),
        )
        .join(records, booked)
        .join(centres, centres.c.centre == bookings.c.centre)
        .where(
            bookings.c.beneficiary.in_(beneficiaries),
            # in the words of the index over what is held
            text("records.status = 'held'"),
            records.c.kind == DoseGiven.KIND,
            records.c.voided_by.is_(None),
        )
    )
    for row in connection.execute(held):
        event = read_event(row.payload)
        body = event.read_body()
        assert isinstance(body, DoseGiven)
        day = when(event, body).astimezone(ZoneInfo(row.time_zone)).date()
        one = _dose(row, body.dose, body.vaccine, day, None, formulary)
        if one.told.dose not in seen:
            found.append(one)
    return sorted(found, key=lambda one: (one.told.number, one.told.given_on, one.told.dose))


def _dose(row: Any, number: int, vaccine: str, given_on: date, certificate: str | None, formulary: Formulary) -> _Dose:
    outcome = read_outcome(row.seq, row.status, row.reasons)
    held = outcome.status is Status.HELD
    if held:
        confirmable = bool(outcome.reasons) and _ANSWERED.issuperset(outcome.reasons)
    else:
        confirmable = row.state == CertificateState.WAITING.value or Reason.AWAITS_OTP in outcome.reasons
    product = formulary.get(vaccine)
    told = MyDose(
        dose=f"{row.centre}.{row.device}.{row.seq}",
        number=number,
        doses=number if product is None else product.doses,
        vaccine=vaccine,
        vaccine_name=vaccine if product is None else product.name,
        given_on=given_on,
        centre_name=row.name,
        certificate=certificate,
        state=CertificateState(row.state or ""),
        held=held,
        confirmable=confirmable and certificate is None,
        disputed=Reason.DISPUTED in outcome.reasons,
    )
    return _Dose(row.beneficiary, told)


def _is_older(dose: MyDose) -> bool:
    """Whether a version without certificates put this dose on record."""
    return not dose.held and dose.certificate is None and dose.state is CertificateState.NONE
