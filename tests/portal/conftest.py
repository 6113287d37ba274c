"""A portal on a free port for each test, and a browser at it. The rooms behind it have tests on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.machine import Desk
from tests.central.support import World, make_home
from tests.portal.support import Browser, Portal, browser_at, served
from tests.support.postgres import copy_home
from vaccinator_app.central.operations import admin


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal") / "made"
    make_home(folder)
    return folder


@pytest.fixture
def world(made_home: Path, tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "home"
    copy_home(made_home, folder)
    made = World(folder, admin.open_home(folder))
    yield made
    made.home.database.close()


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[Portal]:
    with served(world, tmp_path) as found:
        yield found


@pytest.fixture
def browser(server: Portal, tmp_path: Path) -> Iterator[Browser]:
    with browser_at(server, tmp_path) as found:
        yield found


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
