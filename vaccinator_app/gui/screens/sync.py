"""What central knows and what it does not, one by one; and the records it held or refused (DESIGN 7.3, 7.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QVBoxLayout, QWidget

from vaccinator_app.desk.queue import Line, Pile
from vaccinator_app.desk.status import SyncWords
from vaccinator_app.desk.told import Told, messages_words
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.asked import Asked
from vaccinator_app.gui.models.line_delegate import LineDelegate
from vaccinator_app.gui.models.lines import Lines
from vaccinator_app.gui.screens.carrying import Carrying
from vaccinator_app.gui.screens.help import SYNC
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.screens.taking_back import TakingBack
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

_Answer = tuple[Sequence[Line], Told]
"""Who needs somebody, and how many were reached."""

_FACTS: dict[str, str] = {
    "unconfirmed": "sync.unconfirmed",
    "oldest": "sync.oldest",
    "messages": "sync.messages",
    "contact": "sync.contact",
    "failure": "sync.failure",
    "next": "sync.next",
}


class _Facts(QFrame):
    """Each fact with its name; nothing is a light or a number alone."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setProperty("part", "sheet")
        self._said = {name: Text(kit, wrap=True) for name in _FACTS}
        self._progress = Text(kit, tone="quiet", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.now = PrimaryButton(kit, Message.of("status.sync_now"), key="F5")
        self.now.setObjectName("sync-now-here")
        self.back = TakingBack(kit, session)
        self.without = Button(kit, Message.of("carrying.open"), plain=True)
        self.without.setObjectName("carrying-open")
        step = kit.theme.step
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * step)
        grid.setVerticalSpacing(step)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        for row, (name, key) in enumerate(_FACTS.items()):
            grid.addWidget(Text(kit, Message(key), tone="quiet"), row, 0, top)
            grid.addWidget(self._said[name], row, 1, top)
            self._said[name].setObjectName(f"sync-{name}")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * step, 2 * step, 3 * step, 2 * step)
        column.setSpacing(2 * step)
        column.addWidget(Text(kit, Message.of("screen.sync"), size=Size.TITLE, strong=True))
        column.addLayout(grid)
        column.addStretch(1)
        column.addWidget(self.back)
        column.addWidget(self._progress)
        column.addWidget(self._bar)
        column.addWidget(self.now)
        column.addWidget(Flow(kit, [self.without]))

    def show_words(self, found: SyncWords, messages: Told) -> None:
        place = self._session.place
        said: dict[str, Message] = {
            "messages": messages.words,
            "unconfirmed": Message.of("sync.count", n=found.unconfirmed)
            if found.unconfirmed
            else Message.of("status.all_confirmed"),
            "oldest": Message.of("sync.nothing_waits")
            if found.oldest_at is None
            else Message.of("sync.oldest_of", at=found.oldest_at, age=place.now() - found.oldest_at),
            "contact": Message.of("status.never_reached")
            if found.last_contact is None
            else Message.of("sync.contact_at", at=found.last_contact),
            "failure": Message.of("stopped.below")
            if self.back.stopped
            else found.failure or Message.of("sync.no_failure"),
            "next": Message.of("sync.running")
            if found.running
            else Message.of("sync.next_soon")
            if found.next_at is None
            else Message.of("sync.next_at", span=found.next_at - place.now()),
        }
        for name, what in said.items():
            self._said[name].say(what)
        self.back.refresh()
        # one thing to do on a screen: F5 still syncs
        self.now.setVisible(not self.back.offers)
        self._said["failure"].set_tone("text" if found.failure is None else "attention")
        self._said["messages"].set_tone("attention" if messages.needs_someone else "text")
        moving = found.running and found.of > 0
        self._progress.say(Message.of("status.progress", done=found.done, of=found.of) if moving else "")
        self._bar.setAccessibleName(self._progress.accessibleName())
        self._bar.setMaximum(max(1, found.of))
        self._bar.setValue(found.done)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.setVisible(moving)


class SyncScreen(Screen):
    """At the left who needs somebody; at the right how things stand with central."""

    left = Signal()
    opened = Signal(str)
    """Enter on a person whose record was held: the `appointment`."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.sync"), SYNC, parent)
        self._session = session
        self._asked = Asked(session, self._question, self._show)
        self._lines = Lines(kit.words, session.place.formulary, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("held-list")
        self.list.setModel(self._lines)
        self.list.setItemDelegate(LineDelegate(kit, self._lines))
        self._why = Notice(kit)
        self._why.setObjectName("held-why")
        self._none = EmptyState(kit, "confirmed", Message.of("sync.none_held"))
        self._facts = _Facts(kit, session)
        self.carrying = Carrying(kit, session)
        self._lay_out()
        self._facts.now.clicked.connect(session.sync_now)
        self._facts.without.clicked.connect(self._carry)
        self.carrying.left.connect(self._carry_no_more)
        self.list.taken.connect(self._take)
        self.list.selectionModel().currentChanged.connect(self._chose)
        kit.words.changed.connect(self._speak)
        session.moved.connect(self._moved)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._asked.again)
        self._timer.start()
        self._speak()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _moved(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Ask again; the person chosen stays chosen."""
        self._asked.here()
        self._show(self._ask())

    def _question(self) -> Callable[[], _Answer | None]:
        return self._ask if self.isVisible() else lambda: None

    def _ask(self) -> _Answer:
        """On whatever thread: as central confirms, and each second, since what is said here is how long ago."""
        return self._session.queue.lines(Pile.ATTENTION), messages_words(self._session.place)

    def _show(self, found: _Answer | None) -> None:
        if found is None:
            return
        lines, messages = found
        chosen = self._lines.line(self.list.row)
        self._lines.show(lines)
        place = -1 if chosen is None else self._lines.place_of(chosen.row.appointment)
        self.list.choose(place if place >= 0 else min(0, len(lines) - 1))
        self._stack.setCurrentWidget(self.list if lines else self._none)
        self._chose()
        self._facts.show_words(self._session.words(), messages)

    def take_focus(self) -> None:
        """To the list, or to the button when there is none."""
        (self.list if self.list.isVisibleTo(self) else self._facts.now).setFocus()

    def back(self) -> None:
        """Out of help and what is carried, back to the queue."""
        if self.close_help():
            return
        if self.sheets.currentWidget() is self.carrying:
            self._carry_no_more()
        else:
            self.left.emit()

    def _carry(self) -> None:
        self.sheets.setCurrentWidget(self.carrying)
        self.carrying.take_focus()

    def _carry_no_more(self) -> None:
        self.sheets.setCurrentWidget(self._facts)
        self._facts.without.setFocus()

    def _chose(self) -> None:
        line = self._lines.line(self.list.row)
        self._why.say(None if line is None else Message.of("sync.why", why=list(line.why)), "attention")

    def _take(self, row: int) -> None:
        line = self._lines.line(row)
        if line is not None:
            self.opened.emit(line.row.appointment)

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("sync.held_title"))

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        self._stack = Stack()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._none)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(*(2 * step,) * 4)
        column.setSpacing(step)
        column.addWidget(Text(self.kit, Message.of("sync.held_title"), size=Size.LEAD, strong=True))
        column.addWidget(self._stack, 1)
        column.addWidget(self._why)
        self.set_columns(left, [self._facts, self.carrying])
