"""Locks the desk when nobody touches it for five minutes (DESIGN 5.1)."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QWindow

LIMIT = 300.0
"""Seconds without a key or the pointer until the desk locks by itself."""

WARNING = 30.0
"""So long before, it says so."""

_TOUCHES = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)


class Idle(QObject):
    """Watches the input of one window. Counts on the monotonic clock: setting the wall clock changes nothing."""

    warned = Signal(int)
    """Whole seconds left, each second of the last thirty; -1 when somebody came back."""
    over = Signal()

    def __init__(self, parent: QObject, limit: float = LIMIT) -> None:
        super().__init__(parent)
        self._limit = limit
        self._touched = time.monotonic()
        self._warning = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def watch(self, window: QWindow) -> None:
        """Keys and pointer of ``window`` count as somebody being there."""
        window.installEventFilter(self)

    def start(self) -> None:
        """Somebody signed in."""
        self.touch()
        self._plan()

    def stop(self) -> None:
        """Nobody is signed in."""
        self._timer.stop()
        self._warning = False

    def touch(self) -> None:
        """Somebody did something."""
        self._touched = time.monotonic()
        if self._warning:
            self._warning = False
            self.warned.emit(-1)
            self._plan()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self.touch()
        return False

    def _look(self) -> None:
        left = self._left()
        if left <= 0:
            self.stop()
            self.over.emit()
            return
        if left <= WARNING:
            self._warning = True
            self.warned.emit(-int(-left // 1))
        self._plan()

    def _plan(self) -> None:
        """Look again when the warning is due, then each second; not before, so that an idle desk sleeps."""
        left = self._left()
        self._timer.start(round(1000 * (left - WARNING if left > WARNING else min(1.0, max(0.02, left)))))

    def _left(self) -> float:
        return self._limit - (time.monotonic() - self._touched)
