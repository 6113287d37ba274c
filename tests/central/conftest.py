"""One central is made for the whole run; each test works on a copy of its folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.support import Desk, World, make_home


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("central") / "home"
    make_home(folder)
    return folder


@pytest.fixture
def world(made_home: Path, tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "home"
    shutil.copytree(made_home, folder)
    made = World(folder)
    yield made
    made.close()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
