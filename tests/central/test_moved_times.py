"""When the dose in the place of another went in: as the record that it corrects says it, or it is held (P.3.10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import event, select, update

from tests.central.closing import close_of
from tests.central.correcting import corrected, standing, void
from tests.central.machine import A, Desk, H, X, said
from tests.central.support import MORNING, TODAY, World
from vaccinator_app.central import schema
from vaccinator_app.central.operations import admin
from vaccinator_app.domain.events import Arrived, Body, DoseGiven, EligibilityShown
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import Record

DONE, MOVED, BROKEN = (A, ()), (H, (R.TIME_MOVED,)), (H, (R.CHAIN_BROKEN,))
LATER = timedelta(days=4)


def push(desk: Desk, bodies: Sequence[Body], *, together: bool) -> dict[int, object]:
    """Record and push, all at once or one by one; the last answers."""
    found: dict[int, object] = {}
    for body in bodies:
        desk.record(body)
        if not together:
            found |= said(desk.push(desk.ledger[-1:]))
    return found | said(desk.push())


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("at", "answer"),
    [
        (MORNING, DONE),
        (MORNING.astimezone(timezone(timedelta(hours=5.5))), DONE),
        (MORNING + timedelta(microseconds=1), MOVED),
        (MORNING - timedelta(days=1), MOVED),
        (MORNING + LATER, MOVED),
        (None, MOVED),
    ],
)
def test_a_correction_says_the_time_of_what_it_corrects(
    world: World, desk: Desk, at: datetime | None, answer: object, together: bool
) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    if not together:
        desk.push()
    world.clock.move(days=4)
    assert push(desk, [void(dose, 1), corrected(dose, 1, at)], together=together)[3] == answer
    assert standing(world) == ([(3, "for-1")] if answer == DONE else [])
    if answer == DONE:
        with world.home.database.read() as connection:
            row = connection.execute(select(schema.doses).where(schema.doses.c.seq == 3)).one()
        assert (row.given_at, row.given_on) == (MORNING, TODAY)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("at", "answer"), [(MORNING, DONE), (MORNING + LATER, MOVED)])
def test_the_time_goes_on_through_further_corrections(
    world: World, desk: Desk, at: datetime, answer: object, together: bool
) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    world.clock.move(days=4)
    push(desk, [void(dose, 1), corrected(dose, 1, MORNING)], together=together)
    world.clock.move(days=4)
    assert push(desk, [void(dose, 3), corrected(dose, 3, at)], together=together)[5] == answer


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("at", [MORNING + LATER, MORNING, None])
def test_a_time_once_moved_is_no_better_for_being_said_again(
    world: World, desk: Desk, at: datetime | None, together: bool
) -> None:
    dose = desk.dose(world.book())
    bodies: list[Body] = [dose, void(dose, 1), corrected(dose, 1, MORNING + LATER)]
    bodies += [void(dose, 3), corrected(dose, 3, at)]
    answers = push(desk, bodies, together=together)
    assert (answers[3], answers[5]) == (MOVED, MOVED)


@pytest.mark.parametrize("together", [True, False])
def test_nor_is_one_that_came_before_its_appointment_was_known(world: World, desk: Desk, together: bool) -> None:
    booked = world.book()
    dose = desk.dose(booked)
    with world.home.database.write() as connection:
        connection.execute(update(schema.roster).values(centre="999999"))
    answers = push(desk, [dose, void(dose, 1), corrected(dose, 1, MORNING + LATER)], together=together)
    assert answers[3] == (H, (R.TIME_MOVED, R.OTHER_CENTRE))
    with world.home.database.write() as connection:
        connection.execute(update(schema.roster).values(centre=desk.centre))
    again: list[Body] = [void(dose, 3), corrected(dose, 3, MORNING + LATER)]
    assert push(desk, again, together=together)[5] == MOVED


def test_a_dose_that_corrects_nothing_has_no_time_but_its_own(world: World, desk: Desk) -> None:
    for at in (MORNING, MORNING - LATER):
        desk.record(replace(desk.dose(world.book()), given_at=at))
    assert said(desk.push()) == {1: MOVED, 2: MOVED}
    assert standing(world) == []


@pytest.mark.parametrize("together", [True, False])
def test_only_a_voided_dose_of_the_same_desk_and_person_is_corrected(world: World, desk: Desk, together: bool) -> None:
    other, person, someone = Desk(world), world.book(), world.book()
    theirs, arrived = desk.dose(someone), Arrived(appointment=person.reference)
    stands = desk.dose(world.book())
    spoiled = desk.dose(person)
    for body in (theirs, void(theirs, 1), arrived, replace(void(spoiled, 3)), stands, spoiled):
        desk.record(body)
    last = desk.ledger[-1]
    desk.ledger[-1] = Record(last.payload, last.keyid, bytes(64))
    at_other = other.dose(person)
    for body in (*(Arrived(appointment=someone.reference),) * 6, at_other, void(at_other, 7)):
        other.record(body)
    assert said(other.push())[8] == DONE
    if not together:
        desk.push()
    seqs = range(7, 16)
    # another person's, a voided arrival, a void, one that stands, a refused one, another desk's, itself, later, never
    for named in (1, 3, 2, 5, 6, 7, 13, 15, 2**53 - 1):
        desk.record(replace(desk.dose(person), corrects=named))
    answers = said(desk.push())
    assert answers[6] == (X, (R.BAD_SIGNATURE,))
    assert [answers[seq] for seq in seqs] == [BROKEN] * len(seqs)
    desk.record(replace(desk.dose(person), corrects=1, given_at=MORNING))
    assert said(desk.push(desk.ledger[15:])) == {16: (H, (R.CHAIN_BROKEN, R.TIME_MOVED))}


def test_what_is_wrong_with_a_link_is_said_once(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(replace(desk.dose(booked), corrects=9), prev=bytes([1] * 32))
    assert said(desk.push()) == {1: BROKEN}


SECOND = timedelta(days=84)
"""Between two doses of the vaccine, at the least."""


def second_dose(world: World, desk: Desk, first: timedelta) -> DoseGiven:
    """The second dose of somebody who showed a certificate of a first one, so long ago."""
    shown = EligibilityShown(rule="x", previous_dose_on=TODAY - first, from_certificate=True)
    return desk.dose(world.book(dose=2), eligibility=shown)


@pytest.mark.parametrize("days", [10, -10])
def test_the_interval_rests_on_no_time_that_was_moved(world: World, desk: Desk, days: int) -> None:
    early = days > 0
    dose = second_dose(world, desk, SECOND - timedelta(days=1 if early else 0))
    for body in (dose, void(dose, 1), corrected(dose, 1, MORNING + timedelta(days=days))):
        desk.record(body)
    too_early = (R.TOO_EARLY,) if early else ()
    answers = said(desk.push())
    assert (answers[1], answers[3]) == ((H, too_early) if early else DONE, (H, (R.TIME_MOVED, *too_early)))


def test_nor_does_what_became_of_the_batch(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    admin.withdraw_batch(world.home, desk.centre, "covishield", dose.batch, clock=world.clock)
    world.clock.move(seconds=1)
    for body in (dose, void(dose, 1), corrected(dose, 1, MORNING - LATER, batch=dose.batch)):
        desk.record(body)
    assert said(desk.push())[3] == (H, (R.TIME_MOVED, R.BATCH_WITHDRAWN))


def test_desk_and_central_count_it_on_the_same_day(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    for body in (dose, void(dose, 1), corrected(dose, 1, MORNING - timedelta(days=1))):
        desk.record(body)
    for day in (TODAY, TODAY - timedelta(days=1)):
        desk.record(close_of(desk, day=day))
    answers = said(desk.push())
    assert (answers[3], answers[4], answers[5]) == (MOVED, DONE, DONE)


@contextmanager
def asked(world: World) -> Iterator[list[str]]:
    """Every statement that goes to the database."""
    found: list[str] = []

    def watch(_: object, __: object, statement: str, *___: object) -> None:
        found.append(statement)

    engine = world.home.database.engine
    event.listen(engine, "before_cursor_execute", watch)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", watch)


def test_what_is_corrected_is_looked_up_once_a_batch_and_only_when_something_is(world: World, desk: Desk) -> None:
    plain, doses = desk.dose(world.book()), [desk.dose(world.book()) for _ in range(3)]
    with asked(world) as without:
        push(desk, [plain], together=True)
    for dose in doses:
        desk.record(dose)
    with asked(world) as with_some:
        bodies: list[Body] = []
        for n, dose in enumerate(doses, 2):
            bodies += [void(dose, n), corrected(dose, n)]
        push(desk, bodies, together=True)
    looked_up = "records.voided_by, records.reasons, records.payload"
    assert [sum(looked_up in one for one in found) for found in (without, with_some)] == [0, 1]
