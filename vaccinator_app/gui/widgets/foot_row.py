"""The foot of a sheet: other buttons, then the primary one to the edge; on two lines where one has no room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect

from vaccinator_app.gui.widgets.arranged import Arranged
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.kit import Kit


class FootRow(Arranged):
    """``others`` come before ``primary`` in a line, and below it where one line is too short, or always (``apart``)."""

    def __init__(self, kit: Kit, others: Sequence[Button], primary: PrimaryButton, *, apart: bool = False) -> None:
        super().__init__(kit, [*others, primary])
        self._others = list(others)
        self._primary = primary
        self._apart = apart

    def arrange(self, width: int, *, move: bool) -> int:
        """The height that is needed; with ``move`` the buttons go to their places."""
        if self._primary.isHidden():
            return 0
        margins = self.contentsMargins()
        width -= margins.left() + margins.right()
        step = self.kit.theme.step
        shown = [button for button in self._others if not button.isHidden()]
        primary = self._primary.sizeHint()
        high = primary.height()
        widths = [button.sizeHint().width() for button in shown]
        beside = sum(widths) + step * len(widths)
        places: list[tuple[Button, QRect]] = []
        if not self._apart and beside + primary.width() <= width:
            left = 0
            for button, wide in zip(shown, widths, strict=True):
                places.append((button, QRect(left, 0, wide, high)))
                left += wide + step
            places.append((self._primary, QRect(left, 0, width - left, high)))
        else:
            places.append((self._primary, QRect(0, 0, width, high)))
            left, top = 0, high + step
            for button, wide in zip(shown, widths, strict=True):
                if left and left + wide > width:
                    left, top = 0, top + high + step
                places.append((button, QRect(left, top, min(wide, width), high)))
                left += wide + step
        if move:
            for button, box in places:
                button.setGeometry(box.translated(margins.left(), margins.top()))
        return max(box.bottom() for _, box in places) + 1
