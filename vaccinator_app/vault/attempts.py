"""Wrong passphrases, counted so that a restart forgets none: each next one waits twice as long (DESIGN 5.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from vaccinator_app.vault.errors import from_os
from vaccinator_app.vault.files import write_private

ATTEMPTS = "attempts.json"
FREE = 2
"""Wrong tries that cost nothing: everybody slips once or twice."""

LONGEST = 900.0
"""Seconds; a quarter of an hour is the most anybody waits."""

_MOST = 64
"""Tries that are told apart: the longest wait comes long before."""


def wait(home: Path, staff: str, clock: Callable[[], float] = time.time) -> float:
    """Seconds until the next passphrase of ``staff`` on the desk in ``home`` is looked at; 0 when now."""
    return Attempts(home, clock).wait(staff)


class Attempts:
    """The wrong tries of each member since their last right one.

    It slows down hands at this keyboard. Whoever copies the files is slowed by the key derivation alone.
    """

    def __init__(self, home: Path, clock: Callable[[], float]) -> None:
        self._path = home / ATTEMPTS
        self._clock = clock

    def wait(self, staff: str) -> float:
        """Seconds from now until ``staff`` may try; 0 when now. A clock set back never makes it longer than it was."""
        count, last = self._read().get(staff, (0, 0.0))
        if count <= FREE:
            return 0.0
        cost = min(LONGEST, 2.0 ** (count - FREE))
        return min(cost, max(0.0, last + cost - self._clock()))

    def count(self, staff: str) -> None:
        """One more try, durable on return. Raises ``VaultError``."""
        found = self._read()
        count, _ = found.get(staff, (0, 0.0))
        self._write({**found, staff: (min(count + 1, _MOST), self._clock())})

    def forget(self, staff: str) -> None:
        """The passphrase was right."""
        found = self._read()
        found.pop(staff, None)
        self._write(found)

    def _read(self) -> dict[str, tuple[int, float]]:
        try:
            found = json.loads(self._path.read_bytes())
            return {str(staff): (min(int(count), _MOST), float(last)) for staff, (count, last) in found.items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise from_os(error) from None
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            # Unreadable is not a reason to keep people out: the key derivation still costs what it costs.
            return {}

    def _write(self, found: dict[str, tuple[int, float]]) -> None:
        write_private(self._path, json.dumps(found).encode())
