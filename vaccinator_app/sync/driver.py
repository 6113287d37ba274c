"""Runs the engine by itself for as long as the desk is open: soon after a record, now and then, and after a failure
when the back-off says so (DESIGN 7.6, 7.7). One thread of its own; the window never waits for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from vaccinator_app.domain.message import Message
from vaccinator_app.sync.backoff import Backoff
from vaccinator_app.sync.engine import Engine, Progress
from vaccinator_app.sync.errors import LedgerDisagrees, SyncError, Unreachable

_LOG = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
"""How long after a good run the next one starts by itself."""


class Phase(StrEnum):
    """What the driver is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverStatus:
    """What a screen may say: the phase, the run's progress, and why the last attempt failed, if it did.

    ``reached`` is False while central cannot be reached at all. ``disagrees`` is set once central holds another history
    than this desk (DESIGN 7.4) and stays set until a later run goes through. ``next_in`` is how many seconds after this
    status the next run starts by itself; None while one runs.
    """

    phase: Phase = Phase.WAITING
    progress: Progress = field(default_factory=Progress)
    failure: Message | None = None
    reached: bool = True
    disagrees: bool = False
    next_in: float | None = None


Watcher = Callable[[DriverStatus], None]


class Driver:
    """``watch`` is called on the driver's own thread with each new status."""

    def __init__(self, engine: Engine, backoff: Backoff, watch: Watcher) -> None:
        self._engine = engine
        self._backoff = backoff
        self._watch = watch
        self._status = DriverStatus()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sync", daemon=True)

    @property
    def status(self) -> DriverStatus:
        """The newest status."""
        return self._status

    def start(self) -> None:
        """Begin, with a first run at once."""
        self._wake.set()
        self._thread.start()

    def settled(self) -> None:
        """What central held against this desk was put right meanwhile: the next run says how it stands now."""
        self._say(replace(self._status, failure=None, disagrees=False))

    def nudge(self) -> None:
        """Run now, or again as soon as the present run ends."""
        self._wake.set()

    def stop(self, patience: float | None = None) -> None:
        """Ask the present run to end after its step and wait for it: at most ``patience`` seconds, if given.

        A network that hangs is not waited for longer. What comes of that step meets a closed store; the next run asks
        again.
        """
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    def _loop(self) -> None:
        delay = 0.0
        while not self._stopping.is_set():
            self._wake.wait(delay)
            self._wake.clear()
            if self._stopping.is_set():
                break
            delay = self._attempt()
        self._say(replace(self._status, phase=Phase.STOPPED))

    def _attempt(self) -> float:
        self._say(replace(self._status, phase=Phase.RUNNING, progress=Progress(), next_in=None))
        try:
            progress = self._engine.run(
                lambda step: self._say(replace(self._status, progress=step)), self._stopping.is_set
            )
        except SyncError as error:
            delay = self._backoff.failed(error.retry_after)
            self._say(
                replace(
                    self._status,
                    phase=Phase.WAITING,
                    failure=error.message,
                    reached=not isinstance(error, Unreachable),
                    disagrees=self._status.disagrees or isinstance(error, LedgerDisagrees),
                    next_in=delay,
                )
            )
            return delay
        except Exception as error:  # noqa: BLE001  (the store's own family, which this room does not import)
            # A full disk must not end syncing for the day: say it, and try again.
            _LOG.warning("a run ended in %s", type(error).__name__)
            key = getattr(error, "message_key", "sync.failed")
            delay = self._backoff.failed()
            self._say(replace(self._status, phase=Phase.WAITING, failure=Message.of(key), next_in=delay))
            return delay
        self._backoff.succeeded()
        self._say(DriverStatus(progress=progress, next_in=IDLE_SECONDS))
        return IDLE_SECONDS

    def _say(self, status: DriverStatus) -> None:
        self._status = status
        self._watch(status)
