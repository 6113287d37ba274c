"""Keys pressed while an act is being saved wait for it, so that no digit falls between two steps (DESIGN 9.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)


class TypeAhead(QObject):
    """Holds the keys for the widgets of ``window`` between `hold` and `release`, then hands them on in order.

    Shortcuts (F5, Ctrl+L) are not held: they ask for things that wait in line by themselves.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._holding = False
        self._held: deque[QKeyEvent] = deque()

    def hold(self) -> None:
        """From here on keys wait."""
        if not self._holding:
            self._holding = True
            _app().installEventFilter(self)

    def release(self, unwanted: Callable[[QKeyEvent], bool]) -> None:
        """Hand on what waited, each key to whatever has the focus by then; what is ``unwanted`` there is forgotten.

        Stops when a key begins a new act; the rest wait for that one.
        """
        if not self._holding:
            return
        self._stop()
        while self._held:
            event = self._held.popleft()
            if not unwanted(event):
                QApplication.sendEvent(QApplication.focusWidget() or self._window, event)
            if self._begun():
                return

    def drop(self) -> None:
        """Forget the waiting keys: whoever they were for is gone."""
        self._held.clear()

    def _begun(self) -> bool:
        return self._holding

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _KEYS or not isinstance(watched, QWidget) or watched.window() is not self._window:
            return False
        if watched is not (QApplication.focusWidget() or self._window):
            # the key that began the act, on its way up from the field that took it
            return False
        assert isinstance(event, QKeyEvent)
        self._held.append(
            QKeyEvent(event.type(), event.key(), event.modifiers(), event.text(), event.isAutoRepeat(), event.count())
        )
        return True

    def _stop(self) -> None:
        self._holding = False
        _app().removeEventFilter(self)


def _app() -> QCoreApplication:
    app = QApplication.instance()
    assert app is not None
    return app
