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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests.crash.__main__ import SEED
from tests.support import disk, nothing_lost, scale
from tests.support.central import PASSPHRASE
from tests.support.disk.replay import Disk, Entry, read
from tests.support.nothing_lost import Called
from vaccinator_app.central.keyring.keys import load
from vaccinator_app.desk import enrolling
from vaccinator_app.trust import keyslot
from vaccinator_app.vault.file_seal import FileState
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

CUTS = scale.many(300, 20_000)


@dataclass(slots=True)
class Said:
    """What screens had said up to some place of the journal."""

    called: list[Called] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    confirmed: int = 0
    asked: bytes | None = None
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
            case ["enrolled"]:
                self.enrolled = True


@dataclass(frozen=True, slots=True)
class Recorded:
    """The journal of one desk's life, and central's public keys."""

    entries: list[Entry]
    signers: tuple[bytes, ...]
    seed: str


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("power")
    (folder / "desk").mkdir()
    seed = os.environ.get(SEED) or str(time.time_ns())
    environment = os.environ | disk.recorded(folder / "desk", folder / "journal")
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.crash.recording", str(folder), seed]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    entries = read(folder / "journal")
    signers = load(folder / "central").signers
    shutil.rmtree(folder)
    return Recorded(entries, signers, seed)


@pytest.fixture
def derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer for a slot is the same every time."""
    monkeypatch.setattr(keyslot, "_derive", functools.cache(keyslot._derive))


@pytest.mark.slow
@pytest.mark.usefixtures("derived_once")
def test_whatever_reached_the_disk_nothing_said_is_lost(recorded: Recorded, tmp_path: Path) -> None:
    rng = Random(recorded.seed)
    played, said = Disk(), Said()
    cuts = _places(recorded.entries, rng)
    for place, entry in enumerate(recorded.entries):
        if entry.what == "M":
            said.hear(entry)
        else:
            played.play(entry)
        for number in range(cuts.get(place, 0)):
            seed = f"{recorded.seed}.{place}.{number}"
            home = tmp_path / "home"
            played.write(home, Random(seed))
            try:
                _look(home, said, recorded.signers)
            except Exception as error:
                raise AssertionError(f"{error!r} ({SEED}={recorded.seed}, cut {seed}: {_left(home)})") from error
            shutil.rmtree(home)
            scale.count("power cuts")


def _places(entries: list[Entry], rng: Random) -> dict[int, int]:
    """How many cuts behind which entry: at every sync and mark, and in between, as many as there shall be."""
    ends = [place for place, entry in enumerate(entries) if entry.what in "SMR"]
    chosen = [*(place - 1 for place in ends if place), *ends]
    rng.shuffle(chosen)
    found: dict[int, int] = {}
    for place in _endless(chosen, len(entries), rng):
        if sum(found.values()) >= CUTS:
            return found
        found[place] = found.get(place, 0) + 1
    return found


def _endless(chosen: list[int], count: int, rng: Random) -> Iterator[int]:
    while True:
        for place in chosen:
            yield place
            yield rng.randrange(count)


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


def _left(home: Path) -> str:
    return ", ".join(f"{path.name} {path.stat().st_size}" for path in sorted(home.iterdir()))
