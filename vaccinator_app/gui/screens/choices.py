"""A short list of choices in place of the steps: reasons for deferring, for taking a record back (DESIGN 9.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.glance import Glance
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

Options = Sequence[tuple[Message, Callable[[], Any]]]


class _Answer(Button):
    """Up and Down are the question's: a button by itself would hand the focus to whatever lies behind the question."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)


class Choices(QWidget):
    """A question and numbered answers. Up and Down move, Enter or the number takes one, Esc goes back."""

    asked = Signal()
    """A question waits to be shown."""
    left = Signal()
    """Back, with no answer."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._glance = Glance()
        self._numbered = False
        self._answers: list[Button] = []
        self._acts: list[Callable[[], Any]] = []
        self._title = Text(kit, size=Size.LEAD, strong=True, wrap=True)
        self._why = Text(kit, tone="quiet", wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, kit.theme.step, 0, 0)
        self._column.setSpacing(kit.theme.step)
        self._column.addWidget(self._title)
        self._column.addWidget(self._why)
        self._list = QVBoxLayout()
        self._list.setSpacing(kit.theme.step)
        self._column.addLayout(self._list)
        self._leave = _Answer(kit, Message.of("choices.back"), plain=True, key="Esc")
        self._leave.setObjectName("choices-back")
        self._leave.clicked.connect(self.left)
        self._column.addWidget(self._leave, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)

    def ask(self, title: Message, options: Options, why: Message | str = "") -> None:
        """Show ``title`` and the options; each pairs its words with what to do when it is taken.

        Without any option ``why`` says what can be done instead.
        """
        self._title.say(title)
        self._why.say(why)
        self._why.setVisible(why != "")
        self._acts = [do for _, do in options]
        while len(self._answers) < len(options):
            self._add_answer()
        for number, answer in enumerate(self._answers, 1):
            answer.setVisible(number <= len(options))
            if number <= len(options):
                answer.say(Message.of("choices.numbered", number=number, what=options[number - 1][0]))
        if self._numbered:
            self._glance.end()
        else:
            self._glance.begin()
        self.asked.emit()
        self.take_focus()

    def take_focus(self) -> None:
        """To the first answer, or to the way back when there is none."""
        (self._answers[0] if self._acts else self._leave).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = ascii_digits(event.text()) if event.text() else None
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move(1 if event.key() == Qt.Key.Key_Down else -1)
        elif number and 1 <= int(number) <= len(self._acts):
            # whoever answers by number knows the way, and goes on as quickly as they like
            self._numbered = True
            self._take(int(number) - 1)
            self._numbered = False
        elif not event.text() or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
        # any other letter would leave the question unanswered

    def _pressed(self, place: int) -> None:
        # the Enter that asked, pressed twice or held down, is no answer
        if self._glance.over():
            self._take(place)

    def _take(self, place: int) -> None:
        self._acts[place]()

    def _move(self, by: int) -> None:
        if not self._acts:
            return
        here = next((i for i, answer in enumerate(self._answers) if answer.hasFocus()), 0)
        self._answers[(here + by) % len(self._acts)].setFocus()

    def _add_answer(self) -> None:
        place = len(self._answers)
        answer = _Answer(self._kit, Message.of("choices.back"))
        answer.setObjectName(f"choice-{place + 1}")
        answer.setProperty("kind", "answer")
        answer.clicked.connect(partial(self._pressed, place))
        self._list.addWidget(answer)
        self._answers.append(answer)


def framed(kit: Kit, choices: Choices) -> QFrame:
    """A sheet with nothing on it but the question."""
    frame = QFrame()
    frame.setProperty("part", "sheet")
    step = kit.theme.step
    column = QVBoxLayout(frame)
    column.setContentsMargins(3 * step, 2 * step, 3 * step, 2 * step)
    column.addWidget(choices)
    return frame
