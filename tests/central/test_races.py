"""Two who want the same at the same moment: one goes first, the other sees it, and neither is told of an error.

Nearly all of them are also tests of the order in which locks are taken (``locks``): a deadlock would be run again and
end well, but it is logged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from tests.central.closing import close_of
from tests.central.machine import A, Desk, H, other_code, said
from tests.central.meeting import await_waiting, closed, meet
from tests.central.reporting import report
from tests.central.support import BHOJPUR, HOME, RAMPUR, TODAY, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.booking import MoveForm, PlaceForm
from vaccinator_app.central.citizens.registering import PersonForm
from vaccinator_app.central.errors import DatabaseAway, Refused
from vaccinator_app.central.operations import admin
from vaccinator_app.domain.events import Proof, ProofKind
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.trust.keys import SealingKey, SigningKey

on_postgresql = pytest.mark.parametrize("made_home", ["postgresql"], indirect=True)
"""SQLite has one writer, and its own way to wait for it."""


@pytest.fixture
def again() -> None:
    """Here somebody loses a race that no lock could have ordered."""


@pytest.fixture(autouse=True)
def in_order(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No transaction had to be run again, but where that is what is tested."""
    yield
    if "again" not in request.fixturenames:
        assert "transaction_again" not in [record.message for record in caplog.get_records("call")]


def outcome(act: Callable[[], object]) -> Callable[[], str]:
    """``done``, or the code of the refusal."""

    def told() -> str:
        try:
            act()
        except Refused as refused:
            return refused.code
        return "done"

    return told


def person(world: World, n: int) -> PersonForm:
    return PersonForm(
        name=f"Person {n}",
        year_of_birth=1970,
        gender="woman",
        photo_id_type="aadhaar",
        photo_id_number=f"7777{n:08d}",
    )


# Desks


def test_one_dose_at_two_desks_is_given_once(world: World) -> None:
    booked = world.book()
    desks = [Desk(world) for _ in range(2)]
    for desk in desks:
        desk.record(desk.dose(booked))
    answers = [said(receipt)[1] for receipt in meet(world, [desk.push for desk in desks], schema.doses)]
    assert sorted(answers) == [(A, ()), (H, (R.ALREADY_DOSED,))]
    assert count(world, schema.doses) == 1


def test_one_dose_at_two_centres_is_given_once(world: World) -> None:
    token = world.sign_in("9876543210")
    here = world.bookings.book(token, world.form())
    there = world.bookings.move(token, here.reference, MoveForm(centre=BHOJPUR, date=TODAY.isoformat(), slot="10:00"))
    desks = Desk(world, RAMPUR), Desk(world, BHOJPUR)
    for desk, booked in zip(desks, (here, there), strict=True):
        desk.record(desk.dose(booked))
    first, second = meet(world, [desk.push for desk in desks], schema.doses, schema.records)
    assert said(first)[1][0] is H
    assert said(second)[1][0] is A
    assert count(world, schema.doses, schema.doses.c.voided_at.is_(None)) == 1


def test_centres_that_tell_each_other_do_not_wait_in_a_circle(world: World) -> None:
    """Two people, each with a dose here today and their next one there, or the other way round."""
    desks = {centre: Desk(world, centre) for centre in (RAMPUR, BHOJPUR)}
    for number, (centre, other) in enumerate([(RAMPUR, BHOJPUR), (BHOJPUR, RAMPUR)]):
        token, form = world.sign_in(f"987654321{number}"), world.form(centre=centre)
        booked = world.bookings.book(token, form)
        world.bookings.book(token, replace(form, centre=other, dose=2, slot="10:30"))
        desks[centre].record(desks[centre].dose(booked))
    for desk in desks.values():
        desk.pull()
    receipts = meet(world, [desk.push for desk in desks.values()], schema.doses)
    assert [said(receipt) for receipt in receipts] == [{1: (A, ())}, {1: (A, ())}]


def test_two_wrong_codes_for_one_person_are_two(world: World) -> None:
    booked = world.book()
    desks = [Desk(world) for _ in range(2)]
    for desk in desks:
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    for receipt in meet(world, [desk.push for desk in desks], schema.records):
        assert said(receipt)[1][0] is H
    with world.home.database.read() as connection:
        assert connection.scalar(select(schema.roster.c.mismatches)) == 2
    assert count(world, schema.sms_outbox, schema.sms_outbox.c.kind == "code_replaced") == 1


