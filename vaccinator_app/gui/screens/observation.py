"""The 30 minutes after a dose: who still waits, who may go (DESIGN 9.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.desk import half_typed
from vaccinator_app.desk.aefi import AefiForm, report
from vaccinator_app.desk.half_typed import HalfTyped
from vaccinator_app.desk.observe import Watched
from vaccinator_app.domain.aefi import Seriousness
from vaccinator_app.domain.events import EarlyReason
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.glance import Glance
from vaccinator_app.gui.models.asked import Asked
from vaccinator_app.gui.models.watched import WatchedDelegate, WatchedPeople
from vaccinator_app.gui.screens.aefi import AefiPanel
from vaccinator_app.gui.screens.choices import Choices, framed
from vaccinator_app.gui.screens.help import OBSERVATION
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.clock import ObservationClock
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text
from vaccinator_app.gui.widgets.ticks import Tick

_REPORT_KEY = "Ctrl+R"
_EARLY: dict[EarlyReason, str] = {
    EarlyReason.WORK: "early.work",
    EarlyReason.TRANSPORT: "early.transport",
    EarlyReason.CHILD_CARE: "early.child_care",
    EarlyReason.LEFT_UNSEEN: "early.left_unseen",
    EarlyReason.OTHER: "early.other",
}


_Found = tuple[Sequence[Watched] | None, tuple[int, int]]
"""The list, where somebody sees it; how many there are, and how many of them may go."""


class _Sheet(QFrame):
    """The person chosen, their clock, the button that ends the watch, and the way to the report."""

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
        self.report = Button(kit, Message.of("aefi.report"), plain=True, key=_REPORT_KEY)
        self.report.setObjectName("report-from-watch")
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
        column.addWidget(Flow(kit, [self.report]))

    def show_person(self, person: Watched | None) -> None:
        for widget in (self._name, self._token, self._clock, self._until, self.end, self.report):
            widget.setVisible(person is not None)
        self._none.setVisible(person is None)
        if person is None:
            return
        self._name.say(person.name)
        self._token.say(Message.of("ready.token", token=person.row.token, dose=person.row.dose))
        self._clock.set_left(person.left)
        self._until.say(Message.of("observe.until", at=person.row.observe_until))


class ObservationScreen(Screen):
    """One list, all clocks told the time together once a second."""

    left = Signal()
    """Esc: back to the queue."""
    counted = Signal(int, int)
    """How many are watched, and how many of them may go; told anew only when either changed."""
    sound_asked = Signal(bool)
    """Whether a beep should tell that somebody may go."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.observation"), OBSERVATION, parent)
        self._session = session
        self._count: tuple[int, int] | None = None
        self._asked = Asked(session, self._ask, self._show)
        self._from_visit = False
        self._glance = Glance()
        self._people = WatchedPeople(kit, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("observation-list")
        self.list.setModel(self._people)
        self.list.setItemDelegate(WatchedDelegate(kit, self._people))
        self._none = EmptyState(kit, "observe", Message.of("observe.nobody"))
        self._sound = Tick(kit, Message.of("observe.sound"))
        self._sound.setObjectName("observe-sound")
        self._sheet = _Sheet(kit)
        self._choices = Choices(kit)
        self._question = framed(kit, self._choices)
        self._aefi = AefiPanel(kit, session)
        self._lay_out()
        self._wire()
        self._speak()
        self._tell()

    def refresh(self) -> None:
        """Ask again; the person chosen stays chosen."""
        self._asked.here()
        self._show_people(self._session.observation.people())
        self._tell()

    def _show_people(self, people: Sequence[Watched]) -> None:
        chosen = self._people.person(self.list.row)
        self._people.show(people)
        place = -1 if chosen is None else self._people.place_of(chosen.row.appointment)
        self.list.choose(place if place >= 0 else min(0, len(people) - 1))
        self._stack.setCurrentWidget(self.list if people else self._none)
        self._sheet.show_person(self._people.person(self.list.row))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def leave(self) -> None:
        """The desk locks: nothing is asked any more."""
        self._timer.stop()

    def show_sound(self, on: bool) -> None:
        """Whether a beep is wanted, as the desk remembers it."""
        self._sound.setChecked(on)

    def take_focus(self) -> None:
        """To the form or the question while one is open, else to the list."""
        shown = self.sheets.currentWidget()
        if shown is self._aefi:
            self._aefi.take_focus()
        elif shown is self._question:
            self._choices.take_focus()
        else:
            self.list.setFocus()

    def back(self) -> None:
        """Out of help, out of the form or the question, back to the queue."""
        if self.close_help():
            return
        if self.sheets.currentWidget() is self._sheet:
            self.left.emit()
        else:
            self._to_sheet()

    @property
    def asks(self) -> bool:
        """Enter ends a watch here, or says why it ends: no key of the form before may do that."""
        return self.sheets.currentWidget() is not self._aefi

    def report_on(self, appointment: str) -> None:
        """The form for somebody whose sheet is open, watched or not; Esc goes back there."""
        self._report(appointment)
        self._from_visit = True

    def half_typed(self) -> HalfTyped | None:
        """A report that was begun and not saved."""
        return self._aefi.half_typed()

    def give_back(self, half: HalfTyped) -> bool:
        """That report again; False when it cannot be made any more."""
        if not self._aefi.give_back(half):
            return False
        self.sheets.setCurrentWidget(self._aefi)
        return True

    def _report(self, appointment: str) -> None:
        self.close_help()
        self._from_visit = False
        self._sheet.notice.say(None)
        refused = self._aefi.begin(appointment)
        if refused is not None:
            self._to_sheet()
            self._sheet.notice.say(refused)
            return
        self.sheets.setCurrentWidget(self._aefi)
        self._aefi.take_focus()

    def _report_chosen(self) -> None:
        person = self._people.person(self.list.row)
        if person is not None:
            self._report(person.row.appointment)

    def _filled(self, form: AefiForm) -> None:
        appointment, place = self._aefi.appointment, self._session.place
        if appointment is None:
            return
        serious = form.seriousness is not Seriousness.NOT_SERIOUS

        def saved(_: object) -> None:
            self._aefi.clear()
            self._from_visit = False
            self._glance.begin()
            self._to_sheet()
            key = "aefi.saved_serious" if serious else "aefi.saved"
            self._sheet.notice.say(Message(key), "attention" if serious else "text")

        def work() -> None:
            report(form, place, appointment)
            half_typed.done(place, half_typed.Form.AEFI, appointment)

        self._session.record(work, saved, self._aefi.refuse)

    def _moved(self) -> None:
        """Nobody sees the list of a screen that is not in front; how many there are is said on every screen."""
        if self.isVisible():
            self.refresh()
        else:
            self._asked.here()
            self._tell()

    def _ask(self) -> Callable[[], _Found]:
        """The same, to be asked on whatever thread: each second, and when central was heard."""
        watched, seen = self._session.observation, self.isVisible()
        return lambda: (watched.people() if seen else None, watched.counts())

    def _show(self, found: _Found) -> None:
        people, count = found
        if people is not None:
            self._show_people(people)
        self._say(count)

    def tell(self) -> None:
        """Say anew how many there are, to whoever listens only now."""
        self._count = None
        self._tell()

    def _tell(self) -> None:
        self._say(self._session.observation.counts())

    def _say(self, count: tuple[int, int]) -> None:
        if self._count != count:
            self._count = count
            self.counted.emit(*count)

    def _chose(self) -> None:
        self._sheet.notice.say(None)
        self._sheet.show_person(self._people.person(self.list.row))

    def _end(self, row: int) -> None:
        """Enter. Before the time it asks why, and the answer ends it."""
        chosen = self._people.person(row)
        if chosen is None or not self._glance.over():
            # an Enter too many, or one that is held down, ends nobody's watch
            return
        # the clocks were told the time up to a second ago
        self.refresh()
        person = self._people.person(self._people.place_of(chosen.row.appointment))
        if person is None:
            return
        if person.over:
            self._let_go(person, EarlyReason.NONE)
            return
        self.sheets.setCurrentWidget(self._question)
        self._choices.ask(
            Message.of("observe.early_title"),
            [(Message(key), partial(self._let_go, person, reason)) for reason, key in _EARLY.items()],
            Message.of("observe.early_left", span=person.left),
        )

    def _let_go(self, person: Watched, reason: EarlyReason) -> None:
        key = "observe.ended" if reason is EarlyReason.NONE else "observe.left_early"

        def saved(_: object) -> None:
            self._glance.begin()
            self._to_sheet()
            self._sheet.notice.say(Message(key, {"name": person.name}), "text")

        def refused(why: Message) -> None:
            self._to_sheet()
            self._sheet.notice.say(why)

        appointment = person.row.appointment
        self._session.record(lambda: self._session.observation.end(appointment, reason), saved, refused)

    def _to_sheet(self) -> None:
        back, self._from_visit = self._from_visit, False
        self.sheets.setCurrentWidget(self._sheet)
        if back:
            self.left.emit()
        elif self.isVisible():
            self.take_focus()

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("screen.observation"))

    def _wire(self) -> None:
        self.list.taken.connect(self._end)
        self.list.sideways.connect(lambda by: self._sheet.end.setFocus() if by > 0 else None)
        self._sheet.end.clicked.connect(self.list.take)
        self._sheet.report.clicked.connect(self._report_chosen)
        key = QShortcut(QKeySequence(_REPORT_KEY), self)
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(self._report_chosen)
        self.list.selectionModel().currentChanged.connect(self._chose)
        self._choices.left.connect(self._to_sheet)
        self._aefi.left.connect(self._to_sheet)
        self._aefi.filled.connect(self._filled)
        self._sound.clicked.connect(self.sound_asked)
        self.kit.words.changed.connect(self._speak)
        self._session.moved.connect(self._moved)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._asked.again)
        self._timer.start()

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        self._stack = Stack()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._none)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addWidget(Text(self.kit, Message.of("screen.observation"), size=Size.LEAD, strong=True))
        column.addWidget(self._stack, 1)
        column.addWidget(self._sound)
        self.set_columns(left, [self._sheet, self._question, self._aefi])
