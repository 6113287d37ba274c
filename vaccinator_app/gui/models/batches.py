"""The batches of the carrier as a Qt model: under each vaccine's name its batches, numbers in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vaccinator_app.desk.stock import StockLine
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.vaccines import Vaccine
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.chip import Look, chip_size, paint_chip
from vaccinator_app.gui.widgets.kit import Kit

ROW = Qt.ItemDataRole.UserRole
"""A `StockLine`, or the `Vaccine` that a heading names."""

_LOOKS: Mapping[str, Look] = {
    "batch.withdrawn": Look("stop", "stop", "stock.chip_withdrawn"),
    "batch.expired": Look("stop", "stop", "stock.chip_expired"),
    "batch.exhausted": Look("done", "quiet", "stock.chip_exhausted"),
    "stock.discard_over": Look("needs-attention", "attention", "stock.chip_discard"),
    "stock.not_counted_in": Look("expected", "attention", "stock.chip_not_counted"),
    "stock.expires_today": Look("observe", "attention", "stock.chip_near"),
    "stock.near_expiry": Look("observe", "attention", "stock.chip_near"),
    "stock.low": Look("needs-attention", "attention", "stock.chip_low"),
}
"""By the key of what is said of a batch, the gravest first."""
_OPEN = Look("stock", "text", "stock.chip_open")
_BAR = 3
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def batch_look(line: StockLine) -> Look | None:
    """The one chip of a batch; None when there is nothing to say of it."""
    said = {hint.key for hint in line.hints} | ({line.why_not.key} if line.why_not is not None else set())
    grave = next((look for key, look in _LOOKS.items() if key in said), None)
    return grave or (_OPEN if line.vials else None)


def open_doses(line: StockLine) -> int:
    """Doses left in open vials whose time is not over."""
    return sum(one.vial.left for one in line.vials if not one.over)


def open_words(line: StockLine) -> Message | str:
    """What is left in the open vials, and how long the first of them lasts; a dash for none."""
    good = [one for one in line.vials if not one.over]
    if good:
        return Message.of("stock.open_doses", n=open_doses(line), span=min(one.remains for one in good))
    return Message.of("stock.open_over") if line.vials else "–"


def unopened_words(line: StockLine) -> str:
    """How many unopened vials; a dash while nobody counted."""
    return str(line.shelf.unopened) if line.shelf.counted_in else "–"


def doses_words(line: StockLine) -> str:
    """How many doses in all; a dash while nobody knows."""
    return str(line.doses) if line.shelf.counted_in or line.vials else "–"


class Batches(QAbstractListModel):
    """Headings cannot be chosen. A refresh changes what changed: the selection holds."""

    def __init__(self, kit: Kit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._rows: list[StockLine | Vaccine] = []
        kit.words.changed.connect(self._all_changed)

    def show(self, lines: Sequence[StockLine]) -> None:
        """Show ``lines``, which come by vaccine."""
        rows: list[StockLine | Vaccine] = []
        for line in lines:
            if not rows or _vaccine(rows[-1]) != line.vaccine:
                rows.append(line.vaccine)
            rows.append(line)
        same = [_name(row) for row in rows] == [_name(row) for row in self._rows]
        if not same:
            self.beginResetModel()
        self._rows = rows
        if same:
            self._all_changed()
        else:
            self.endResetModel()

    def line(self, place: int) -> StockLine | None:
        """The batch of one row; None for a heading and for no row."""
        row = self._rows[place] if 0 <= place < len(self._rows) else None
        return row if isinstance(row, StockLine) else None

    def lines(self) -> list[tuple[int, StockLine]]:
        """Every batch with its row."""
        return [(place, row) for place, row in enumerate(self._rows) if isinstance(row, StockLine)]

    def place_of(self, vaccine: str, batch: str) -> int:
        """The row of a batch, or -1."""
        wanted = (vaccine, batch)
        return next((place for place, line in self.lines() if _name(line) == wanted), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) if self.line(index.row()) is not None else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None
        if row is None:
            return None
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.batch.batch if isinstance(row, StockLine) else row.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row) if isinstance(row, StockLine) else row.name
        return None

    def _spoken(self, line: StockLine) -> str:
        say = self._kit.words.say
        batch = line.batch
        parts = [
            Message.of("stock.spoken", vaccine=line.vaccine.name, batch=batch.batch, expiry=batch.expiry),
            Message.of("stock.spoken_unopened", n=line.shelf.unopened),
            Message.of("stock.spoken_open", n=open_doses(line)),
            Message.of("stock.spoken_doses", n=line.doses),
            *([] if line.why_not is None else [line.why_not]),
            *line.hints,
        ]
        return ", ".join(say(part) for part in parts)

    def _all_changed(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


class BatchDelegate(QStyledItemDelegate):
    """Numbers at the right of their columns, under their names. Where there is no room for all, the open vials' time
    goes first, then the expiry, the open doses and the doses in all: the sheet has them. The batch is never cut for
    them."""

    def __init__(self, kit: Kit, batches: Batches) -> None:
        super().__init__(batches)
        self._kit = kit
        self._batches = batches
        self._columns: _Columns | None = None
        for changed in (kit.theme.changed, kit.words.changed, batches.modelReset, batches.dataChanged):
            changed.connect(self._forget)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._kit.theme.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        theme, rect = self._kit.theme, QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.color("selected"))
            painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver and isinstance(row, StockLine):
            painter.fillRect(rect, theme.color("hover"))
        if isinstance(row, StockLine):
            self._batch(painter, rect, row, chosen=chosen)
        elif isinstance(row, Vaccine):
            self._heading(painter, rect, row)
        painter.restore()

    def _batch(self, painter: QPainter, rect: QRect, line: StockLine, *, chosen: bool) -> None:
        columns, words, theme = self._fitting(rect), self._kit.words, self._kit.theme
        text = theme.color("on-selected" if chosen else "text")
        quiet = theme.color("quiet-on-selected" if chosen else "quiet")
        painter.setFont(theme.font())
        painter.setPen(text)
        name = painter.fontMetrics().elidedText(line.batch.batch, Qt.TextElideMode.ElideRight, columns.batch.width())
        painter.drawText(columns.batch, _LEFT, name)
        painter.drawText(columns.unopened, _RIGHT, unopened_words(line))
        if columns.doses is not None:
            painter.drawText(columns.doses, _RIGHT, doses_words(line))
        painter.setPen(quiet)
        if columns.open is not None:
            short = str(open_doses(line)) if line.vials else "–"
            painter.drawText(columns.open, _RIGHT, words.say(open_words(line)) if columns.time else short)
        if columns.expiry is not None:
            painter.drawText(columns.expiry, _LEFT, words.month(line.batch.expiry))
        look = batch_look(line)
        if look is not None:
            paint_chip(painter, QRectF(columns.chip), self._kit, look)

    def _heading(self, painter: QPainter, rect: QRect, vaccine: Vaccine) -> None:
        columns, words, theme = self._fitting(rect), self._kit.words, self._kit.theme
        painter.setFont(theme.font(strong=True))
        painter.setPen(theme.color("text"))
        name = QRect(columns.batch)
        name.setRight(columns.unopened.left() - theme.step)
        shown = painter.fontMetrics().elidedText(vaccine.name, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, _LEFT, shown)
        painter.setFont(theme.font())
        painter.setPen(theme.color("quiet"))
        for box, key in (
            (columns.unopened, "stock.unopened"),
            (columns.open, "stock.open"),
            (columns.doses, "stock.doses"),
        ):
            if box is not None:
                painter.drawText(box, _RIGHT, words.t(key))
        painter.setPen(theme.color("line"))
        painter.drawLine(rect.left() + theme.step, rect.bottom(), rect.right() - theme.step, rect.bottom())

    def _fitting(self, rect: QRect) -> _Placed:
        if self._columns is None:
            self._columns = _Columns(self._kit, [line for _, line in self._batches.lines()])
        return self._columns.placed(rect)

    def _forget(self) -> None:
        self._columns = None


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the columns of one row stand. ``time``: there is room for how long the open vials last."""

    batch: QRect
    expiry: QRect | None
    unopened: QRect
    open: QRect | None
    doses: QRect | None
    chip: QRect
    time: bool


