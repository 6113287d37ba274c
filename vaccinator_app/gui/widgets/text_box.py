"""Room for a few sentences, under their name."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PADDING = 18


class TextBox(QWidget):
    """``lines`` are seen at once; more scroll. Enter goes to the form: what is told is one paragraph."""

    def __init__(self, kit: Kit, label: Message, *, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._lines = lines
        self.editor = _Editor()
        self._label = Text(kit, label)
        self._label.setBuddy(self.editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step // 2)
        column.addWidget(self._label)
        column.addWidget(self.editor)
        kit.words.changed.connect(self._dress)
        kit.theme.changed.connect(self._dress)
        self._dress()

    @property
    def text(self) -> str:
        """What was typed, without spaces around it."""
        return self.editor.toPlainText().strip()

    def _dress(self) -> None:
        self.editor.setFont(self._kit.theme.font())
        self.editor.setFixedHeight(self._lines * self.editor.fontMetrics().lineSpacing() + _PADDING)
        self.editor.setAccessibleName(self._label.accessibleName())


class _Editor(QPlainTextEdit):
    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            event.ignore()
        else:
            super().keyPressEvent(event)
