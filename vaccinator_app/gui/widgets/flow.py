"""Buttons side by side, in as many lines as their words need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from vaccinator_app.gui.widgets.arranged import Arranged
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit


class Flow(Arranged):
    """Plain buttons: their words, not their boxes, stand at the column's edge. Hidden ones take no room."""

    def __init__(self, kit: Kit, buttons: Sequence[Button], parent: QWidget | None = None) -> None:
        super().__init__(kit, buttons, parent)
        self._buttons = list(buttons)

    def arrange(self, width: int, *, move: bool) -> int:
        """The height that is needed; with ``move`` the buttons go to their places."""
        step = self.kit.theme.step
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
