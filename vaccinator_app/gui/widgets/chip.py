"""The chip that says a state: icon, word and colour together, never colour alone (DESIGN 9.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaccinator_app.gui.widgets.kit import Kit

_ICON = 16
_PAD = 8
_GAP = 6
_AROUND = 2


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: icon name, token of its colour, key of its word."""

    icon: str
    tone: str
    key: str


VISIT_LOOKS: Mapping[str, Look] = {
    "expected": Look("expected", "quiet", "chip.expected"),
    "arrived": Look("arrived", "text", "chip.arrived"),
    "now": Look("now", "accent", "chip.now"),
    "observing": Look("observing", "text", "chip.observing"),
    "done": Look("done", "quiet", "chip.done"),
    "deferred": Look("deferred", "quiet", "chip.deferred"),
    "attention": Look("needs-attention", "attention", "chip.attention"),
}
"""By `domain.visits.VisitState`, and "now" for the person whose sheet is open."""

STEP_LOOKS: Mapping[str, Look] = {
    "later": Look("expected", "quiet", "chip.later"),
    "now": Look("now", "accent", "chip.now"),
    "passed": Look("done", "text", "chip.passed"),
    "stopped": Look("stop", "stop", "chip.stopped"),
    "attention": Look("needs-attention", "attention", "chip.attention"),
}
"""By `desk.visit_view.StepState`, and "attention" where somebody else has to come."""

RECORD_LOOKS: Mapping[str, Look] = {
    "saved": Look("saved", "text", "chip.saved"),
    "confirmed": Look("confirmed", "confirmed", "chip.confirmed"),
    "attention": Look("needs-attention", "attention", "chip.attention"),
}
"""What is known of one record. There is no "sent" (DESIGN 3.6)."""

RECORD_MARKS: Mapping[bool, Look] = {
    False: Look("saved", "quiet", "mark.saved"),
    True: Look("confirmed", "confirmed", "mark.confirmed"),
}
"""The same in a row of a list, where there is room for one word: by whether central signed for it."""


def chip_size(kit: Kit, look: Look) -> QSize:
    """Pixels the chip needs."""
    metrics = QFontMetrics(kit.theme.font())
    theme = kit.theme
    words = metrics.horizontalAdvance(kit.words.t(look.key))
    width = theme.px(_PAD) + theme.px(_ICON) + theme.px(_GAP) + words + theme.px(_PAD)
    return QSize(width + 1, metrics.height() + 2 * _AROUND)


def paint_chip(painter: QPainter, box: QRectF, kit: Kit, look: Look) -> QRectF:
    """Draw the chip at the left of ``box``, in the middle of its height, and give the rectangle it took.

    For delegates as for widgets. A word longer than ``box`` is cut with "…".
    """
    theme = kit.theme
    size = chip_size(kit, look)
    width = min(float(size.width()), box.width())
    shape = QRectF(box.left(), round(box.center().y() - size.height() / 2), width, size.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color(f"{look.tone}-edge"), 1))
    painter.setBrush(theme.color(f"{look.tone}-tint"))
    painter.drawRoundedRect(shape.adjusted(0.5, 0.5, -0.5, -0.5), theme.radius, theme.radius)
    side = theme.px(_ICON)
    corner = QPointF(shape.left() + theme.px(_PAD), round(shape.center().y() - side / 2))
    kit.icons.paint(painter, QRectF(corner.x(), corner.y(), side, side), look.icon, look.tone)
    painter.setFont(theme.font())
    painter.setPen(theme.color(look.tone))
    left = corner.x() + side + theme.px(_GAP)
    words = QRectF(left, shape.top(), shape.right() - theme.px(_PAD) - left + 1, shape.height())
    shown = painter.fontMetrics().elidedText(kit.words.t(look.key), Qt.TextElideMode.ElideRight, int(words.width()))
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    painter.restore()
    return shape


class Chip(QWidget):
    """A state, outside a list."""

    def __init__(self, kit: Kit, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._look = look
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._speak)
        self._speak()

    def show_look(self, look: Look) -> None:
        """Show another state."""
        self._look = look
        self._speak()

    def sizeHint(self) -> QSize:
        return chip_size(self._kit, self._look)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_chip(QPainter(self), QRectF(self.rect()), self._kit, self._look)

    def _speak(self) -> None:
        self.setAccessibleName(self._kit.words.t(self._look.key))
        self.updateGeometry()
        self.update()
