"""What events add up to for one person (DESIGN 3.1, 4.4, 9.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.given import (
    WHO,
    at,
    bodies,
    deferred,
    dose_given,
    granted,
    histories,
    observed,
    refused,
    voided,
    walk_in,
)
from vaccinator_app.domain.events import (
    PRESENT,
    Arrived,
    Body,
    CodeRefused,
    DoseGiven,
    RecordViewed,
    SignedIn,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.visits import OBSERVATION, TRIES, Visit, VisitState, apply

NEVER_CAME = VoidReason.NEVER_CAME
NEW = Visit(appointment=WHO)
ARRIVED = Arrived(appointment=WHO)


def after(*history: Body) -> Visit:
    visit = NEW
    for seq, body in enumerate(history, 1):
        visit = apply(visit, seq, at(seq), body)
    return visit


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], VisitState.EXPECTED),
        ([ARRIVED], VisitState.ARRIVED),
        ([walk_in()], VisitState.ARRIVED),
        ([ARRIVED, refused()], VisitState.ARRIVED),
        ([refused()], VisitState.ARRIVED),
        ([ARRIVED, refused(), refused(), refused()], VisitState.ATTENTION),
        ([refused(), refused(), refused(), ARRIVED], VisitState.ATTENTION),
        ([ARRIVED, dose_given()], VisitState.OBSERVING),
        ([dose_given()], VisitState.OBSERVING),
        ([refused(), refused(), refused(), dose_given()], VisitState.OBSERVING),
        ([dose_given(), ARRIVED], VisitState.OBSERVING),
        ([dose_given(), refused(), refused(), refused()], VisitState.OBSERVING),
        ([dose_given(), deferred()], VisitState.OBSERVING),
        ([dose_given(), observed()], VisitState.DONE),
        ([ARRIVED, observed()], VisitState.ARRIVED),
        ([ARRIVED, deferred()], VisitState.DEFERRED),
        ([ARRIVED, deferred(), refused()], VisitState.ARRIVED),
        ([deferred(), dose_given()], VisitState.OBSERVING),
        ([ARRIVED, dose_given(), voided(2)], VisitState.ARRIVED),
        ([ARRIVED, dose_given(), observed(), voided(2)], VisitState.ARRIVED),
        ([refused(), refused(), refused(), dose_given(), voided(4)], VisitState.ATTENTION),
        ([ARRIVED, dose_given(), voided(1)], VisitState.OBSERVING),
        ([ARRIVED, dose_given(), voided(2), dose_given()], VisitState.OBSERVING),
        ([SignedIn(), RecordViewed(appointment=WHO)], VisitState.EXPECTED),
        ([refused(), refused(), refused(), granted()], VisitState.ARRIVED),
        ([refused(), refused(), granted(), refused()], VisitState.ARRIVED),
        ([granted()], VisitState.EXPECTED),
        ([ARRIVED, deferred(), granted()], VisitState.DEFERRED),
        ([refused(), refused(), refused(), granted(), dose_given(), voided(5)], VisitState.ATTENTION),
        ([ARRIVED, dose_given(), voided(2, reason=NEVER_CAME)], VisitState.EXPECTED),
        ([ARRIVED, dose_given(), voided(2, reason=NEVER_CAME), ARRIVED], VisitState.ARRIVED),
        ([ARRIVED, voided(1, reason=NEVER_CAME)], VisitState.ARRIVED),
        ([ARRIVED, dose_given(), dose_given(), voided(2, reason=NEVER_CAME)], VisitState.OBSERVING),
        ([refused(), refused(), refused(), granted(), dose_given(), voided(5, reason=NEVER_CAME)], VisitState.EXPECTED),
    ],
)
def test_states(history: list[Body], state: VisitState) -> None:
    assert after(*history).state is state


def test_a_dose_starts_the_clock() -> None:
    visit = after(ARRIVED, dose_given())
    assert (visit.dose_seq, visit.dose_at) == (2, at(2))
    assert visit.observe_until == at(2) + OBSERVATION == at(2) + timedelta(minutes=30)
    assert after(ARRIVED).observe_until is None


def test_a_voided_dose_returns_the_person_to_those_who_wait() -> None:
    visit = after(ARRIVED, dose_given(), voided(2))
    assert (visit.dose_seq, visit.dose_at, visit.observe_until, visit.voided) == (None, None, None, 1)
    assert visit.arrived_at == at(1)


def test_a_dose_recorded_twice_stands_until_both_records_are_voided() -> None:
    """Else the second void would call the person back for another needle."""
    twice = after(ARRIVED, dose_given(), dose_given())
    assert twice.dose_seq == 3
    newest = after(ARRIVED, dose_given(), dose_given(), voided(3))
    assert (newest.dose_seq, newest.dose_at, newest.state) == (2, at(2), VisitState.OBSERVING)
    older = after(ARRIVED, dose_given(), dose_given(), voided(2))
    assert (older.dose_seq, older.dose_at, older.state) == (3, at(3), VisitState.OBSERVING)
    both = after(ARRIVED, dose_given(), dose_given(), voided(2), voided(3))
    assert (both.dose_seq, both.state, both.voided) == (None, VisitState.ARRIVED, 2)


def test_whoever_stands_at_the_desk_has_arrived() -> None:
    for first in (ARRIVED, walk_in(), refused(), dose_given(), deferred()):
        assert after(SignedIn(), first, ARRIVED).arrived_at == at(2)
    assert after(RecordViewed(appointment=WHO)).arrived_at is None


def test_never_came_takes_back_the_arrival_and_not_the_tries() -> None:
    visit = after(ARRIVED, refused(), dose_given(), voided(3, reason=NEVER_CAME))
    assert (visit.arrived_at, visit.tries, visit.dose_seq, visit.voided) == (None, 1, None, 1)
    again = after(ARRIVED, refused(), refused(), refused(), dose_given(), voided(5, reason=NEVER_CAME), ARRIVED)
    assert (again.arrived_at, again.state) == (at(7), VisitState.ATTENTION)


def test_the_newest_grant_is_the_one_a_dose_names() -> None:
    assert after(ARRIVED).override_seq is None
    assert after(refused(), granted(), granted()).override_seq == 3
    assert after(refused(), granted(), dose_given(), voided(3)).override_seq is None
    assert after(refused(), granted(), dose_given()).override_seq == 2


def test_a_corrected_dose_keeps_its_clock() -> None:
    right = replace(dose_given(), corrects=2, given_at=at(2))
    visit = after(ARRIVED, dose_given(), voided(2), right)
    assert (visit.dose_seq, visit.dose_at, visit.observe_until) == (4, at(2), at(2) + OBSERVATION)


def test_three_tries_and_never_less_than_none() -> None:
    left = [after(*[refused()] * count).tries_left for count in range(5)]
    assert left == [3, 2, 1, 0, 0]
    assert TRIES == 3


@settings(max_examples=50)
@given(histories())
def test_any_history_gives_a_visit_that_holds_together(history: list[Body]) -> None:
    visit = after(*history)
    assert visit.appointment == WHO
    assert (visit.dose_seq is None) == (visit.dose_at is None) == (visit.observe_until is None)
    assert (visit.state in (VisitState.OBSERVING, VisitState.DONE)) == (visit.dose_seq is not None)
    assert not visit.further or visit.dose_seq is not None
    assert (visit.state is VisitState.EXPECTED) == (visit.arrived_at is None)
    never = any(isinstance(body, Voided) and body.reason is NEVER_CAME for body in history)
    assert never or (visit.state is VisitState.EXPECTED) == (not any(isinstance(body, PRESENT) for body in history))
    assert 0 <= visit.tries_left <= TRIES


@settings(max_examples=50)
@given(histories())
def test_the_dose_that_stands_is_one_that_was_given_and_not_voided(history: list[Body]) -> None:
    standing: set[int] = set()
    for seq, body in enumerate(history, 1):
        if isinstance(body, DoseGiven):
            standing.add(seq)
        elif isinstance(body, Voided):
            standing.discard(body.seq)  # a void before its dose voids nothing
    visit = after(*history)
    assert visit.dose_seq == max(standing, default=None)
    assert {seq for seq, _ in visit.further} == standing - {visit.dose_seq}


@settings(max_examples=50)
@given(histories(), bodies())
def test_tries_never_shrink(history: list[Body], last: Body) -> None:
    before, visit = after(*history), after(*history, last)
    assert visit.tries - before.tries == isinstance(last, CodeRefused)
    assert visit.voided >= before.voided


@settings(max_examples=50)
@given(histories(), st.integers(0, 12))
def test_what_is_no_step_of_a_visit_moves_nothing(history: list[Body], place: int) -> None:
    look = RecordViewed(appointment=WHO)
    without = after(*history)
    seq = len(history) + 1 + place
    assert apply(without, seq, at(seq), look) == without
