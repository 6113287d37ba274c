"""One central is made and opened for the whole run; each test begins with its files as they were made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.central.support import Desk, World, make_home
from vaccinator_app.central import admin
from vaccinator_app.central.admin import Home


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("central") / "made"
    make_home(folder)
    return folder


@pytest.fixture(scope="session")
def opened_home(made_home: Path) -> tuple[Path, Home]:
    folder = made_home.with_name("home")
    shutil.copytree(made_home, folder)
    home = admin.open_home(folder)
    # These tests end processes, not machines: they need not wait for the disk.
    event.listen(home.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF").close())
    return folder, home


@pytest.fixture
def world(made_home: Path, opened_home: tuple[Path, Home]) -> Iterator[World]:
    made = World(*opened_home)
    made.restore(made_home)
    yield made
    made.home.database.close()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
