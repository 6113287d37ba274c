"""All that needs a human, each with the acts that fit (DESIGN 7.3)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.exceptions import Act, DayException
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_reader import DayReader
from vaccinator_app.gui.models.exceptions import ExceptionDelegate, Exceptions
from vaccinator_app.gui.screens.exceptions_sheet import ExceptionSheet
from vaccinator_app.gui.screens.help import EXCEPTIONS
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.day_chooser import DayChooser
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import share_width
from vaccinator_app.gui.widgets.segments import Segments
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

_SHARES = (56, 44)


class ExceptionsScreen(Screen):
    """Only made for an in-charge. The day is the one that Reconcile shows."""

    left = Signal()
    """Esc: back to the queue."""
    opened = Signal(str)
    """Show this `appointment`'s sheet."""
    stock_asked = Signal()
    reconcile_asked = Signal()
    sync_asked = Signal()
    observation_asked = Signal()
    counted = Signal(int)
    """How many exceptions are open, once that is known."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.exceptions"), EXCEPTIONS, parent)
        self._reader = DayReader.of(session, self)
        self._day = DayChooser(kit)
        self._which: Segments[bool] = Segments(
            kit,
            [(True, "exceptions.open", "exceptions-open"), (False, "exceptions.settled", "exceptions-settled")],
        )
        self._model = Exceptions(kit, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("exceptions-list")
        self.list.setModel(self._model)
        self.list.setItemDelegate(ExceptionDelegate(kit, self._model))
        self._none = EmptyState(kit, "exceptions", Message.of("exceptions.none"))
        self.sheet = ExceptionSheet(kit, session)
        self._stack = Stack()
        self._lay_out()
        self._wire()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reader.catch_up()
        self._show()

    def refresh(self) -> None:
        """Read again; the list comes when it is there."""
        self._reader.refresh()

    def take_focus(self) -> None:
        """To the question that stands open, or to the list."""
        if self.sheet.answering:
            self.sheet.take_focus()
        else:
            self.list.setFocus()

    def back(self) -> None:
        """Out of help, one step back in the sheet, back to the queue."""
        if not self.close_help() and not self.sheet.back():
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
        if by is not None and not self.sheet.answering:
            self._day.step(by)
        else:
            super().keyPressEvent(event)

    def _changed(self) -> None:
        """The list is made for who sees it; how much is open is said on every screen."""
        seen = self._reader.seen
        if self.isVisible():
            self._show()
        elif seen is not None and self._reader.is_today:
            self.counted.emit(len(seen.overview.open))

    def _show(self) -> None:
        self._day.show_day(self._reader.day, today=self._reader.is_today)
        seen = self._reader.seen
        if seen is None:
            self._model.show((), {}, {})
            self._none.say(Message.of("reconcile.reading"))
            self._stack.setCurrentWidget(self._none)
            self.sheet.show_one(None, None)
            return
        found, count = seen.overview.exceptions, len(seen.overview.open)
        settled = len(found) - count
        self._which.say(True, Message.of("exceptions.open_count", n=count))
        self._which.say(False, Message.of("exceptions.settled_count", n=settled))
        chosen, place = self._model.one(self.list.row), max(0, self.list.row)
        rows = [one for one in found if (one.settled is None) == self._which.value]
        self._model.show(rows, seen.people, seen.overview.book.names)
        there = self._model.place_of(chosen.key) if chosen is not None else -1
        wanted = there if there >= 0 else min(place, len(rows) - 1)
        if wanted != self.list.row:
            self.list.choose(wanted)
        self._none.say(Message.of("exceptions.none" if self._which.value else "exceptions.none_settled"))
        self._stack.setCurrentWidget(self.list if rows else self._none)
        self._chose()
        if self._reader.is_today:
            self.counted.emit(count)

    def _chose(self) -> None:
        self.sheet.show_one(self._model.one(self.list.row), self._reader.seen)

    def _take(self, row: int) -> None:
        self.list.choose(row)
        self.sheet.take()

    def _act(self, act: Act, one: DayException) -> None:
        if act in (Act.OPEN, Act.CORRECT, Act.VOID) and one.appointment is not None:
            self.opened.emit(one.appointment)
        elif act is Act.COUNT:
            self.stock_asked.emit()
        elif act is Act.SYNC:
            self.sync_asked.emit()
            self.sheet.notice.say(Message.of("exceptions.syncing"), "quiet")
        elif act is Act.AMEND:
            self.reconcile_asked.emit()
        elif act is Act.END_OBSERVATION:
            self.observation_asked.emit()

    def _switch(self, _: bool) -> None:
        self.sheet.notice.say(None)
        self._show()
        self.list.choose(0 if self._model.rowCount() else -1)
        self.list.setFocus()

    def _settled(self, _: Message) -> None:
        self._reader.refresh(at_once=True)
        self.list.setFocus()

    def _wire(self) -> None:
        self._reader.changed.connect(self._changed)
        self._reader.failed.connect(self._none.say)
        self._reader.stopped.connect(lambda: self._none.say(Message.of("reconcile.stopped")))
        self._day.chosen.connect(self._reader.show)
        self._which.chosen.connect(self._switch)
        self.list.taken.connect(self._take)
        self.list.sideways.connect(self._which.next)
        self.list.selectionModel().currentChanged.connect(self._chose)
        self.list.clicked.connect(lambda _: self.sheet.notice.say(None))
        self.sheet.acted.connect(self._act)
        self.sheet.left.connect(self.take_focus)
        self.sheet.settled.connect(self._settled)
        self.kit.words.changed.connect(self._speak)
        self._speak()

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("screen.exceptions"))

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        for part in (self.list, self._none):
            self._stack.addWidget(part)
        head = QHBoxLayout()
        head.addWidget(Text(self.kit, Message.of("screen.exceptions"), size=Size.LEAD, strong=True))
        head.addStretch(1)
        head.addWidget(self._day)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addLayout(head)
        column.addWidget(self._which)
        column.addWidget(self._stack, 1)
        self.set_columns(left, [self.sheet], _SHARES)
        share_width(left, self.sheets)
