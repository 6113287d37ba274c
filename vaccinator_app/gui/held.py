"""Enter held down is one Enter: what a keyboard repeats goes to nobody (DESIGN 9.1)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QWindow

from vaccinator_app.gui.qt_numbers import ENTER


class HeldEnter(QObject):
    """Watches the keys of one window. X11 repeats a key as a release and a press of the same moment; Qt, which looks
    ahead for the second when it meets the first, now and then takes it for a press of its own."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._released: tuple[int, int] | None = None

    def watch(self, window: QWindow) -> None:
        """Enter comes to ``window`` once for each time it is pressed."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.key() not in ENTER:
            return False
        # 0 is what events have that no keyboard sent
        moment = (event.key(), event.timestamp()) if event.timestamp() else None
        if event.type() == QEvent.Type.KeyRelease:
            self._released = moment
            return False
        pressed = event.type() == QEvent.Type.KeyPress
        return pressed and (event.isAutoRepeat() or (moment is not None and moment == self._released))
