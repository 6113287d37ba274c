"""The 30 minutes after a dose: who still waits, who may go (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from vaccinator_app.desk.observe import Watched
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.watched import WatchedDelegate, WatchedPeople
from vaccinator_app.gui.screens.help import OBSERVATION
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import PrimaryButton
from vaccinator_app.gui.widgets.clock import ObservationClock
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.text import Text


class _Sheet(QFrame):
    """The person chosen, their clock, and the button that ends the watch."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.setProperty("part", "sheet")
        self._name = Text(kit, size=Size.TITLE, strong=True, elide=True)
        self._token = Text(kit, tone="quiet")
        self._until = Text(kit, tone="quiet")
        self._clock = ObservationClock(kit)
        self._none = EmptyState(kit, "observe", Message.of("observe.choose"))
        self.notice = Notice(kit)
        self.notice.setObjectName("observe-notice")
        self.end = PrimaryButton(kit, Message.of("observe.end"), key="Enter")
        self.end.setObjectName("end-observation")
        step = kit.theme.step
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * step, 2 * step, 3 * step, 2 * step)
        column.setSpacing(step)
        for widget in (self._name, self._token, self._clock, self._until):
            column.addWidget(widget)
        column.addWidget(self._none, 1)
        column.addStretch(1)
        column.addWidget(self.notice)
        column.addWidget(self.end)

    def show_person(self, person: Watched | None) -> None:
        for widget in (self._name, self._token, self._clock, self._until, self.end):
            widget.setVisible(person is not None)
        self._none.setVisible(person is None)
        if person is None:
            self.notice.say(None)
            return
        self._name.say(person.name)
        self._token.say(Message.of("ready.token", token=person.row.token, dose=person.row.dose))
        self._clock.set_left(person.left)
        self._until.say(Message.of("observe.until", at=person.row.observe_until))


class ObservationScreen(Screen):
    """One list, all clocks told the time together once a second."""

    left = Signal()
    """Esc: back to the queue."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.observation"), OBSERVATION, parent)
        self._session = session
        self._asked: str | None = None
        self._people = WatchedPeople(kit, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("observation-list")
        self.list.setModel(self._people)
        self.list.setItemDelegate(WatchedDelegate(kit, self._people))
        self._none = EmptyState(kit, "observe", Message.of("observe.nobody"))
        self._sheet = _Sheet(kit)
        self._lay_out()
        self.list.taken.connect(self._end)
        self._sheet.end.clicked.connect(self.list.take)
        self.list.selectionModel().currentChanged.connect(self._chose)
        kit.words.changed.connect(self._speak)
        session.moved.connect(self.refresh)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._speak()
        self.refresh()

    def refresh(self) -> None:
        """Ask again; the person chosen stays chosen."""
        chosen = self._people.person(self.list.row)
        people = self._session.observation.people()
        self._people.show(people)
        place = -1 if chosen is None else self._people.place_of(chosen.row.appointment)
        self.list.choose(place if place >= 0 else min(0, len(people) - 1))
        self._stack.setCurrentWidget(self.list if people else self._none)
        self._sheet.show_person(self._people.person(self.list.row))

    def take_focus(self) -> None:
        """To the list."""
        self.list.setFocus()

    def back(self) -> None:
        """Out of help, out of the question, back to the queue."""
        if self.close_help():
            return
        if self._asked is not None:
            self._ask(None)
        else:
            self.left.emit()

    def _tick(self) -> None:
        if self.isVisible():
            self.refresh()

    def _chose(self) -> None:
        self._ask(None)
        self._sheet.show_person(self._people.person(self.list.row))

    def _end(self, row: int) -> None:
        """Enter. Before the time it asks, once, in the sheet; a second Enter is the answer."""
        person = self._people.person(row)
        if person is None:
            return
        appointment = person.row.appointment
        if not person.over and self._asked != appointment:
            self._ask(appointment)
            self._sheet.notice.say(Message.of("observe.early", span=person.left), "attention")
            return
        self._ask(None)
        self._session.record(
            lambda: self._session.observation.end(appointment), lambda _: self.take_focus(), self._sheet.notice.say
        )

    def _ask(self, appointment: str | None) -> None:
        self._asked = appointment
        self._sheet.notice.say(None)

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("screen.observation"))

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._none)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addWidget(Text(self.kit, Message.of("screen.observation"), size=Size.LEAD, strong=True))
        column.addWidget(self._stack, 1)
        self.set_columns(left, [self._sheet])
