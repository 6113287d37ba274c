"""What led here, step by step: when, what, who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.exceptions import Step
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_DOT = 8
_RAIL = 20
_CENTRAL = Message.of("timeline.central")
"""Who did what no member of staff did."""


class _Mark(QWidget):
    """A dot on a line that goes on to the next one."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._last = False
        kit.theme.changed.connect(self._measure)
        self._measure()

    def show_last(self, last: bool) -> None:
        self._last = last
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._kit.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, middle = theme.px(_DOT), self.width() / 2
        centre = QPointF(middle, self.fontMetrics().height() / 2 + 2)
        if not self._last:
            painter.setPen(QPen(theme.color("line"), 2))
            painter.drawLine(QPointF(middle, centre.y() + side), QPointF(middle, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent" if self._last else "edge"))
        painter.drawEllipse(QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side))

    def _measure(self) -> None:
        self.setFixedWidth(self._kit.theme.px(_RAIL))


class _Row(QWidget):
    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._mark = _Mark(kit)
        self._what = Text(kit, wrap=True)
        self._who = Text(kit, tone="quiet", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(kit.theme.step)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.setContentsMargins(0, 0, 0, kit.theme.step // 2)
        column.addWidget(self._what)
        column.addWidget(self._who)
        row.addWidget(self._mark)
        row.addLayout(column, 1)

    def show_step(self, step: Step, name: str, *, last: bool, today: bool) -> None:
        self._mark.show_last(last)
        self._what.say(step.words)
        self._who.say(Message.of("timeline.at" if today else "timeline.on", at=step.at, name=name or _CENTRAL))


class Timeline(QWidget):
    """Rows are kept and filled anew, so that nothing flickers when a refresh comes."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._rows: list[_Row] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_steps(self, steps: Sequence[Step], names: Mapping[str, str], day: date) -> None:
        """``steps`` in the order of time; ``names`` of staff by id. Of ``day`` only the time is said."""
        while len(self._rows) < len(steps):
            self._rows.append(_Row(self._kit))
            self._column.addWidget(self._rows[-1])
        for at, row in enumerate(self._rows):
            row.setVisible(at < len(steps))
            if at < len(steps):
                step = steps[at]
                name = names.get(step.staff, step.staff)
                row.show_step(step, name, last=at == len(steps) - 1, today=step.at.date() == day)
