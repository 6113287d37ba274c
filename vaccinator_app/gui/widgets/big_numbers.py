"""Numbers to be read at one glance: large, each above its word, in one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.kit import Kit

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Big:
    """One number and the key of its word. ``before`` is the sign between it and the number before: "=", "+"."""

    word: str
    number: int
    before: str = ""
    tone: str = "text"


class BigNumbers(QWidget):
    """A row of them, set in columns of one width, or close together when signs stand between."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._numbers: tuple[Big, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._speak)

    def show_numbers(self, numbers: Sequence[Big]) -> None:
        """Other numbers."""
        if tuple(numbers) != self._numbers:
            self._numbers = tuple(numbers)
            self._speak()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = len(self._lines(width))
        return lines * self._high() + (lines - 1) * self._kit.theme.step

    def sizeHint(self) -> QSize:
        return QSize(sum(self._wide(one) for one in self._numbers), self._high())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._high())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place, line in enumerate(self._lines(self.width())):
            self._line(painter, line, place * (self._high() + self._kit.theme.step))

    def _lines(self, width: int) -> list[tuple[Big, ...]]:
        """All in one line, or halves where that is too long."""
        if sum(self._wide(one) for one in self._numbers) <= width or len(self._numbers) < 2:
            return [self._numbers]
        half = (len(self._numbers) + 1) // 2
        return [self._numbers[:half], self._numbers[half:]]

    def _line(self, painter: QPainter, numbers: Sequence[Big], top: int) -> None:
        theme = self._kit.theme
        large, small = theme.font(Size.TITLE, strong=True), theme.font()
        high = QFontMetrics(large).height()
        signs = any(one.before for one in self._numbers)
        spare = 0.0 if signs else (self.width() - sum(self._wide(one) for one in numbers)) / max(1, len(numbers))
        left = 0.0
        for one in numbers:
            sign = self._sign(one)
            if one.before:
                painter.setFont(large)
                painter.setPen(theme.color("quiet"))
                painter.drawText(QRectF(left, top, sign, high), _CENTRE, one.before)
            wide = self._wide(one) - sign
            painter.setFont(large)
            painter.setPen(theme.color(one.tone))
            painter.drawText(QRectF(left + sign, top, wide, high), _LEFT, str(one.number))
            painter.setFont(small)
            painter.setPen(theme.color("quiet"))
            below = QRectF(left + sign, top + high, wide, self._high() - high)
            painter.drawText(below, _LEFT, self._kit.words.t(one.word))
            left += sign + wide + spare

    def _high(self) -> int:
        theme = self._kit.theme
        return QFontMetrics(theme.font(Size.TITLE, strong=True)).height() + QFontMetrics(theme.font()).height()

    def _wide(self, one: Big) -> int:
        theme = self._kit.theme
        number = QFontMetrics(theme.font(Size.TITLE, strong=True)).horizontalAdvance(str(one.number))
        word = QFontMetrics(theme.font()).horizontalAdvance(self._kit.words.t(one.word))
        return max(number, word) + theme.step + self._sign(one)

    def _sign(self, one: Big) -> int:
        theme = self._kit.theme
        if not one.before:
            return 0
        return QFontMetrics(theme.font(Size.TITLE, strong=True)).horizontalAdvance(one.before) + 2 * theme.step

    def _speak(self) -> None:
        say = self._kit.words.say
        spoken = [say(Message.of("pile.spoken", pile=Message(one.word), n=one.number)) for one in self._numbers]
        self.setAccessibleName(", ".join(spoken))
        self.updateGeometry()
        self.update()
