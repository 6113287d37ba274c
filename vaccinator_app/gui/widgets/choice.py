"""One of a few values, chosen from a list that opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

V = TypeVar("V")

_ARROW = 16
_LEAST_LETTERS = 6


class Choice(QComboBox, Generic[V]):
    """Values with their words, which follow the language; what is chosen stays chosen.

    ``options`` pairs each value with what it is called. The first is chosen to begin with.
    """

    def __init__(
        self, kit: Kit, name: Message, options: Sequence[tuple[V, Message | str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._name = name
        self._options: list[tuple[V, Message | str]] = []
        # as wide as its place, whatever the longest value is
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_LEAST_LETTERS)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._dress)
        self.set_options(options)
        self._dress()

    def set_options(self, options: Sequence[tuple[V, Message | str]]) -> None:
        """Other values to choose from; what was chosen stays so if it is among them. Tells nobody: nobody chose."""
        if list(options) == self._options:
            return
        chosen = self._options[self.currentIndex()][0] if self.currentIndex() >= 0 else None
        blocked = self.blockSignals(True)
        self._options = list(options)
        self.clear()
        for _ in self._options:
            self.addItem("")
        values = [value for value, _ in self._options]
        self.setCurrentIndex(values.index(chosen) if chosen in values else min(0, len(values) - 1))
        self.blockSignals(blocked)
        self._speak()

    @property
    def name(self) -> Message:
        """What the choice is about."""
        return self._name

    @property
    def value(self) -> V:
        """What is chosen. IndexError when there is nothing to choose from."""
        return self._options[max(0, self.currentIndex())][0]

    def choose(self, value: V) -> None:
        """Choose ``value``; ValueError when it is not one of the options."""
        self.setCurrentIndex([option for option, _ in self._options].index(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        # scrolling past must not choose another batch
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = self._kit.theme
        side = theme.px(_ARROW)
        corner = QRectF(self.width() - side - theme.step, (self.height() - side) // 2, side, side)
        self._kit.icons.paint(QPainter(self), corner, "down", "text" if self.isEnabled() else "quiet")

    def _dress(self) -> None:
        self.setFont(self._kit.theme.font())
        self._speak()

    def _speak(self) -> None:
        self.setAccessibleName(self._kit.words.say(self._name))
        for index, (_, what) in enumerate(self._options):
            self.setItemText(index, self._kit.words.say(what))


class Labelled(QWidget):
    """A choice under its name, set as a `Field` is."""

    def __init__(self, kit: Kit, choice: Choice[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = Text(kit, choice.name)
        label.setBuddy(choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step // 2)
        column.addWidget(label)
        column.addWidget(choice)
        column.addStretch(1)
