"""Buttons side by side, in as many lines as their words need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit


class Flow(QWidget):
    """Plain buttons: their words, not their boxes, stand at the column's edge. Hidden ones take no room."""

    def __init__(self, kit: Kit, buttons: Sequence[Button], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._buttons = list(buttons)
        for button in buttons:
            button.setParent(self)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(max(1, self.width())))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(self.width(), move=True)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange(self.width(), move=True)
            self.updateGeometry()
        return super().event(event)

    def _arrange(self, width: int, *, move: bool) -> int:
        """The height that is needed; with ``move`` the buttons go to their places."""
        step = self._kit.theme.step
        edge = -step - 1
        left, top, line = edge, 0, 0
        for button in self._buttons:
            if button.isHidden():
                continue
            size = button.sizeHint()
            if left > edge and left + size.width() > width:
                left, top = edge, top + line
            if move:
                button.setGeometry(left, top, size.width(), size.height())
            left += size.width() + step
            line = size.height()
        return top + line
