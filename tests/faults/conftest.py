"""One central and one line for all; desks are made by whoever needs one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig, Site, site


@pytest.fixture(scope="session")
def place() -> Iterator[Site]:
    """A served central, and a line to it."""
    with site() as made:
        yield made


@pytest.fixture(scope="module")
def rig(place: Site) -> Iterator[Rig]:
    """A desk that goes on from fault to fault, as one would."""
    made = place.enrol()
    yield made
    made.close()


@pytest.fixture
def fresh(place: Site) -> Iterator[Rig]:
    """A desk of one's own."""
    made = place.enrol()
    yield made
    made.close()
