"""So many kills: each named step at least once, the rest at random moments, of the desk and of central, in worlds that
last some lives each. After each kill the books are looked at; every now and then a sync goes through and all is laid
side by side."""

from __future__ import annotations

import functools
import gc
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.crash.steps import CENTRAL, DESK, ENROLMENT
from tests.crash.world import Lost, Template, World
from vaccinator_app.trust import dsse, keyslot
from vaccinator_app.vault.files import DATABASE

_PEOPLE = 80
_A_WORLD = 25
"""Kills in one world: its ledger is looked through after each."""
_SETTLES = 8
"""Kills between two syncs that go through, at most."""
_FORGED = 0.1
"""Of receipts."""
_KEYS, _SIGNATURES = 64, 4096
"""Of how many keys, and of each how many signatures, that were good are remembered."""


@dataclass(slots=True)
class Done:
    """What was done: kills by what was killed, named steps, lives that ended by themselves, and what was wrong."""

    desk_kills: int = 0
    central_kills: int = 0
    steps: set[str] = field(default_factory=set)
    records: int = 0
    lives: int = 0
    worlds: int = 0
    lost: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Of both."""
        return self.desk_kills + self.central_kills


def run(folder: Path, kills: int, seed: str, tell: Callable[[str], None], *, goes_on: bool = False) -> Done:
    """At least ``kills`` kills, and every named step. The first thing lost ends it, or only its world (``goes_on``)."""
    done = Done()
    keyslot._derive = _quick
    # that a signature is good is so every time; lives are forked from this process, and know it
    dsse._verifier = functools.lru_cache(_KEYS)(_remembering(dsse._verifier))
    template = Template.make(folder / "template", _PEOPLE)
    rng = Random(seed)
    desk, central, births = [list(steps) for steps in (DESK, CENTRAL, ENROLMENT)]
    for steps in (desk, central, births):
        rng.shuffle(steps)
    gc.collect()
    gc.freeze()
    while (desk or central or births or done.kills < kills) and (goes_on or not done.lost):
        name = f"{seed}.{done.worlds}"
        done.worlds += 1
        play = _Play(World(folder / "world", template, name), done)
        try:
            play.world.start_central()
            play.births(_some(births, 6))
            play.lives(_mixed(rng, desk, central, kills - done.kills))
        except Lost as error:
            done.lost.append(str(error))
            tell(f"LOST: {error}")
        finally:
            done.records += max((one.seq for one in play.world.called), default=0)
            play.world.close()
        tell(f"world {name}: {done.kills} kills so far, {len(done.lost)} faults")
    shutil.rmtree(template.folder)
    return done


def _quick(passphrase: str, salt: bytes, kdf: keyslot.KdfParameters) -> bytes:
    """Not the lock is tried here, but what lies behind it: it opens without its work."""
    return hashlib.sha256(repr((passphrase, salt, kdf)).encode()).digest()


def _remembering(find: Callable[[bytes], Ed25519PublicKey]) -> Callable[[bytes], Any]:
    """Keys that verify each signature over the same bytes once; one that is not good is refused anew each time."""
    return lambda public: SimpleNamespace(verify=functools.lru_cache(_SIGNATURES)(find(public).verify))


def _some(left: list[str], most: int) -> list[str]:
    taken = left[:most]
    del left[:most]
    return taken


def _mixed(rng: Random, desk: list[str], central: list[str], kills: int) -> Iterator[tuple[str, str | None]]:
    """What to kill next, and at which step; None is a random moment."""
    for _ in range(_A_WORLD):
        turn = rng.random()
        if desk and (turn < 0.6 or not central):
            yield "desk", desk.pop()
        elif central and (turn < 0.8 or kills <= 0):
            yield "central", central.pop()
        elif kills > 0:
            yield ("desk" if rng.random() < 0.8 else "central"), None
        kills -= 1


class _Play:
    def __init__(self, world: World, done: Done) -> None:
        self.world = world
        self._done = done
        self._took = 0.5
        self._unsettled = 0

    def births(self, steps: list[str]) -> None:
        """For each of ``steps`` a machine is enrolled, killed there, and goes on with the same file; the last stays."""
        for step in steps:
            if self.world.home.exists():
                self.world.new_desk()
            self._life("enrol", step=step, left=0)
            if (self.world.home / DATABASE).exists():
                self._settle()
            else:
                self._life("enrol")
        if not steps:
            self._life("enrol")
        self._settle()

    def lives(self, plan: Iterator[tuple[str, str | None]]) -> None:
        """One kill after another, and the books after each."""
        for what, step in plan:
            if what == "desk":
                self._desk(step)
            else:
                self._central(step)
            self._unsettled += 1
            if self._unsettled >= self.world.rng.randint(1, _SETTLES):
                self._settle()
        self._settle()

    def _desk(self, step: str | None) -> None:
        rng = self.world.rng
        if step is None:
            self._life("day", after=rng.uniform(0.0, self._took))
            return
        if "page: " in step:
            self.world.book(1)
        self._life(DESK[step], step=step, count=rng.choice([1, 1, 2, 3]))

    def _central(self, step: str | None) -> None:
        """The desk goes on until everything is confirmed, whatever becomes of central."""
        rng = self.world.rng
        if step is None:
            self._life("busy", central=rng.uniform(0.0, self._took), settled=True)
        else:
            self.world.stop_central()
            self.world.start_central(step)
            self._life("busy", central_step=step, settled=True)

    def _settle(self) -> None:
        """A sync goes through, and everything is laid side by side."""
        self._life("settle", settled=True)

    def _life(
        self, scene: str, *, step: str | None = None, count: int = 1, central_step: str | None = None, left: int = 2,
        settled: bool = False, **more: Any,
    ) -> None:  # fmt: skip
        """``settled``: it ends, killed, when central has confirmed everything."""
        done = self._done
        began = time.monotonic()
        ended = self.world.live(scene, step=step, count=count, forged=_FORGED, locks=not settled, **more)
        done.lives += 1
        done.desk_kills += ended.killed
        done.central_kills += ended.central_killed
        if "after" not in more and scene != "enrol" and not (step or central_step):
            self._took = 0.8 * self._took + 0.2 * (time.monotonic() - began)
        if settled:
            self.world.check_settled()
            self._unsettled = 0
        else:
            self.world.check()
        if step is not None and not ended.killed and left:
            # so often, or as the desk stood, it was not reached this time
            self._life(scene, step=step, left=left - 1, **more)
            return
        for named, hit in ((step, ended.killed), (central_step, ended.central_killed)):
            if named is not None:
                (done.steps.add if hit else done.unreached.append)(named)
