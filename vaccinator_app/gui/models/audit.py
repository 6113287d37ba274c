"""Who did or saw what, and who looked people up, as Qt models; how a row of two lines is painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vaccinator_app.domain.audit import Entry, Looked, Sort
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.kit import Kit

T = TypeVar("T")

TWO_LINES = Qt.ItemDataRole.UserRole
"""The `TwoLines` of a row."""

SORT_WORDS: dict[Sort, str] = {
    Sort.SAW: "audit_sort.saw",
    Sort.DID: "audit_sort.did",
    Sort.CORRECTED: "audit_sort.corrected",
    Sort.STOCK: "audit_sort.stock",
    Sort.STAFF: "audit_sort.staff",
    Sort.MACHINE: "audit_sort.machine",
}
SORT_ICONS: dict[Sort, str] = {
    Sort.SAW: "audit",
    Sort.DID: "done",
    Sort.CORRECTED: "reconcile",
    Sort.STOCK: "stock",
    Sort.STAFF: "identity",
    Sort.MACHINE: "settings",
}
_BAR = 3
_ICON = 16
_BETWEEN = "  ·  "
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TwoLines:
    """One row in words: an icon in its tone, what it is and when, and below it the rest and a number."""

    icon: str
    tone: str
    above: str
    right: str
    below: str
    number: str = ""


def person_words(one: Entry) -> Message | str:
    """Whom a line is about, masked: token and name, the token alone once the details are purged, else the reference."""
    if one.appointment is None:
        return ""
    if one.whom:
        return Message.of("audit.person", token=one.token, name=one.whom)
    return (
        Message.of("queue.token", token=one.token)
        if one.token
        else Message.of("exceptions.reference", reference=one.appointment)
    )


class _Rows(QAbstractListModel, Generic[T]):
    """Rows that follow the language. The same rows shown again change nothing."""

    def __init__(self, kit: Kit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kit = kit
        self._rows: Sequence[T] = ()
        kit.words.changed.connect(self._respeak)

    def show(self, rows: Sequence[T]) -> None:
        """Show ``rows``, whole: a list of any length, put into words only where it is seen."""
        if list(rows) == list(self._rows):
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    @property
    def rows(self) -> Sequence[T]:
        """What is shown."""
        return self._rows

    def one(self, place: int) -> T | None:
        """What stands in a row, or None."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one = self.one(index.row())
        if one is None:
            return None
        if role == TWO_LINES:
            return self.lines(one)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.lines(one).above
        if role == Qt.ItemDataRole.AccessibleTextRole:
            found = self.lines(one)
            parts = (found.right, found.above, *found.below.split(_BETWEEN), found.number)
            return ", ".join(part for part in parts if part)
        return None

    def lines(self, one: T) -> TwoLines:
        """``one`` in words. Each list says its own; Qt's metaclass rules out ABC."""
        raise NotImplementedError

    def _respeak(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


class Entries(_Rows[Entry]):
    """A record a row."""

    days = False
    """Whether the list spans days, so that each time says its own."""

    def lines(self, one: Entry) -> TwoLines:
        words = self.kit.words
        parts = [one.name, words.say(person_words(one)), "" if one.own else one.machine]
        notice = one.kind == "noticed"
        return TwoLines(
            "needs-attention" if notice else SORT_ICONS[one.sort],
            "attention" if notice else "quiet",
            words.say(one.words),
            words.when(one.at) if self.days else words.time(one.at),
            _BETWEEN.join(part for part in parts if part),
            words.t("audit.number", record=one.seq) if one.seq else "",
        )


class Hours(_Rows[Looked]):
    """An hour of one person of staff a row."""

    def lines(self, one: Looked) -> TwoLines:
        words = self.kit.words
        above = Message.of("looked.people", name=one.name, n=one.people)
        below = words.join([words.say(why) for why in one.why]) if one.why else words.t("looked.usual")
        right = words.t("looked.hour", first=words.time(one.hour), last=words.time(one.hour + _HOUR))
        icon, tone = ("needs-attention", "attention") if one.why else ("audit", "quiet")
        return TwoLines(icon, tone, words.say(above), right, below)


class TwoLinesDelegate(QStyledItemDelegate):
    """Icon, words and time above; the rest below, quiet."""

    def __init__(self, kit: Kit, parent: QObject) -> None:
        super().__init__(parent)
        self._kit = kit

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        theme = self._kit.theme
        return QSize(0, max(theme.row + 2 * theme.step, 2 * QFontMetrics(theme.font()).height() + theme.step))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(TWO_LINES)
        if not isinstance(found, TwoLines):
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
        painter.setFont(theme.font())
        self._lines(painter, rect, found, (text, quiet, text if chosen else found.tone))
        painter.restore()

    def _lines(self, painter: QPainter, rect: QRect, found: TwoLines, tones: tuple[str, str, str]) -> None:
        theme, step = self._kit.theme, self._kit.theme.step
        text, quiet, icon = tones
        metrics = QFontMetrics(theme.font())
        high = metrics.height()
        top = rect.top() + (rect.height() - 2 * high) // 2
        side = theme.px(_ICON)
        left = rect.left() + step + _BAR
        self._kit.icons.paint(painter, QRectF(left, top + (high - side) // 2, side, side), found.icon, icon)
        left += side + step
        right = rect.right() - step
        for words, aside, tone in ((found.above, found.right, text), (found.below, found.number, quiet)):
            wide = metrics.horizontalAdvance(aside) + 1
            painter.setPen(theme.color(quiet))
            painter.drawText(QRect(right - wide, top, wide, high), _RIGHT, aside)
            room = right - wide - step - left
            painter.setPen(theme.color(tone))
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(left, top, room, high), _LEFT, shown)
            top += high
