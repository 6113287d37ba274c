"""A list of people that is worked with Up, Down and Enter, wherever the focus is."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from vaccinator_app.gui.widgets.kit import Kit

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVES = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
)


class PeopleList(QListView):
    """Keys that mean nothing to a list go up to the screen: letters to the search field, Esc back."""

    taken = Signal(int)
    """Enter, or a double click, on this row."""
    sideways = Signal(int)
    """Left (-1) or Right (1)."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(lambda index: self.taken.emit(index.row()))
        kit.theme.changed.connect(self.doItemsLayout)
        kit.words.changed.connect(self.viewport().update)

    @property
    def row(self) -> int:
        """The chosen row; -1 for none."""
        return self.currentIndex().row()

    def choose(self, row: int) -> None:
        """Choose ``row``, or nothing for -1."""
        model = self.model()
        index = model.index(row, 0) if row >= 0 else QModelIndex()
        self.setCurrentIndex(index)

    def step(self, by: int) -> None:
        """Choose another row, so many further down; stops at the ends."""
        count = self.model().rowCount()
        if count:
            self.choose(min(count - 1, max(0, self.row + by)))

    def take(self) -> None:
        """What Enter does."""
        if self.row >= 0:
            self.taken.emit(self.row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if not event.isAutoRepeat():
                self.take()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.sideways.emit(1 if event.key() == Qt.Key.Key_Right else -1)
        elif event.key() == Qt.Key.Key_Home:
            # the first row may be a heading, which cannot be chosen
            self.choose(next((row for row in range(self.model().rowCount()) if self._choosable(row)), -1))
        elif event.key() in _MOVES:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _choosable(self, row: int) -> bool:
        return bool(self.model().flags(self.model().index(row, 0)) & Qt.ItemFlag.ItemIsSelectable)
