"""A central, a desk enrolled with it, and the port between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.central import Simulator, TestCentral, open_as_in_charge
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.unlock import Opened


@pytest.fixture
def central(tmp_path: Path) -> Iterator[TestCentral]:
    made = TestCentral(tmp_path / "central")
    yield made
    made.close()


@pytest.fixture
def unlock(central: TestCentral, tmp_path: Path) -> Unlock:
    return central.enrol(tmp_path / "desk")


@pytest.fixture
def desk(unlock: Unlock) -> Iterator[Opened]:
    opened = open_as_in_charge(unlock)
    yield opened
    opened.place.vault.close()


@pytest.fixture
def simulator(central: TestCentral) -> Simulator:
    return central.simulator()
