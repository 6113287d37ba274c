"""Several at once: people after the last place, desks with the same person, one desk twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.central.machine import A, Desk, said
from tests.central.support import World, count
from vaccinator_app.central import schema
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake.crew import Crew
from vaccinator_app.central.intake.examine import Found, Job
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol.messages import Reason, Status

T = TypeVar("T")
AT_ONCE = 6


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result() for done in [pool.submit(act) for act in acts]]


def test_two_places_are_given_to_two_people(world: World) -> None:
    sessions = [world.sign_in(f"98000000{n:02d}") for n in range(AT_ONCE)]
    forms = [world.form(vaccine="covaxin") for _ in sessions]

    def book(n: int) -> str:
        try:
            return f"token {world.bookings.book(sessions[n], forms[n]).token}"
        except Refused as refused:
            return refused.code

    found = together([lambda n=n: book(n) for n in range(AT_ONCE)])  # type: ignore[misc]
    assert sorted(found) == [*["slot_full"] * (AT_ONCE - 2), "token 1", "token 2"]


def test_one_ledger_pushed_by_several_hands_is_stored_once(world: World, desk: Desk) -> None:
    for _ in range(3):
        desk.record(desk.dose(world.book()))
    receipts = together([desk.push] * AT_ONCE)
    assert all(receipt.outcomes == receipts[0].outcomes for receipt in receipts)
    assert (count(world, schema.records), count(world, schema.doses)) == (3, 3)


def test_desks_that_give_one_person_the_same_dose_leave_one(world: World) -> None:
    booked = world.book()
    desks = [Desk(world) for _ in range(4)]
    for desk in desks:
        desk.record(desk.dose(booked))
    answers = [said(receipt)[1] for receipt in together([desk.push for desk in desks])]
    assert answers.count((A, ())) == 1
    assert answers.count((Status.HELD, (Reason.ALREADY_DOSED,))) == 3


class Counting(Crew):
    """Does the work, and says how much there was."""

    jobs = 0

    def run(self, batch: Sequence[Job]) -> list[Found]:
        self.jobs += len(batch)
        return super().run(batch)


def test_what_central_has_is_not_verified_again(world: World, desk: Desk) -> None:
    crew = Counting(world.home.keys)
    world.api = DeskApi(world.home.database, world.home.keys, world.clock, crew)
    for _ in range(4):
        desk.record(SignedIn())
    desk.push(desk.ledger[:3])
    assert crew.jobs == 3
    desk.push()
    assert crew.jobs == 4
