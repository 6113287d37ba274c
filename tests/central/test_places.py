"""Finding a centre and a session, booking people registered before, moving an appointment (DESIGN 8.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import BHOJPUR, FAR, RAMPUR, TODAY, World
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.booking import Booked, MoveForm, PlaceForm
from vaccinator_app.central.citizens.places import Places
from vaccinator_app.central.citizens.registering import PersonForm
from vaccinator_app.central.errors import Refused

PHONE, OTHER = "9876543210", "9876500000"
TOMORROW = (TODAY + timedelta(days=1)).isoformat()


@pytest.fixture
def account(world: World) -> Account:
    return Account(world.home.database, world.home.keys, world.clock, world.login)


@pytest.fixture
def places(world: World) -> Places:
    return Places(world.home.database, world.home.keys, world.clock)


def person(number: int = 1, **changes: str) -> PersonForm:
    fields = {
        "name": "Sunita Kumari",
        "year_of_birth": "1968",
        "gender": "woman",
        "photo_id_type": "aadhaar",
        "photo_id_number": f"4444{number:08d}",
        "language": "hi",
    }
    return PersonForm(**{**fields, **changes})


def place(beneficiary: str, **changes: str | int) -> PlaceForm:
    fields: dict[str, str | int] = {
        "beneficiary": beneficiary,
        "centre": RAMPUR,
        "date": TODAY.isoformat(),
        "slot": "10:00",
        "vaccine": "covishield",
        "dose": 1,
    }
    return PlaceForm(**{**fields, **changes})  # type: ignore[arg-type]


def booked_places(world: World) -> int:
    with world.home.database.read() as connection:
        return sum(connection.execute(select(schema.slots.c.booked)).scalars())


def test_centres_by_district_name_and_number(places: Places) -> None:
    assert places.districts() == ["Elsewhere", "Rampur"]
    assert [found.centre for found in places.in_district("Rampur")] == [BHOJPUR, RAMPUR]
    assert places.in_district("Nowhere") == places.in_district("") == places.in_district("a\0b") == []
    assert [found.centre for found in places.named("phc")] == [FAR, RAMPUR]
    assert [found.name for found in places.named(" १००००१ ")] == ["PHC Rampur"]
    assert places.named("%") == places.named("_") == places.named(" \0") == places.named("999999") == []


def test_sessions_are_those_with_a_place_left_from_now_on(world: World, places: Places) -> None:
    def today() -> dict[str, int]:
        return {found.vaccine: found.left for found in places.sessions(RAMPUR) if found.day == TODAY}

    assert {found.day for found in places.sessions(RAMPUR)} == {TODAY + timedelta(days=n) for n in (0, 1, 7, 8, 20)}
    before = today()["covaxin"]
    world.book(vaccine="covaxin", slot="10:15")
    assert today()["covaxin"] == before - 1
    world.clock.move(minutes=20)
    assert today()["covaxin"] == before - 4, "the slots of ten and of a quarter past are over"
    world.clock.move(hours=13)
    assert TODAY not in {found.day for found in places.sessions(RAMPUR)}


def test_people_are_registered_first_and_the_fifth_is_refused(world: World, account: Account) -> None:
    token = world.sign_in(PHONE)
    assert account.people(token) == []
    for number in range(4):
        made = account.register(token, person(number))
        assert (made.name, made.year_of_birth, made.photo_id_last4) == ("Sunita Kumari", 1968, f"000{number}")
    with pytest.raises(Refused) as fifth:
        account.register(token, person(5))
    assert fifth.value.code == "mobile_full"
    assert account.register(token, person(2)).photo_id_last4 == "0002", "once more is not one more"
    assert sorted(one.photo_id_last4 for one in account.people(token)) == ["0000", "0001", "0002", "0003"]
    assert account.people(world.sign_in(OTHER)) == []


def test_a_registered_person_is_booked_once_and_only_by_their_own_mobile(world: World, account: Account) -> None:
    token = world.sign_in(PHONE)
    beneficiary = account.register(token, person()).beneficiary
    stranger = world.sign_in(OTHER)
    with pytest.raises(Refused) as no:
        world.bookings.book_person(stranger, place(beneficiary))
    assert (no.value.code, no.value.http_status) == ("person_unknown", 404)
    booked = world.bookings.book_person(token, place(beneficiary))
    with pytest.raises(Refused) as again:
        world.bookings.book_person(token, place(beneficiary, slot="10:15"))
    assert again.value.code == "already_booked"
    for flaw, code in (
        ({"dose": 2, "date": "2026-11-20"}, "date_past"),
        ({"dose": 2, "centre": "999999"}, "centre_unknown"),
        ({"dose": 9}, "dose_unknown"),
        ({"beneficiary": "b\0"}, "person_unknown"),
    ):
        with pytest.raises(Refused) as found:
            world.bookings.book_person(token, place(**{"beneficiary": beneficiary, **flaw}))  # type: ignore[arg-type]
        assert found.value.code == code
    assert booked_places(world) == 1
    (mine,) = account.people(token)
    (appointment,) = mine.appointments
    assert (appointment.reference, appointment.token, appointment.time) == (booked.reference, 1, "10:00")
    assert booked.code in world.inbox(PHONE)[-1]
    assert "खुराक" in world.inbox(PHONE)[-1]


def test_a_child_is_not_booked_for_a_vaccine_of_grown_people(world: World, account: Account) -> None:
    token = world.sign_in(PHONE)
    child = account.register(token, person(year_of_birth="2015")).beneficiary
    with pytest.raises(Refused) as no:
        world.bookings.book_person(token, place(child))
    assert no.value.code == "too_young"


def moved(world: World, token: str, booked: Booked, **changes: str) -> Booked:
    form = {"centre": BHOJPUR, "date": TOMORROW, "slot": "11:00"}
    return world.bookings.move(token, booked.reference, MoveForm(**{**form, **changes}))


def test_a_moved_appointment_is_a_new_one_with_a_code_of_its_own(world: World, desk: Desk, account: Account) -> None:
    token = world.sign_in(PHONE)
    beneficiary = account.register(token, person()).beneficiary
    old = world.bookings.book_person(token, place(beneficiary))
    cursor = desk.pull().cursor
    # messages of one moment have no order among them
    world.drain.run()
    new = moved(world, token, old)
    assert (new.centre, new.date.isoformat(), f"{new.slot:%H:%M}", new.dose) == (BHOJPUR, TOMORROW, "11:00", 1)
    assert new.reference != old.reference
    assert new.slip != old.slip
    assert [told.cancelled for told in desk.pull(cursor).appointments] == [True]
    with world.home.database.read() as connection:
        rows = {row.appointment: row for row in connection.execute(select(schema.bookings))}
    assert rows[old.reference].moved_to == new.reference
    assert rows[old.reference].cancelled_at is not None
    assert rows[new.reference].cancelled_at is None
    assert booked_places(world) == 1
    last = world.inbox(PHONE)[-1]
    assert all(word in last for word in (new.code, new.reference, "CHC Bhojpur"))
    with pytest.raises(Refused) as again:
        moved(world, token, old)
    assert again.value.code == "booking_unknown"
    (one,) = account.people(token)
    assert {a.reference: (a.cancelled, a.moved_to) for a in one.appointments} == {
        old.reference: (True, new.reference),
        new.reference: (False, None),
    }


def test_a_move_that_is_refused_leaves_the_appointment_as_it_was(world: World, account: Account) -> None:
    token = world.sign_in(PHONE)
    beneficiary = account.register(token, person()).beneficiary
    old = world.bookings.book_person(token, place(beneficiary))
    for changes, code in (
        ({"slot": "03:00"}, "slot_unknown"),
        ({"date": "2026-11-20"}, "date_past"),
        ({"centre": "nowhere"}, "centre_unknown"),
    ):
        with pytest.raises(Refused) as no:
            moved(world, token, old, **changes)
        assert no.value.code == code
    with pytest.raises(Refused) as stranger:
        moved(world, world.sign_in(OTHER), old)
    assert stranger.value.code == "booking_unknown"
    (one,) = account.people(token)
    assert [a.cancelled for a in one.appointments] == [False]
    assert booked_places(world) == 1


def test_a_dose_on_record_keeps_its_appointment(world: World, desk: Desk, account: Account) -> None:
    token = world.sign_in(PHONE)
    beneficiary = account.register(token, person()).beneficiary
    booked = world.bookings.book_person(token, place(beneficiary))
    desk.record(desk.dose(booked))
    desk.push()
    with pytest.raises(Refused) as no:
        moved(world, token, booked)
    assert no.value.code == "dose_recorded"


def test_what_is_said_of_a_person_is_for_their_own_mobile(world: World, account: Account) -> None:
    token = world.sign_in(PHONE)
    beneficiary = account.register(token, person()).beneficiary
    booked = world.bookings.book_person(token, place(beneficiary))
    ticket = account.ticket(token, booked.reference)
    assert (ticket.code, ticket.qr, ticket.person.name) == (booked.code, booked.slip, "Sunita Kumari")
    for reference in (booked.reference, "", "1\0", "x" * 500):
        with pytest.raises(Refused) as no:
            account.ticket(world.sign_in(OTHER), reference)
        assert (no.value.code, no.value.http_status) == ("booking_unknown", 404)
    with pytest.raises(Refused) as nobody:
        account.people("made-up")
    assert nobody.value.http_status == 401


def test_doses_with_a_right_code_and_with_none(world: World, desk: Desk, account: Account) -> None:
    token = world.sign_in(PHONE)
    first = world.bookings.book_person(token, place(account.register(token, person(1)).beneficiary))
    second = world.bookings.book_person(token, place(account.register(token, person(2)).beneficiary))
    third = world.bookings.book_person(token, place(account.register(token, person(3)).beneficiary))
    desk.record(desk.dose(first))
    wrong = f"{(int(second.code) + 1) % 10_000:04d}"
    desk.record(desk.dose(second, wrong))
    desk.push()
    one, two, none = sorted(account.people(token), key=lambda found: found.photo_id_last4)
    (given,) = one.doses
    assert given.dose == f"{RAMPUR}.{desk.device}.1"
    assert (given.number, given.vaccine_name, given.given_on) == (1, "Covishield", TODAY)
    assert not given.confirmable
    (waiting,) = two.doses
    assert (waiting.dose, waiting.confirmable, waiting.disputed) == (f"{RAMPUR}.{desk.device}.2", True, False)
    assert none.doses == []
    assert third.reference == none.appointments[0].reference
