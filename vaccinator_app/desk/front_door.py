"""The desk before anybody is signed in: who may, and the way in.

Everything behind the door (cryptography, the database, the protocol) is imported only when it is needed: the unlock
screen must stand on the screen before a person has found their chair (DESIGN 10).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vaccinator_app.domain.people import StaffMember
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.vault.attempts import wait
from vaccinator_app.vault.files import RECOVERING
from vaccinator_app.vault.slotfile import members

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from vaccinator_app.desk.clock import Clock
    from vaccinator_app.desk.recovery import Recovery
    from vaccinator_app.desk.unlock import Opened


class Unlock:
    """Raises ``VaultError`` with its own words. ``make_clock`` is for tests that tell the time themselves."""

    def __init__(self, home: Path, formulary: Formulary, make_clock: Callable[[ZoneInfo], Clock] | None = None) -> None:
        self._home = home
        self._formulary = formulary
        self._make_clock = make_clock

    def people(self) -> list[StaffMember]:
        """Who may sign in on this machine."""
        return members(self._home)

    def retry_after(self, staff: str) -> float:
        """Seconds until the next passphrase of ``staff`` is looked at; 0 when now."""
        return wait(self._home, staff)

    def open(self, staff: str, passphrase: str) -> Opened:
        """Unwrap this person's key, open the vault, record that they signed in. Takes as long as the KDF."""
        from vaccinator_app.desk.clock import SystemClock
        from vaccinator_app.desk.unlock import unlock

        return unlock(self._home, self._formulary, self._make_clock or SystemClock, staff, passphrase)

    @property
    def recovering(self) -> bool:
        """Whether somebody asked central for another way in, and its answer is not here yet."""
        return (self._home / RECOVERING).exists()

    def recovery(self) -> Recovery:
        """The way in for those who remember no passphrase."""
        from vaccinator_app.desk.clock import SystemClock
        from vaccinator_app.desk.recovery import Recovery

        return Recovery(self._home, self._formulary, self._make_clock or SystemClock)

    @staticmethod
    def get_ready() -> None:
        """Import what lies behind the door, on a thread while somebody types their passphrase."""
        import vaccinator_app.desk.syncing
        import vaccinator_app.desk.unlock
        import vaccinator_app.desk.visit_view  # noqa: F401
