"""What stands where a list would be: what will appear there, and how."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_ICON = 32
_WIDEST, _NARROWEST = 360, 160


class EmptyState(QWidget):
    """An icon and a sentence ("No one has arrived yet. Scan a slip or type a name."), with at most one button."""

    def __init__(
        self, kit: Kit, icon: str, what: Message, button: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon = IconMark(kit, icon, "quiet", side=_ICON)
        self._words = Text(kit, what, tone="quiet", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._words.setFixedWidth(_WIDEST)
        self._margin = 2 * kit.theme.step
        column = QVBoxLayout(self)
        column.setContentsMargins(*(self._margin,) * 4)
        column.setSpacing(kit.theme.step)
        column.addStretch(2)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        # between stretches, not aligned: only so does the layout ask how high its lines are at this width
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._words)
        middle.addStretch(1)
        column.addLayout(middle)
        if button is not None:
            column.addSpacing(kit.theme.step)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def say(self, what: Message) -> None:
        """Another sentence, when the reason for the emptiness changes."""
        self._words.say(what)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * self._margin
        self._words.setFixedWidth(max(_NARROWEST, min(_WIDEST, room)))
