"""How the day's table is set: names at the left, numbers right-aligned under words that may take two lines."""

from __future__ import annotations

import re

from PySide6.QtCore import QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from vaccinator_app.gui.models.day_table import ROW, DayTable
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.kit import Kit

_BAR = 3
_LEAST_NAME = 70
_SPARE = 4
_BETWEEN = 2
_SPARED = ("walk_ins",)
_ICON = 16
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Cells(QStyledItemDelegate):
    """Numbers of one width; the sums are strong under a line; what does not agree has its sign."""

    def __init__(self, kit: Kit, table: DayTable) -> None:
        super().__init__(table)
        self._kit = kit
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect = self._kit.theme, QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        row = index.data(ROW)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.color("selected"))
            if index.column() == 0:
                painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), theme.color("accent"))
        if row is None:
            painter.fillRect(QRect(rect.left(), rect.top(), rect.width(), 1), theme.color("edge"))
        painter.setFont(tabular(theme.font(strong=row is None)))
        odd = row is not None and row.odd
        words = rect.adjusted(theme.step, 0, -theme.step if index.column() else 0, 0)
        tone = "on-selected" if chosen else "text"
        if index.column() == 0 and odd:
            side = theme.px(_ICON)
            spot = QRect(words.left(), rect.center().y() - side // 2, side, side)
            self._kit.icons.paint(painter, spot.toRectF(), "needs-attention", tone if chosen else "attention")
            words.setLeft(words.left() + side + theme.step // 2)
        text = str(index.data() or "")
        if text == "0" and not chosen:
            tone = "quiet"
        painter.setPen(theme.color(tone))
        if index.column() == 0:
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, _RIGHT if index.column() else _LEFT, text)
        painter.restore()


class _Head(QHeaderView):
    """Words over the columns, set close: on two lines where one has no room."""

    def __init__(self, kit: Kit, table: DayTable, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._kit = kit
        self._table = table

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        theme = self._kit.theme
        painter.save()
        painter.fillRect(rect, theme.color("surface"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme.color("line"))
        painter.setFont(theme.font())
        painter.setPen(theme.color("quiet"))
        words = rect.adjusted(theme.step if section == 0 else _BETWEEN, 0, -theme.step, -theme.step // 2)
        side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
        flags = side.value | Qt.AlignmentFlag.AlignBottom.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(words, flags, self._table.head(section))
        painter.restore()


def tabular(font: QFont) -> QFont:
    """``font`` with digits of one width."""
    font.setFeature(QFont.Tag.fromString("tnum"), 1)
    return font


class TableView(QTableView):
    """As high as its lines. Keys that mean nothing to it go up to the screen."""

    sideways = Signal(int)
    """Left (-1) or Right (1)."""

    def __init__(self, kit: Kit, table: DayTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._table = table
        self.setModel(table)
        self.setItemDelegate(_Cells(kit, table))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        # as high as its lines, so there is nothing to scroll to
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        head = _Head(kit, table, self)
        self.setHorizontalHeader(head)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        # a short word may have a narrow column
        head.setMinimumSectionSize(1)
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        table.modelReset.connect(self._fit)
        table.dataChanged.connect(self._fit)
        kit.words.changed.connect(self._fit)
        kit.theme.changed.connect(self._fit)
        self._fit()

    @property
    def key(self) -> str | None:
        """The chosen line, if any."""
        return self._table.key_at(self.currentIndex().row())

    def choose(self, key: str | None) -> None:
        """Choose the line ``key``; none when it is not there."""
        row = self._table.row_of(key)
        self.setCurrentIndex(self._table.index(row, 0) if row >= 0 else QModelIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.sideways.emit(1 if event.key() == Qt.Key.Key_Right else -1)
        elif event.key() in _MOVES:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Each column as wide as its numbers and the longest word over it; what is left is the name's."""
        theme = self._kit.theme
        metrics, strong = QFontMetrics(theme.font()), QFontMetrics(tabular(theme.font(strong=True)))
        pad = theme.step + _BETWEEN
        whole = 0
        columns = range(1, len(self._table.columns) + 1)
        widths = [self._column(at, metrics, strong) + pad for at in columns]
        room = self.width() - 2 * self.frameWidth()
        narrow = sum(widths) + theme.px(_LEAST_NAME) > room
        for at, name in enumerate(self._table.columns, 1):
            # they have a line of their own under Booking, and stand above among the people
            hidden = narrow and name in _SPARED
            self.setColumnHidden(at, hidden)
            if hidden:
                widths[at - 1] = 0
        # each word over a column goes on one line where there is room for it
        for at in columns:
            wide = metrics.horizontalAdvance(self._table.head(at)) + pad + 1
            if self.isColumnHidden(at) or wide <= widths[at - 1]:
                continue
            if sum(widths) - widths[at - 1] + wide + self._name(metrics) + 2 * theme.step <= room:
                widths[at - 1] = wide
        for at, pixels in enumerate(widths, 1):
            if pixels:
                self.setColumnWidth(at, pixels)
            whole += pixels
        self.setColumnWidth(0, max(theme.px(_LEAST_NAME), room - whole))
        head = self._head_height(metrics) + 2 * theme.step
        self.horizontalHeader().setFixedHeight(head)
        self.verticalHeader().setDefaultSectionSize(theme.row)
        self.verticalHeader().setMinimumSectionSize(theme.row)
        bar = self.horizontalScrollBar()
        sideways = bar.sizeHint().height() if whole + self.columnWidth(0) > room else 0
        self.setFixedHeight(head + self._table.rowCount() * theme.row + 2 * self.frameWidth() + sideways + _SPARE)

    def _head_height(self, metrics: QFontMetrics) -> int:
        """What the words need as they are set: lines of Devanagari are higher than the font's own."""
        heights = [metrics.height()]
        for at in range(1, len(self._table.columns) + 1):
            if not self.isColumnHidden(at):
                room = QRect(0, 0, self.columnWidth(at) - self._kit.theme.step - _BETWEEN, 1000)
                flags = Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignRight.value
                heights.append(metrics.boundingRect(room, flags, self._table.head(at)).height())
        return max(heights)

    def _column(self, at: int, metrics: QFontMetrics, strong: QFontMetrics) -> int:
        table = self._table
        chunks = [metrics.horizontalAdvance(part) for part in re.split(r"(?<=-)|\s", table.head(at)) if part]
        numbers = [strong.horizontalAdvance(str(table.index(row, at).data() or "")) for row in range(table.rowCount())]
        return max([*chunks, *numbers]) + 1

    def _name(self, metrics: QFontMetrics) -> int:
        table = self._table
        names = (metrics.horizontalAdvance(str(table.index(row, 0).data() or "")) for row in range(table.rowCount()))
        odd = any(row.odd for row in table.table.rows)
        return max(names, default=0) + (self._kit.theme.px(_ICON) + self._kit.theme.step // 2 if odd else 0) + 1
