"""One central and one line for all; desks are made by whoever needs one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig, Site, site

LONG = 100
"""Records."""


@pytest.fixture(scope="session")
def place() -> Iterator[Site]:
    """A served central, and a line to it."""
    with site() as made:
        yield made


@pytest.fixture(scope="session")
def shift(place: Site) -> Iterator[list[Rig]]:
    """The desk that is worked at, last."""
    made: list[Rig] = []
    yield made
    for one in made:
        one.close()


@pytest.fixture
def rig(place: Site, shift: list[Rig]) -> Rig:
    """A desk that goes on from fault to fault, as one would, until its ledger takes long to look through."""
    if not shift or shift[-1].place.vault.ledger.head().seq > LONG:
        shift.append(place.enrol())
    return shift[-1]


@pytest.fixture
def fresh(place: Site) -> Iterator[Rig]:
    """A desk of one's own."""
    made = place.enrol()
    yield made
    made.close()
