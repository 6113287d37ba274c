"""Things to tick: one, or several in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

V = TypeVar("V")


class Tick(QCheckBox):
    """Follows language and size of words. Space ticks; Up and Down go to its neighbours."""

    def __init__(self, kit: Kit, what: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._what = what
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._dress)
        self._dress()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, option = self._kit.theme, QStyleOptionButton()
        self.initStyleOption(option)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked():
            box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
            # Qt draws the box alone
            self._kit.icons.paint(painter, box.adjusted(1, 1, -1, -1), "done", "on-accent")
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            words = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self)
            right = words.left() + self.fontMetrics().horizontalAdvance(self.text()) + 4
            ring = QRectF(words.left() - 4, 4, min(right, self.width() - 1) - words.left() + 4, self.height() - 8)
            painter.drawRoundedRect(ring, theme.radius - 2, theme.radius - 2)

    def _dress(self) -> None:
        self.setFont(self._kit.theme.font())
        self._speak()

    def _speak(self) -> None:
        spoken = self._kit.words.say(self._what)
        self.setText(spoken.replace("&", "&&"))
        self.setAccessibleName(spoken)


class _Columns(QWidget):
    """Filled downwards, so that Down is down; one column where two do not fit."""

    def __init__(self, kit: Kit, ticks: Sequence[QWidget]) -> None:
        super().__init__()
        self._ticks = ticks
        self._count = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * kit.theme.step)
        self._grid.setVerticalSpacing(0)
        self._set(1)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._widest(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set(2 if 2 * self._widest() + self._grid.horizontalSpacing() <= self.width() else 1)

    def _widest(self) -> int:
        return max(tick.sizeHint().width() for tick in self._ticks)

    def _set(self, count: int) -> None:
        if count == self._count:
            return
        self._count = count
        lines = -(-len(self._ticks) // count)
        for place, tick in enumerate(self._ticks):
            self._grid.addWidget(tick, place % lines, place // lines)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < count else 0)


class Ticks(QWidget, Generic[V]):
    """Several values with their words under one name, any of which may be so; what is wrong is said below."""

    def __init__(
        self, kit: Kit, name: Message, options: Sequence[tuple[V, Message]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._ticks = [(value, Tick(kit, what)) for value, what in options]
        self._mark = IconMark(kit, "stop", "stop", side=16)
        self._sentence = Text(kit, tone="stop", wrap=True)
        problem = QHBoxLayout()
        problem.setSpacing(kit.theme.step)
        problem.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        problem.addWidget(self._sentence, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step // 2)
        column.addWidget(Text(kit, name, strong=True))
        column.addWidget(_Columns(kit, [tick for _, tick in self._ticks]))
        column.addLayout(problem)
        for _, tick in self._ticks:
            tick.toggled.connect(lambda _: self.set_error(None))
        self._mark.setVisible(False)
        self._sentence.setVisible(False)

    @property
    def first(self) -> QWidget:
        """What takes the focus."""
        return self._ticks[0][1]

    @property
    def value(self) -> tuple[V, ...]:
        """All that are ticked."""
        return tuple(value for value, tick in self._ticks if tick.isChecked())

    def tick(self, values: Collection[V]) -> None:
        """These are ticked, and no others."""
        for value, tick in self._ticks:
            tick.setChecked(value in values)

    def clear(self) -> None:
        """Nothing is ticked."""
        for _, tick in self._ticks:
            tick.setChecked(False)
        self.set_error(None)

    def set_error(self, error: Message | None) -> None:
        """Say what to do about it; None takes it away."""
        for widget in (self._mark, self._sentence):
            widget.setVisible(error is not None)
        self._sentence.say(error if error is not None else "")

    def has_focus(self) -> bool:
        """Whether one of them has the focus."""
        return any(tick.hasFocus() for _, tick in self._ticks)
