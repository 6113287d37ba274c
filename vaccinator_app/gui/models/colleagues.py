"""The centre's staff as a Qt model: a name, what they work as, and how it stands with their key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vaccinator_app.desk.staff import ENDS_SOON, Colleague
from vaccinator_app.domain.people import Role
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.chip import Look, chip_size, paint_chip
from vaccinator_app.gui.widgets.kit import Kit

ROLES: dict[Role, str] = {
    Role.VERIFIER: "role.verifier",
    Role.VACCINATOR: "role.vaccinator",
    Role.IN_CHARGE: "role.in_charge",
}
"""What each role is called, by catalogue key."""

ROW = Qt.ItemDataRole.UserRole
"""The `Colleague`."""

_ME = Look("now", "accent", "staff.chip_me")
_HERE = Look("identity", "text", "staff.chip_here")
_ELSEWHERE = Look("online", "quiet", "staff.chip_elsewhere")
_ENDS = Look("observe", "attention", "staff.chip_ends")
_OVER = Look("needs-attention", "attention", "staff.chip_over")
_REMOVED = Look("lock", "quiet", "staff.chip_removed")
_BAR = 3
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def colleague_look(one: Colleague, now: datetime) -> Look:
    """The one chip of a colleague: what somebody has to do something about first."""
    if one.removed_at is not None:
        return _REMOVED
    if one.certified_until <= now:
        return _OVER
    if one.certified_until <= now + ENDS_SOON:
        return _ENDS
    if one.me:
        return _ME
    return _HERE if one.here else _ELSEWHERE


class Colleagues(QAbstractListModel):
    """A refresh changes what changed: the selection holds."""

    def __init__(self, kit: Kit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._people: list[Colleague] = []
        self._looks: dict[str, Look] = {}
        kit.words.changed.connect(self._all_changed)

    def show(self, people: Sequence[Colleague], now: datetime) -> None:
        """Show ``people`` as they stand ``now``."""
        same = [one.staff for one in people] == [one.staff for one in self._people]
        if not same:
            self.beginResetModel()
        self._people = list(people)
        self._looks = {one.staff: colleague_look(one, now) for one in people}
        if same:
            self._all_changed()
        else:
            self.endResetModel()

    def one(self, row: int) -> Colleague | None:
        """Who stands in this row."""
        return self._people[row] if 0 <= row < len(self._people) else None

    def place_of(self, staff: str) -> int:
        """The row of somebody, or -1."""
        return next((row for row, one in enumerate(self._people) if one.staff == staff), -1)

    def look(self, one: Colleague) -> Look:
        """Their chip."""
        return self._looks[one.staff]

    def people(self) -> list[Colleague]:
        """Everybody shown."""
        return list(self._people)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._people)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one = self.one(index.row())
        if one is None:
            return None
        if role == ROW:
            return one
        if role == Qt.ItemDataRole.DisplayRole:
            return one.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = self._kit.words
            return f"{one.name}, {words.t(ROLES[one.role])}, {words.t(self.look(one).key)}"
        return None

    def _all_changed(self) -> None:
        if self._people:
            self.dataChanged.emit(self.index(0), self.index(len(self._people) - 1))


class ColleagueDelegate(QStyledItemDelegate):
    """Name, role in its own column, chip at the right; where there is no room the role goes first."""

    def __init__(self, kit: Kit, people: Colleagues) -> None:
        super().__init__(people)
        self._kit = kit
        self._people = people
        self._widths: tuple[int, int] | None = None
        for changed in (kit.theme.changed, kit.words.changed, people.modelReset, people.dataChanged):
            changed.connect(self._forget)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._kit.theme.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        one = index.data(ROW)
        if not isinstance(one, Colleague):
            return
        theme, rect = self._kit.theme, QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.color("selected"))
            painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        self._row(painter, rect, one, chosen=chosen)
        painter.restore()

    def _row(self, painter: QPainter, rect: QRect, one: Colleague, *, chosen: bool) -> None:
        theme, step = self._kit.theme, self._kit.theme.step
        role, chip = self._measured()
        quiet = theme.color("quiet-on-selected" if chosen else "quiet")
        gone = one.removed_at is not None
        left, right = rect.left() + 2 * step, rect.right() + 1 - step
        painter.setFont(theme.font())
        right -= chip
        paint_chip(painter, QRectF(right, rect.top(), chip, rect.height()), self._kit, self._people.look(one))
        right -= 2 * step
        name = painter.fontMetrics().horizontalAdvance(one.name)
        if right - role - 2 * step - left >= min(name, 12 * step):
            painter.setPen(quiet)
            painter.drawText(
                QRect(right - role, rect.top(), role, rect.height()), _LEFT, self._kit.words.t(ROLES[one.role])
            )
            right -= role + 2 * step
        painter.setPen(quiet if gone else theme.color("on-selected" if chosen else "text"))
        shown = painter.fontMetrics().elidedText(one.name, Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QRect(left, rect.top(), right - left, rect.height()), _LEFT, shown)

    def _measured(self) -> tuple[int, int]:
        """Widths of the columns of roles and chips, in pixels, for what is in the list."""
        if self._widths is None:
            metrics = QFontMetrics(self._kit.theme.font())
            people = self._people.people()
            roles = max((metrics.horizontalAdvance(self._kit.words.t(ROLES[one.role])) for one in people), default=0)
            chips = max((chip_size(self._kit, self._people.look(one)).width() for one in people), default=0)
            self._widths = (roles + 2, chips)
        return self._widths

    def _forget(self) -> None:
        self._widths = None
