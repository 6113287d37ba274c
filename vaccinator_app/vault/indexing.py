"""The words of a large page, indexed behind the page itself, so that a first download is not held up by them.

Whom a search may miss meanwhile, ``Queue.search`` looks through one by one for the day it is asked about; people of
other days are found some seconds later. What is still to be done stands in the database: a lock or a power cut loses
none of it.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

from vaccinator_app.vault import words
from vaccinator_app.vault.appointments import put_words
from vaccinator_app.vault.connection import Connection, Database

_PEOPLE = 1000
_PAGES = 64
"""In one transaction, so many people are indexed, or so many pages of the index rewritten; a dose that is recorded
meanwhile waits for one such at most."""

_PARTS = 4
"""Fewer parts of the index are left alone: a small page adds one, and a search hardly feels it."""


class Indexing:
    """Works on a thread behind, one step at a time; between two steps whoever else wants to write may."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._door = threading.Lock()
        self._under_way = False
        self._gather = False
        self._large = False

    def go_on(self, *, gather: bool) -> None:
        """Do what is to be done, without waiting for it. A fault of the disk leaves it for the next call.

        ``gather``: no further page is on its way, so that making one index of the parts is worth its while.
        """
        self._gather = self._gather or gather
        with self._door:
            if self._under_way:
                return
            future = self._database.later(self._step)
            self._under_way = future is not None
        if future is not None:
            future.add_done_callback(self._stepped)

    def settle(self) -> None:
        """Do all that is to be done and wait for it. Raises ``VaultError``."""
        self._gather = True
        while self._database.write(self._step):
            pass

    def _stepped(self, future: Future[bool]) -> None:
        with self._door:
            self._under_way = False
        if future.cancelled() or future.exception() is not None:
            return
        if future.result():
            self.go_on(gather=False)
        elif self._large:
            self._large = False
            words.forget()
            self._database.give_back()

    def _step(self, connection: Connection) -> bool:
        """One step; whether there may be more."""
        if _index(connection):
            self._large = True
            return True
        self._gather = self._gather and _merge(connection)
        return self._gather


def _index(connection: Connection) -> bool:
    """Index some people, the first days first; False when there was nobody."""
    rows = connection.execute(
        "SELECT u.id, r.name, r.token, r.photo_id_last4 FROM unworded u JOIN roster r ON r.id = u.id "
        "ORDER BY u.id LIMIT ?",
        (_PEOPLE,),
    ).fetchall()
    if not rows:
        return False
    put_words(connection, rows)
    connection.execute("DELETE FROM unworded WHERE id <= ?", (rows[-1][0],))
    return True


def _merge(connection: Connection) -> bool:
    """Make one index of some more of its parts, since a search asks each; False when it is one.

    FTS5's own command, which says by the count of changes whether it did anything.
    """
    (parts,) = connection.execute("SELECT count(DISTINCT segid) FROM roster_words_idx").fetchone()
    if parts < _PARTS:
        return False
    before = connection.total_changes
    for pages in (-_PAGES, _PAGES):
        connection.execute("INSERT INTO roster_words (roster_words, rank) VALUES ('merge', ?)", (pages,))
    return bool(connection.total_changes - before > 2)
