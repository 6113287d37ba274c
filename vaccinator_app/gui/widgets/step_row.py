"""One step of a visit: its number and name, where it stands, and why in a sentence."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.chip import STEP_LOOKS, Chip
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_SIDE = 24
_FIRST = "later"
_LOUD = ("attention", "stopped")


class StepRow(QWidget):
    """Number, name and state in one line, the sentence of why under the name, and room for the step's controls."""

    def __init__(self, kit: Kit, number: int, name: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._number = _Number(kit, number)
        self._name = Text(kit, name, strong=True)
        self._chip = Chip(kit, STEP_LOOKS[_FIRST])
        self._why = Text(kit, tone="quiet", wrap=True)
        self._why.setVisible(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, kit.theme.step // 2, 0, kit.theme.step // 2)
        grid.setHorizontalSpacing(kit.theme.step)
        grid.setVerticalSpacing(0)
        grid.addWidget(self._number, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._name, 0, 1)
        grid.addWidget(self._chip, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._why, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._grid = grid
        kit.words.changed.connect(self._speak)
        self._state = _FIRST
        self._sentence: Message | str = ""
        self._speak()

    @property
    def state(self) -> str:
        """Where the step stands, as a name in `STEP_LOOKS`."""
        return self._state

    def show_state(self, state: str, why: Message | str = "", *, tone: str = "") -> None:
        """Say where the step stands (a name in `STEP_LOOKS`) and why. An empty ``why`` leaves no gap.

        The sentence is quiet, or in the colour of a state that somebody must act on; ``tone`` overrules.
        """
        self._state, self._sentence = state, why
        self._chip.show_look(STEP_LOOKS[state])
        self._number.show_state(state)
        self._why.say(why)
        self._why.set_tone(tone or (STEP_LOOKS[state].tone if state in _LOUD else "quiet"))
        self._why.setVisible(why != "")
        self._speak()

    def set_controls(self, controls: QWidget) -> None:
        """Put what the step is done with (buttons, the code field) under its sentence. Once."""
        controls.setContentsMargins(0, self._kit.theme.step // 2, 0, self._kit.theme.step // 2)
        self._grid.addWidget(controls, 2, 1, 1, 2)

    def _speak(self) -> None:
        words = self._kit.words
        parts = (self._name.accessibleName(), words.t(STEP_LOOKS[self._state].key), words.say(self._sentence))
        self.setAccessibleName(". ".join(part.rstrip(".।") for part in parts if part))


class _Number(QWidget):
    """The number of a step, in a circle that is filled for the step under way."""

    def __init__(self, kit: Kit, number: int) -> None:
        super().__init__()
        self._kit = kit
        self._number = number
        self._now = False
        kit.theme.changed.connect(self._measure)
        self._measure()

    def show_state(self, state: str) -> None:
        self._now = state == "now"
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._kit.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("accent" if self._now else "edge"), 1))
        painter.setBrush(theme.color("accent" if self._now else "surface"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(theme.color("on-accent" if self._now else "quiet"))
        painter.setFont(theme.font(strong=self._now))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))

    def _measure(self) -> None:
        side = self._kit.theme.px(_SIDE)
        self.setFixedSize(side, side)
        self.update()
