"""Interval and age by the rule of the booking day: at the booking, at the desk, at central (DESIGN 8.2)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.central.machine import A, Desk, H, said
from tests.central.support import BATCH, MORNING, RAMPUR, TODAY, World
from tests.central.test_given_twice import desk_at
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked, MoveForm
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.central.programme import Rule, formulary_on, in_force
from vaccinator_app.central.rules import list_rules, set_rule
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, view
from vaccinator_app.domain.events import EligibilityShown, Proof, ProofKind
from vaccinator_app.protocol.messages import Reason as R

PHONE = "9876543210"
OWN = 84
"""Days between the doses of Covishield when no rule was set."""


def rule(from_day: date, days: int = 28, age: int = 18, vaccine: str = "covishield") -> Rule:
    return Rule(vaccine=vaccine, from_day=from_day, min_interval_days=(days,), min_age_years=age)


def second(world: World, days_ago: int, day: date = TODAY, phone: str = PHONE) -> Booked:
    """An appointment for dose 2 of somebody whose dose 1 was given so long before ``day``."""
    booked = world.book(phone, dose=2, date=day.isoformat())
    before = MORNING - timedelta(days=days_ago)
    mine = schema.bookings.c.appointment == booked.reference
    with world.home.database.write() as connection:
        person = connection.execute(select(schema.bookings.c.beneficiary).where(mine)).scalar_one()
        connection.execute(
            insert(schema.doses).values(
                beneficiary=person,
                centre=RAMPUR,
                device="d-before",
                seq=1,
                dose=1,
                vaccine="covishield",
                batch=BATCH,
                given_on=day - timedelta(days=days_ago),
                given_at=before,
                recorded_at=before,
                appointment="0" * 12,
            )
        )
    return booked


def judged(world: World, desk: Desk, booked: Booked) -> tuple[object, ...]:
    desk.record(desk.dose(booked))
    return said(desk.push())[len(desk.ledger)]


@pytest.mark.parametrize(("days_ago", "answer"), [(28, (A, ())), (27, (H, (R.TOO_EARLY,)))])
def test_a_rule_in_force_on_the_booking_day(world: World, desk: Desk, days_ago: int, answer: object) -> None:
    set_rule(world.home, rule(TODAY))
    assert judged(world, desk, second(world, days_ago)) == answer


def test_who_booked_before_keeps_the_rule_of_that_day(world: World, desk: Desk) -> None:
    booked = second(world, OWN)
    set_rule(world.home, rule(TODAY, days=112))
    assert judged(world, desk, booked) == (A, ())


def test_who_booked_before_a_shorter_interval_began_keeps_the_longer(world: World, desk: Desk) -> None:
    booked = second(world, 30, TODAY + timedelta(days=1))
    set_rule(world.home, rule(TODAY + timedelta(days=1)))
    world.clock.move(days=1)
    assert judged(world, desk, booked) == (H, (R.TOO_EARLY,))


def test_who_moves_an_appointment_books_anew(world: World, desk: Desk) -> None:
    booked = second(world, 30, TODAY + timedelta(days=1))
    set_rule(world.home, rule(TODAY + timedelta(days=1)))
    world.clock.move(days=1)
    form = MoveForm(centre=RAMPUR, date=(TODAY + timedelta(days=1)).isoformat(), slot="10:15")
    assert judged(world, desk, world.bookings.move(world.sign_in(PHONE), booked.reference, form)) == (A, ())


def test_a_rule_to_come_is_not_in_force(world: World, desk: Desk) -> None:
    set_rule(world.home, rule(TODAY + timedelta(days=1)))
    assert judged(world, desk, second(world, 30)) == (H, (R.TOO_EARLY,))


def test_the_desk_goes_by_the_same_rule(world: World, tmp_path: Path) -> None:
    """Offline, with nothing but what the roster told it."""
    set_rule(world.home, rule(TODAY))
    early, in_time = second(world, 27), second(world, 28, phone="9876500001")
    with desk_at(world, tmp_path, RAMPUR, "Rampur 1") as counter:
        for booked, state in ((early, StepState.STOPPED), (in_time, StepState.PASSED)):
            desk = VisitDesk(counter.place, booked.reference)
            desk.confirm_identity()
            found = view(desk, counter.place)
            assert next(step.state for step in found.steps if step.step is Step.ELIGIBLE) is state
            desk.close()


def test_the_age_is_the_booking_days_too(world: World, tmp_path: Path) -> None:
    born = TODAY.year - 16
    with pytest.raises(Refused) as refused:
        world.book(PHONE, year_of_birth=born)
    assert refused.value.code == "too_young"
    set_rule(world.home, rule(TODAY, age=15))
    booked = world.book(PHONE, year_of_birth=born)
    with desk_at(world, tmp_path, RAMPUR, "Rampur 1") as counter:
        counter.dose(booked.reference, booked.code)
        counter.sync()
    set_rule(world.home, rule(TODAY, age=45))
    with pytest.raises(Refused):
        world.book("9876500001", year_of_birth=TODAY.year - 44)
    world.book("9876500001", year_of_birth=TODAY.year - 45)


@pytest.mark.parametrize(("days_ago", "answer"), [(28, (A, ())), (27, (H, (R.TOO_EARLY,)))])
def test_a_walk_in_goes_by_the_rule_of_the_day(world: World, desk: Desk, days_ago: int, answer: object) -> None:
    set_rule(world.home, rule(TODAY))
    set_rule(world.home, rule(TODAY + timedelta(days=1), days=1))
    visitor = "W0123456789abcdef"
    desk.record(desk.walk_in(visitor, dose=2))
    shown = EligibilityShown(rule="x", previous_dose_on=TODAY - timedelta(days=days_ago), from_certificate=True)
    desk.record(
        desk.dose(world.book(), appointment=visitor, proof=Proof(how=ProofKind.NONE), dose=2, eligibility=shown)
    )
    assert said(desk.push())[2] == answer


def test_the_newest_rule_that_began_is_in_force() -> None:
    rules = [rule(TODAY, 10), rule(TODAY + timedelta(days=2), 20), rule(TODAY, 99, vaccine="covaxin")]
    wanted = {-1: None, 0: 10, 1: 10, 2: 20, 300: 20}
    for days, interval in wanted.items():
        found = in_force(rules, "covishield", TODAY + timedelta(days=days))
        assert (None if found is None else found.interval_before(2)) == interval
    assert rules[0].interval_before(1) is None
    assert rules[0].interval_before(3) is None


def test_the_formulary_of_a_day(world: World) -> None:
    set_rule(world.home, rule(TODAY, 28, 60))
    with world.home.database.read() as connection:
        before = formulary_on(connection, TODAY - timedelta(days=1))["covishield"]
        on = formulary_on(connection, TODAY)["covishield"]
    assert (before.min_interval_days, before.min_age_years) == ((OWN,), 18)
    assert (on.min_interval_days, on.min_age_years) == ((28,), 60)


def test_a_rule_set_again_for_its_day_takes_the_place_of_the_first(world: World) -> None:
    set_rule(world.home, rule(TODAY, 28))
    set_rule(world.home, rule(TODAY, 56))
    assert list_rules(world.home) == [rule(TODAY, 56)]


@pytest.mark.parametrize(
    "wrong",
    [
        rule(TODAY, vaccine="covishielt"),
        rule(TODAY, days=0),
        rule(TODAY, days=99_999),
        rule(TODAY, age=-1),
        rule(TODAY, age=999),
        Rule(vaccine="covishield", from_day=TODAY, min_interval_days=(), min_age_years=18),
        Rule(vaccine="covishield", from_day=TODAY, min_interval_days=(28, 28), min_age_years=18),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(world: World, wrong: Rule) -> None:
    with pytest.raises(CentralError):
        set_rule(world.home, wrong)
    assert list_rules(world.home) == []
