"""The field that is always near: a name, a token, the last four, or a scanned slip (DESIGN 9.1, SCREENS)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.kit import Kit

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_ICON = 20
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
_SIDES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class SearchField(QLineEdit):
    """Typing searches. Up, Down and Enter work the list below; Left and Right the piles, while nothing is typed."""

    entered = Signal()
    moved = Signal(int)
    sideways = Signal(int)

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self.setObjectName("search")
        self.setMaxLength(120)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._dress)
        self._speak()
        self._dress()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ENTER:
            if not event.isAutoRepeat():
                self.entered.emit()
        elif key in _MOVES:
            self.moved.emit(_MOVES[key])
        elif key in _SIDES and not self.text():
            self.sideways.emit(_SIDES[key])
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key == Qt.Key.Key_Slash and not self.text():
            # it brought the focus here; nobody is called so
            return
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = self._kit.theme.px(_ICON)
        corner = QRectF(self._kit.theme.step, (self.height() - side) // 2, side, side)
        self._kit.icons.paint(QPainter(self), corner, "search", "quiet")

    def _dress(self) -> None:
        self.setFont(self._kit.theme.font())
        # the sheet's padding holds on the right; on the left the icon stands
        self.setTextMargins(self._kit.theme.px(_ICON) + self._kit.theme.step // 2, 0, 0, 0)

    def _speak(self) -> None:
        words = self._kit.words
        self.setPlaceholderText(words.t("queue.search"))
        self.setAccessibleName(words.say(Message.of("queue.search")))
        self.setToolTip(words.t("queue.search_key"))
