"""The day's table as a Qt model: lines, then their sums. A refresh changes numbers in place."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_figures import COLUMNS, Group, Table, TableRow
from vaccinator_app.gui.models.lines import Index
from vaccinator_app.gui.widgets.kit import Kit

WORDS: dict[str, str] = {
    "booked": "count.booked",
    "walk_ins": "count.walk_ins",
    "arrived": "count.arrived",
    "given": "count.given",
    "deferred": "count.deferred",
    "no_show": "count.no_show",
    "codes_refused": "count.codes_refused",
    "voided": "count.voided",
    "from_vials": "count.from_vials",
    "wasted": "count.wasted",
    "left": "count.left",
    "variance": "count.variance",
    "unopened": "count.unopened",
}
"""The word over each column."""

GROUP_WORDS: dict[Group, str] = {
    Group.SESSION: "reconcile.by_session",
    Group.VACCINE: "reconcile.by_vaccine",
    Group.BATCH: "reconcile.by_batch",
    Group.STAFF: "reconcile.by_staff",
    Group.BOOKING: "reconcile.by_booking",
}

ROW = Qt.ItemDataRole.UserRole
"""The `TableRow`, None for the sums."""

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def signed(name: str, count: int) -> str:
    """As it stands in the column ``name``: with a true minus, and a plus where only the difference is meant."""
    if name == "variance" and count > 0:
        return f"+{count}"
    return str(count).replace("-", "−")


class DayTable(QAbstractTableModel):
    """The first column names the line, the others count."""

    def __init__(self, kit: Kit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._table = Table(Group.SESSION, (), ())
        kit.words.changed.connect(self._respeak)

    @property
    def table(self) -> Table:
        """What is shown."""
        return self._table

    def show(self, table: Table) -> None:
        """Show ``table``; when its lines are the same ones as before, only numbers change."""
        before, same = self._table, _keys(table) == _keys(self._table)
        if same and table == before:
            return
        if not same:
            self.beginResetModel()
        self._table = table
        if same:
            self._all_changed()
        else:
            self.endResetModel()

    def row_of(self, key: str | None) -> int:
        """Where the line ``key`` stands, or -1."""
        return next((i for i, row in enumerate(self._table.rows) if row.key == key), -1)

    def key_at(self, row: int) -> str | None:
        """The line of a row; None for the sums."""
        return self._table.rows[row].key if 0 <= row < len(self._table.rows) else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the counts."""
        return tuple(COLUMNS[self._table.group])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() or not self._table.rows else len(self._table.rows) + 1

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.columns) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.head(section)
        return None

    def head(self, section: int) -> str:
        """The word over a column."""
        if section == 0:
            return self._kit.words.t(GROUP_WORDS[self._table.group])
        return self._kit.words.t(WORDS[self.columns[section - 1]])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._row(index.row())
        if row is None:
            return None
        if role == ROW:
            return row if index.row() < len(self._table.rows) else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (
                self.text(row, index.column()) if role == Qt.ItemDataRole.DisplayRole or index.column() == 0 else None
            )
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.text(row, index.column()) if index.column() else self._spoken(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() else _LEFT
        return None

    def text(self, row: TableRow, column: int) -> str:
        """What stands in one cell."""
        if column == 0:
            return self._kit.words.say(row.name)
        return signed(self.columns[column - 1], row.cells[column - 1])

    def _row(self, place: int) -> TableRow | None:
        rows = self._table.rows
        if place == len(rows) and rows:
            return TableRow("", Message.of("reconcile.all"), self._table.total)
        return rows[place] if 0 <= place < len(rows) else None

    def _spoken(self, row: TableRow) -> str:
        parts = [f"{self.head(at)} {self.text(row, at)}" for at in range(1, len(self.columns) + 1)]
        return ", ".join([self.text(row, 0), *parts])

    def _respeak(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns))
        self._all_changed()

    def _all_changed(self) -> None:
        if self._table.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._table.rows), len(self.columns)))


def _keys(table: Table) -> tuple[Group, tuple[str, ...]]:
    return table.group, tuple(row.key for row in table.rows)
