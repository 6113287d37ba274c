"""How long a person still stays after the dose."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.visits import OBSERVATION
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_SIDE = 24
_LINE = 3
_MINUTE = timedelta(minutes=1)


def paint_ring(painter: QPainter, box: QRectF, kit: Kit, left: timedelta, whole: timedelta = OBSERVATION) -> None:
    """Draw into the square ``box`` the share of ``whole`` that is still ``left``, as a ring from twelve o'clock.

    When nothing is left, the sign for *done* stands there instead.
    """
    if left <= timedelta(0):
        kit.icons.paint(painter, box, "done", "text")
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = _LINE / 2 + 1
    ring = box.adjusted(inset, inset, -inset, -inset)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # what is over is a hairline, what is left a band: told apart without colour
    painter.setPen(QPen(kit.theme.color("edge"), 1))
    painter.drawEllipse(ring)
    painter.setPen(QPen(kit.theme.color("text"), _LINE, c=Qt.PenCapStyle.FlatCap))
    share = min(1.0, left / whole)
    painter.drawArc(ring, 90 * 16, round(share * 360 * 16))
    painter.restore()


def remaining(left: timedelta) -> Message:
    """The words for it: whole minutes, rounded up, so that nobody is let go early."""
    if left <= timedelta(0):
        return Message.of("clock.over")
    return Message.of("clock.left", span=-(-left // _MINUTE) * _MINUTE)


class ObservationClock(QWidget):
    """Ring and words. It has no timer of its own: the screen tells all its clocks the time together."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ring = _Ring(kit)
        self._words = Text(kit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(kit.theme.step)
        row.addWidget(self._ring)
        row.addWidget(self._words, 1)
        kit.words.changed.connect(self._name)
        self.set_left(OBSERVATION)

    def set_left(self, left: timedelta) -> None:
        """Show that ``left`` remains of the 30 minutes; nothing or less is over."""
        self._ring.set_left(left)
        self._words.say(remaining(left))
        self._name()

    def _name(self) -> None:
        self.setAccessibleName(self._words.accessibleName())


class _Ring(QWidget):
    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._left = OBSERVATION
        kit.theme.changed.connect(self._measure)
        self._measure()

    def set_left(self, left: timedelta) -> None:
        self._left = left
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_ring(QPainter(self), QRectF(self.rect()), self._kit, self._left)

    def _measure(self) -> None:
        side = self._kit.theme.px(_SIDE)
        self.setFixedSize(side, side)
        self.update()
