"""The words of a large page, indexed behind the page itself, so that a first download is not held up by them.

Whom a search may miss meanwhile, ``Queue.search`` looks through one by one for the day it is asked about; people of
other days are found some seconds later. What is still to be done stands in the database: a lock or a power cut loses
none of it.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

from vaccinator_app.vault.appointments import put_words
from vaccinator_app.vault.connection import Connection, Database

_STEP = 1000
"""People indexed in one transaction; a dose that is recorded meanwhile waits for one such at most."""


class Indexing:
    """Works on a thread behind, one step at a time; between two steps whoever else wants to write may."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._door = threading.Lock()
        self._under_way = False

    def go_on(self) -> None:
        """Do what is to be done, without waiting for it. A fault of the disk leaves it for the next call."""
        with self._door:
            if self._under_way:
                return
            future = self._database.later(_step)
            self._under_way = future is not None
        if future is not None:
            future.add_done_callback(self._stepped)

    def _stepped(self, future: Future[bool]) -> None:
        with self._door:
            self._under_way = False
        if not future.cancelled() and future.exception() is None and future.result():
            self.go_on()

    def settle(self) -> None:
        """Do all that is to be done and wait for it. Raises ``VaultError``."""
        while self._database.write(_step):
            pass


def _step(connection: Connection) -> bool:
    """Index some people, the first days first; whether there may be more."""
    rows = connection.execute(
        "SELECT u.id, r.name, r.token, r.photo_id_last4 FROM unworded u JOIN roster r ON r.id = u.id "
        "ORDER BY u.id LIMIT ?",
        (_STEP,),
    ).fetchall()
    if not rows:
        return False
    put_words(connection, rows)
    connection.execute("DELETE FROM unworded WHERE id <= ?", (rows[-1][0],))
    return len(rows) == _STEP
