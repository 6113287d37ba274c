"""What a desk pulls: pages, totals, lease, days, doses on record (DESIGN 4.1, 5.5, 5.6, 7.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import insert, update

from tests.central.machine import Desk
from tests.central.support import BATCH, BHOJPUR, EXPIRY, FAR, MORNING, RAMPUR, TODAY, World
from vaccinator_app.central import schema
from vaccinator_app.central.desks.roster import FURTHEST
from vaccinator_app.central.desks.seats import write_entry
from vaccinator_app.central.errors import Refused
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.protocol.messages import AllottedBatch, Outcome, Reason, Status
from vaccinator_app.protocol.shapes import MAX_NUMBER
from vaccinator_app.trust.code import MODULUS


def on(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def names(desk: Desk, cursor: int = 0, limit: int = 5000) -> list[str]:
    """Everything from ``cursor`` on, page by page, as a desk would."""
    found = []
    while True:
        page = desk.pull(cursor, limit)
        found += [one.appointment for one in page.appointments]
        cursor = page.cursor
        if not page.more:
            return found


def test_an_appointment_as_booked(world: World, desk: Desk) -> None:
    booked = world.book("9876543210", name="सुनीता", photo_id_type="voter_id", photo_id_number="ABC1234567")
    page = desk.pull()
    (told,) = page.appointments
    assert (told.appointment, told.token, told.slot) == (booked.reference, 1, booked.slot)
    assert (told.vaccine, told.dose, told.booking, told.cancelled) == ("covishield", 1, Booking.ONLINE, False)
    person = told.beneficiary
    assert (person.name, person.year_of_birth, person.gender) == ("सुनीता", 1968, Gender.WOMAN)
    assert (person.photo_id, person.photo_id_last4, person.mobile_last4) == (PhotoId.VOTER_ID, "4567", "3210")
    assert (page.total, page.more, page.from_cursor) == (1, False, 0)


def test_lease_key_batches_and_the_districts_centres(world: World, desk: Desk) -> None:
    page = desk.pull()
    assert page.at == page.lease.issued_at == MORNING
    assert page.lease.warn_at == MORNING + timedelta(days=5)
    assert page.lease.expires_at == MORNING + timedelta(days=7)
    assert (page.roster_key.modulus, len(page.roster_key.key)) == (MODULUS, 32)
    assert page.batches == [AllottedBatch("covishield", BATCH, EXPIRY, 10)]
    assert page.centres == {RAMPUR: "PHC Rampur", BHOJPUR: "CHC Bhojpur"}
    assert FAR not in page.centres
    assert Desk(world, BHOJPUR).pull().roster_key.key != page.roster_key.key


def test_pages_add_up_and_totals_are_right(world: World, desk: Desk) -> None:
    made = [world.book().reference for _ in range(7)]
    first = desk.pull(0, 3)
    second = desk.pull(first.cursor, 3)
    third = desk.pull(second.cursor, 3)
    assert [len(page.appointments) for page in (first, second, third)] == [3, 3, 1]
    assert [page.more for page in (first, second, third)] == [True, True, False]
    assert [page.total for page in (first, second, third)] == [7, 4, 1]
    assert sorted(one.appointment for page in (first, second, third) for one in page.appointments) == sorted(made)
    assert desk.pull(third.cursor).appointments == []
    exact = desk.pull(0, 7)
    assert (exact.more, exact.cursor) == (False, third.cursor)


def test_a_booking_made_while_a_desk_pages_is_not_missed(world: World, desk: Desk) -> None:
    made = [world.book().reference for _ in range(3)]
    page = desk.pull(0, 2)
    made.append(world.book().reference)
    told = [one.appointment for one in page.appointments] + names(desk, page.cursor)
    assert sorted(told) == sorted(made)


def test_only_the_own_centres_appointments(world: World, desk: Desk) -> None:
    here, there = world.book().reference, world.book(centre=BHOJPUR).reference
    assert names(desk) == [here]
    assert names(Desk(world, BHOJPUR)) == [there]


def test_from_today_for_a_week_and_later_ones_as_their_day_comes_near(world: World, desk: Desk) -> None:
    today, next_week, later, far = (world.book(date=on(days)).reference for days in (0, 7, 8, 20))
    page = desk.pull()
    assert {one.appointment for one in page.appointments} == {today, next_week}
    world.clock.move(days=1)
    after = desk.pull(page.cursor)
    assert [one.appointment for one in after.appointments] == [later]
    assert set(names(desk)) == {next_week, later}
    world.clock.move(days=12)
    assert names(desk, after.cursor) == [far]


def test_the_day_is_the_centres_own(world: World, desk: Desk) -> None:
    """At 19:00 UTC it is past midnight in Rampur: yesterday's people are gone."""
    world.book()
    tomorrow = world.book(date=on(1)).reference
    world.clock.move(hours=14.5)
    assert world.clock.now.date() == TODAY
    assert names(desk) == [tomorrow]


