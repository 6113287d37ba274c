"""A few words in a row of which one is chosen: what a table is by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit

V = TypeVar("V")

_BAR = 3


class _Segment(Button):
    """The chosen one has a bar below as well as a tint."""

    def __init__(self, kit: Kit, what: Message, name: str) -> None:
        super().__init__(kit, what, plain=True)
        self.setCheckable(True)
        self.setObjectName(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.isChecked():
            step = self._kit.theme.step
            bar = QRect(step, self.height() - _BAR, self.width() - 2 * step, _BAR)
            QPainter(self).fillRect(bar, self._kit.theme.color("accent"))


class _Told(QObject):
    chosen = Signal(object)


class Segments(QWidget, Generic[V]):
    """``options`` pairs each value with its word and the object name of its button."""

    def __init__(self, kit: Kit, options: Sequence[tuple[V, str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = [value for value, _, _ in options]
        self._told = _Told(self)
        self.chosen = self._told.chosen
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._buttons = []
        for value, word, name in options:
            button = _Segment(kit, Message(word), name)
            button.clicked.connect(lambda _=False, value=value: self._take(value))
            group.addButton(button)
            row.addWidget(button)
            self._buttons.append(button)
        row.addStretch(1)
        self._buttons[0].setChecked(True)

    @property
    def value(self) -> V:
        """What is chosen."""
        return next(v for v, b in zip(self._values, self._buttons, strict=True) if b.isChecked())

    def choose(self, value: V) -> None:
        """Choose ``value``, and tell."""
        self._buttons[self._values.index(value)].setChecked(True)
        self._take(value)

    def say(self, value: V, what: Message) -> None:
        """Other words for ``value``, such as with a count."""
        self._buttons[self._values.index(value)].say(what)

    def next(self, by: int) -> None:
        """Choose the one so many places on, without going round."""
        here = self._values.index(self.value)
        there = min(len(self._values) - 1, max(0, here + by))
        if there != here:
            self.choose(self._values[there])

    def _take(self, value: V) -> None:
        self.chosen.emit(value)
