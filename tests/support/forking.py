"""A fork that comes out whole although threads of this process have just ended."""

from __future__ import annotations

import os
import threading
import time

_PATIENCE = 0.2
"""Seconds to wait: threads that are neither Python's nor on their way out (Qt's own) would be waited for in vain."""


def _tasks() -> set[int]:
    return {int(name) for name in os.listdir("/proc/self/task")}


_FIRST = _tasks()


def fork() -> int:
    """``os.fork``, once the threads that were joined are really gone.

    Python calls a thread joined before the system is through with it. OpenSSL clears up behind a thread as it goes,
    under a lock; a child forked at that moment finds it held for ever, and hangs in its first look at the vault.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        known = {one.native_id for one in threading.enumerate()}
        if not _tasks() - _FIRST - known:
            break
        os.sched_yield()
    return os.fork()
