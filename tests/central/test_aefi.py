"""Adverse events: for people who were vaccinated, the serious ones an alarm at once and once (P.10.7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from tests.central.machine import A, Colleague, Desk, H, other_code, said
from tests.central.reporting import report
from tests.central.support import BHOJPUR, MORNING, World, plan_of
from vaccinator_app.central import schema
from vaccinator_app.central.intake.intake import MOST_URGENT
from vaccinator_app.domain.aefi import AefiReported, Seriousness
from vaccinator_app.domain.events import SignedIn, Voided, VoidReason
from vaccinator_app.protocol.messages import Outcome
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import Record, sign_event
from vaccinator_app.trust.keys import SigningKey

NOT_VACCINATED = (H, (R.NOT_VACCINATED,))


def grave(appointment: str, dose_seq: int = 1) -> AefiReported:
    return report(appointment, dose_seq, Seriousness.LIFE_THREATENING)


def alarms(world: World) -> list[str]:
    statement = select(schema.alarms.c.subject).where(schema.alarms.c.kind == "aefi")
    with world.home.database.read() as connection:
        return sorted(connection.scalars(statement))


@pytest.mark.parametrize("together", [True, False])
def test_a_report_needs_a_dose_that_stands(world: World, desk: Desk, together: bool) -> None:
    booked, never = world.book(), world.book()
    desk.record(desk.dose(booked))
    if not together:
        desk.push()
    for body in (
        *(report(booked.reference), report(booked.reference, 77), report(never.reference), report("000000000000")),
        Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN),
        report(booked.reference),
    ):
        desk.record(body)
    answers = said(desk.push())
    # A report that names the wrong record of the right person is a report all the same.
    assert [answers[n] for n in (2, 3)] == [(A, ()), (A, ())]
    assert [answers[n] for n in (4, 5, 7)] == [NOT_VACCINATED] * 3


@pytest.mark.parametrize("together", [True, False])
def test_a_held_dose_happened_and_a_refused_one_did_not(world: World, desk: Desk, together: bool) -> None:
    one, two = world.book(), world.book()
    desk.record(desk.dose(one, other_code(one.code, same_bucket=True)))
    spoiled = desk.record(desk.dose(two))
    desk.ledger[-1] = Record(spoiled.payload, spoiled.keyid, bytes(64))
    if not together:
        desk.push()
    desk.record(report(one.reference, 1))
    desk.record(report(two.reference, 2))
    answers = said(desk.push())
    assert (answers[3], answers[4]) == ((A, ()), NOT_VACCINATED)


def test_another_desk_of_the_centre_reports_of_its_neighbours_doses(world: World, desk: Desk) -> None:
    other, there = Desk(world), Desk(world, BHOJPUR)
    one, two = world.book(), world.book()
    desk.record(desk.dose(one, other_code(one.code, same_bucket=True)))
    desk.record(desk.dose(two))
    desk.push()
    for seq, booked in ((1, one), (1, two)):
        other.record(report(booked.reference, seq))
        there.record(report(booked.reference, seq))
    assert said(other.push()) == {1: (A, ()), 2: (A, ())}
    assert said(there.push()) == {1: NOT_VACCINATED, 2: NOT_VACCINATED}


def test_a_dose_taken_back_before_does_not_stand(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.push()
    desk.record(report(booked.reference))
    assert said(desk.push(desk.ledger[2:])) == {3: NOT_VACCINATED}


def test_a_serious_report_raises_one_alarm(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.record(report(booked.reference))
    desk.record(grave(booked.reference))
    desk.record(grave("000000000000"))
    desk.push()
    desk.push()
    assert alarms(world) == [f"{desk.device}.3", f"{desk.device}.4"]


def test_an_urgent_report_raises_the_alarm_before_its_turn_and_is_answered_in_it(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(SignedIn())
    desk.record(desk.dose(booked))
    urgent = desk.record(grave(booked.reference, 2))
    receipt = desk.push(desk.ledger[:1], [urgent])
    assert (receipt.upto, set(said(receipt))) == (1, {1})
    assert alarms(world) == [f"{desk.device}.3"]
    desk.push([], [urgent])
    assert said(desk.push()) == {1: (A, ()), 2: (A, ()), 3: (A, ())}
    assert alarms(world) == [f"{desk.device}.3"]


def test_an_urgent_report_is_known_by_a_colleague_whom_the_same_batch_adds(world: World, desk: Desk) -> None:
    new = Colleague()
    new.join(desk)
    urgent = new.record(desk, grave("000000000000"))
    desk.push(desk.ledger[:1], [urgent])
    assert alarms(world) == [f"{desk.device}.2"]


def test_urgent_rubbish_is_ignored(world: World, desk: Desk) -> None:
    stranger = SigningKey.generate()
    good = desk.record(grave("000000000001"))
    event = desk.event(grave("000000000001"))
    rubbish = [
        Record(b"poison", "?", b""),
        Record(good.payload, good.keyid, bytes(64)),
        sign_event(event, stranger),
        sign_event(desk.event(grave("000000000001"), device="d000000000000"), desk.staff_key),
        sign_event(desk.event(grave("000000000001"), centre=BHOJPUR), desk.staff_key),
        sign_event(desk.event(grave("000000000001"), staff="s-other"), desk.staff_key),
        sign_event(desk.event(report("000000000001")), desk.staff_key),
        sign_event(desk.event(SignedIn()), desk.staff_key),
    ]
    receipt = desk.push([], rubbish)
    assert (receipt.upto, receipt.outcomes) == (0, [])
    assert alarms(world) == []
    with world.home.database.write() as connection:
        connection.execute(update(schema.certificates).values(revoked_at=MORNING))
    desk.push([], [good])
    assert alarms(world) == []


def test_so_many_are_looked_at_and_no_more(world: World, desk: Desk) -> None:
    for n in range(MOST_URGENT + 1):
        desk.record(replace(grave(f"{n:012d}")))
    desk.push([], desk.ledger)
    assert len(alarms(world)) == MOST_URGENT


# The dose comes after the report of another desk


@pytest.mark.parametrize("named", [True, False])
def test_a_report_is_accepted_once_the_dose_is_there(world: World, desk: Desk, named: bool) -> None:
    other, booked, never = Desk(world), world.book(), world.book()
    desk.record(desk.dose(booked))
    other.record(report(booked.reference, 1 if named else 77))
    other.record(report(never.reference, 1))
    assert said(other.push()) == {1: NOT_VACCINATED, 2: NOT_VACCINATED}
    cursor, theirs = other.pull().cursor, desk.pull().cursor
    assert said(desk.push()) == {1: (A, ())}
    assert other.pull(cursor).outcomes == [Outcome(1, A, ())]
    told = desk.pull(theirs).peers
    assert [(one.device, one.status, one.reasons) for one in told] == [(other.device, A, ())]
    assert said(other.push()) == {1: (A, ()), 2: NOT_VACCINATED}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("report_first", [True, False])
@pytest.mark.parametrize(("named", "answer"), [(0, (A, ())), (75, NOT_VACCINATED)])
def test_of_held_doses_only_the_one_that_it_names_counts(
    world: World, desk: Desk, *, together: bool, report_first: bool, named: int, answer: object
) -> None:
    booked = world.book()
    dose = desk.dose(booked, other_code(booked.code, same_bucket=True))
    about = report(booked.reference, named + (2 if report_first else 1))
    for body in (about, dose) if report_first else (dose, about):
        desk.record(body)
        if not together:
            desk.push(desk.ledger[-1:])
    assert said(desk.push())[1 if report_first else 2] == answer


def test_a_receipt_says_what_the_whole_batch_came_to(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(report(booked.reference, 2))
    desk.record(desk.dose(booked))
    cursor = desk.pull().cursor
    assert said(desk.push()) == {1: (A, ()), 2: (A, ())}
    assert said(desk.push()) == {1: (A, ()), 2: (A, ())}
    assert desk.pull(cursor).outcomes == []
    assert [one.status for one in other.pull().peers] == [A, A]


def test_a_report_from_before_the_batch_is_told_of_later(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(report(booked.reference, 2))
    desk.push()
    cursor = desk.pull().cursor
    desk.record(desk.dose(booked))
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}
    assert desk.pull(cursor).outcomes == [Outcome(1, A, ())]


def test_somebody_elses_dose_under_the_number_that_it_names_is_none(world: World, desk: Desk) -> None:
    one, two = world.book(), world.book()
    desk.record(desk.dose(one, other_code(one.code, same_bucket=True)))
    desk.push()
    desk.record(report(two.reference))
    assert said(desk.push())[2] == NOT_VACCINATED


def test_a_dose_taken_back_in_the_same_batch_settles_nothing(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    other.record(report(booked.reference))
    other.push()
    desk.record(desk.dose(booked))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.push()
    assert said(other.push()) == {1: NOT_VACCINATED}
    desk.record(desk.dose(booked))
    desk.push()
    assert said(other.push()) == {1: (A, ())}


def test_what_else_is_against_a_report_stays(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    other.record(report(booked.reference), prev=bytes([1] * 32))
    assert said(other.push()) == {1: (H, (R.CHAIN_BROKEN, R.NOT_VACCINATED))}
    desk.record(desk.dose(booked))
    desk.push()
    cursor = desk.pull().cursor
    assert said(other.push()) == {1: (H, (R.CHAIN_BROKEN,))}
    desk.record(desk.dose(booked))
    desk.push()
    assert desk.pull(cursor).peers == []


def test_a_refused_dose_and_another_centres_settle_nothing(world: World, desk: Desk) -> None:
    other, there, booked = Desk(world), Desk(world, BHOJPUR), world.book()
    other.record(report(booked.reference))
    other.push()
    spoiled = desk.record(desk.dose(booked))
    desk.ledger[-1] = Record(spoiled.payload, spoiled.keyid, bytes(64))
    desk.push()
    there.record(there.dose(booked))
    there.push()
    assert said(other.push()) == {1: NOT_VACCINATED}


def test_held_reports_are_found_without_a_look_at_anything_else(world: World) -> None:
    statement = f"SELECT 1 FROM records WHERE centre = '1' AND {schema.HELD_REPORTS}"
    for narrower in ("", " AND appointment IN ('1', '2')"):
        plan = plan_of(world, statement + narrower)
        assert "records_held" in plan
        assert "SCAN records" not in plan
        assert "Seq Scan" not in plan
