"""The window's tests run without a screen, on the app's own fonts, in words that must all be there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.central.machine import Desk
from tests.central.support import BHOJPUR, RAMPUR, TODAY, World, make_home
from tests.gui.evening import Evening, evening_day
from tests.support.window import Day, Hands, enrol_desk, put_away, show_window
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.kit import Kit


@pytest.fixture(scope="session")
def resources() -> Path:
    """The folder of icons, styles and translations."""
    return resources_folder()


@pytest.fixture(scope="session")
def _kit(resources: Path, qapp: QApplication) -> Kit:
    return Kit.load(resources, font_files(), strict=True)


@pytest.fixture
def kit(_kit: Kit, qapp: QApplication, qtbot: QtBot) -> Iterator[Kit]:
    """Look and words as the desk starts with them: light, English, normal size; for widgets without a window."""
    _kit.theme.drawn.connect(qapp.setStyleSheet)
    _kit.theme.apply(qapp, Mode.LIGHT)
    yield _kit
    _kit.theme.drawn.disconnect(qapp.setStyleSheet)
    qapp.setStyleSheet("")
    _kit.words.set_language("en")
    _kit.words.zone = None


LONG_AGO = timedelta(days=92)


@pytest.fixture(scope="session")
def made_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Booked]]:
    """A central and a desk that has its roster; each test works on a copy of both."""
    folder = tmp_path_factory.mktemp("day")
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    now = world.clock.now
    world.clock.now = now - LONG_AGO
    admin.add_session(world.home, RAMPUR, TODAY - LONG_AGO, "covishield", capacity=10)
    lakshmi = {"name": "Lakshmi Iyer", "photo_id_number": "444499990001"}
    first = world.book("9800000105", date=(TODAY - LONG_AGO).isoformat(), **lakshmi)
    other = Desk(world)
    other.push([other.record(other.dose(first))])
    world.clock.now = now
    enrol_desk(world, folder / "desk")
    day = Day(world, folder / "desk")
    day.book("Sunita Kumari")
    day.book("Ram Prasad")
    day.book("राम प्रसाद", slot="10:15")
    day.book("Mohd. Irfan", slot="10:15")
    day.book("Lakshmi Iyer", slot="10:30", mobile="9800000105", dose=2, photo_id_number=lakshmi["photo_id_number"])
    day.book("Thangaraj Subramanian", slot="10:30", dose=2)
    day.book("Tomorrow Singh", date=(TODAY + timedelta(days=1)).isoformat())
    day.book("Bhojpur Singh", centre=BHOJPUR)
    day.pull()
    world.home.database.close()
    return folder, day.booked


@pytest.fixture
def day(made_day: tuple[Path, dict[str, Booked]], tmp_path: Path) -> Iterator[Day]:
    """Ten in the morning; six people are booked, one is for tomorrow, one for another centre."""
    folder, booked = made_day
    for name in ("central", "desk"):
        shutil.copytree(folder / name, tmp_path / name)
    made = Day(World(tmp_path / "central", admin.open_home(tmp_path / "central")), tmp_path / "desk", dict(booked))
    yield made
    made.world.home.database.close()


@pytest.fixture
def locked(day: Day, qapp: QApplication) -> Iterator[Hands]:
    """The window as it opens."""
    hands = show_window(day)
    yield hands
    put_away(hands)


@pytest.fixture
def hands(locked: Hands) -> Hands:
    """The window, unlocked by the in-charge."""
    locked.unlock()
    return locked


@pytest.fixture(scope="session")
def made_evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    """Sixty people at two machines, a dozen things gone wrong; each test works on a copy."""
    made = evening_day(tmp_path_factory.mktemp("evening"))
    made.close()
    return made


@pytest.fixture
def evening(made_evening: Evening, tmp_path: Path) -> Iterator[Evening]:
    """A quarter to five; the day of the first machine is not closed yet."""
    copy = made_evening.copy(tmp_path)
    yield copy
    copy.close()


@pytest.fixture
def in_charge(evening: Evening, qapp: QApplication) -> Iterator[Hands]:
    """The window of that evening, unlocked by the in-charge."""
    hands = show_window(evening.day)
    hands.unlock()
    yield hands
    put_away(hands)
