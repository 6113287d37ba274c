"""Processor time: of this process, and of others that a benchmark started. Steady where the clock is not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def worked(act: Callable[[], object], *sessions: int) -> float:
    """Seconds of work that ``act`` makes, of this process and of the sessions that these processes lead."""
    before = time.process_time() + sum(map(of_session, sessions))
    act()
    return time.process_time() + sum(map(of_session, sessions)) - before


def of_session(leader: int) -> float:
    """Seconds of work of all processes in the session of ``leader``, to the hundredth."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[3]) == leader:
            total += int(fields[11]) + int(fields[12])
    return total / _TICK
