"""Single values of the vault by name: table ``meta``."""

from __future__ import annotations

from vaccinator_app.vault.connection import Connection, Database


def get(database: Database, key: str) -> bytes | None:
    """The value under ``key``, or None."""
    rows = database.read("SELECT value FROM meta WHERE key = ?", (key,))
    return rows[0][0] if rows else None


def get_within(connection: Connection, key: str) -> bytes | None:
    """The value under ``key``, or None, inside a transaction under way."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def put(connection: Connection, key: str, value: bytes) -> None:
    """Set ``key``, inside a transaction under way."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def drop(connection: Connection, key: str) -> None:
    """Forget ``key``, inside a transaction under way."""
    connection.execute("DELETE FROM meta WHERE key = ?", (key,))
