"""The lists of the queue with their counts, as tabs (DESIGN 9.2)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from vaccinator_app.desk.queue import Pile
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.kit import Kit

PILE_WORDS: dict[Pile, str] = {
    Pile.EXPECTED: "pile.expected",
    Pile.ARRIVED: "pile.arrived",
    Pile.OBSERVING: "pile.observing",
    Pile.DONE: "pile.done",
    Pile.ATTENTION: "pile.attention",
}
_LINE = 3
_ICON = 16


class _Tab(QAbstractButton):
    """A count above its word. The chosen one has a bar below, the one under the keyboard a ring."""

    def __init__(self, kit: Kit, pile: Pile) -> None:
        super().__init__()
        self._kit = kit
        self._pile = pile
        self._count = 0
        self.away = False
        self.setCheckable(True)
        self.setObjectName(f"pile-{pile.value}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        kit.words.changed.connect(self._speak)
        kit.words.changed.connect(self.updateGeometry)
        kit.theme.changed.connect(self.updateGeometry)
        self._speak()

    def show_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self._speak()

    def sizeHint(self) -> QSize:
        theme = self._kit.theme
        word = QFontMetrics(theme.font()).horizontalAdvance(self._kit.words.t(PILE_WORDS[self._pile]))
        height = QFontMetrics(theme.font(Size.LEAD, strong=True)).height() + QFontMetrics(theme.font()).height()
        return QSize(word + 2 * theme.step, height + theme.step + _LINE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._kit.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect()
        if self.underMouse() and not self.isChecked():
            painter.fillRect(box, theme.color("hover"))
        needs = self._pile is Pile.ATTENTION and self._count > 0
        here = self.isChecked() and not self.away
        tone = theme.color("attention" if needs else "text" if here else "quiet")
        inner = box.adjusted(theme.step, theme.step // 2, -theme.step, -theme.step // 2 - _LINE)
        self._number(painter, inner, tone, needs=needs)
        painter.setFont(theme.font())
        painter.setPen(tone)
        painter.drawText(
            inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, self._kit.words.t(PILE_WORDS[self._pile])
        )
        if here:
            bar = QRect(inner.left(), box.bottom() + 1 - _LINE, inner.width(), _LINE)
            painter.fillRect(bar, theme.color("accent"))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1 - _LINE), theme.radius, theme.radius)

    def _number(self, painter: QPainter, inner: QRect, tone: QColor, *, needs: bool) -> None:
        theme = self._kit.theme
        font = theme.font(Size.LEAD, strong=True)
        painter.setFont(font)
        painter.setPen(tone)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, str(self._count))
        if needs:
            metrics = QFontMetrics(font)
            side = theme.px(_ICON)
            left = inner.left() + metrics.horizontalAdvance(str(self._count)) + theme.step // 2
            top = inner.top() + (metrics.height() - side) // 2
            self._kit.icons.paint(painter, QRectF(left, top, side, side), "needs-attention", "attention")

    def _speak(self) -> None:
        words = self._kit.words
        self.setAccessibleName(words.t("pile.spoken", pile=words.t(PILE_WORDS[self._pile]), n=self._count))
        self.setToolTip(words.t("pile.keys"))
        self.update()


class Piles(QWidget):
    """All five; one is chosen. Counts change in place."""

    chosen = Signal(object)
    """The `Pile`."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs = {pile: _Tab(kit, pile) for pile in Pile}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for pile, tab in self._tabs.items():
            row.addWidget(tab)
            self._group.addButton(tab)
            tab.clicked.connect(lambda _=False, pile=pile: self.chosen.emit(pile))
        self.pile = Pile.EXPECTED
        self.choose(Pile.EXPECTED)

    def choose(self, pile: Pile) -> None:
        """Show ``pile`` as the chosen one."""
        self.pile = pile
        self._tabs[pile].setChecked(True)

    def set_away(self, away: bool) -> None:
        """While people search, the list is of no pile."""
        for tab in self._tabs.values():
            tab.away = away
            tab.update()

    def next(self, by: int) -> Pile:
        """The pile so many places on, without going round."""
        piles = list(Pile)
        return piles[min(len(piles) - 1, max(0, piles.index(self.pile) + by))]

    def show_counts(self, counts: Mapping[Pile, int]) -> None:
        """How many stand in each."""
        for pile, tab in self._tabs.items():
            tab.show_count(counts.get(pile, 0))
