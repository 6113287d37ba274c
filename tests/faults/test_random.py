"""Several desks go on recording and syncing by themselves while one fault follows on another, in random order.

The seed stands in the failure; ``VACCINATOR_SEED`` plays it again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults import lies, ways
from tests.faults.listed import FAULTS, Fault
from tests.faults.rig import Rig, Site
from tests.support import scale

_DESKS = scale.many(2, 4)
_ROUNDS = scale.many(1, 40)
_FAULTS_EACH = scale.many(6, 12)

_NOT_FOR_SEVERAL = {ways.played_again, ways.swapped, ways.saved_meanwhile, lies.of_another_desk, ways.name_gone}
"""These are about one desk and what it asked before."""


@pytest.fixture(scope="module")
def desks(place: Site) -> Iterator[list[Rig]]:
    """All at one centre."""
    made = [place.enrol() for _ in range(_DESKS)]
    yield made
    for one in made:
        one.close()


@pytest.mark.parametrize("number", range(_ROUNDS))
def test_desks_go_on_through_faults_in_any_order(desks: list[Rig], number: int) -> None:
    seed = os.environ.get("VACCINATOR_SEED") or str(random.SystemRandom().randrange(2**32))
    print(f"VACCINATOR_SEED={seed}")
    chance = random.Random(f"{seed}/{number}")
    for fault in chance.sample([one for one in FAULTS if one.made not in _NOT_FOR_SEVERAL], _FAULTS_EACH):
        _go_through(desks, fault, chance)
    with ExitStack() as stack:
        for desk in desks:
            stack.enter_context(desk.at_work())
        for desk in desks:
            desk.catch_up()
    for desk in desks:
        desk.all_confirmed()
        assert all(desk.on_list(person) for person in desk.expected)


def _go_through(desks: list[Rig], fault: Fault, chance: random.Random) -> None:
    """They record and sync while it stands; and lock, as its end finds them."""
    path = chance.choice(fault.paths)
    with fault.made(desks[0], path), ExitStack() as stack:
        for desk in desks:
            stack.enter_context(desk.within(fault.limits))
            stack.enter_context(desk.at_work())
        for desk in chance.choices(desks, k=2 * len(desks)):
            if chance.random() < 0.5:
                desk.book()
            desk.save()
            if chance.random() < 0.5:
                desk.syncing.now()
        for desk in desks:
            if chance.random() < 0.8:
                desk.until_tried()
            desk.nothing_lost()
    scale.count("network faults", len(desks))
