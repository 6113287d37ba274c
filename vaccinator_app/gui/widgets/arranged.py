"""What sets its own buttons, in as many lines as their words need: its height follows from its width."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit


class Arranged(QWidget):
    """Subclasses say where the buttons go (`arrange`). Set anew when a width, a word or what is hidden changes."""

    def __init__(self, kit: Kit, buttons: Sequence[Button], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = kit
        for button in buttons:
            button.setParent(self)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def arrange(self, width: int, *, move: bool) -> int:
        """The height that is needed at ``width``; with ``move`` the buttons go to their places."""
        raise NotImplementedError

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self.arrange(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(max(1, self.width())))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange(self.width(), move=True)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.arrange(self.width(), move=True)
            self.updateGeometry()
        return super().event(event)
