"""Nothing of a desk is copied: what stands on it reaches neither the clipboard nor X11's selection (DESIGN 9.4).

Whatever else runs on the machine may read both, and managers of clipboards keep what was in them.
"""

from __future__ import annotations

from PySide6 import QtCore
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QClipboard, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QWindow

_TAKES = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.Cut)


class Uncopied(QObject):
    """Watches the keys and the pointer of one window. What comes from elsewhere may be pasted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        QGuiApplication.clipboard().changed.connect(self._let_go)

    def watch(self, window: QWindow) -> None:
        """Keys that copy or cut do nothing in ``window``, and no field of it has a menu that could."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            return event.type() == QEvent.Type.KeyPress and any(event.matches(one) for one in _TAKES)
        if isinstance(event, QMouseEvent):
            return event.type() == QEvent.Type.MouseButtonPress and event.button() == QtCore.Qt.MouseButton.RightButton
        return False

    def _let_go(self, mode: QClipboard.Mode) -> None:
        """X11 hands out whatever is selected in a field, without anybody's asking."""
        board = QGuiApplication.clipboard()
        owns = {QClipboard.Mode.Clipboard: board.ownsClipboard, QClipboard.Mode.Selection: board.ownsSelection}
        if mode in owns and owns[mode]() and board.text(mode):
            board.clear(mode)
