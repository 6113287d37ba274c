"""The rows of the queue as a Qt model. A refresh changes what changed: nothing jumps, nothing loses its selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from vaccinator_app.desk.queue import Line
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.gui.widgets.chip import RECORD_MARKS, VISIT_LOOKS, Look
from vaccinator_app.gui.words import Words

Index = QModelIndex | QPersistentModelIndex

LINE = Qt.ItemDataRole.UserRole
"""The `Line` itself, for the delegate."""


class Lines(QAbstractListModel):
    """What a list of people shows, and what a screen reader says of each row."""

    def __init__(self, words: Words, formulary: Formulary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._formulary = formulary
        self._lines: list[Line] = []
        self._open: str | None = None
        words.changed.connect(self._respeak)

    def show(self, lines: Sequence[Line]) -> None:
        """Show ``lines``. Rows that stay the same people are updated in place, so that the selection holds."""
        new = list(lines)
        if [line.row.appointment for line in new] == [line.row.appointment for line in self._lines]:
            changed = [place for place, line in enumerate(new) if line != self._lines[place]]
            self._lines = new
            for place in changed:
                self.dataChanged.emit(self.index(place), self.index(place))
            return
        self.beginResetModel()
        self._lines = new
        self.endResetModel()

    def set_open(self, appointment: str | None) -> None:
        """Whose sheet is open: that row says *now*."""
        if appointment != self._open:
            self._open = appointment
            self._respeak()

    def line(self, place: int) -> Line | None:
        """The line of one row, or None."""
        return self._lines[place] if 0 <= place < len(self._lines) else None

    def place_of(self, appointment: str | None) -> int:
        """The row of ``appointment``; -1 when it is not in the list."""
        return next((i for i, line in enumerate(self._lines) if line.row.appointment == appointment), -1)

    def look(self, line: Line) -> Look:
        """How the state of a row is shown."""
        if line.row.appointment == self._open:
            return VISIT_LOOKS["now"]
        if line.row.held:
            return VISIT_LOOKS[VisitState.ATTENTION]
        return VISIT_LOOKS[line.row.state]

    def name(self, line: Line) -> str:
        """Who it is, as lists say it; of somebody whose details have left the machine, that they have."""
        return line.name or self._words.t("purge.name_gone")

    def looks(self) -> set[Look]:
        """All that are in the list."""
        return {self.look(line) for line in self._lines}

    def dose(self, line: Line) -> Message:
        """The dose in short, for a narrow column."""
        return Message.of("queue.dose", dose=line.row.dose)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.line(index.row())
        if line is None:
            return None
        if role == LINE:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return self.name(line)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(line)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(self._words.say(why) for why in line.why) or None
        return None

    def _spoken(self, line: Line) -> str:
        vaccine = self._formulary.get(line.row.vaccine)
        parts: list[Message | str] = [
            Message.of("queue.token", token=line.row.token),
            self.name(line),
            self._words.time(line.row.slot),
            vaccine.name if vaccine is not None else line.row.vaccine,
            self.dose(line),
            Message.of(self.look(line).key),
        ]
        if line.confirmed is not None:
            parts.append(Message.of(RECORD_MARKS[line.confirmed].key))
        return ", ".join(self._words.say(part) for part in (*parts, *line.why))

    def _respeak(self) -> None:
        if self._lines:
            self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))
