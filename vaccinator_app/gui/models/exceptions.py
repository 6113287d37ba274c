"""Everything that needs a human as a Qt model, and how a row is painted: kind, whom it is about, what, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vaccinator_app.domain.exceptions import DayException, ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.chip import Look, chip_size, paint_chip
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.reports.from_daybook import KINDS

ONE = Qt.ItemDataRole.UserRole
"""The `DayException` of a row."""

_BAR = 3
_LEAST_LETTERS = 14
"""Fewer of a sentence than this tell nothing."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

_ICONS: dict[ExceptionKind, tuple[str, str]] = {
    ExceptionKind.AEFI: ("needs-attention", "stop"),
    ExceptionKind.REFUSED: ("stop", "stop"),
    ExceptionKind.HELD: ("needs-attention", "attention"),
    ExceptionKind.OLD_COPY: ("stop", "stop"),
    ExceptionKind.TALLY_DIFFERS: ("reconcile", "attention"),
    ExceptionKind.CODE_EXHAUSTED: ("code", "attention"),
    ExceptionKind.OVERRIDE: ("code", "attention"),
    ExceptionKind.LOOKUPS: ("search", "attention"),
    ExceptionKind.DUPLICATE: ("identity", "attention"),
    ExceptionKind.AGAINST_RULE: ("eligible", "attention"),
    ExceptionKind.VOIDED: ("dose", "attention"),
    ExceptionKind.CORRECTED: ("dose", "attention"),
    ExceptionKind.VARIANCE: ("stock", "attention"),
    ExceptionKind.VIAL_LOST: ("stock", "attention"),
    ExceptionKind.CLOCK: ("observe", "attention"),
    ExceptionKind.UNSYNCED: ("offline", "attention"),
    ExceptionKind.OBSERVATION: ("observing", "attention"),
    ExceptionKind.LATE: ("reconcile", "attention"),
}


def look_of(one: DayException) -> Look:
    """Icon, tone and word of what is the matter; quiet once it is settled."""
    icon, tone = _ICONS[one.kind]
    return Look(icon, tone, KINDS[one.kind]) if one.settled is None else Look("done", "quiet", KINDS[one.kind])


def whom(one: DayException, people: Mapping[str, str]) -> Message | str:
    """The person as in lists; the reference of somebody whom this desk's roster does not have; else nothing."""
    if not one.appointment:
        return ""
    return people.get(one.appointment) or Message.of("exceptions.reference", reference=one.appointment)


class Exceptions(QAbstractListModel):
    """The gravest first. Rows that stay the same ones are updated in place."""

    def __init__(self, kit: Kit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._rows: list[DayException] = []
        self._people: Mapping[str, str] = {}
        self._names: Mapping[str, str] = {}
        kit.words.changed.connect(self._all_changed)

    def show(self, rows: Sequence[DayException], people: Mapping[str, str], names: Mapping[str, str]) -> None:
        """``people`` are masked names by appointment, ``names`` those of staff by id."""
        new = list(rows)
        if (new, people, names) == (self._rows, self._people, self._names):
            return
        same = [one.key for one in new] == [one.key for one in self._rows]
        if not same:
            self.beginResetModel()
        self._rows, self._people, self._names = new, people, names
        if same:
            self._all_changed()
        else:
            self.endResetModel()

    def one(self, place: int) -> DayException | None:
        """The exception of a row, or None."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def place_of(self, key: str | None) -> int:
        """The row of ``key``, or -1."""
        return next((i for i, one in enumerate(self._rows) if one.key == key), -1)

    def whom(self, one: DayException) -> Message | str:
        """Whom it is about."""
        return whom(one, self._people)

    def looks(self) -> set[Look]:
        """All kinds that are in the list."""
        return {look_of(one) for one in self._rows}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one = self.one(index.row())
        if one is None:
            return None
        if role == ONE:
            return one
        if role == Qt.ItemDataRole.DisplayRole:
            return self._kit.words.say(one.words)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(one)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._kit.words.say(one.words)
        return None

    def _spoken(self, one: DayException) -> str:
        words = self._kit.words
        parts: list[Message | str] = [Message(look_of(one).key), self.whom(one), one.words]
        if one.at is not None:
            parts.append(words.time(one.at))
        parts.append(self._names.get(one.staff, one.staff))
        if one.settled is not None:
            parts.append(Message.of("exceptions.settled"))
        return ", ".join(said for said in (words.say(part) for part in parts) if said)

    def _all_changed(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


class ExceptionDelegate(QStyledItemDelegate):
    """One line each."""

    def __init__(self, kit: Kit, exceptions: Exceptions) -> None:
        super().__init__(exceptions)
        self._kit = kit
        self._exceptions = exceptions
        self._chips: int | None = None
        for moved in (kit.theme.changed, kit.words.changed, exceptions.modelReset, exceptions.dataChanged):
            moved.connect(self._forget)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._kit.theme.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        one = index.data(ONE)
        if not isinstance(one, DayException):
            return
        theme, rect = self._kit.theme, QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.color("selected"))
            painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        text, quiet = ("on-selected", "quiet-on-selected") if chosen else ("text", "quiet")
        if one.settled is not None:
            text = quiet
        self._row(painter, rect, one, text, quiet)
        painter.restore()

    def _row(self, painter: QPainter, rect: QRect, one: DayException, text: str, quiet: str) -> None:
        theme, words, step = self._kit.theme, self._kit.words, self._kit.theme.step
        metrics = QFontMetrics(theme.font())
        left = rect.left() + step + _BAR
        paint_chip(painter, QRectF(left, rect.top(), self._chip_room(rect), rect.height()), self._kit, look_of(one))
        left += self._chip_room(rect) + step
        right = rect.right() - step
        painter.setFont(theme.font())
        if one.at is not None:
            wide = metrics.horizontalAdvance("88:88") + 1
            painter.setPen(theme.color(quiet))
            painter.drawText(QRect(right - wide, rect.top(), wide, rect.height()), _RIGHT, words.time(one.at))
            right -= wide + step
        name = words.say(self._exceptions.whom(one))
        if name:
            wide = metrics.horizontalAdvance(name) + 1
            alone = right - left - wide < metrics.averageCharWidth() * _LEAST_LETTERS
            wide = min(wide, right - left)
            painter.setPen(theme.color(text))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRect(left, rect.top(), wide, rect.height()), _LEFT, shown)
            if alone:
                # the sheet beside the list has the words
                return
            left += wide + step
        painter.setPen(theme.color(quiet if name else text))
        shown = metrics.elidedText(words.say(one.words), Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QRect(left, rect.top(), right - left, rect.height()), _LEFT, shown)

    def _chip_room(self, rect: QRect) -> int:
        if self._chips is None:
            self._chips = max((chip_size(self._kit, look).width() for look in self._exceptions.looks()), default=0)
        return min(self._chips, rect.width() // 2)

    def _forget(self) -> None:
        self._chips = None
