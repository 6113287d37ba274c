"""The power goes at any moment of a desk's life: whatever of the unsynced writes reached the disk, the desk opens, and
everything that a screen called saved or confirmed is there (DESIGN 3.6, 6.5)."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from tests.crash.__main__ import SEED
from tests.support import disk, nothing_lost, scale
from tests.support.central import PASSPHRASE
from tests.support.disk.replay import Disk, Entry, read
from tests.support.nothing_lost import Called
from vaccinator_app.central.database import connect, default_url
from vaccinator_app.central.keyring.keys import Keys, load
from vaccinator_app.central.operations import admin
from vaccinator_app.central.schema import device_heads, records
from vaccinator_app.desk import enrolling
from vaccinator_app.protocol.records import FIRST_PREV
from vaccinator_app.trust import keyslot
from vaccinator_app.vault.file_seal import FileState
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

CUTS = scale.many(250, 16_000)
CENTRAL_CUTS = scale.many(60, 4_000)


@dataclass(slots=True)
class Said:
    """What screens had said up to some place of the journal."""

    called: list[Called] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    confirmed: int = 0
    asked: bytes | None = None
    booked: bool = False
    answered: tuple[int, bytes] = (0, FIRST_PREV)
    enrolled: bool = False

    def hear(self, entry: Entry) -> None:
        match json.loads(entry.text):
            case ["saved", int(seq), str(digest), *more]:
                kind, appointment = [str(one) for one in more] or (None, None)
                self.called.append(Called(seq, bytes.fromhex(digest), kind, appointment))
            case ["passed", str(appointment)]:
                self.passed.append(appointment)
            case ["confirmed", int(upto)]:
                self.confirmed = upto
            case ["asked", str(packed)]:
                self.asked = bytes.fromhex(packed)
            case ["booked"]:
                self.booked = True
            case ["answered", int(upto), str(digest)]:
                self.answered = upto, bytes.fromhex(digest)
            case ["enrolled"]:
                self.enrolled = True


@dataclass(frozen=True, slots=True)
class Recorded:
    """The journal of one desk's life and of its central's, and central's keys."""

    entries: list[Entry]
    keys: Keys
    seed: str


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("power")
    (folder / "desk").mkdir()
    seed = os.environ.get(SEED) or str(time.time_ns())
    # beside the folder: what is watched is written down
    journal = tmp_path_factory.mktemp("journal") / "journal"
    environment = os.environ | disk.recorded(folder, journal)
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.crash.recording", str(folder), seed]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    entries, keys = read(journal), load(folder / "central")
    shutil.rmtree(folder)
    return Recorded(entries, keys, seed)


@pytest.fixture
def derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer for a slot is the same every time."""
    monkeypatch.setattr(keyslot, "_derive", functools.cache(keyslot._derive))


@pytest.mark.slow
@pytest.mark.usefixtures("derived_once")
def test_whatever_reached_the_disk_nothing_said_is_lost(recorded: Recorded, tmp_path: Path) -> None:
    signers = recorded.keys.signers
    _cut(recorded, "desk", CUTS, tmp_path / "home", lambda home, said: _look(home, said, signers))
    scale.count("power cuts of desks", CUTS)


@pytest.mark.slow
def test_whatever_reached_the_disk_central_has_what_it_answered(recorded: Recorded, tmp_path: Path) -> None:
    def look(home: Path, said: Said) -> None:
        if said.booked:
            _look_at_central(admin.Home(connect(default_url(home)), recorded.keys), said)

    _cut(recorded, "central", CENTRAL_CUTS, tmp_path / "home", look)
    scale.count("power cuts of central", CENTRAL_CUTS)


def _cut(recorded: Recorded, below: str, count: int, home: Path, look: Callable[[Path, Said], None]) -> None:
    """Play the journal, and look at what may be found of the folder ``below`` at ``count`` places of it."""
    said, played, begun = Said(), Disk(below), False
    cuts = _places(recorded.entries, Disk(below), Random(recorded.seed), count)
    for place, entry in enumerate(recorded.entries):
        if entry.what == "M":
            said.hear(entry)
            if said.booked and not begun:
                # how central was put there before is nobody's affair
                begun = True
                played.settle()
        else:
            played.play(entry)
        for number in range(cuts.get(place, 0)):
            seed = f"{recorded.seed}.{place}.{number}"
            played.write(home, Random(seed))
            try:
                look(home, said)
            except Exception as error:
                raise AssertionError(f"{error!r} ({SEED}={recorded.seed}, cut {seed}: {_left(home)})") from error
            shutil.rmtree(home)


def _places(entries: list[Entry], below: Disk, rng: Random, count: int) -> dict[int, int]:
    """How many cuts behind which entry: at every sync, rename and mark, and in between, as many as there shall be."""
    first = next(place for place, entry in enumerate(entries) if entry.what == "M")
    own = [place for place, entry in enumerate(entries) if (below.play(entry) or entry.what == "M") and place >= first]
    ends = [place for place in own if entries[place].what in "SMR"]
    chosen = [*(place - 1 for place in ends if place > first), *ends]
    rng.shuffle(chosen)
    found: dict[int, int] = {}
    for place in _endless(chosen, own, rng):
        if sum(found.values()) >= count:
            break
        found[place] = found.get(place, 0) + 1
    return found


def _endless(chosen: list[int], anywhere: list[int], rng: Random) -> Iterator[int]:
    while True:
        for place in chosen:
            yield place
            yield rng.choice(anywhere)


def _look(home: Path, said: Said, signers: tuple[bytes, ...]) -> None:
    if not (home / DATABASE).exists():
        assert not said.enrolled, "the vault is gone"
        if said.asked is not None:
            begun = enrolling.read(home)
            assert begun is not None, "the request that used the token up is gone"
            assert begun.packed == said.asked
            enrolling.unwrap(begun, PASSPHRASE)
        return
    slots = Slots.read(home)
    unlocked = slots.unlock(slots.people()[0].staff, PASSPHRASE)
    vault = Vault.open_with_one_of(home, [k for k in (unlocked.database_key, unlocked.next_key) if k is not None])
    try:
        found = vault.note_file()
        assert found is None or found.state in (FileState.ENDED, FileState.DOUBTFUL), f"a false alarm: {found}"
        nothing_lost.on_desk(vault, said.called)
        nothing_lost.passed_stays_passed(vault, said.passed)
        confirmed = nothing_lost.confirmed_by_receipts(vault, signers)
        assert confirmed >= said.confirmed, f"confirmed up to {said.confirmed} before, {confirmed} now"
    finally:
        vault.close()


def _look_at_central(central: admin.Home, said: Said) -> None:
    """Every record that a receipt was given for is there, with what follows from it."""
    upto, head = said.answered
    try:
        with central.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            hashes = {row.seq: row.hash for row in connection.execute(select(records.c.seq, records.c.hash))}
            devices = connection.execute(select(device_heads.c.device, device_heads.c.seq)).all()
        assert not set(range(1, upto + 1)) - hashes.keys(), f"answered up to {upto}, and {len(hashes)} are there"
        assert hashes.get(upto, FIRST_PREV) == head
        for device, seq in devices:
            assert seq == len(hashes), "head and records do not go together"
            nothing_lost.what_follows(central, device)
    finally:
        central.database.close()


def _left(home: Path) -> str:
    return ", ".join(f"{path.name} {path.stat().st_size}" for path in sorted(home.rglob("*")))
