"""Forms that were filled in half when the desk locked, each under the name of who typed it (DESIGN 5.1).

Encrypted as everything here. What is about a person goes with that person's details (DESIGN 5.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vaccinator_app.vault import meta
from vaccinator_app.vault.connection import Connection, Database

_KEY = "form"
_ALL = _KEY + " %"


@dataclass(frozen=True, slots=True)
class Name:
    """Which form, and whom it is about: an appointment, or nobody."""

    form: str
    appointment: str = ""


class Forms:
    """What one member of staff typed nobody else is shown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, staff: str, typed: Mapping[Name, bytes]) -> None:
        """These and no others are what ``staff`` has half done."""

        def work(connection: Connection) -> None:
            for name in _names(connection, staff):
                _drop(connection, staff, name)
            for name, data in typed.items():
                meta.put(connection, _key(staff, name), data)

        if typed or self.of(staff):
            self._database.write(work)

    def of(self, staff: str) -> dict[Name, bytes]:
        """All of one member of staff."""
        rows = self._database.read("SELECT key, value FROM meta WHERE key LIKE ?", (_ALL,))
        return {name: value for key, value in rows for whose, name in [_read(key)] if whose == staff}

    def drop(self, staff: str, name: Name) -> None:
        """It was saved, or is not wanted any more."""
        if name in self.of(staff):
            self._database.write(lambda connection: _drop(connection, staff, name))


def forget_within(connection: Connection, appointments: frozenset[str] | None) -> None:
    """Nobody has a form about one of ``appointments`` any more, None for all forms: in a transaction under way."""
    for key in _keys(connection):
        if appointments is None or _read(key)[1].appointment in appointments:
            connection.execute("DELETE FROM meta WHERE key = ?", (key,))


def _names(connection: Connection, staff: str) -> list[Name]:
    return [name for key in _keys(connection) for whose, name in [_read(key)] if whose == staff]


def _keys(connection: Connection) -> list[str]:
    return [key for (key,) in connection.execute("SELECT key FROM meta WHERE key LIKE ?", (_ALL,)).fetchall()]


def _drop(connection: Connection, staff: str, name: Name) -> None:
    connection.execute("DELETE FROM meta WHERE key = ?", (_key(staff, name),))


def _key(staff: str, name: Name) -> str:
    return f"{_KEY} {name.form} {name.appointment} {staff}"


def _read(key: str) -> tuple[str, Name]:
    _, form, appointment, staff = key.split(" ", 3)
    return staff, Name(form, appointment)
