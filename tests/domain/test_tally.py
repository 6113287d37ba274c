"""The day in counts, whatever order its events are read in."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.given import at, bodies, deferred, dose_given, observed, refused, voided, walk_in
from vaccinator_app.domain.events import Arrived, Body, DoseGiven, SignedIn, Voided, appointment_of
from vaccinator_app.domain.tally import Tally, tally
from vaccinator_app.domain.visits import Visit, apply

DAY: list[Body] = [
    SignedIn(),
    Arrived(appointment="a"),
    Arrived(appointment="a"),
    dose_given("a"),  # 4
    observed("a"),
    refused("b"),
    refused("b"),
    dose_given("b"),  # 8
    voided(8, "b"),
    walk_in("W1"),
    dose_given("W1"),  # 11
    deferred("c"),  # 12
    voided(12, "c"),
    deferred("d"),
    voided(2, "a"),  # neither a dose nor a deferral: nothing to void
]

PEOPLE = st.sampled_from(["a", "b", "c"])
DAYS = st.lists(bodies(PEOPLE, most=15), max_size=15)


def count(day: list[Body]) -> Tally:
    return tally(enumerate(day, 1))


def test_a_day() -> None:
    expected = Tally(arrived=5, doses_given=2, codes_refused=2, deferred=1, walk_ins=1, voided=2)
    assert count(DAY) == expected


def test_a_day_without_events() -> None:
    assert count([]) == Tally()


@settings(max_examples=50)
@given(DAYS, st.randoms(use_true_random=False))
def test_order_does_not_matter(day: list[Body], chance: random.Random) -> None:
    numbered = list(enumerate(day, 1))
    chance.shuffle(numbered)
    assert tally(numbered) == count(day)


@settings(max_examples=50)
@given(DAYS)
def test_every_dose_is_counted_once_given_or_voided(day: list[Body]) -> None:
    counted = count(day)
    doses = {seq for seq, body in enumerate(day, 1) if isinstance(body, DoseGiven)}
    voids = {body.seq for body in day if isinstance(body, Voided)}
    assert counted.doses_given == len(doses - voids)
    assert counted.doses_given + counted.voided >= len(doses)


@settings(max_examples=50)
@given(DAYS)
def test_nobody_is_dosed_who_did_not_arrive(day: list[Body]) -> None:
    counted = count(day)
    dosed = {body.appointment for body in day if isinstance(body, DoseGiven)}
    assert counted.arrived >= max(len(dosed), counted.walk_ins)


@settings(max_examples=50)
@given(DAYS)
def test_the_tally_agrees_with_the_visits(day: list[Body]) -> None:
    """Counted from events and from what the queue shows: the same people, the same tries."""
    visits = {name: Visit(appointment=name) for name in "abc"}
    for seq, body in enumerate(day, 1):
        name = appointment_of(body)
        if name is not None:
            visits[name] = apply(visits[name], seq, at(seq), body)
    counted = count(day)
    assert counted.arrived == sum(visit.arrived_at is not None for visit in visits.values())
    assert counted.codes_refused == sum(visit.tries for visit in visits.values())