class _Columns:
    """Widths in pixels, for what is in the list, in the words and the size of words in force."""

    def __init__(self, kit: Kit, lines: Sequence[StockLine]) -> None:
        metrics, words = QFontMetrics(kit.theme.font()), kit.words
        self._step = kit.theme.step

        def widest(*texts: str) -> int:
            return max((metrics.horizontalAdvance(text) for text in texts), default=0) + 2

        self._batch = widest(*(line.batch.batch for line in lines))
        self._expiry = widest(*(words.month(line.batch.expiry) for line in lines))
        self._unopened = widest(words.t("stock.unopened"), *(unopened_words(line) for line in lines))
        self._open = widest(words.t("stock.open"), *(words.say(open_words(line)) for line in lines))
        self._open_short = widest(words.t("stock.open"), "888")
        self._doses = widest(words.t("stock.doses"), *(doses_words(line) for line in lines))
        looks = [look for line in lines if (look := batch_look(line)) is not None]
        self._chip = max((chip_size(kit, look).width() for look in looks), default=0)

    def placed(self, rect: QRect) -> _Placed:
        gap, right = 3 * self._step // 2, rect.right() + 1 - self._step
        left = rect.left() + self._step
        room = right - left
        # what goes first stands last
        taken = self._batch + gap + self._unopened + gap + self._chip
        there = []
        for width in (
            self._doses + gap,
            self._open_short + gap,
            self._expiry + gap,
            self._open - self._open_short,
        ):
            taken += width
            there.append(taken <= room)
        doses_fit, open_fits, expiry_fits, time_fits = there

        def column(width: int) -> QRect:
            nonlocal right
            right -= width
            box = QRect(right, rect.top(), width, rect.height())
            right -= gap
            return box

        chip = column(self._chip)
        doses = column(self._doses) if doses_fit else None
        opened = column(self._open if time_fits else self._open_short) if open_fits else None
        unopened = column(self._unopened)
        month = column(self._expiry) if expiry_fits else None
        batch = QRect(left, rect.top(), max(0, right - left), rect.height())
        return _Placed(batch, month, unopened, opened, doses, chip, time_fits)


def _vaccine(row: StockLine | Vaccine) -> Vaccine:
    return row.vaccine if isinstance(row, StockLine) else row


def _name(row: StockLine | Vaccine) -> tuple[str, str]:
    return (row.batch.vaccine, row.batch.batch) if isinstance(row, StockLine) else (row.id, "")
