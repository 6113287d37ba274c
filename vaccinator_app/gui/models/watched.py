"""Everybody under observation as a Qt model: the clocks move, the rows do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vaccinator_app.desk.observe import Watched
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.clock import paint_ring, remaining
from vaccinator_app.gui.widgets.kit import Kit

WATCHED = Qt.ItemDataRole.UserRole
_BAR = 3
_RING = 24
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class WatchedPeople(QAbstractListModel):
    """The first to be free stands first, and people leave in that order: rows only come and go at the ends."""

    def __init__(self, kit: Kit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._people: list[Watched] = []
        kit.words.changed.connect(self._all_changed)

    def show(self, people: Sequence[Watched]) -> None:
        """Show ``people``; the same ones as before keep their rows."""
        new = list(people)
        same = [p.row.appointment for p in new] == [p.row.appointment for p in self._people]
        if not same:
            self.beginResetModel()
        self._people = new
        if same:
            self._all_changed()
        else:
            self.endResetModel()

    @property
    def everybody(self) -> Sequence[Watched]:
        """All rows, in order."""
        return self._people

    def person(self, place: int) -> Watched | None:
        """Who stands in a row, or None."""
        return self._people[place] if 0 <= place < len(self._people) else None

    def place_of(self, appointment: str | None) -> int:
        """The row of ``appointment``, or -1."""
        return next((i for i, p in enumerate(self._people) if p.row.appointment == appointment), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._people)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        person = self.person(index.row())
        if person is None:
            return None
        if role == WATCHED:
            return person
        if role == Qt.ItemDataRole.DisplayRole:
            return person.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            say = self._kit.words.say
            parts = (Message.of("queue.token", token=person.row.token), person.name, remaining(person.left))
            return ", ".join(say(part) for part in parts)
        return None

    def _all_changed(self) -> None:
        if self._people:
            self.dataChanged.emit(self.index(0), self.index(len(self._people) - 1))


class WatchedDelegate(QStyledItemDelegate):
    """Token, name, ring and words of what is left."""

    def __init__(self, kit: Kit, parent: QObject) -> None:
        super().__init__(parent)
        self._kit = kit

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._kit.theme.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        person = index.data(WATCHED)
        if not isinstance(person, Watched):
            return
        theme, rect = self._kit.theme, QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.color("selected"))
            painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        painter.setFont(theme.font(strong=False))
        self._row(painter, rect, person, chosen=chosen)
        painter.restore()

    def _row(self, painter: QPainter, rect: QRect, person: Watched, *, chosen: bool) -> None:
        theme, words, step = self._kit.theme, self._kit.words, self._kit.theme.step
        quiet = theme.color("quiet-on-selected" if chosen else "quiet")
        text = theme.color("on-selected" if chosen else "text")
        metrics = painter.fontMetrics()
        token = metrics.horizontalAdvance("8888")
        painter.setPen(quiet)
        painter.drawText(QRect(rect.left() + step, rect.top(), token, rect.height()), _RIGHT, str(person.row.token))
        side = theme.px(_RING)
        said = words.say(remaining(person.left))
        width = max(metrics.horizontalAdvance(words.t("clock.over")), metrics.horizontalAdvance(said)) + 1
        left = rect.right() - 2 * step - width
        painter.setPen(text if person.over else quiet)
        painter.drawText(QRect(left, rect.top(), width, rect.height()), _LEFT, said)
        ring = QRectF(left - step - side, rect.center().y() + 1 - side // 2, side, side)
        paint_ring(painter, ring, self._kit, person.left)
        name = rect.left() + step + token + 2 * step
        room = int(ring.left()) - 2 * step - name
        painter.setPen(text)
        shown = metrics.elidedText(person.name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(name, rect.top(), room, rect.height()), _LEFT, shown)
