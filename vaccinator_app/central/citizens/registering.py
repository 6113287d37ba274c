"""People put down under a mobile number: four at most, each photo ID once (DESIGN 8.2).

What is kept of a photo ID is its last four characters and a keyed hash to find it by; never the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from vaccinator_app.central.citizens import persons
from vaccinator_app.central.citizens.login import Citizen
from vaccinator_app.central.citizens.persons import PhotoIdNumber
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.rows import may_be_id, new_beneficiary, person_row
from vaccinator_app.central.schema import mobiles, people, photo_ids
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId

PEOPLE_A_MOBILE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonForm:
    """Somebody to be vaccinated, as typed. ``language`` is the one that messages to them are written in."""

    name: str
    year_of_birth: int | str
    gender: str
    photo_id_type: str
    photo_id_number: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class CheckedPerson:
    """A form that made sense."""

    person: Beneficiary
    photo_id: PhotoIdNumber
    language: str


def check_person(form: PersonForm, today: date, mobile: str) -> CheckedPerson:
    """The form, made sense of. Raises ``Refused`` with the first thing that is wrong."""
    name = persons.clean_name(form.name)
    year = persons.year_of_birth(form.year_of_birth, today)
    gender = persons.gender(form.gender)
    photo_id = persons.photo_id(form.photo_id_type, form.photo_id_number)
    person = Beneficiary(
        name=name,
        year_of_birth=year,
        gender=gender,
        photo_id=photo_id.kind,
        photo_id_last4=photo_id.last4,
        mobile_last4=mobile[-4:],
    )
    return CheckedPerson(person, photo_id, persons.language(form.language))


def faults_of(form: PersonForm, today: date) -> list[Refused]:
    """Everything that is wrong with a form by itself, in the order of its fields."""
    kind = form.photo_id_type if form.photo_id_type in {one.value for one in PhotoId} else PhotoId.AADHAAR.value
    checks: list[Callable[[], object]] = [
        lambda: persons.clean_name(form.name),
        lambda: persons.year_of_birth(form.year_of_birth, today),
        lambda: persons.gender(form.gender),
        lambda: persons.photo_id(form.photo_id_type, "0000"),
        lambda: persons.photo_id(kind, form.photo_id_number),
    ]
    found = []
    for check in checks:
        try:
            check()
        except Refused as no:
            found.append(no)
    return found


def find_or_register(
    connection: Connection, cupboard: Cupboard, citizen: Citizen, checked: CheckedPerson, now: datetime
) -> str:
    """The beneficiary of this photo ID, known or new. The caller has locked the mobile. Raises ``Refused``."""
    digest = cupboard.keyed_hash("photo_id", f"{checked.photo_id.kind}\n{checked.photo_id.number}")
    known = connection.execute(select(photo_ids).where(photo_ids.c.photo_id_hash == digest)).one_or_none()
    if known is None:
        return _register(connection, cupboard, citizen, checked, digest, now)
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


def own_person(connection: Connection, citizen: Citizen, beneficiary: str) -> Any:
    """The row of one of this mobile's people; ``Refused`` (404) for anybody else's, as for nobody's."""
    if may_be_id(beneficiary):
        mine = select(mobiles.c.beneficiary).where(
            mobiles.c.mobile_hash == citizen.mobile_hash, mobiles.c.beneficiary == beneficiary
        )
        row = connection.execute(select(people).where(people.c.beneficiary.in_(mine))).one_or_none()
        if row is not None:
            return row
    raise Refused("person_unknown", 404, "There is no such person under this mobile number.")


def as_booked(person: Any) -> Beneficiary:
    """A row of ``people`` as a roster tells of it."""
    return Beneficiary(
        name=person.name,
        year_of_birth=person.year_of_birth,
        gender=Gender(person.gender),
        photo_id=PhotoId(person.photo_id),
        photo_id_last4=person.photo_id_last4,
        mobile_last4=person.mobile_last4,
    )


def _register(
    connection: Connection, cupboard: Cupboard, citizen: Citizen, checked: CheckedPerson, digest: bytes, now: datetime
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
    row = person_row(cupboard, beneficiary, checked.person, citizen.mobile, checked.language, now)
    connection.execute(insert(people).values(row))
    connection.execute(
        insert(mobiles).values(mobile_hash=citizen.mobile_hash, beneficiary=beneficiary, booking=Booking.ONLINE.value)
    )
    connection.execute(
        insert(photo_ids).values(photo_id_hash=digest, beneficiary=beneficiary, mobile_hash=citizen.mobile_hash)
    )
    return beneficiary
