"""Syncing while somebody is signed in: the driver, in words for the window (DESIGN 7.6, 7.7)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Protocol

from vaccinator_app.desk.after_sync import after_run
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.status import SyncWords, sync_words
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.backoff import Backoff
from vaccinator_app.sync.driver import Driver, DriverStatus, Phase
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.ports import Central, Desk
from vaccinator_app.vault.errors import VaultClosed, VaultError
from vaccinator_app.vault.vault import Vault


def desk_of(vault: Vault) -> Desk:
    """Who this desk is to central."""
    identity = vault.identity
    return Desk(
        centre=identity.centre,
        device=identity.device,
        device_key=identity.device_key,
        central=vault.exchange.central_keys,
    )


PATIENCE = 2.0
"""Seconds that a lock waits for a step of a run: a network that hangs keeps nobody from the desk."""


class OpenCentral(Central, Protocol):
    """A central whose connections are let go of when the desk locks."""

    def close(self) -> None:
        """Let go of open connections."""
        ...


Connect = Callable[[Vault], OpenCentral]
"""How a desk that was just opened reaches its central; nothing is said to it yet."""


class Syncing:
    """One for each time the desk is unlocked. ``changed`` is called on another thread than the window's."""

    def __init__(self, place: Workplace, connect: Connect, changed: Callable[[], None]) -> None:
        self._place = place
        self._changed = changed
        self._next_at: datetime | None = None
        self._stopped = False
        self._locks: Message | None = None
        self._central = central = connect(place.vault)
        engine = Engine(desk_of(place.vault), place.vault.exchange, central)
        self._engine = engine
        self._driver = Driver(engine, Backoff(random.SystemRandom().uniform), self._heard)

    def start(self) -> None:
        """Begin, with a first run at once."""
        self._driver.start()

    def now(self) -> None:
        """Somebody asked, or a record was just saved: run as soon as the present run ends."""
        self._driver.nudge()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No run goes on meanwhile; afterwards the next one begins at once."""
        with self._engine.turn:
            yield
        self._driver.settled()
        self._driver.nudge()

    def stop(self) -> None:
        """Let the present step end, within reason, then no more. Call before the vault is closed."""
        self._stopped = True
        self._driver.stop(PATIENCE)
        self._central.close()

    @property
    def locks(self) -> Message | None:
        """Why the desk is to be locked at once: the keys of whoever sits here were taken back, or the vault has closed
        by itself, here or in an act."""
        return Message.of(VaultClosed.message_key) if self._place.vault.closed else self._locks

    @property
    def running(self) -> bool:
        """A run goes on."""
        return self._driver.status.phase is Phase.RUNNING

    def words(self) -> SyncWords:
        """The status bar as it stands."""
        return sync_words(self._place, self._driver.status, self._next_at)

    def _heard(self, status: DriverStatus) -> None:
        if self._stopped:
            return
        if status.phase is Phase.WAITING:
            if status.disagrees and self._place.disagreement is None:
                # From here on nothing is recorded: two histories under one name can only get worse (DESIGN 7.4).
                self._place.disagreement = status.failure
            # what this thread cannot write down now, the next run or the next unlocking does
            with suppress(VaultError, CannotDo):
                done = after_run(self._place, status)
                self._locks = done.locks
                if done.more:
                    self._driver.nudge()
        self._next_at = None if status.next_in is None else self._place.now() + timedelta(seconds=status.next_in)
        self._changed()
