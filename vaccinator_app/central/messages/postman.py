"""Delivers messages beside a server that answers (DESIGN 8.4)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.messages.sms import Drain
from vaccinator_app.central.operations.housekeeping import forget

_LOOK_EVERY = 2.0
_FORGET_EVERY = 3600.0

PATIENCE = 30.0
"""Seconds for which messages that nobody waits for stand back while desks push without a pause."""

PAUSE = 0.5
"""Seconds without a push that end such a time."""


class Postman:
    """At once when woken, and now and then for messages that were refused before.

    With ``keeps_house`` it also forgets, every hour, what need not be kept: one worker's duty.

    A push brings hundreds of messages and takes the same interpreter and database that they go out by: until it is
    answered, and the next ones of a desk that has more, messages about doses stand back, and passwords alone go out.
    """

    def __init__(self, drain: Drain, database: Database, clock: Clock, *, keeps_house: bool = True) -> None:
        self._drain = drain
        self._database = database
        self._clock = clock
        self._keeps_house = keeps_house
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="central-postman", daemon=True)
        self._pushes = Pushes()

    @contextmanager
    def push(self) -> Iterator[None]:
        """A desk's push is under way within the block."""
        self._pushes.begin()
        try:
            yield
        finally:
            self._pushes.end()

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    def __enter__(self) -> Postman:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Deliver what is there, then stop."""
        self._over.set()
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        waited = _FORGET_EVERY
        while True:
            over = self._over.is_set()
            self._wake.clear()
            try:
                self._drain.run(stands_back=lambda: not self._over.is_set() and self._pushes.are_under_way())
                if self._keeps_house and waited >= _FORGET_EVERY:
                    forget(self._database, self._clock())
                    waited = 0.0
            except Exception as error:  # noqa: BLE001  (a failed delivery must not end deliveries)
                log.failure("postman_failed", error)
            if over:
                return
            if not self._wake.wait(_LOOK_EVERY):
                waited += _LOOK_EVERY


class Pushes:
    """Whether desks push, one after another or at once, and have not done so for longer than ``PATIENCE``."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._count = 0
        self._began = self._ended = now() - PATIENCE

    def begin(self) -> None:
        """One more."""
        with self._lock:
            if self._count == 0 and self._now() - self._ended > PAUSE:
                self._began = self._now()
            self._count += 1

    def end(self) -> None:
        """One less."""
        with self._lock:
            self._count -= 1
            self._ended = self._now()

    def are_under_way(self) -> bool:
        """Messages stand back while this holds."""
        with self._lock:
            now = self._now()
            pushed = self._count > 0 or now - self._ended <= PAUSE
            return pushed and now - self._began <= PATIENCE
