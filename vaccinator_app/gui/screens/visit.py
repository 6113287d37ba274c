"""The sheet of one person: five steps, each saying why it is or is not passed, and one button that goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, VisitView, view
from vaccinator_app.domain.events import DeferReason, IdentityMethod, ProofKind, Site, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.choices import Choices, Options
from vaccinator_app.gui.screens.visit_foot import Foot, Go
from vaccinator_app.gui.screens.visit_head import VisitHead
from vaccinator_app.gui.screens.visit_parts import CodeControls, DrawControls, PreviousDate
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.step_row import StepRow

_STEPS: dict[Step, str] = {
    Step.IDENTITY: "step.identity",
    Step.ELIGIBLE: "step.eligible",
    Step.CODE: "step.code",
    Step.DOSE: "step.dose",
    Step.OBSERVATION: "step.observation",
}
_DEFER: dict[DeferReason, str] = {
    DeferReason.UNWELL: "defer.unwell",
    DeferReason.CONTRAINDICATION: "defer.contraindication",
    DeferReason.REFUSED: "defer.refused",
    DeferReason.TOO_EARLY: "defer.too_early",
    DeferReason.NO_STOCK: "defer.no_stock",
    DeferReason.NOT_ELIGIBLE: "defer.not_eligible",
    DeferReason.CODE_NOT_SHOWN: "defer.code_not_shown",
}
_VOID: dict[VoidReason, str] = {
    VoidReason.WRONG_PERSON: "void.wrong_person",
    VoidReason.WRONG_VACCINE: "void.wrong_vaccine",
    VoidReason.WRONG_BATCH: "void.wrong_batch",
    VoidReason.NOT_GIVEN: "void.not_given",
    VoidReason.RECORDED_TWICE: "void.recorded_twice",
}
_CODE_CLOSED = "code.closed"
_CODE_WRONG = "code.does_not_match"


@dataclass(frozen=True, slots=True)
class Ended:
    """A visit that was left. ``saved`` says what was recorded as ``seq``, if anything was."""

    desk: VisitDesk
    saved: Message | None
    seq: int | None


class VisitPanel(QFrame):
    """Shows one `VisitDesk` and does with it what keys and buttons ask."""

    ended = Signal(object)
    """`Ended`: the sheet is done with, and its last act is durable."""
    scanned = Signal(str)
    """Digits of a slip that came in through the code field."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._desk: VisitDesk | None = None
        self._view: VisitView | None = None
        self.setProperty("part", "sheet")
        self.setObjectName("visit")
        self._head = VisitHead(kit, session.place.formulary)
        self._rows = {step: StepRow(kit, place, Message(key)) for place, (step, key) in enumerate(_STEPS.items(), 1)}
        self._code = CodeControls(kit)
        self._previous = PreviousDate(kit)
        self._draw = DrawControls(kit)
        self._choices = Choices(kit, self._stop_asking)
        self._ask_area = Scrolled(self._choices)
        self._foot = Foot(kit)
        self._lay_out(kit)
        self._wire()

    @property
    def desk(self) -> VisitDesk | None:
        """The visit that is open."""
        return self._desk

    @property
    def wants_code(self) -> bool:
        """Digits belong into the code field now."""
        return self._desk is not None and not self._asking and self._foot.go is Go.CODE

    @property
    def due_dose(self) -> bool:
        """The next Enter would record a dose."""
        return self._desk is not None and not self._asking and self._foot.go is Go.DOSE

    def open(self, desk: VisitDesk, notice: Message | None = None) -> None:
        """Show ``desk``; ``notice`` is what could not be done with it so far."""
        self._desk = desk
        self._previous.clear()
        self._code.field.clear_code()
        self._body.setCurrentWidget(self._steps)
        self._foot.setVisible(True)
        self._foot.notice.say(notice)
        self.refresh()
        self.take_focus()

    def refresh(self) -> None:
        """Ask the visit again where it stands, and show that. The focus stays where it is."""
        desk = self._desk
        if desk is None:
            return
        self._head.show_person(desk.appointment, self._session.place.today())
        self._view = found = view(desk, self._session.place)
        for step in found.steps:
            closed = step.state is StepState.STOPPED and step.words.key == _CODE_CLOSED
            tone = "stop" if step.words.key == _CODE_WRONG else ""
            self._rows[step.step].show_state("attention" if closed else step.state, step.words, tone=tone)
        self._code.setVisible(found.now is Step.CODE)
        self._previous.setVisible(found.now is Step.ELIGIBLE and found.wants_previous_date)
        self._draw.setVisible(found.now is Step.DOSE)
        if found.now is Step.DOSE:
            self._draw.show_desk(desk)
        self._foot.show_view(found, finished=desk.finished)
        if found.now is not None:
            self._steps.bring(self._rows[found.now])

    def say(self, what: Message) -> None:
        """Something that is not about a step: a scan of another person's slip, say."""
        self._foot.notice.say(what, "attention")

    def take_focus(self) -> None:
        """To where the next key belongs."""
        match self._foot.go:
            case Go.CODE:
                self._code.field.setFocus()
            case Go.DATE:
                self._previous.take_focus()
            case _:
                self._foot.primary.setFocus()

    def forward(self, event: QKeyEvent) -> None:
        """A digit that somebody typed elsewhere on the screen."""
        self._code.field.setFocus()
        self._code.field.keyPressEvent(event)

    def leave(self) -> None:
        """What Esc does: back to the steps, or back to the queue with nothing lost."""
        if self._asking:
            self._stop_asking()
        elif self._desk is not None:
            self._end(self._desk.close, None)

    def forget(self) -> VisitDesk | None:
        """Let go of the visit without closing it, for whoever locks the desk or opens another."""
        desk, self._desk = self._desk, None
        self._code.field.clear_code()
        return desk

    @property
    def _asking(self) -> bool:
        return self._body.currentWidget() is self._ask_area

    # Acts

    def _go(self) -> None:
        match self._foot.go:
            case Go.IDENTITY:
                method = IdentityMethod.PHOTO_ID
                if self._desk is not None and (proof := self._desk.draft.proof) and proof.how is ProofKind.SLIP:
                    method = IdentityMethod.SLIP_AND_PHOTO_ID
                self._act(lambda desk: desk.confirm_identity(method))
            case Go.DATE:
                self._previous.submit()
            case Go.CODE:
                self._code.field.submit()
            case Go.DOSE:
                self._record("visit.saved", lambda desk: desk.record_dose())
            case Go.DEFER:
                self._ask_defer()
            case Go.BACK:
                self.leave()

    def _check_code(self, typed: str) -> None:
        def told(fits: object) -> None:
            self._code.field.set_wrong(not fits)

        self._act(lambda desk: desk.type_code(typed), told)

    def _incomplete(self, count: int) -> None:
        # Enter on an empty field says nothing new: the step's own sentence asks for the code
        if count:
            self._foot.notice.say(Message.of("code.not_four_digits"), "attention")

    def _show_previous(self, given_on: date) -> None:
        self._act(lambda desk: desk.show_previous_dose(given_on), failed=self._previous.refuse)

    def _choose_batch(self, batch: str) -> None:
        self._act(lambda desk: desk.choose_batch(batch), lambda _: self._foot.primary.setFocus())

    def _choose_site(self, site: Site) -> None:
        if self._desk is not None:
            self._desk.site = site
            self._foot.primary.setFocus()

    def _act(
        self,
        work: Callable[[VisitDesk], object],
        done: Callable[[object], None] | None = None,
        failed: Callable[[Message], None] | None = None,
    ) -> None:
        """One step of the visit: then show where it stands and put the focus where the next key belongs."""
        desk = self._desk
        if desk is None:
            return

        def told(result: object) -> None:
            if self._desk is desk:
                self._foot.notice.say(None)
                self.refresh()
                self.take_focus()
                if done is not None:
                    done(result)

        self._session.record(lambda: work(desk), told, failed or self._refused)

    def _record(self, key: str, work: Callable[[VisitDesk], Any]) -> None:
        desk = self._desk
        if desk is not None:
            self._end(lambda: work(desk).seq, Message(key))

    def _end(self, work: Callable[[], int | None], saved: Message | None) -> None:
        """The last act of this sheet; ``work`` gives the number of what it recorded."""
        desk = self._desk
        assert desk is not None

        def told(seq: int | None) -> None:
            if self._desk is desk:
                self.forget()
            self.ended.emit(Ended(desk, saved, seq))

        self._session.record(work, told, self._refused)

    def _refused(self, why: Message) -> None:
        self._stop_asking()
        self._foot.notice.say(why)
        self.refresh()
        self.take_focus()

    def _defer(self, reason: DeferReason) -> None:
        self._record("visit.deferred", lambda desk: desk.defer(reason))

    def _void(self, reason: VoidReason) -> None:
        self._record("visit.voided", lambda desk: desk.void(reason))

    # Questions

    def _ask_defer(self) -> None:
        self._ask(Message.of("defer.title"), [(Message(key), partial(self._defer, why)) for why, key in _DEFER.items()])

    def _ask_void(self) -> None:
        options = [(Message(key), partial(self._void, why)) for why, key in _VOID.items()]
        self._ask(Message.of("void.title"), options, Message.of("void.why"))

    def _ask_other(self) -> None:
        desk = self._desk
        if desk is None:
            return
        options: Options = [
            (Message.of("other.yes"), lambda: self._end(desk.not_this_person, None)),
            (Message.of("other.no"), self._stop_asking),
        ]
        self._ask(Message.of("other.title"), options, Message.of("other.why"))

    def _ask(self, title: Message, options: Options, why: Message | str = "") -> None:
        self._body.setCurrentWidget(self._ask_area)
        self._foot.setVisible(False)
        self._choices.ask(title, options, why)

    def _stop_asking(self) -> None:
        if self._asking:
            self._body.setCurrentWidget(self._steps)
            self._foot.setVisible(True)
            self.take_focus()

    # Making

    def _wire(self) -> None:
        self._foot.primary.clicked.connect(self._go)
        self._foot.defer.clicked.connect(self._ask_defer)
        self._foot.other.clicked.connect(self._ask_other)
        self._foot.void.clicked.connect(self._ask_void)
        self._code.field.completed.connect(self._check_code)
        self._code.field.incomplete.connect(self._incomplete)
        self._code.field.scanned.connect(self.scanned)
        self._code.field.typed.connect(lambda _: self._foot.notice.say(None))
        self._previous.entered.connect(self._show_previous)
        self._draw.batch_chosen.connect(self._choose_batch)
        self._draw.site_chosen.connect(self._choose_site)

    def _lay_out(self, kit: Kit) -> None:
        self._rows[Step.CODE].set_controls(self._code)
        self._rows[Step.ELIGIBLE].set_controls(self._previous)
        self._rows[Step.DOSE].set_controls(self._draw)
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for row in self._rows.values():
            rows.addWidget(row)
        rows.addStretch(1)
        self._steps = Scrolled(inside)
        self._body = QStackedWidget()
        self._body.addWidget(self._steps)
        self._body.addWidget(self._ask_area)
        sheet_column(self, kit, [self._head], self._body, [self._foot])
