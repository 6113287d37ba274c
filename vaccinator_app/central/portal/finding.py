"""Choosing centre, day and time: the same three steps for a first appointment and for one that is moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from vaccinator_app.central.citizens.account import MyPerson
from vaccinator_app.central.citizens.places import CentreFound, Places, SessionLeft, SlotLeft
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.errors import Refused
from vaccinator_app.domain.vaccines import Vaccine


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody is looking for, as the address says it."""

    vaccine: str = ""
    dose: str = ""
    district: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The page of centres. ``looked`` says whether anything was asked for yet."""

    wish: Wish
    vaccines: list[Vaccine]
    doses: list[int]
    districts: list[str]
    centres: list[CentreFound]
    looked: bool

    def address(self, base: str, centre: str) -> str:
        """Where the days of a centre are."""
        return f"{base}/{centre}?{urlencode({'vaccine': self.wish.vaccine, 'dose': self.wish.dose})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The page of one centre. ``earliest`` is the first day that the dose before allows, when it is still to come."""

    wish: Wish
    vaccine_name: str
    centre: CentreFound
    days: list[SessionLeft]
    earliest: date | None
    chosen: date | None
    slots: list[SlotLeft] = field(default_factory=list)

    def address(self, base: str, day: date) -> str:
        """Where the times of a day are."""
        query = {"vaccine": self.wish.vaccine, "dose": self.wish.dose, "day": day.isoformat()}
        return f"{base}/{self.centre.centre}?{urlencode(query)}"


class Finder:
    """Finds places for one person."""

    def __init__(self, places: Places, clock: Clock) -> None:
        self._places = places
        self._clock = clock

    def centres(self, wish: Wish, person: MyPerson) -> Found:
        """The centres that were asked for; what was left open is filled in with what this person most likely wants."""
        vaccines = self._places.vaccines()
        filled = _filled(wish, person, vaccines)
        by_name = wish.name.strip()
        centres = self._places.named(by_name) if by_name else self._places.in_district(wish.district)
        return Found(
            wish=filled,
            vaccines=vaccines,
            doses=list(range(1, max((vaccine.doses for vaccine in vaccines), default=1) + 1)),
            districts=self._places.districts(),
            centres=centres,
            looked=bool(by_name or wish.district.strip()),
        )

    def days(self, centre: str, wish: Wish, day: str, person: MyPerson) -> Days:
        """The days of a centre with places left, and the times of the day that was chosen. Raises ``Refused``."""
        vaccines = {vaccine.id: vaccine for vaccine in self._places.vaccines()}
        filled = _filled(wish, person, list(vaccines.values()))
        found = self._places.centre(centre)
        earliest = _earliest(filled, person, vaccines)
        days = [
            one
            for one in self._places.sessions(centre)
            if one.vaccine == filled.vaccine and (earliest is None or one.day >= earliest)
        ]
        chosen = next((one.day for one in days if one.day.isoformat() == day), None)
        product = vaccines.get(filled.vaccine)
        return Days(
            wish=filled,
            vaccine_name=filled.vaccine if product is None else product.name,
            centre=found,
            days=days,
            earliest=earliest if earliest is not None and earliest > self._clock().date() else None,
            chosen=chosen,
            slots=[] if chosen is None else self._slots(centre, chosen, filled.vaccine),
        )

    def _slots(self, centre: str, day: date, vaccine: str) -> list[SlotLeft]:
        now = self._clock()
        slots = self._places.slots(centre, day.isoformat())
        return [slot for slot in slots if slot.vaccine == vaccine and slot.left > 0 and slot.slot >= now]


def own(people: list[MyPerson], beneficiary: str) -> MyPerson:
    """One of one's people. Raises ``Refused`` (404)."""
    for person in people:
        if person.beneficiary == beneficiary:
            return person
    raise Refused("person_unknown", 404, "There is no such person under this mobile number.")


def _filled(wish: Wish, person: MyPerson, vaccines: list[Vaccine]) -> Wish:
    """The dose after those on record, of the same vaccine."""
    had = [dose for dose in person.doses if not dose.held]
    last = max(had, key=lambda dose: dose.number, default=None)
    vaccine = wish.vaccine or (last.vaccine if last is not None else vaccines[0].id if vaccines else "")
    return Wish(
        vaccine=vaccine,
        dose=wish.dose or str(1 if last is None else last.number + 1),
        district=wish.district.strip(),
        name=wish.name,
    )


def _earliest(wish: Wish, person: MyPerson, vaccines: dict[str, Vaccine]) -> date | None:
    """The first day that the vaccine's interval allows after the dose before this one, if that is on record."""
    product = vaccines.get(wish.vaccine)
    number = int(wish.dose) if wish.dose in "123456789" and wish.dose else 0
    if product is None or number > product.doses:
        return None
    interval = product.min_interval_before(number)
    before = [dose.given_on for dose in person.doses if not dose.held and dose.number == number - 1]
    return max(before) + timedelta(days=interval) if before and interval is not None else None