def test_a_booking_within_the_horizon_comes_at_once(world: World, desk: Desk) -> None:
    cursor = desk.pull().cursor
    made = world.book(date=on(7)).reference
    assert names(desk, cursor) == [made]


def test_a_cursor_from_before_a_restored_backup_misses_nothing(world: World, desk: Desk) -> None:
    made = {world.book().reference, world.book().reference}
    desk.pull()
    page = desk.pull(1_000_000)
    assert {one.appointment for one in page.appointments} == made
    assert page.cursor > 1_000_000
    newer = world.book().reference
    assert names(desk, page.cursor) == [newer]


def test_a_cursor_that_no_central_gave_moves_nobodys_numbers(world: World, desk: Desk) -> None:
    made = world.book().reference
    before = desk.pull().cursor
    with pytest.raises(Refused) as refused:
        desk.pull(FURTHEST + 1)
    assert refused.value.code == "cursor_unknown"
    assert desk.pull().cursor == before
    # At the very end everything is told anew, and what central itself gave from there on is a cursor like any other.
    page = desk.pull(FURTHEST)
    assert [one.appointment for one in page.appointments] == [made]
    assert FURTHEST < page.cursor < MAX_NUMBER // 2
    assert desk.pull(page.cursor).cursor == page.cursor


def test_a_dose_given_anywhere_is_told_wherever_the_person_is_expected(world: World, desk: Desk) -> None:
    there = Desk(world, BHOJPUR)
    phone, person = "9876543210", {"name": "Ram Prasad", "photo_id_number": "ABC1234"}
    first = world.book(phone, **person)
    second = world.book(phone, **person, dose=2, centre=BHOJPUR, date=on(1))
    cursor = there.pull().cursor
    assert there.pull().appointments[0].previous == ()
    desk.record(desk.dose(first))
    desk.push()
    (told,) = there.pull(cursor).appointments
    assert told.appointment == second.reference
    assert [(p.dose, p.vaccine, p.given_on) for p in told.previous] == [(1, "covishield", TODAY)]


def test_a_booking_beyond_the_horizon_has_its_history_when_it_comes(world: World, desk: Desk) -> None:
    phone, person = "9876543210", {"name": "Ram Prasad", "photo_id_number": "ABC1234"}
    first = world.book(phone, **person)
    later = world.book(phone, **person, dose=2, date=on(20)).reference
    desk.record(desk.dose(first))
    desk.push()
    assert later not in names(desk)
    world.clock.move(days=14)
    told = {one.appointment: one for one in desk.pull().appointments}
    assert [p.dose for p in told[later].previous] == [1]


def test_later_decisions_come_with_the_page_they_belong_to(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.record(SignedIn())
    desk.push()
    start = desk.pull().cursor
    made = world.book().reference
    with world.home.database.write() as connection:
        connection.execute(update(schema.centres).values(feed=schema.centres.c.feed + 1))
        connection.execute(
            update(schema.records)
            .where(schema.records.c.seq == 2)
            .values(status="held", reasons="code_mismatch no_proof", changed=start + 2)
        )
    first = desk.pull(start)
    assert [one.appointment for one in first.appointments] == [made]
    assert first.outcomes == [Outcome(2, Status.HELD, (Reason.CODE_MISMATCH, Reason.NO_PROOF))]
    assert desk.pull(first.cursor).outcomes == []
    assert Desk(world).pull().outcomes == []


def test_an_outcome_behind_a_full_page_waits_for_the_next(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.push()
    world.book()
    world.book()
    top = desk.pull().cursor
    with world.home.database.write() as connection:
        connection.execute(update(schema.centres).values(feed=top + 1))
        connection.execute(update(schema.records).values(status="held", changed=top + 1))
    first = desk.pull(0, 1)
    assert (first.more, first.outcomes) == (True, [])
    assert [outcome.seq for outcome in desk.pull(first.cursor, 1).outcomes] == [1]


def test_a_page_of_five_thousand_fits_a_message(world: World, desk: Desk) -> None:
    """Names of a hundred Devanagari letters are the longest a page can be made of."""
    world.book()
    (told,) = desk.pull().appointments
    (row,) = _rows(world)
    chance, letters = Random(1), [chr(letter) for letter in range(0x0905, 0x0939)]

    def entry() -> bytes:
        name = "".join(chance.choices(letters, k=100))
        person = replace(told.beneficiary, name=name)
        return write_entry(
            replace(told, beneficiary=person, code_tag=chance.randbytes(16), slip_hash=chance.randbytes(32))
        )

    rows = [{**row, "appointment": f"{n:012d}", "changed": 10 + n, "entry": entry()} for n in range(5000)]
    with world.home.database.write() as connection:
        connection.execute(insert(schema.roster), rows)
        connection.execute(update(schema.centres).values(feed=5010))
    page = desk.pull()
    assert (len(page.appointments), page.more) == (5000, True)


def _rows(world: World) -> list[dict[str, object]]:
    with world.home.database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(schema.roster.select())]
