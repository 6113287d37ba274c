"""The time as the desk has it, and what speaks for or against it (DESIGN 3.3)."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where the desk takes its time from; tests bring their own."""

    def now(self) -> datetime:
        """The wall clock, with the centre's offset."""
        ...

    def boot(self) -> str:
        """A name for this run of the machine: the same until it is switched off."""
        ...

    def uptime_ms(self) -> int:
        """Milliseconds since ``boot`` began, never stepping back, whatever is done to the wall clock."""
        ...


class SystemClock:
    """The machine's own clocks. Where the machine does not name its boot, this run of the program stands for it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._boot = _boot_name()

    def now(self) -> datetime:
        """The wall clock in the centre's zone, to the millisecond."""
        moment = datetime.now(self._zone)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def boot(self) -> str:
        """The first 8 hex digits of the kernel's boot id, or of a random one."""
        return self._boot

    def uptime_ms(self) -> int:
        """Counts on through sleep where the system can say so."""
        return (time.monotonic_ns() if _BOOTTIME is None else time.clock_gettime_ns(_BOOTTIME)) // 1_000_000


_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's clock that counts through sleep; other systems have only the monotonic one."""


def _boot_name() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return secrets.token_hex(4)
