"""Beside the keys of help: what the program is made of, and the licence of each part, to be read."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QPlainTextEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.licences import Licence, licences
from vaccinator_app.gui.widgets.kit import Kit

_SHARES = (1, 3)


class LicencesPage(QWidget):
    """Up and down choose a part; its text is beneath, and scrolls. Nothing of it is translated: it is a licence."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._found: list[Licence] = licences(kit.resources)
        self.parts = QListWidget()
        self.parts.setObjectName("licences")
        self.text = QPlainTextEdit()
        self.text.setObjectName("licence")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        for one in self._found:
            self.parts.addItem("  ".join(part for part in (one.name, one.version, one.licence) if part))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step)
        column.addWidget(self.parts, _SHARES[0])
        column.addWidget(self.text, _SHARES[1])
        self.parts.currentRowChanged.connect(self._show)
        kit.words.changed.connect(self._dress)
        kit.theme.changed.connect(self._dress)
        self._dress()
        self.parts.setCurrentRow(0)
        self.setFocusProxy(self.parts)

    def _show(self, row: int) -> None:
        self.text.setPlainText(self._found[row].text if row >= 0 else "")

    def _dress(self) -> None:
        for part in (self.parts, self.text):
            part.setFont(self._kit.theme.font())
            part.setAccessibleName(self._kit.words.t("help.licences"))
