"""Words on a screen."""

from __future__ import annotations

from PySide6 import QtCore
from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.qt_numbers import PLAIN_TEXT
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.kit import Kit


class Text(QLabel):
    """A line or paragraph that follows language, theme and text size.

    ``tone`` is a token for words: text, quiet, accent, confirmed, attention, stop. ``elide`` shortens what does not
    fit to "…", and the tooltip has the whole; ``wrap`` breaks it into lines. What it says is never read as HTML,
    whatever a person is called.
    """

    def __init__(
        self,
        kit: Kit,
        what: Message | str = "",
        *,
        size: Size = Size.BODY,
        strong: bool = False,
        tone: str = "text",
        wrap: bool = False,
        elide: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._what = what
        self._spoken: str | None = None
        self._size = size
        self._strong = strong
        self._elide = elide
        self.setProperty("textFormat", PLAIN_TEXT)
        self.setWordWrap(wrap)
        self.setIndent(0)
        self.setProperty("tone", tone)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._dress)
        self._dress()

    def say(self, what: Message | str) -> None:
        """Show other words. A plain ``str`` is shown in every language alike: names, batch numbers."""
        self._what = what
        self._speak()

    def set_tone(self, tone: str) -> None:
        """Another colour for the same words."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            self.style().unpolish(self)
            self.style().polish(self)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(self.fontMetrics().horizontalAdvance("…"), hint.height()) if self._elide else hint

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if not self._elide:
            return hint
        return QSize(self.fontMetrics().horizontalAdvance(self._kit.words.say(self._what)) + 1, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._elide:
            self._fit()

    def _dress(self) -> None:
        theme = self._kit.theme
        self.setFont(theme.font(self._size, strong=self._strong))
        # small words have room enough in the padding every label has
        small = self._size is Size.BODY and not theme.large
        room = 0 if small else theme.matra_room(self._size)
        self.setContentsMargins(0, room, 0, room)
        self._spoken = None
        self._speak()

    def _speak(self) -> None:
        spoken = self._kit.words.say(self._what)
        if spoken == self._spoken:
            # said again, as a refresh does: nothing of the window is laid out anew for it
            return
        self._spoken = spoken
        self.setAccessibleName(spoken)
        if self._elide:
            self._fit()
            self.updateGeometry()
        else:
            self.setText(spoken)

    def _fit(self) -> None:
        spoken = self._kit.words.say(self._what)
        shown = self.fontMetrics().elidedText(spoken, QtCore.Qt.TextElideMode.ElideRight, self.width())
        self.setText(shown)
        # a tooltip guesses whether it is HTML; a zero-width space behind "<" keeps a name a name
        self.setToolTip(spoken.replace("<", "<\u200b") if shown != spoken else "")
