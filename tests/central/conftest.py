"""One central on SQLite and one on PostgreSQL are made and opened for the whole run; each test begins with its files
and tables as they were made. Every test that asks for a central is run on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.central.machine import Desk
from tests.central.support import World, make_home
from tests.support import postgres
from tests.support.postgres import copy_home
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.admin import Home


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def made_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("central") / "made"
    url = None
    if request.param == "postgresql":
        url = postgres.fresh(request.getfixturevalue("postgres_server"))
    make_home(folder, url)
    return folder


@pytest.fixture(scope="session")
def opened_home(made_home: Path) -> Iterator[tuple[Path, Home]]:
    folder = made_home.with_name("home")
    copy_home(made_home, folder)
    home = admin.open_home(folder)
    if home.database.engine.dialect.name == "sqlite":
        # These tests end processes, not machines: they need not wait for the disk.
        event.listen(home.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF").close())
    yield folder, home
    home.database.close()


@pytest.fixture
def world(made_home: Path, opened_home: tuple[Path, Home]) -> Iterator[World]:
    made = World(*opened_home)
    made.restore(made_home)
    yield made
    made.rest()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