@pytest.mark.parametrize("walks_in", [False, True])
def test_a_report_and_its_dose_find_each_other(world: World, walks_in: bool) -> None:
    giving, reporting = Desk(world), Desk(world)
    if walks_in:
        name = "W0123456789abcdef"
        giving.record(giving.walk_in(name))
        giving.record(replace(giving.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    else:
        booked = world.book()
        name = booked.reference
        giving.record(giving.dose(booked))
    reporting.record(report(name, dose_seq=giving.seq - 1))
    meet(world, [giving.push, reporting.push], schema.records)
    assert said(reporting.push()) == {1: (A, ())}


def test_one_of_two_closes_is_the_days(world: World) -> None:
    desks = [Desk(world) for _ in range(2)]
    closes = [close_of(desk) for desk in desks]
    for desk, close in zip(desks, closes, strict=True):
        desk.record(close)
    answers = [said(receipt)[1] for receipt in meet(world, [desk.push for desk in desks], schema.records)]
    assert sorted(status.value for status, _ in answers) == ["accepted", "held"]
    assert (H, (R.CHAIN_BROKEN,)) in answers


def test_a_close_waits_for_what_comes_at_the_same_moment(world: World) -> None:
    """Each of two pushes brings the half of what a close covers: the later one counts it."""
    desks = [Desk(world) for _ in range(2)]
    for desk in desks:
        desk.record(desk.dose(world.book()))
    closing = Desk(world)
    closing.record(close_of(closing, *desks))
    closing.push()
    meet(world, [desk.push for desk in desks], schema.records)
    with world.home.database.read() as connection:
        assert connection.scalar(select(schema.closes.c.state)) == "counted"


def test_one_desk_twice_at_once_is_one_ledger(world: World, desk: Desk) -> None:
    for _ in range(3):
        desk.record(desk.dose(world.book()))
    receipts = meet(world, [desk.push] * 4, schema.records)
    assert all(receipt.outcomes == receipts[0].outcomes for receipt in receipts)
    assert count(world, schema.records) == 3


def test_one_enrolment_file_enrols_one_of_two_machines(world: World) -> None:
    file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
    requests = []
    for machine in (Desk(world), Desk(world)):
        machine.file, machine.device_key = file, SigningKey.generate()
        machine.staff_key, machine.sealing_key = SigningKey.generate(), SealingKey.generate()
        requests.append(machine.request())
    acts = [outcome(lambda request=request: world.api.enrol(request)) for request in requests]  # type: ignore[misc]
    assert sorted(meet(world, acts, schema.devices)) == ["done", "token_used"]


# People


def test_five_registrations_of_one_mobile_leave_four(world: World) -> None:
    account = Account(world.home.database, world.home.keys, world.clock, world.login)
    token = world.sign_in("9876543210")
    acts = [outcome(lambda n=n: account.register(token, person(world, n))) for n in range(6)]  # type: ignore[misc]
    assert sorted(meet(world, acts, schema.mobiles)) == [*["done"] * 4, *["mobile_full"] * 2]
    assert count(world, schema.mobiles) == 4


@pytest.mark.usefixtures("again")
def test_one_photo_id_is_registered_under_one_of_two_mobiles(world: World) -> None:
    account = Account(world.home.database, world.home.keys, world.clock, world.login)
    tokens = [world.sign_in(f"987654321{n}") for n in range(2)]
    acts = [outcome(lambda token=token: account.register(token, person(world, 1))) for token in tokens]  # type: ignore[misc]
    assert sorted(meet(world, acts, schema.photo_ids)) == ["done", "photo_id_elsewhere"]
    assert count(world, schema.people) == 1


def test_one_person_pressing_twice_books_once(world: World) -> None:
    account = Account(world.home.database, world.home.keys, world.clock, world.login)
    token = world.sign_in("9876543210")
    who = account.register(token, person(world, 1)).beneficiary
    forms = [
        PlaceForm(beneficiary=who, centre=centre, date=TODAY.isoformat(), slot="10:00", vaccine="covishield", dose=1)
        for centre in (RAMPUR, RAMPUR, BHOJPUR)
    ]
    acts = [outcome(lambda form=form: world.bookings.book_person(token, form)) for form in forms]  # type: ignore[misc]
    assert sorted(meet(world, acts, schema.bookings)) == ["already_booked", "already_booked", "done"]


def test_the_last_place_of_a_slot_is_one_persons(world: World) -> None:
    tokens = [world.sign_in(f"987654321{n}") for n in range(4)]
    forms = [world.form(vaccine="covaxin") for _ in tokens]
    acts = [
        outcome(lambda token=token, form=form: world.bookings.book(token, form))  # type: ignore[misc]
        for token, form in zip(tokens, forms, strict=True)
    ]
    assert sorted(meet(world, acts, schema.slots)) == ["done", "done", "slot_full", "slot_full"]


def test_an_appointment_is_moved_or_cancelled_once(world: World) -> None:
    token = world.sign_in("9876543210")
    booked = world.bookings.book(token, world.form())
    there = MoveForm(centre=BHOJPUR, date=TODAY.isoformat(), slot="10:00")
    acts = [
        outcome(lambda: world.bookings.move(token, booked.reference, there)),
        outcome(lambda: world.bookings.move(token, booked.reference, there)),
        outcome(lambda: world.bookings.cancel(token, booked.reference)),
    ]
    found = meet(world, acts, schema.slots)
    assert sorted(found) == ["booking_unknown", "booking_unknown", "done"]
    with world.home.database.read() as connection:
        places = connection.scalars(select(schema.slots.c.booked).where(schema.slots.c.centre == RAMPUR)).all()
    assert set(places) == {0}


def test_who_books_while_the_horizon_moves_is_told_to_the_desk(world: World, desk: Desk) -> None:
    desk.pull()
    world.clock.move(days=1)
    token, form = world.sign_in("9876543210"), world.form(date="2026-11-29")  # today's seventh day from now on
    acts = [lambda: world.bookings.book(token, form).reference, lambda: str(desk.pull().cursor)]
    reference, _ = meet(world, acts, schema.roster)
    assert reference in [one.appointment for one in desk.pull().appointments]


def test_a_one_time_password_opens_one_session(world: World) -> None:
    world.login.ask("9876543210", "en", address=HOME)
    otp = world.inbox("9876543210")[-1][:6]
    acts = [outcome(lambda: world.login.verify("9876543210", otp, address=HOME))] * 3
    assert sorted(meet(world, acts, schema.otps)) == ["done", "otp_wrong", "otp_wrong"]


def test_tries_at_once_are_no_more_tries(world: World) -> None:
    world.login.ask("9876543210", "en", address=HOME)
    otp = world.inbox("9876543210")[-1][:6]
    wrong = f"{(int(otp) + 1) % 1_000_000:06d}"
    meet(world, [outcome(lambda: world.login.verify("9876543210", wrong, address=HOME))] * 7, schema.otps)
    with pytest.raises(Refused):
        world.login.verify("9876543210", otp, address=HOME)


def test_two_that_deliver_at_once_deliver_each_message_once(world: World) -> None:
    for n in range(5):
        world.login.ask(f"987654321{n}", "en", address=HOME)
    meet(world, [world.drain.run, world.drain.run], schema.sms_outbox)
    assert [len(world.inbox(f"987654321{n}")) for n in range(5)] == [1] * 5


# The last word


@on_postgresql
@pytest.mark.usefixtures("again")
def test_a_row_that_came_past_every_lock_is_seen_all_the_same(world: World, desk: Desk) -> None:
    """As a program of an earlier version would write it."""
    booked = world.book()
    desk.record(desk.dose(booked))
    with ThreadPoolExecutor(1) as pool:
        with world.home.database.write() as connection:
            whose = connection.scalar(select(schema.bookings.c.beneficiary))
            row = {
                "beneficiary": whose,
                "centre": RAMPUR,
                "device": desk.device,
                "seq": 77,
                "dose": 1,
                "vaccine": "covishield",
                "batch": "x",
                "given_on": TODAY,
                "given_at": world.clock(),
                "recorded_at": world.clock(),
                "appointment": booked.reference,
            }
            connection.execute(insert(schema.doses).values(row))
            pushing = pool.submit(desk.push)
            await_waiting(world, [pushing])
        assert said(pushing.result()) == {1: (H, (R.ALREADY_DOSED,))}


@on_postgresql
@pytest.mark.usefixtures("again")
def test_who_waits_in_a_circle_is_begun_again(world: World) -> None:
    line = threading.Barrier(2)
    times = {RAMPUR: 0, BHOJPUR: 0}

    def rename(first: str, second: str) -> None:
        def act(connection: object) -> None:
            times[first] += 1
            for centre in (first, second):
                statement = update(schema.centres).where(schema.centres.c.centre == centre).values(name=first)
                connection.execute(statement)  # type: ignore[attr-defined]
                if centre == first and times[first] == 1:
                    line.wait(10)

        world.home.database.run(act)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(rename, RAMPUR, BHOJPUR), pool.submit(rename, BHOJPUR, RAMPUR)]:
            done.result()
    # The one that is taken back may be quick enough to be in the other's way once more.
    assert max(times.values()) > 1


@on_postgresql
def test_who_waits_too_long_is_told_to_come_again(world: World) -> None:
    def act() -> None:
        with world.home.database.write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            connection.execute(update(schema.centres).values(name="x"))

    with closed(world, schema.centres), pytest.raises(DatabaseAway) as told:
        act()
    assert (told.value.code, told.value.http_status) == ("busy", 503)
