"""Vaults that are closed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.given import KEY, born
from tests.vault.slots_given import DEVICE, KEYS, RAMESH, SUSHILA, WORDS, Clock
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def vault(home: Path) -> Iterator[Vault]:
    opened = born(home)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Once: the key derivation is meant to be slow."""
    home = tmp_path_factory.mktemp("slots")
    slots = Slots.create(home, DEVICE)
    for member in (SUSHILA, RAMESH):
        slots.add(member, *KEYS[member.staff], WORDS[member.staff], KEY, FLOOR)
    return (home / SLOTS).read_bytes()


@pytest.fixture
def slots(home: Path, clock: Clock, made: bytes) -> Slots:
    Slots.create(home, DEVICE, clock)
    (home / SLOTS).write_bytes(made)
    return Slots.read(home, clock)
