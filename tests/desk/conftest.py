"""A desk with three people on its roster, and one with three of the staff."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.desk.copies import Machine, make, running
from tests.desk.staff_keys import GOES, STAYS
from tests.support.central import TestCentral, open_as_in_charge
from tests.support.desk import CentralSide, ToldClock, make_place
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import PreviousDose
from vaccinator_app.domain.people import Role
from vaccinator_app.trust.keyslot import FLOOR


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Booked]]:
    """A central and an enrolled desk, to copy."""
    folder = tmp_path_factory.mktemp("copies")
    return folder, make(folder)


@pytest.fixture
def machine(made_once: tuple[Path, list[Booked]], tmp_path: Path) -> Iterator[Machine]:
    """Opened by its in-charge, with the roster, and two doses given and confirmed."""
    with running(*made_once, tmp_path) as found:
        yield found


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


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with an in-charge and two colleagues, locked."""
    folder = tmp_path_factory.mktemp("keys")
    central = TestCentral(folder / "central")
    opened = open_as_in_charge(central.enrol(folder / "home"))
    staff = Staff(opened.place)
    staff.add("S. Devi", Role.VACCINATOR, GOES, FLOOR)
    staff.add("M. Khan", Role.VERIFIER, STAYS, FLOOR)
    lock(opened.place)
    central.close()
    return folder / "home"


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "home"))
