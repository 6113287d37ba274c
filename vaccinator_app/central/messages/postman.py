"""Delivers messages beside a server that answers (DESIGN 8.4)."""

from __future__ import annotations

import threading

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.messages.sms import Drain
from vaccinator_app.central.operations.housekeeping import forget

_LOOK_EVERY = 2.0
_FORGET_EVERY = 3600.0


class Postman:
    """At once when woken, and now and then for messages that were refused before.

    With ``keeps_house`` it also forgets, every hour, what need not be kept: one worker's duty.
    """

    def __init__(self, drain: Drain, database: Database, clock: Clock, *, keeps_house: bool = True) -> None:
        self._drain = drain
        self._database = database
        self._clock = clock
        self._keeps_house = keeps_house
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="central-postman", daemon=True)

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
                self._drain.run()
                if self._keeps_house and waited >= _FORGET_EVERY:
                    forget(self._database, self._clock())
                    waited = 0.0
            except Exception as error:  # noqa: BLE001  (a failed delivery must not end deliveries)
                log.failure("postman_failed", error)
            if over:
                return
            if not self._wake.wait(_LOOK_EVERY):
                waited += _LOOK_EVERY
