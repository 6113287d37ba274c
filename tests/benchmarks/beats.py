"""How long a window keeps its person waiting: the gaps between two beats of its own loop."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

_BEAT_MS = 1


class Beats(QObject):
    """Milliseconds from one beat of the loop to the next, less what the beat itself is."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def stop(self) -> list[float]:
        """No more beats; the gaps there were."""
        self._timer.stop()
        return self._gaps

    def _beat(self) -> None:
        now = time.perf_counter()
        self._gaps.append(max(0.0, 1e3 * (now - self._last) - _BEAT_MS))
        self._last = now


def until(so: Callable[[], bool], seconds: float = 600.0) -> None:
    """Let the loop work until something is so, asked after every round of it. ``TimeoutError`` after ``seconds``."""
    loop = QEventLoop()
    end = time.monotonic() + seconds
    # with a limit of its own processEvents would not wait but spin, and hold up the threads it waits for
    tick = QTimer()
    tick.start(10)
    while not so():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come so far")
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def rest(seconds: float) -> None:
    """Let the loop work for so long."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end)
