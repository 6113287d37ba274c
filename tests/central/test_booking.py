"""Booking and signing in: who may, what is refused and why, what comes of it (DESIGN 4.1, 4.5, 8.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import BHOJPUR, HOME, RAMPUR, TODAY, World, stored
from vaccinator_app.central import schema
from vaccinator_app.central.citizens import persons
from vaccinator_app.central.citizens.login import TRIES
from vaccinator_app.central.errors import Refused
from vaccinator_app.trust import code, slip

PHONE = "9876543210"


def refused(world: World, token: str | None = None, **changes: object) -> str:
    """The code that a form with ``changes`` is refused with; nothing is booked."""
    form = world.form(**changes)
    token = token or world.sign_in(world.mobile())
    with pytest.raises(Refused) as found:
        world.bookings.book(token, form)
    assert found.value.sentence.endswith(".")
    typed = [value for value in changes.values() if isinstance(value, str) and len(value) > 5]
    assert not any(value in found.value.sentence for value in typed)
    with world.home.database.read() as connection:
        slots = connection.execute(select(schema.slots.c.booked)).scalars().all()
        made = connection.execute(select(schema.bookings.c.appointment)).all()
    assert sum(slots) == len(made)
    return found.value.code


def test_a_booking_gives_code_slip_token_and_message(world: World) -> None:
    booked = world.book(PHONE, name="Sunita Kumari", slot="10:15")
    assert len(booked.reference) == 12
    assert booked.reference.isdigit()
    assert len(booked.code) == 4
    assert (booked.token, booked.centre_name, booked.date) == (1, "PHC Rampur", TODAY)
    assert booked.slot.isoformat() == "2026-11-21T10:15:00+05:30"
    paper = slip.decode(booked.slip)
    assert (paper.centre, paper.session_date, paper.appointment) == (RAMPUR, TODAY, booked.reference)
    told = world.inbox(PHONE)[-1]
    assert all(word in told for word in ("Sunita Kumari", booked.code, booked.reference, "10:15", "PHC Rampur"))


def test_tokens_count_from_one_each_day_at_each_centre(world: World) -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    places = [{}, {}, {"date": tomorrow}, {"centre": BHOJPUR}, {"vaccine": "covaxin"}]
    assert [world.book(**place).token for place in places] == [1, 2, 1, 1, 3]


def test_the_desk_is_told_enough_to_check_the_code_and_no_more(world: World, desk: Desk) -> None:
    booked = world.book()
    changes = desk.pull()
    (told,) = changes.appointments
    key = changes.roster_key.key
    assert code.matches(key, told.appointment, told.code_tag, booked.code)
    fits = [c for c in (f"{n:04d}" for n in range(10_000)) if code.matches(key, told.appointment, told.code_tag, c)]
    assert len(fits) in (39, 40)
    assert slip.matches(told.slip_hash, slip.decode(booked.slip).secret)
    assert told.beneficiary.photo_id_last4 == "0001"
    assert len(told.beneficiary.mobile_last4) == 4


def test_code_slip_mobile_and_photo_id_are_nowhere_in_the_clear(world: World) -> None:
    booked = world.book(PHONE, photo_id_number="5550 1234 9876")
    secret = slip.decode(booked.slip).secret
    found = stored(world)
    assert b"Sunita" in found
    for word in (PHONE.encode(), b"555012349876", secret, f'"{booked.code}"'.encode(), booked.slip.encode()):
        assert word not in found


FAULTS: list[tuple[dict[str, object], str]] = [
    ({"name": ""}, "name_empty"),
    ({"name": " \u200d\u200b "}, "name_empty"),
    ({"name": "x" * 101}, "name_too_long"),
    ({"name": "अ" * 300}, "name_too_long"),
    ({"name": "Ram\x00Prasad"}, "name_control"),
    ({"name": "Ram\x1b[31mPrasad"}, "name_control"),
    ({"name": "Ram \udc80"}, "name_control"),
    ({"year_of_birth": "1968-05-01"}, "year_is_date"),
    ({"year_of_birth": "01/05/1968"}, "year_is_date"),
    ({"year_of_birth": 19680501}, "year_is_date"),
    ({"year_of_birth": "soon"}, "year_shape"),
    ({"year_of_birth": 68}, "year_shape"),
    ({"year_of_birth": -1968}, "year_is_date"),
    ({"year_of_birth": 1905}, "year_range"),
    ({"year_of_birth": 2027}, "year_range"),
    ({"year_of_birth": 2010}, "too_young"),
    ({"gender": "x"}, "gender_unknown"),
    ({"photo_id_type": "library card"}, "photo_id_unknown"),
    ({"photo_id_number": "123"}, "photo_id_number"),
    ({"photo_id_number": "12#45"}, "photo_id_number"),
    ({"photo_id_number": "9" * 33}, "photo_id_number"),
    ({"vaccine": "sputnik"}, "vaccine_unknown"),
    ({"dose": 3}, "dose_unknown"),
    ({"dose": "0"}, "dose_unknown"),
    ({"dose": "one"}, "dose_unknown"),
    ({"centre": "999999"}, "centre_unknown"),
    ({"date": "21.11.2026"}, "date_shape"),
    ({"date": "2026-11-20"}, "date_past"),
    ({"slot": "noon"}, "slot_shape"),
    ({"slot": "2026-11-21T10:00:00"}, "slot_shape"),
    ({"slot": "0001-01-01T00:00:00+14:00"}, "slot_shape"),
    ({"year_of_birth": 10**5000}, "year_shape"),
    ({"dose": 10**5000}, "dose_unknown"),
    ({"centre": "100001\0"}, "centre_unknown"),
    ({"centre": "1" * 5000}, "centre_unknown"),
    ({"slot": "10:07"}, "slot_unknown"),
    ({"slot": "10:00", "date": "2026-11-22", "vaccine": "covaxin"}, "slot_unknown"),
    ({"language": "xx"}, "language_unknown"),
]


def test_each_fault_has_its_own_code_and_one_sentence(world: World) -> None:
    token = world.sign_in(PHONE)
    assert [(changes, refused(world, token, **changes)) for changes, _ in FAULTS] == FAULTS


NAMES = [
    ("  Sunita \t Kumari ", "Sunita Kumari"),
    ("सुनीता कुमारी", "सुनीता कुमारी"),
    ("क्‍ष", "क्‍ष"),
    ("محمد عرفان", "محمد عرفان"),
    ("Lakshmi 🌸👩‍⚕️", "Lakshmi 🌸👩‍⚕️"),
    ("Ram\u202e dasarP\u202c", "Ram dasarP"),
    ('O\'Brien-Smith, "Jr"', 'O\'Brien-Smith, "Jr"'),
    ("{0.__class__} %s", "{0.__class__} %s"),
    ("x" * 100, "x" * 100),
    ("e\u0301", "é"),
]


def test_names_stay_as_people_write_them(world: World, desk: Desk) -> None:
    for typed, _ in NAMES:
        world.book(name=typed)
    told = {one.beneficiary.name for one in desk.pull().appointments}
    assert told == {kept for _, kept in NAMES}
    assert all(kept in world.inbox(f"98{n:08d}")[-1] for n, (_, kept) in enumerate(NAMES, 1))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("9876543210", PHONE),
        ("+91 98765 43210", PHONE),
        ("+91-9876543210", PHONE),
        ("09876543210", PHONE),
        ("0091 9876543210", PHONE),
        ("९८७६५४३२१०", PHONE),
        ("987654321", None),
        ("98765432101", None),
        ("1234567890", None),
        ("98765x3210", None),
        ("", None),
    ],
)
def test_mobiles_as_people_type_them(typed: str, kept: str | None) -> None:
    assert persons.clean_mobile(typed) == kept


@pytest.mark.parametrize("typed", ["१९६८", "1968", " 1968 ", 1968])
def test_years_as_people_type_them(typed: int | str) -> None:
    assert persons.year_of_birth(typed, date(2026, 11, 21)) == 1968


def test_the_vaccine_by_name_and_the_slot_as_a_moment(world: World) -> None:
    booked = world.book(vaccine=" Covishield ", slot="2026-11-21T05:00:00+00:00", dose="2", gender="Woman")
    assert (booked.vaccine, booked.dose, f"{booked.slot:%z}") == ("covishield", 2, "+0530")
    assert booked.slot.hour == 10


def test_a_fifth_person_on_one_mobile_is_refused(world: World) -> None:
    token = world.sign_in(PHONE)
    for _ in range(4):
        world.bookings.book(token, world.form())
    assert refused(world, token) == "mobile_full"


def test_one_person_one_dose_however_the_number_is_typed(world: World) -> None:
    token = world.sign_in(PHONE)
    world.bookings.book(token, world.form(name="Ram Prasad", photo_id_number="ABC 1234 x"))
    same = {"photo_id_number": "abc-1234X"}
    assert refused(world, token, name="RAM PRASAD", **same) == "already_booked"
    assert refused(world, token, name="Shyam Prasad", **same) == "person_differs"
    assert refused(world, token, name="Ram Prasad", year_of_birth=1969, **same) == "person_differs"
    assert refused(world, world.sign_in("9876500000"), name="Ram Prasad", **same) == "photo_id_elsewhere"
    assert world.bookings.book(token, world.form(name="Ram Prasad", dose=2, **same)).dose == 2


def test_a_dose_on_record_is_not_booked_again(world: World, desk: Desk) -> None:
    token = world.sign_in(PHONE)
    person = {"name": "Ram Prasad", "photo_id_number": "ABC1234"}
    booked = world.bookings.book(token, world.form(**person))
    desk.record(desk.dose(booked))
    desk.push()
    assert refused(world, token, **person) == "already_booked"
    with pytest.raises(Refused) as late:
        world.bookings.cancel(token, booked.reference)
    assert late.value.code == "dose_recorded"


def test_a_full_slot_is_refused(world: World) -> None:
    for _ in range(2):
        world.book(vaccine="covaxin")
    assert refused(world, vaccine="covaxin") == "slot_full"
    left = {
        slot.time: slot.left for slot in world.bookings.open_slots(RAMPUR, "2026-11-21") if slot.vaccine == "covaxin"
    }
    assert (left["10:00"], left["10:15"]) == (0, 2)


def test_a_cancelled_place_is_free_again_and_the_desks_are_told(world: World, desk: Desk) -> None:
    token = world.sign_in(PHONE)
    booked = world.bookings.book(token, world.form(vaccine="covaxin"))
    cursor = desk.pull().cursor
    world.bookings.cancel(token, booked.reference)
    assert desk.pull(cursor).appointments[0].cancelled
    assert {slot.left for slot in world.bookings.open_slots(RAMPUR, "2026-11-21") if slot.vaccine == "covaxin"} == {2}
    assert any("was cancelled" in text for text in world.inbox(PHONE))
    with pytest.raises(Refused) as again:
        world.bookings.cancel(token, booked.reference)
    assert again.value.code == "booking_unknown"
    for nonsense in ("", "1\0", "x" * 1000):
        with pytest.raises(Refused) as found:
            world.bookings.cancel(token, nonsense)
        assert found.value.code == "booking_unknown"


def test_nobody_cancels_for_another_mobile(world: World) -> None:
    booked = world.book(PHONE)
    with pytest.raises(Refused) as found:
        world.bookings.cancel(world.sign_in("9876500000"), booked.reference)
    assert found.value.code == "booking_unknown"


# One-time passwords


def test_nobody_books_without_a_session_or_after_it(world: World) -> None:
    token = world.sign_in(PHONE)
    assert refused(world, "made-up") == "session_over"
    world.clock.move(minutes=15)
    assert refused(world, token) == "session_over"


def test_a_one_time_password_works_once_and_for_three_minutes(world: World) -> None:
    def verify(otp: str, phone: str = PHONE) -> str:
        try:
            world.login.verify(phone, otp, address=HOME)
        except Refused as no:
            return no.code
        return "in"

    world.login.ask(PHONE, "en", address=HOME)
    first = world.inbox(PHONE)[-1][:6]
    assert verify(first, "9876500000") == "otp_wrong"
    assert verify("".join(chr(0x0966 + int(digit)) for digit in first)) == "in"
    assert verify(first) == "otp_wrong"
    world.login.ask(PHONE, "en", address=HOME)
    second = world.inbox(PHONE)[-1][:6]
    world.clock.move(minutes=3)
    assert verify(second) == "otp_wrong"
    world.login.ask(PHONE, "en", address=HOME)
    third = world.inbox(PHONE)[-1][:6]
    wrong = "000000" if third != "000000" else "111111"
    assert [verify(wrong) for _ in range(TRIES)] == ["otp_wrong"] * TRIES
    assert verify(third) == "otp_wrong"


def test_asking_again_makes_the_earlier_password_worthless(world: World) -> None:
    world.login.ask(PHONE, "en", address=HOME)
    first = world.inbox(PHONE)[-1][:6]
    world.login.ask(PHONE, "en", address=HOME)
    if world.inbox(PHONE)[-1][:6] != first:
        with pytest.raises(Refused):
            world.login.verify(PHONE, first, address=HOME)


def test_a_language_nobody_writes_in_is_refused_before_a_message_is_made(world: World) -> None:
    with pytest.raises(Refused) as found:
        world.login.ask(PHONE, "xx", address=HOME)
    assert found.value.code == "language_unknown"
    assert world.inbox(PHONE) == []


def test_the_answer_is_the_same_for_known_and_unknown_numbers(world: World) -> None:
    world.book(PHONE)
    assert world.login.ask(PHONE, "en", address=HOME) == world.login.ask("9000000001", "en", address=HOME)
