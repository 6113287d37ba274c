"""The sheet of one person: five steps, each saying why it is or is not passed, and one button that goes on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from vaccinator_app.desk.queue import Scan
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import view
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.screens.questions import Questions
from vaccinator_app.gui.screens.visit_acts import VisitActs
from vaccinator_app.gui.screens.visit_foot import Foot, Go
from vaccinator_app.gui.screens.visit_head import VisitHead
from vaccinator_app.gui.screens.visit_steps import VisitSteps
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.stack import Stack


class VisitPanel(QFrame):
    """Shows one `VisitDesk` and hands on what keys and buttons ask of it."""

    moved = Signal()
    """A step was done."""
    ended = Signal(object)
    """`Ended`: the sheet is done with, and its last act is durable."""
    aefi_asked = Signal(str)
    """An adverse event of this appointment's person is to be reported."""
    scanned = Signal(str)
    """Digits of a slip that came in through the code field."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setProperty("part", "sheet")
        self.setObjectName("visit")
        self._acts = VisitActs(session, self)
        self._head = VisitHead(kit, session.place.formulary)
        self._steps = VisitSteps(kit)
        self._questions = Questions(kit, self._acts, session.place)
        self._question_area = Scrolled(self._questions)
        self._foot = Foot(kit, session.place)
        self._body = Stack()
        self._body.addWidget(self._steps)
        self._body.addWidget(self._question_area)
        sheet_column(self, kit, [self._head], self._body, [self._foot])
        self._wire()

    @property
    def desk(self) -> VisitDesk | None:
        """The visit that is open."""
        return self._acts.desk

    @property
    def due(self) -> Go | None:
        """What Enter does; None while a question is asked or no visit is open."""
        return None if self.desk is None or self._asking else self._foot.go

    def open(self, desk: VisitDesk, notice: Message | None = None) -> None:
        """Show ``desk``; ``notice`` is what could not be done with it so far."""
        self._acts.desk = desk
        self._head.show_lookups(desk.lookups)
        self._steps.begin()
        self._ask(asking=False)
        self._foot.notice.say(notice)
        self.refresh()
        self.take_focus()

    def use_slip(self, scan: Scan) -> None:
        """The slip of this very person was scanned. Whoever checks no codes has found the person by it, no more."""
        if self._session.place.may(Power.VACCINATE):
            self._acts.use_slip(scan)

    def refresh(self) -> None:
        """Ask the visit again where it stands, and show that. The focus stays where it is."""
        desk = self.desk
        if desk is None:
            return
        found = view(desk, self._session.place)
        self._head.show_person(desk.appointment, self._session.place.today())
        self._steps.show_view(found, desk)
        self._foot.show_view(found, finished=desk.finished)

    def say(self, what: Message) -> None:
        """Something that is not about a step: a scan of another person's slip, say."""
        self._foot.notice.say(what, "attention")

    def take_focus(self) -> None:
        """To where the next key belongs."""
        match self.due:
            case None:
                self._questions.take_focus()
            case Go.CODE:
                self._steps.code.setFocus()
            case Go.DATE:
                self._steps.previous.take_focus()
            case _:
                self._foot.primary.setFocus()

    def forward(self, event: QKeyEvent) -> None:
        """A digit that somebody typed elsewhere on the screen."""
        self._steps.code.setFocus()
        self._steps.code.keyPressEvent(event)

    def leave(self) -> None:
        """What Esc does: back to the steps, or back to the queue with nothing lost."""
        if self._asking:
            self._stop_asking()
        else:
            self._acts.close()

    def forget(self) -> VisitDesk | None:
        """Let go of the visit without closing it, for whoever locks the desk or opens another."""
        self._clear()
        return self._acts.forget()

    def _clear(self) -> None:
        self._head.clear()
        self._steps.clear()

    @property
    def _asking(self) -> bool:
        return self._body.currentWidget() is self._question_area

    def _go(self) -> None:
        match self._foot.go:
            case Go.IDENTITY:
                self._acts.see_identity()
            case Go.DATE:
                self._steps.previous.submit()
            case Go.CODE:
                self._steps.code.submit()
            case Go.DOSE:
                self._acts.record_dose()
            case Go.DEFER:
                self._questions.ask_defer()
            case Go.BACK:
                self._acts.close()

    def _report(self) -> None:
        if self.desk is not None:
            self.aefi_asked.emit(self.desk.appointment.appointment)

    def _moved(self) -> None:
        self._ask(asking=False)
        self._foot.notice.say(None)
        self.refresh()
        self.take_focus()
        self.moved.emit()

    def _refused(self, why: Message) -> None:
        self._ask(asking=False)
        self._foot.notice.say(why)
        self.refresh()
        self.take_focus()

    def _incomplete(self, count: int) -> None:
        # Enter on an empty field says nothing new: the step's own sentence asks for the code
        if count:
            self.say(Message.of("code.not_four_digits"))

    def _ask(self, *, asking: bool = True) -> None:
        self._body.setCurrentWidget(self._question_area if asking else self._steps)
        self._foot.setVisible(not asking)

    def _stop_asking(self) -> None:
        self._ask(asking=False)
        self.take_focus()

    def _wire(self) -> None:
        self._acts.moved.connect(self._moved)
        self._acts.refused.connect(self._refused)
        self._acts.ended.connect(self._clear)
        self._acts.ended.connect(self.ended)
        self._acts.code_checked.connect(lambda fits: self._steps.code.set_wrong(not fits))
        self._acts.date_refused.connect(self._steps.previous.refuse)
        self._questions.asked.connect(self._ask)
        self._questions.left.connect(self._stop_asking)
        self._foot.primary.clicked.connect(self._go)
        self._foot.defer.clicked.connect(self._questions.ask_defer)
        self._foot.other.clicked.connect(self._questions.ask_other)
        self._foot.override.clicked.connect(self._questions.ask_override)
        self._foot.correct.clicked.connect(self._questions.ask_correct)
        self._foot.void.clicked.connect(self._questions.ask_void)
        self._foot.aefi.clicked.connect(self._report)
        self._steps.code.completed.connect(self._acts.check_code)
        self._steps.code.incomplete.connect(self._incomplete)
        self._steps.code.scanned.connect(self.scanned)
        self._steps.code.typed.connect(lambda _: self._foot.notice.say(None))
        self._steps.previous.entered.connect(self._acts.show_previous)
        self._steps.draw.batch_chosen.connect(self._acts.choose_batch)
        self._steps.draw.site_chosen.connect(self._acts.choose_site)
