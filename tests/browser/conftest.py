"""A portal, and a real browser that believes its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.citizen import chromium
from tests.central.support import World, make_home
from tests.portal.support import Portal, served
from vaccinator_app.central.operations import admin


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "home"
    make_home(folder)
    made = World(folder, admin.open_home(folder))
    yield made
    made.home.database.close()


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[Portal]:
    with served(world, tmp_path) as found:
        yield found


@pytest.fixture
def browser(world: World) -> Iterator[Browser]:
    with chromium(world.folder) as found:
        yield found
