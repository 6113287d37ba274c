"""Where and when there is a place: centres, their sessions, and the slots that are left (DESIGN 8.2).

Open to everybody: nothing here is about a person.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from vaccinator_app.central.citizens.persons import typed_number
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.programme import Centre, find_centre, find_formulary
from vaccinator_app.central.schema import centres, slots
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.vaccines import Formulary, Vaccine

MOST_FOUND = 50
"""Centres of one answer: more than anybody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLeft:
    """A slot that is open for booking, and how many places it has left."""

    vaccine: str
    slot: datetime
    time: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreFound:
    """A centre that people can go to."""

    centre: str
    name: str
    district: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLeft:
    """A day on which a centre gives a vaccine, and how many places it has left."""

    day: date
    vaccine: str
    vaccine_name: str
    left: int


@dataclass(frozen=True, slots=True)
class Place:
    """A dose of a vaccine at a time: what a form asks for, made sense of."""

    vaccine: Vaccine
    dose: int
    day: date
    slot: datetime


class Places:
    """Finds a centre and a session."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock

    def districts(self) -> list[str]:
        """The districts that have a centre, by name."""
        with self._database.read() as connection:
            return list(connection.scalars(select(centres.c.district).distinct().order_by(centres.c.district)))

    def in_district(self, district: str) -> list[CentreFound]:
        """The centres of a district, by name; none for a district that is none."""
        wanted = unicodedata.normalize("NFC", district.strip())
        if not wanted or "\0" in wanted:
            return []
        with self._database.read() as connection:
            rows = connection.execute(
                select(centres.c.centre, centres.c.name, centres.c.district)
                .where(centres.c.district == wanted)
                .order_by(centres.c.name, centres.c.centre)
            ).all()
        return [CentreFound(centre=row.centre, name=row.name, district=row.district) for row in rows]

    def named(self, typed: str) -> list[CentreFound]:
        """The centres with this number, or with these letters in their name; ``MOST_FOUND`` at most."""
        text = unicodedata.normalize("NFC", " ".join(typed.replace("\0", " ").split()))
        if not text:
            return []
        number = ascii_digits(text)
        like = func.lower(centres.c.name).contains(text.lower(), autoescape=True)
        with self._database.read() as connection:
            rows = connection.execute(
                select(centres.c.centre, centres.c.name, centres.c.district)
                .where(centres.c.centre == number if number is not None and len(number) == 6 else like)
                .order_by(centres.c.name, centres.c.centre)
                .limit(MOST_FOUND)
            ).all()
        return [CentreFound(centre=row.centre, name=row.name, district=row.district) for row in rows]

    def centre(self, centre: str) -> CentreFound:
        """One centre. Raises ``Refused`` (404)."""
        with self._database.read() as connection:
            found = find_centre(connection, self._cupboard, centre)
        return CentreFound(centre=found.centre, name=found.name, district=found.district)

    def sessions(self, centre: str) -> list[SessionLeft]:
        """The days from today on at a centre that have a place left, earliest first. Raises ``Refused`` (404).

        Slots that have begun do not count: nobody can be there in the past.
        """
        now = self._clock()
        with self._database.read() as connection:
            found = find_centre(connection, self._cupboard, centre)
            formulary = find_formulary(connection)
            left = func.sum(slots.c.capacity - slots.c.booked).label("left")
            rows = connection.execute(
                select(slots.c.day, slots.c.vaccine, left)
                .where(slots.c.centre == centre, slots.c.day >= found.day(now), slots.c.slot >= now)
                .group_by(slots.c.day, slots.c.vaccine)
                .having(left > 0)
                .order_by(slots.c.day, slots.c.vaccine)
            ).all()
        return [
            SessionLeft(
                day=row.day,
                vaccine=row.vaccine,
                vaccine_name=formulary[row.vaccine].name if row.vaccine in formulary else row.vaccine,
                left=int(row.left),
            )
            for row in rows
        ]

    def vaccines(self) -> list[Vaccine]:
        """The programme's vaccines."""
        with self._database.read() as connection:
            return list(find_formulary(connection).values())

    def slots(self, centre: str, day: str) -> list[SlotLeft]:
        """The slots of a day (ISO 8601) at a centre, full ones too. Raises ``Refused``."""
        wanted = read_day(day)
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


def check_place(
    vaccine: str, dose: int | str, day: str, slot: str, *, centre: Centre, formulary: Formulary, today: date
) -> Place:
    """A place as typed, made sense of. Raises ``Refused`` with the first thing that is wrong."""
    product = _vaccine(vaccine, formulary)
    number = _dose(dose, product)
    wanted = read_day(day)
    if wanted < today:
        raise Refused("date_past", 422, "This day is over. Choose a later one.")
    return Place(product, number, wanted, _slot(slot, wanted, centre))


def refuse_too_young(year_of_birth: int, place: Place) -> None:
    """Raises ``Refused`` when the vaccine is not for somebody born in that year."""
    least = place.vaccine.min_age_years
    if place.day.year - year_of_birth < least:
        raise Refused("too_young", 422, f"This vaccine is for people of {least} years and over.")


def take_place(connection: Connection, centre: Centre, place: Place) -> None:
    """One place of the slot, or ``Refused``. The count moves in the database, so that two never take the last one."""
    wanted = (
        slots.c.centre == centre.centre,
        slots.c.day == place.day,
        slots.c.vaccine == place.vaccine.id,
        slots.c.slot == place.slot,
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


def give_place_back(connection: Connection, centre: str, day: date, vaccine: str, slot: datetime) -> None:
    """The place of a cancelled appointment is free again."""
    connection.execute(
        update(slots)
        .where(slots.c.centre == centre, slots.c.day == day, slots.c.vaccine == vaccine, slots.c.slot == slot)
        .values(booked=slots.c.booked - 1)
    )


def read_day(typed: str) -> date:
    """A day as machines and forms write it. Raises ``Refused``."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Refused("date_shape", 422, "The date is written year, month, day, such as 2021-03-01.") from None


def _vaccine(typed: str, formulary: Formulary) -> Vaccine:
    wanted = typed.strip().casefold()
    for vaccine in formulary.values():
        if wanted in (vaccine.id.casefold(), vaccine.name.casefold()):
            return vaccine
    raise Refused("vaccine_unknown", 422, f"The vaccine is one of: {', '.join(v.name for v in formulary.values())}.")


def _dose(typed: int | str, vaccine: Vaccine) -> int:
    text = typed_number(typed)
    if text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= vaccine.doses:
        return int(text)
    raise Refused("dose_unknown", 422, f"The dose is a number from 1 to {vaccine.doses}.")


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
