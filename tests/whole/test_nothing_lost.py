"""Whatever people, machines and the network do, in any order: no saved record is lost, doubled or called confirmed too
early (DESIGN 3, 7). Short in ``make test``, thousands of steps in ``make nightly``.

Beside luck's own order of steps stand the ways that lead through the dangerous places, each of them walked every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.scale import NIGHTLY, many
from tests.whole.line import Fault
from tests.whole.nothing_lost_machine import EverybodyAtOnce


@pytest.fixture
def everybody() -> Iterator[EverybodyAtOnce]:
    """The same machine, its steps called by hand. What must hold is looked at after each, and in the end."""
    machine = EverybodyAtOnce()
    machine.morning()
    try:
        yield machine
        machine.evening()
    finally:
        machine.put_away()


def test_everybody_at_once() -> None:
    run_state_machine_as_test(
        EverybodyAtOnce,
        settings=settings(
            max_examples=many(6, 400),
            stateful_step_count=many(14, 50),
            # to find a shorter way to a fault takes minutes: that is for the nights
            phases=[phase for phase in Phase if NIGHTLY or phase is not Phase.shrink],
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_answers_that_central_never_gave(everybody: EverybodyAtOnce) -> None:
    """While records wait, and more are saved than one batch holds."""
    for _ in range(4):
        everybody.walks_in(0)
    for number, fault in enumerate(
        (Fault.STRANGER_SIGNS, Fault.NOBODY_SIGNS, Fault.OTHER_DESKS, Fault.PORTAL, Fault.TRUNCATED, Fault.FLIPPED)
    ):
        everybody.syncs(1, [])
        everybody.syncs(0, [(fault, 100 + number)])
        everybody.gives_a_dose(0, number)
    everybody.syncs(0, [(Fault.NONE, 0), (Fault.STRANGER_SIGNS, 0)])
    everybody.syncs(0, [(Fault.NONE, 0)] * 5 + [(Fault.OTHER_DESKS, 0)])


def test_what_is_saved_while_an_answer_is_under_way(everybody: EverybodyAtOnce) -> None:
    """A receipt confirms the records that it names, and no others."""
    everybody.gives_a_dose(0, 0)
    everybody.syncs(0, [(Fault.NONE, 0), (Fault.REQUEST_LOST, 0)], act="dose", person=1)
    for _ in range(4):
        everybody.walks_in(0)
    everybody.breaks_a_sync_off(0, 1)
    everybody.syncs(0, [(Fault.NONE, 0), (Fault.ANSWER_LOST, 0)])
    everybody.syncs(0, [(Fault.REQUEST_LATE, 0)], act="dose", person=2)
    everybody.what_was_late_arrives(0, 2)
    everybody.syncs(0, [(Fault.OLD_ANSWER, 0), (Fault.DOUBLED, 0)])


def test_central_dies_before_each_commit(everybody: EverybodyAtOnce) -> None:
    for number in range(4):
        everybody.gives_a_dose(number % 2, number)
        everybody.syncs(number % 2, [(Fault.CENTRAL_DIES_COMMITTING, number)])
        everybody.syncs(number % 2, [(Fault.CENTRAL_DIES, 7 * number + 3)])
    everybody.syncs(0, [(Fault.NONE, 0), (Fault.CENTRAL_DIES_COMMITTING, 0)])


def test_power_goes_after_each_commit(everybody: EverybodyAtOnce) -> None:
    for number in range(1, 4):
        everybody.power_goes_at_a_desk(0, (True, number), "receive", 0)
        everybody.power_goes_at_a_desk(0, (True, number), "dose", number)
    for number in range(1, 7):
        everybody.person_is_renamed(number)
        everybody.another_unlocks(0, 1)
        everybody.power_goes_in_a_sync(0, (True, number))
        everybody.syncs(0, [])
    for number in range(1, 4):
        # the file is being looked through after one power cut, and there is another
        everybody.power_goes_at_a_desk(0, (True, 1), "receive", 0)
        everybody.power_goes_in_a_sync(0, (False, number))


def test_power_goes_between_two_answers(everybody: EverybodyAtOnce) -> None:
    """The first of them covers the records of the second, which says what became of them."""
    everybody.walks_in(1)
    everybody.power_goes_in_a_sync(1, (True, 4), [(Fault.TRUNCATED, 75)])
    everybody.power_goes_in_a_sync(1, (False, 5))
    everybody.syncs(1, [])


def test_two_desks_give_one_dose(everybody: EverybodyAtOnce) -> None:
    for desk in (0, 1):
        everybody.gives_a_dose(desk, 0)
    everybody.at_the_desk(1, "guessed_dose", 3)
    for desk in (0, 1, 0):
        everybody.syncs(desk, [])
    everybody.district_decides(0, accepts=False)
    everybody.at_the_desk(1, "void", 0)
    for desk in (1, 0):
        everybody.syncs(desk, [])


def test_an_old_folder_is_put_back(everybody: EverybodyAtOnce) -> None:
    everybody.gives_a_dose(0, 0)
    everybody.syncs(0, [])
    everybody.folder_is_copied(0)
    everybody.gives_a_dose(0, 1)
    everybody.syncs(0, [])
    everybody.gives_a_dose(0, 2)
    everybody.old_folder_is_put_back(0)
    everybody.gives_a_dose(0, 3)
    everybody.syncs(0, [])
    everybody.gives_a_dose(0, 4)
    everybody.ledger_is_taken_back(0, [(Fault.NONE, 0), (Fault.ANSWER_LOST, 0)])
    # an answer from before the folder was put back, which fits, says nothing of what was found since
    everybody.syncs(0, [(Fault.OLD_ANSWER, 0), (Fault.REQUEST_LOST, 0)])
    everybody.gives_a_dose(0, 4)
    everybody.ledger_is_taken_back(0, [(Fault.NONE, 0), (Fault.STRANGER_SIGNS, 0)])
    everybody.ledger_is_taken_back(0, [])
    everybody.gives_a_dose(0, 3)
    everybody.syncs(0, [])


def test_central_comes_back_from_a_backup(everybody: EverybodyAtOnce) -> None:
    everybody.gives_a_dose(0, 0)
    everybody.syncs(0, [])
    everybody.central_is_backed_up()
    for _ in range(5):
        everybody.walks_in(0)
    everybody.syncs(0, [(Fault.REQUEST_LATE, 0)])
    everybody.syncs(0, [])
    everybody.gives_a_dose(1, 1)
    everybody.syncs(1, [])
    everybody.central_comes_back_from_a_backup(0)
    everybody.gives_a_dose(0, 2)
    everybody.syncs(0, [(Fault.NONE, 0), (Fault.ANSWER_LOST, 0)])
    everybody.what_was_late_arrives(0, 1)
    everybody.syncs(0, [(Fault.NONE, 0), (Fault.OLD_ANSWER, 0)])


def test_central_comes_back_twice_from_one_backup(everybody: EverybodyAtOnce) -> None:
    """What a desk was told between the two must not hide what it is to be told after the second."""
    everybody.central_is_backed_up()
    everybody.central_comes_back_from_a_backup(0)
    for _ in range(2):
        everybody.walks_in(1)
    everybody.syncs(1, [])
    everybody.syncs(0, [])
    everybody.central_comes_back_from_a_backup(0)
    # until the feed has come as far as the desk had heard before
    for number in range(12):
        everybody.person_is_renamed(number)
    everybody.syncs(0, [])


def test_central_comes_back_to_a_history_that_it_gave_up(everybody: EverybodyAtOnce) -> None:
    """It signed for both of them: the desk stops, and sets nothing aside that a receipt covers."""
    everybody.folder_is_copied(2)
    everybody.central_is_backed_up()
    everybody.gives_a_dose(2, 0)
    everybody.syncs(2, [])
    everybody.old_folder_is_put_back(0)
    everybody.central_is_backed_up()
    everybody.central_comes_back_from_a_backup(0)
    everybody.gives_a_dose(2, 1)
    everybody.syncs(2, [])
    everybody.central_comes_back_from_a_backup(1)
    everybody.evening()
    (odd,) = [desk for desk in everybody.town.desks if desk.place_or_none is not None and desk.stopped]
    assert odd is everybody.town.desks[2]
    assert not odd.place.vault.standing.strays()


def test_central_forgets_what_the_district_decided(everybody: EverybodyAtOnce) -> None:
    """The desk heard that its dose counts, and that is undecided again."""
    everybody.at_the_desk(act="guessed_dose", desk=0, person=0)
    everybody.syncs(0, [])
    everybody.central_is_backed_up()
    everybody.district_decides(number=0, accepts=True)
    everybody.syncs(0, [])
    everybody.central_comes_back_from_a_backup(0)
    everybody.syncs(0, [])


def test_central_forgets_that_a_machine_is_out_of_use(everybody: EverybodyAtOnce) -> None:
    """It tells it everything again. The machine hands in what central lost, and neither takes people over nor goes on
    to record for ever that they left."""
    everybody.gives_a_dose(2, 1)
    everybody.syncs(2, [])
    everybody.central_is_backed_up()
    everybody.gives_a_dose(2, 6)
    everybody.machine_is_out_of_use(0)
    everybody.gives_a_dose(2, 7)
    everybody.syncs(2, [])
    everybody.central_comes_back_from_a_backup(0)
    everybody.syncs(2, [])


def test_two_desks_hear_of_a_removal_in_the_evening(everybody: EverybodyAtOnce) -> None:
    """Each records it when it hears of it, and so the first has to hear of the second's once more."""
    for desk in (0, 1):
        everybody.walks_in(desk)
    everybody.central_revokes_somebody(desk=1, who=1, sure=0)


def test_a_clock_two_days_ahead_and_a_desk_that_was_away_for_eight(everybody: EverybodyAtOnce) -> None:
    """What was recorded is dated to this week, and central has had it for longer than it tells the desks of it."""
    everybody.clock_is_set(desk=0, jump=timedelta(days=2), boots=False)
    everybody.walks_in(0)
    everybody.syncs(0, [])
    everybody.time_goes_by(timedelta(days=8))
    everybody.another_unlocks(desk=1, who=0)
