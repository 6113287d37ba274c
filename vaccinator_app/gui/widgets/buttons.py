"""Buttons. A screen has one primary button, where the eye ends (SCREENS, Look)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.qt_numbers import ENTER, RIGHT_MIDDLE
from vaccinator_app.gui.widgets.kit import Kit

_RING_INSET = 3.0


class Button(QPushButton):
    """A button that follows language and theme. Enter presses it as Space does.

    ``plain`` has no box until it is pointed at or focused. ``key`` is the name of the key that does the same
    anywhere on the screen, as printed on the keyboard ("F5"); it is shown as the tooltip.
    """

    def __init__(
        self,
        kit: Kit,
        what: Message,
        *,
        plain: bool = False,
        icon: str = "",
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._what = what
        self._icon = icon
        self._icon_tone = "text"
        self._strong = False
        self.setToolTip(key)
        if plain:
            self.setProperty("kind", "plain")
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._dress)
        self._dress()

    def say(self, what: Message) -> None:
        """Other words on the same button."""
        self._what = what
        self._speak()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def _dress(self) -> None:
        self.setFont(self._kit.theme.font(strong=self._strong))
        self.setIconSize(self._kit.icons.button_size)
        if self._icon:
            self.setIcon(self._kit.icons.icon(self._icon, self._icon_tone))
        self._speak()

    def _speak(self) -> None:
        spoken = self._kit.words.say(self._what)
        self.setText(spoken.replace("&", "&&"))
        self.setAccessibleName(spoken)


class PrimaryButton(Button):
    """The one button of a screen that goes on. ``key`` is shown on it, at the right."""

    def __init__(self, kit: Kit, what: Message, *, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(kit, what, key=key, parent=parent)
        self._key = key
        self._strong = True
        self.setProperty("kind", "primary")
        self._dress()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        # room on both sides, so that the words stay in the middle
        return QSize(hint.width() + 2 * self._hint_width(), hint.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = self._kit.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = theme.color("on-accent" if self.isEnabled() else "quiet")
        beside = self.width() - self.fontMetrics().horizontalAdvance(self.text())
        if self._key and beside >= 2 * (self._hint_width() + theme.step):
            # where the words leave no room, the tooltip has the key
            if painter.pen().color() != words:
                # mostly the style sheet has given it; to ask for a pen is to ask for ``Qt`` and its names
                painter.setPen(words)
            painter.setFont(theme.font())
            box = self.rect().adjusted(0, 0, -2 * theme.step, 0)
            painter.drawText(box, RIGHT_MIDDLE, self._key)
        if self.hasFocus():
            # inside the fill: a ring in the accent would not show on it
            painter.setPen(QPen(words, 2))
            inset = QRectF(self.rect()).adjusted(_RING_INSET, _RING_INSET, -_RING_INSET, -_RING_INSET)
            painter.drawRoundedRect(inset, theme.radius - 2, theme.radius - 2)

    def _hint_width(self) -> int:
        if not self._key:
            return 0
        return self.fontMetrics().horizontalAdvance(self._key) + self._kit.theme.step
