"""One life of the real desk in a process of its own: somebody unlocks it, sees people while it syncs, and locks it,
unless it is killed before. What its screen says goes into a pipe after the act returned, one JSON list a line."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tests.crash import desk_seams
from tests.crash.acts import Acts, Nobody, Person
from tests.crash.fuse import Fuse
from tests.support.central import PASSPHRASE
from tests.support.desk import IN_CHARGE, vaccines
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.syncing import Syncing
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.messages import RECEIPT_TYPE, Outcome, PushRequest, Receipt, Status
from vaccinator_app.protocol.records import read_event
from vaccinator_app.sync.driver import DriverStatus, Phase
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.file_seal import FileState
from vaccinator_app.vault.vault import Vault

PATIENCE = 60.0
"""Seconds after which a life that waits for central has failed."""


@dataclass(frozen=True, slots=True)
class WorldClock:
    """The same for every process of a world: ``start`` was at ``at`` of the machine's own clock, and it goes on."""

    start: datetime
    at: float

    def now(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self.at)

    def boot(self) -> str:
        return "boot0001"

    def uptime_ms(self) -> int:
        return int(time.monotonic() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one life is to be. ``file``: the enrolment file; ``forged``: the share of receipts that somebody on the way
    makes up; ``acts``: how many acts a day has; ``locks``: at its end, and is not killed there. Killed at the
    ``count``-th ``step``, if any."""

    scene: str
    home: Path
    file: bytes
    clock: WorldClock
    people: list[Person]
    seed: str
    step: str | None = None
    count: int = 1
    acts: int = 6
    locks: bool = True
    forged: float = 0.0


def live(life: Life, pipe: int) -> None:
    """To its end, if it is let. Its last line is ``["end", steps reached]`` then, or ``["wrong", what, where]``."""

    def say(*words: object) -> None:
        os.write(pipe, json.dumps(words).encode() + b"\n")

    fuse = Fuse(life.step, life.count)
    desk_seams.fit(fuse, life.home)
    try:
        _Scenes(life, say).play()
        say("end", fuse.reached)
    except Exception as error:  # noqa: BLE001  (said aloud, and no child goes on as its parent)
        say("wrong", f"{type(error).__name__}: {error}", traceback.format_exc())


class _Middle(HttpCentral):
    """Central over HTTPS; now and then somebody in between answers in its place, and names the very head asked for."""

    def __init__(self, vault: Vault, forges: Callable[[], bool], clock: WorldClock) -> None:
        super().__init__(vault.identity.address, vault.identity.authority)
        self._forges = forges
        self._clock = clock

    def push(self, packed: bytes) -> bytes:
        if not self._forges():
            return super().push(packed)
        asked = packing.peek(packing.unpack(packed), PushRequest)
        receipt = Receipt(
            centre=asked.centre,
            device=asked.device,
            upto=asked.head_seq,
            head=asked.head_hash,
            at=self._clock.now(),
            outcomes=[Outcome(read_event(record.payload).seq, Status.ACCEPTED) for record in asked.records],
        )
        return packing.pack(receipt, RECEIPT_TYPE, SigningKey.generate())


class _Scenes:
    """``enrol``; ``tour``: all that a desk writes, once; ``day``: whatever comes; ``staff``: the key changes;
    ``busy``: what makes most work at central; ``settle``: nothing. Each but the first is unlocked before, and locked
    after, or killed; all but ``enrol`` and ``day`` end when central has confirmed everything."""

    def __init__(self, life: Life, say: Callable[..., None]) -> None:
        self._life = life
        self._rng = Random(life.seed)
        self._say = say
        self._unlock = Unlock(life.home, vaccines(), lambda _: life.clock)
        self._heard = threading.Condition()

    def play(self) -> None:
        """The scene of this life."""
        if self._life.scene == "enrol":
            self._enrol()
            return
        self._open()
        if not any(self._place.vault.roster.appointment(one.reference) for one in self._life.people):
            self._settle()
        scenes: dict[str, Callable[[], None]] = {
            "tour": self._tour, "day": self._day, "staff": self._staff, "busy": self._busy, "settle": lambda: None
        }  # fmt: skip
        scenes[self._life.scene]()
        if self._life.scene != "day":
            self._settle()
        if not self._life.locks:
            os.kill(os.getpid(), signal.SIGKILL)
        self._close()

    def _enrol(self) -> None:
        life = self._life
        who = NewDesk(device_name="Desk 2", in_charge_name=IN_CHARGE.name, passphrase=PASSPHRASE, kdf=FLOOR)
        enrol(life.home, read_file(life.file), who, lambda f: HttpCentral(f.address, f.authority), life.clock.now())
        self._say("enrolled")

    def _tour(self) -> None:
        do = self._acts
        first = [do.wrong_code, do.walk_in, do.override, do.deferred, do.stock]
        self._rng.shuffle(first)
        for act in (*first, do.dose, do.adverse, do.observed, do.correct, do.void):
            act()

    def _day(self) -> None:
        for _ in range(self._life.acts):
            do = self._acts
            acts = [do.wrong_code, do.walk_in, do.override, do.deferred, do.adverse, do.observed, do.void, do.correct]
            try:
                self._rng.choice([*acts, do.stock, self._syncing.now, *[do.dose] * 5])()
            except (CannotDo, Nobody) as refused:
                self._say("refused", repr(refused))
            if self._rng.random() < 0.1:
                self._close()
                self._open()

    def _busy(self) -> None:
        do = self._acts
        for act in (do.walk_in, do.wrong_code, do.override, do.adverse, do.correct, do.void):
            act()

    def _staff(self) -> None:
        self._acts.staff()
        self._acts.walk_in()

    def _open(self) -> None:
        (person,) = [one for one in self._unlock.people() if one.name == IN_CHARGE.name]
        opened = self._unlock.open(person.staff, PASSPHRASE)
        self._place: Workplace = opened.place
        found = opened.place.vault.standing.file()
        if found is not None and found.state in (FileState.CHANGED, FileState.OLDER):
            raise AssertionError(f"a kill was taken for a changed file: {found}")
        self._acts = Acts(opened.place, self._life.people, self._rng, self._say)
        self._acts.saved()
        self._status = DriverStatus()
        self._runs = 0
        forges = Random(self._rng.random())
        self._syncing = Syncing(
            opened.place,
            lambda vault: _Middle(vault, lambda: forges.random() < self._life.forged, self._life.clock),
            self._changed,
        )
        self._syncing.start()

    def _changed(self) -> None:
        """A new status, on the driver's thread."""
        with self._heard:
            before, self._status = self._status, self._syncing._driver.status
            self._runs += before.phase is not self._status.phase is Phase.RUNNING
            self._heard.notify_all()

    def _settle(self) -> None:
        """Until a run that began after everything was saved went through, whatever fails on the way."""
        until = time.monotonic() + PATIENCE
        with self._heard:
            begun = self._runs
            while not (
                self._runs > begun
                and self._status.phase is Phase.WAITING
                and self._status.failure is None
                and not self._place.vault.exchange.pending().count
            ):
                if self._place.disagreement is not None:
                    raise AssertionError(f"recording stopped: {self._place.disagreement}")
                if self._status.phase is Phase.WAITING:
                    self._syncing.now()
                if not self._heard.wait(until - time.monotonic()):
                    raise AssertionError(f"central was not heard of within {PATIENCE:.0f} s: {self._status}")
        self._say("settled", self._place.vault.ledger.head().seq)

    def _close(self) -> None:
        if self._place.disagreement is not None:
            raise AssertionError(f"recording stopped: {self._place.disagreement}")
        self._syncing.stop()
        lock(self._place)
        self._say("locked")
