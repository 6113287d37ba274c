"""The line at the foot of the window: what central knows, in words, and the one button that helps (DESIGN 7.7)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.still import Still
from vaccinator_app.gui.widgets.text import Text

_BETWEEN = " · "


class _Track(QWidget):
    """Where the line of progress comes and goes without any layout's notice: one that heard of it would set the whole
    window anew, at the beginning and at the end of each sync."""

    def __init__(self, bar: QProgressBar) -> None:
        super().__init__()
        self._bar = bar
        bar.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self._bar.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.resize(event.size())


class StatusStrip(QFrame):
    """Icon and words at the left, in as many lines as they need; the button at the right; progress as a thin line."""

    def __init__(self, kit: Kit, button: Button, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self.button = button
        self._parts: Sequence[Message | str] = ()
        self.setProperty("part", "foot")
        self._icon = IconMark(kit, "offline", "quiet")
        self._words = Text(kit, wrap=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        row = QHBoxLayout()
        row.setContentsMargins(2 * kit.theme.step, kit.theme.step, 2 * kit.theme.step, kit.theme.step)
        row.setSpacing(kit.theme.step)
        row.addWidget(self._icon)
        row.addWidget(Still(self._words), 1)
        row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_Track(self._progress))
        column.addLayout(row)
        kit.words.changed.connect(self._speak)
        self.set_progress(0, 0)

    def show_status(self, icon: str, tone: str, parts: Sequence[Message | str]) -> None:
        """Say ``parts`` one after the other, and show ``icon`` in the colour ``tone`` before them."""
        self._icon.show_icon(icon, tone)
        self._parts = parts
        self._speak()

    def set_progress(self, done: int, total: int) -> None:
        """Draw how far a sync has come; ``total`` 0 takes the line away. It never takes the focus."""
        self._progress.setVisible(total > 0)
        self._progress.setMaximum(max(1, total))
        self._progress.setValue(done)

    def _speak(self) -> None:
        spoken = _BETWEEN.join(self._kit.words.say(part) for part in self._parts)
        if spoken == self.accessibleName():
            return
        self._words.say(spoken)
        self._progress.setAccessibleName(spoken)
        self.setAccessibleName(spoken)
