"""Visits under way, kept through a lock, a crash or a power cut (DESIGN 3.5)."""

from __future__ import annotations

from vaccinator_app.vault.connection import Connection, Database


class Drafts:
    """One draft for each appointment and staff member: nobody's half-done work is lost to another's look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, appointment: str, staff: str, data: bytes) -> None:
        """Keep ``data`` as what ``staff`` has done of this visit, in place of what was kept before."""
        self._database.write(lambda connection: save_within(connection, appointment, staff, data))

    def of(self, staff: str) -> list[tuple[str, bytes]]:
        """``(appointment, data)`` of one staff member's drafts, the newest last."""
        rows = self._database.read("SELECT appointment, data FROM drafts WHERE staff = ? ORDER BY saved", (staff,))
        return [(appointment, data) for appointment, data in rows]

    def drop(self, appointment: str, staff: str | None = None) -> None:
        """Forget this appointment's drafts: all of them, or only those of ``staff``."""
        self._database.write(lambda connection: drop_within(connection, appointment, staff))


def save_within(connection: Connection, appointment: str, staff: str, data: bytes) -> None:
    """The same, inside a transaction under way."""
    connection.execute(
        "INSERT OR REPLACE INTO drafts VALUES (?, ?, (SELECT coalesce(max(saved), 0) + 1 FROM drafts), ?)",
        (appointment, staff, data),
    )


def drop_within(connection: Connection, appointment: str, staff: str | None) -> None:
    """The same, inside a transaction under way."""
    connection.execute("DELETE FROM drafts WHERE appointment = ?1 AND (?2 IS NULL OR staff = ?2)", (appointment, staff))
