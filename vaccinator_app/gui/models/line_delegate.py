"""Paints one person of the queue: token, name, time, dose, what is known of the record, state (SCREENS)."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vaccinator_app.desk.queue import Line
from vaccinator_app.gui.models.lines import LINE, Index, Lines
from vaccinator_app.gui.widgets.chip import RECORD_MARKS, Look, chip_size, paint_chip
from vaccinator_app.gui.widgets.kit import Kit

_BAR = 3
_ICON = 16
_SPARE = 4
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LineDelegate(QStyledItemDelegate):
    """One look for every list of people. Columns are as wide as the widest thing that may stand in them."""

    def __init__(self, kit: Kit, lines: Lines) -> None:
        super().__init__(lines)
        self._kit = kit
        self._lines = lines
        self._columns: _Columns | None = None
        kit.theme.changed.connect(self._forget)
        kit.words.changed.connect(self._forget)
        lines.modelReset.connect(self._forget)
        lines.dataChanged.connect(self._forget)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._kit.theme.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = index.data(LINE)
        if not isinstance(line, Line):
            return
        theme = self._kit.theme
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.color("selected"))
            # a bar as well as a tint: seen without colour
            painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), theme.color("accent"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        text, quiet = ("on-selected", "quiet-on-selected") if chosen else ("text", "quiet")
        self._row(painter, rect, line, text, quiet)
        painter.restore()

    def _row(self, painter: QPainter, rect: QRect, line: Line, text: str, quiet: str) -> None:
        columns, step, words = self._measured(), self._kit.theme.step, self._kit.words
        left, right = rect.left() + step, rect.right() + 1 - 2 * step
        painter.setFont(self._kit.theme.font())

        def write(at: int, width: int, what: str, tone: str, align: Qt.AlignmentFlag = _LEFT) -> None:
            painter.setPen(self._kit.theme.color(tone))
            box = QRect(at, rect.top(), width, rect.height())
            shown = painter.fontMetrics().elidedText(what, Qt.TextElideMode.ElideRight, width)
            painter.drawText(box, align, shown)

        write(left, columns.token, str(line.row.token), quiet, _RIGHT)
        left += columns.token + 2 * step
        right -= columns.chip
        paint_chip(painter, QRectF(right, rect.top(), columns.chip, rect.height()), self._kit, self._lines.look(line))
        right -= columns.dose + 2 * step
        write(right, columns.dose, words.say(self._lines.dose(line)), quiet)
        if line.confirmed is None:
            right -= columns.slot + 2 * step
            write(right, columns.slot, words.time(line.row.slot), quiet, _RIGHT)
        elif not line.row.held:
            # the slot is over; what is known of the record stands in its place
            right -= columns.mark + 2 * step
            self._mark(painter, QRect(right, rect.top(), columns.mark, rect.height()), RECORD_MARKS[line.confirmed])
        write(left, right - 2 * step - left, self._lines.name(line), text)

    def _mark(self, painter: QPainter, box: QRect, look: Look) -> None:
        theme = self._kit.theme
        side = theme.px(_ICON)
        self._kit.icons.paint(
            painter, QRectF(box.left(), box.center().y() - side // 2, side, side), look.icon, look.tone
        )
        painter.setPen(theme.color(look.tone))
        painter.drawText(box.adjusted(side + theme.step // 2, 0, 0, 0), _LEFT, self._kit.words.t(look.key))

    def _measured(self) -> _Columns:
        if self._columns is None:
            self._columns = _Columns(self._kit, self._lines.looks())
        return self._columns

    def _forget(self) -> None:
        self._columns = None


class _Columns:
    """Widths in pixels, for the words and the size of words in force, and for the states that are in the list."""

    def __init__(self, kit: Kit, looks: Iterable[Look]) -> None:
        metrics = QFontMetrics(kit.theme.font())
        words = kit.words
        # a pixel more than the advance: eliding measures more strictly than it
        self.token = metrics.horizontalAdvance("8888") + 1
        self.slot = metrics.horizontalAdvance("88:88") + 1
        self.dose = metrics.horizontalAdvance(words.t("queue.dose", dose=8)) + _SPARE
        marks = max(metrics.horizontalAdvance(words.t(look.key)) for look in RECORD_MARKS.values())
        self.mark = kit.theme.px(_ICON) + kit.theme.step // 2 + marks + 1
        self.chip = max((chip_size(kit, look).width() for look in looks), default=0)
