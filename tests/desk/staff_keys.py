"""A desk with an in-charge and two colleagues, and the ways in, for the tests of slots and epochs."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.central import PASSPHRASE
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.vault.errors import (
    VaultFull,
)
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.slots import Slots, Unlocked

GOES, STAYS = "three brown goats", "twelve mangoes"
PASSPHRASES = {"R. Sharma": PASSPHRASE, "S. Devi": GOES, "M. Khan": STAYS}
LEFT = RemovalReason.LEFT


def who(home: Path, name: str) -> str:
    return {member.name: member.staff for member in Slots.read(home).people()}[name]


def unlocked(home: Path, name: str) -> Unlocked:
    return Slots.read(home).unlock(who(home, name), PASSPHRASES[name])


@contextmanager
def opened(home: Path, name: str = "R. Sharma") -> Iterator[Workplace]:
    place = Unlock(home, vaccines(), lambda _: ToldClock()).open(who(home, name), PASSPHRASES[name]).place
    try:
        yield place
    finally:
        lock(place)


def names(home: Path) -> list[str]:
    return [member.name for member in Slots.read(home).people()]


def bodies(place: Workplace) -> list[Any]:
    return [body for *_, body in place.vault.ledger.events()]


def edit(home: Path, **changes: object) -> None:
    found = json.loads((home / SLOTS).read_text())
    (home / SLOTS).write_text(json.dumps({**found, **changes}))


def lines(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((home / SLOTS).read_text())["slots"]
    return found


def full(*_: object) -> None:
    raise VaultFull


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file takes more than ``size`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
