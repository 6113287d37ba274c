"""One sentence about what just happened or what cannot be done, with its icon."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_ICONS = {"stop": "stop", "attention": "needs-attention", "text": "saved", "confirmed": "confirmed", "quiet": "help"}


class Notice(QWidget):
    """Takes its line only while it has something to say. ``tone`` is stop, attention, text, confirmed or quiet."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconMark(kit, "stop", "stop")
        self._words = Text(kit, wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(kit.theme.step)
        top = QVBoxLayout()
        top.addWidget(self._icon)
        top.addStretch(1)
        row.addLayout(top)
        row.addWidget(self._words, 1)
        self._what: Message | None = None
        self.setVisible(False)

    @property
    def what(self) -> Message | None:
        """What it says, if anything."""
        return self._what

    def say(self, what: Message | None, tone: str = "stop", icon: str = "") -> None:
        """Say ``what`` until something else is said; None is silence. ``icon`` is another one than the tone's own."""
        self._what = what
        self.setVisible(what is not None)
        if what is not None:
            self._icon.show_icon(icon or _ICONS[tone], tone)
            self._words.set_tone(tone)
            self._words.say(what)
