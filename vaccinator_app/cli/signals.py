"""Ctrl+C, SIGTERM and a closed terminal, brought to Qt's own loop.

Left alone, Python raises ``KeyboardInterrupt`` in whatever slot runs next, where Qt prints a traceback and goes on; and
while Qt waits for an event, nothing is raised at all.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Within the block every request to end raises ``KeyboardInterrupt``, so that what was begun is put away."""
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def when_asked_to_end(noted: Callable[[], None], act: Callable[[], object]) -> Iterator[None]:
    """Within the block, a request to end calls ``noted`` at once, wherever the program is, and ``act`` on Qt's loop.

    For the main thread, once a QApplication exists.
    """
    from PySide6.QtCore import QSocketNotifier

    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    woken = signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read)

    def read() -> None:
        near.recv(64)
        act()

    notifier.activated.connect(read)
    try:
        with _handled(lambda *_: noted()):
            yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(woken)
        near.close()
        far.close()


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _ENDS}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
