"""A desk with three people on its roster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.support.desk import CentralSide, ToldClock, make_place
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import PreviousDose


@pytest.fixture
def central() -> CentralSide:
    return CentralSide()


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def place(tmp_path: Path, central: CentralSide, clock: ToldClock) -> Iterator[Workplace]:
    """1 Sunita, dose 1, code 4821; 2 Ram, dose 2 with dose 1 on record; 3 Lakshmi, dose 2 with nothing on record."""
    before = PreviousDose(dose=1, vaccine="covishield", given_on=date(2026, 8, 21))
    people = [
        central.appointment(1, "Sunita Kumari", the_code="4821"),
        central.appointment(2, "Ram Prasad", the_code="0007", dose=2, previous=[before]),
        central.appointment(3, "Lakshmi Iyer", the_code="9999", dose=2),
    ]
    made = make_place(tmp_path / "home", central, people, clock)
    yield made
    made.vault.close()
