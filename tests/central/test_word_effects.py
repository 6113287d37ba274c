"""What comes of a person's no: alarms, what desks hear, what is kept (DESIGN 4.3, 7.5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.central.machine import Desk, H, X, other_code
from tests.central.speaking import PHONE, alarms, code_now, given, name_of, sign_in
from tests.central.support import BHOJPUR, TODAY, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.district.decisions import DecisionKind, read_decision
from vaccinator_app.central.errors import Refused
from vaccinator_app.protocol.messages import Outcome
from vaccinator_app.protocol.messages import Reason as R

STRANGER = "9000000001"


@pytest.fixture
def word(world: World) -> Word:
    return Word(world.home.database, world.home.keys, world.clock, world.login)


def test_two_noes_in_thirty_days_raise_an_alarm_for_person_and_machine_once(
    world: World, desk: Desk, word: Word
) -> None:
    phones = [f"98765400{n:02d}" for n in range(4)]
    for phone in phones:
        given(world, desk, phone)
    for seq, phone in enumerate(phones, 1):
        word.dispute(sign_in(world, phone), name_of(desk, seq))
        assert alarms(world) == ([] if seq == 1 else [("disputes_device", 2), ("disputes_staff", 2)])


def test_noes_far_apart_raise_none(world: World, desk: Desk, word: Word) -> None:
    phones = ["9876540001", "9876540002"]
    for phone in phones:
        given(world, desk, phone)
    word.dispute(sign_in(world, phones[0]), name_of(desk, 1))
    world.clock.now += timedelta(days=31)
    word.dispute(sign_in(world, phones[1]), name_of(desk, 2))
    assert alarms(world) == []


def test_desks_that_expect_the_person_hear_that_the_dose_is_off_the_record(
    world: World, desk: Desk, word: Word
) -> None:
    there = Desk(world, BHOJPUR)
    token = sign_in(world)
    form = world.form()
    first = world.bookings.book(token, form)
    later = (TODAY + timedelta(days=7)).isoformat()
    fields = {name: getattr(form, name) for name in ("name", "year_of_birth", "photo_id_number")}
    world.bookings.book(token, world.form(**fields, dose=2, centre=BHOJPUR, date=later, slot="10:00"))
    desk.record(desk.dose(first))
    desk.push()
    page = there.pull()
    assert [[dose.dose for dose in one.previous] for one in page.appointments] == [[1]]
    word.dispute(token, name_of(desk, 1))
    page = there.pull(page.cursor)
    assert [one.previous for one in page.appointments] == [()]
    word.confirm(token, name_of(desk, 1))
    page = there.pull(page.cursor)
    assert [[dose.dose for dose in one.previous] for one in page.appointments] == [[1]]


def test_decisions_say_who_and_nobodys_details(world: World, desk: Desk, word: Word) -> None:
    booked = given(world, desk)
    token = sign_in(world)
    word.dispute(token, name_of(desk, 1))
    word.confirm(token, name_of(desk, 1))
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.decisions).order_by(schema.decisions.c.number)).all()
    found = [read_decision(row.envelope, world.home.keys.signing.public) for row in rows]
    assert [(one.number, one.kind, one.by) for one in found] == [
        (1, DecisionKind.DISPUTED, "person"),
        (2, DecisionKind.CONFIRMED, "person"),
    ]
    assert {one.record for one in found} == {desk.ledger[0].hash.hex()}
    assert not any(PHONE in row.envelope or booked.reference in row.envelope for row in rows)


def test_a_refused_record_is_nobodys_dose(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    with world.home.database.write() as connection:
        connection.execute(update(schema.records).values(status=X.value, reasons=R.REJECTED.value))
    with pytest.raises(Refused) as refused:
        word.dispute(sign_in(world), name_of(desk, 1))
    assert refused.value.code == "dose_unknown"


def test_a_wrong_code_later_is_still_a_mismatch(world: World, desk: Desk, word: Word) -> None:
    booked = given(world, desk)
    word.dispute(sign_in(world), name_of(desk, 1))
    desk.record(desk.dose(booked, other_code(code_now(world, booked), same_bucket=True)))
    answer = desk.push().outcomes[-1]
    assert isinstance(answer, Outcome)
    assert (answer.status, answer.reasons) == (H, (R.CODE_MISMATCH,))
    assert count(world, schema.mismatches) == 1
