"""Closing the day in two steps, beside its numbers: count and look, then sign (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.glance import Glance
from vaccinator_app.gui.models.day_reader import DayReader
from vaccinator_app.gui.screens.closing_count import CountList
from vaccinator_app.gui.screens.closing_sign import SignSummary
from vaccinator_app.gui.screens.closing_state import state_of
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Task
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.foot_row import FootRow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

if TYPE_CHECKING:
    from vaccinator_app.desk.closing import ClosePlan
    from vaccinator_app.desk.reconcile import Overview


class ClosingSheet(QFrame):
    """What was typed stays until the day is closed or another day is chosen."""

    left = Signal()
    """Back to the charts."""
    exceptions_asked = Signal()
    closed = Signal(object)
    """The `Message` that says the close was saved."""

    def __init__(self, kit: Kit, session: Session, reader: DayReader) -> None:
        super().__init__()
        self.setProperty("part", "sheet")
        self.setObjectName("closing")
        self._kit = kit
        self._session = session
        self._reader = reader
        self._day: date | None = None
        self._plan: ClosePlan | None = None
        self._glance = Glance()
        self._wanted = 0
        self._asked = 0
        self._busy = False
        self._title = Text(kit, size=Size.TITLE, strong=True, wrap=True)
        self._step = Text(kit, tone="quiet")
        self.counts = CountList(kit, session.place.formulary)
        self._warnings = QVBoxLayout()
        self._warned: list[Notice] = []
        self._open = Notice(kit)
        self._open.setObjectName("close-open-exceptions")
        self._to_exceptions = Button(kit, Message.of("reconcile.to_exceptions"), plain=True, key="F12")
        self._to_exceptions.setObjectName("close-to-exceptions")
        self._to_exceptions.clicked.connect(self.exceptions_asked)
        self._summary = SignSummary(kit, session.place.formulary)
        self._notice = Notice(kit)
        self._notice.setObjectName("close-notice")
        self._next = PrimaryButton(kit, Message.of("close.next"), key="Enter")
        self._next.setObjectName("close-next")
        self._back = Button(kit, Message.of("choices.back"), key="Esc")
        self._back.setObjectName("close-back")
        self._lay_out()
        self._next.clicked.connect(self._go_on)
        self._back.clicked.connect(self.left)
        self.counts.done.connect(self._next.setFocus)
        self.counts.edited.connect(lambda: self._notice.say(None))
        reader.changed.connect(self._refresh)
        reader.failed.connect(self._unread)
        reader.stopped.connect(lambda: self._unread(None))

    @property
    def signing(self) -> bool:
        """The second step is in front."""
        return self._pages.currentWidget() is self._second

    def begin(self) -> None:
        """The sheet comes to the front: the first step, with what was typed before."""
        self._show_first()
        self._refresh()
        self.take_focus()

    def take_focus(self) -> None:
        """To the next number that is missing, or to the button."""
        if self.signing or not self.counts.take_focus():
            self._next.setFocus()

    def back(self) -> bool:
        """One step back, if there is one."""
        if not self.signing:
            self._let_go()
            return False
        self._show_first()
        self.take_focus()
        return True

    def _refresh(self) -> None:
        """Other numbers came, or another day was chosen."""
        seen = self._reader.seen
        if self._reader.day != self._day:
            self._day = self._reader.day
            self._let_go()
            self.counts.keep_in(self._session.counted.setdefault(self._day, {}))
            self._show_first()
        if seen is None:
            return
        overview = seen.overview
        self.counts.show_counts(overview.tally.stock)
        amendment = state_of(overview).amendment
        amended = Message.of("close.title_amendment", number=amendment, day=overview.day)
        self._title.say(amended if amendment else Message.of("close.title", day=overview.day))
        self._warn(overview.warnings)
        count = len(overview.open)
        self._open.say(Message.of("close.open_exceptions", n=count) if count else None, "attention")
        self._to_exceptions.setVisible(count > 0)
        if self._wanted and seen.turn >= self._wanted:
            self._prepare(overview)

    def _warn(self, warnings: Sequence[Message]) -> None:
        while len(self._warned) < len(warnings):
            self._warned.append(Notice(self._kit))
            self._warnings.addWidget(self._warned[-1])
        for at, notice in enumerate(self._warned):
            notice.say(warnings[at] if at < len(warnings) else None, "attention")

    def _unread(self, why: Message | None) -> None:
        if self._wanted:
            self._wanted, self._busy = 0, False
            self._notice.say(why)

    def _go_on(self) -> None:
        if self._busy:
            # one Enter signs once
            return
        if self.signing:
            # the second of two quick presses signs nothing that nobody has read
            if self._glance.over():
                self._sign()
            return
        self._busy = True
        self.counts.mark_missing()
        self._notice.say(Message.of("close.looking"), "quiet")
        # what is signed is what stands now, not what stood when the sheet came up
        self._wanted = self._reader.refresh(at_once=True)

    def _prepare(self, overview: Overview) -> None:
        self._wanted = 0

        def work(_: Task) -> ClosePlan:
            from vaccinator_app.desk.closing import Counted, prepare

            counted = {name: Counted(typed, reason) for name, typed, reason in typed_counts}
            return prepare(self._session.place, overview, counted)

        typed_counts = [(row.name, row.typed, row.reason) for row in self.counts.rows if row.typed]
        self._asked += 1
        asked = self._asked
        self._session.read(
            work, lambda plan: self._show_second(asked, plan, overview), lambda why: self._refused(asked, why)
        )

    def _let_go(self) -> None:
        """Whatever is still being asked is no longer of interest."""
        self._wanted, self._busy = 0, False
        self._asked += 1

    def _show_second(self, asked: int, plan: ClosePlan, overview: Overview) -> None:
        if asked != self._asked:
            return
        self._busy = False
        self._plan = plan
        self._notice.say(None)
        self._summary.show_plan(plan, overview)
        self._pages.setCurrentWidget(self._second)
        self._glance.begin()
        self._step.say(Message.of("close.step_sign"))
        number = plan.body.amendment
        again = Message.of("close.sign_amendment", number=number)
        self._next.say(again if number else Message.of("close.sign"))
        self._back.say(Message.of("close.back_to_count"))
        if self.isVisible():
            self._next.setFocus()

    def _show_first(self) -> None:
        self._plan = None
        self._notice.say(None)
        self._pages.setCurrentWidget(self._first)
        self._step.say(Message.of("close.step_count"))
        self._next.say(Message.of("close.next"))
        self._back.say(Message.of("choices.back"))

    def _sign(self) -> None:
        plan = self._plan
        if plan is None:
            return
        self._busy = True

        def work() -> object:
            from vaccinator_app.desk.closing import close

            return close(self._session.place, plan)

        self._session.record(work, lambda _: self._signed(), self._moved_on)

    def _signed(self) -> None:
        self._busy = False
        self._show_first()
        self.counts.clear()
        self.closed.emit(Message.of("close.saved", at=self._session.place.now()))

    def _moved_on(self, why: Message) -> None:
        """Something was recorded meanwhile, or nothing can be: back to what may be looked at again."""
        self._busy = False
        self._show_first()
        self._notice.say(why, "attention")
        self._reader.refresh()
        if self.isVisible():
            self._next.setFocus()

    def _refused(self, asked: int, why: Message) -> None:
        if asked != self._asked:
            return
        self._busy = False
        self._notice.say(why)
        if self.isVisible():
            self.take_focus()

    def _lay_out(self) -> None:
        step = self._kit.theme.step
        first = QWidget()
        column = QVBoxLayout(first)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        column.addWidget(Text(self._kit, Message.of("close.count_them"), wrap=True))
        column.addWidget(self.counts)
        column.addLayout(self._warnings)
        column.addWidget(self._open)
        beside = QHBoxLayout()
        # its words, not its box, stand below those of the notice
        beside.setContentsMargins(2 * step, 0, 0, 0)
        beside.addWidget(self._to_exceptions)
        beside.addStretch(1)
        column.addLayout(beside)
        column.addStretch(1)
        self._pages = Stack()
        self._first, self._second = Scrolled(first), Scrolled(self._summary)
        for page in (self._first, self._second):
            self._pages.addWidget(page)
        foot = FootRow(self._kit, [self._back], self._next)
        sheet_column(self, self._kit, [self._title, self._step], self._pages, [self._notice, foot])
