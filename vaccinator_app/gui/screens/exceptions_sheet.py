"""One exception: what is the matter, what led here, and what may be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.domain.closing_events import SettleReason
from vaccinator_app.domain.exception_words import settled_words
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_reader import Seen
from vaccinator_app.gui.models.exceptions import look_of, whom
from vaccinator_app.gui.screens.exceptions_settle import NotePage, OtpPage, ReasonPage
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.chip import Chip, Look
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.foot_row import FootRow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text
from vaccinator_app.gui.widgets.timeline import Timeline
from vaccinator_app.reports.from_daybook import KINDS

WORDS: dict[Act, str] = {
    Act.OPEN: "act.open",
    Act.VOID: "act.void",
    Act.CORRECT: "act.correct",
    Act.CONFIRM_OTP: "act.confirm_otp",
    Act.END_OBSERVATION: "act.end_observation",
    Act.COUNT: "act.count",
    Act.SYNC: "act.sync",
    Act.AMEND: "act.amend",
    Act.EXPLAIN: "act.explain",
    Act.ESCALATE: "act.escalate",
}
_AT_THE_SHEET = (Act.OPEN, Act.CORRECT, Act.VOID)
_MOST = 5


class _What(QWidget):
    """Everything about it that is to be read."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.chip = Chip(kit, Look("needs-attention", "attention", KINDS[ExceptionKind.HELD]))
        self.whom = Text(kit, size=Size.TITLE, strong=True, elide=True)
        self.words = Text(kit, size=Size.LEAD, wrap=True)
        self.words.setObjectName("exception-words")
        self.record = Text(kit, tone="quiet", wrap=True)
        self.settled = Notice(kit)
        self.settled.setObjectName("exception-settled")
        self.steps = Timeline(kit)
        self.steps.setObjectName("exception-history")
        self._head = Text(kit, Message.of("exceptions.history"), strong=True)
        step = kit.theme.step
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        column.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.whom, self.words, self.record, self.settled):
            column.addWidget(widget)
        column.addSpacing(step)
        column.addWidget(self._head)
        column.addWidget(self.steps)
        column.addStretch(1)

    def show_one(self, one: DayException, seen: Seen) -> None:
        book = seen.overview.book
        self.chip.show_look(look_of(one))
        name = whom(one, seen.people)
        self.whom.say(name)
        self.whom.setVisible(name != "")
        self.words.say(one.words)
        machine = next((m.name for m in book.machines if m.device == one.device), one.device)
        if one.seq and one.at is not None:
            staff = book.names.get(one.staff, one.staff)
            self.record.say(Message.of("exceptions.recorded", name=staff, at=one.at, machine=machine))
        else:
            self.record.say("")
        self.record.setVisible(bool(one.seq and one.at is not None))
        self.settled.say(_settled(one, seen), "quiet")
        self._head.setVisible(bool(one.history))
        self.steps.show_steps(one.history, book.names, book.day)


def _settled(one: DayException, seen: Seen) -> Message | None:
    if one.settled is None:
        return None
    names = seen.overview.book.names
    said = Message.of(
        "exception.settled_by",
        words=settled_words(one.settled.how, one.settled.reason),
        name=names.get(one.settled.staff, one.settled.staff),
        at=one.settled.at,
    )
    return Message.of("exceptions.with_note", said=said, note=one.settled.note) if one.settled.note else said


class ExceptionSheet(QFrame):
    """A question that is being answered stays, whatever a refresh brings."""

    acted = Signal(object, object)
    """An `Act` that leads elsewhere, and the `DayException`."""
    settled = Signal(object)
    """The `Message` that says it was saved."""
    left = Signal()
    """Back to the list."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self.setProperty("part", "sheet")
        self.setObjectName("exception")
        self._kit = kit
        self._session = session
        self._one: DayException | None = None
        self._acts: tuple[Act, ...] = ()
        self._seen: Seen | None = None
        self._what = _What(kit)
        self.notice = Notice(kit)
        self.notice.setObjectName("exceptions-notice")
        self.primary = PrimaryButton(kit, Message(WORDS[Act.OPEN]), key="Enter")
        self.primary.setObjectName("exception-act")
        self._others = [Button(kit, Message(WORDS[Act.OPEN])) for _ in range(_MOST)]
        self._reasons = ReasonPage(kit)
        self._note = NotePage(kit, session, self._latest)
        self._otp = OtpPage(kit, session)
        self._pages = Stack()
        self._lay_out()
        self._wire()

    @property
    def one(self) -> DayException | None:
        """What is shown."""
        return self._one

    @property
    def answering(self) -> bool:
        """A question stands open."""
        return self._pages.currentWidget() is not self._about

    def show_one(self, one: DayException | None, seen: Seen | None) -> None:
        """Show ``one``; None for nothing. While a question about another stands open, that one stays."""
        self._seen = seen
        if self.answering and (one is None or self._one is None or one.key != self._one.key):
            return
        self._one = one
        self._none.setVisible(one is None)
        self._what.setVisible(one is not None)
        self._acts = () if one is None or seen is None else self._fitting(one, seen)
        if one is not None and seen is not None:
            self._what.show_one(one, seen)
        self.primary.setVisible(bool(self._acts))
        if self._acts:
            self.primary.say(self._word(self._acts[0]))
        for at, button in enumerate(self._others, 1):
            button.setVisible(at < len(self._acts))
            if at < len(self._acts):
                button.say(self._word(self._acts[at]))

    def take(self) -> None:
        """What Enter does: the act that fits best."""
        self._do(0)

    def take_focus(self) -> None:
        """To the question that stands open."""
        page = self._pages.currentWidget()
        if page is self._reason_page:
            self._reasons.take_focus()
        elif page is self._note:
            self._note.field.editor.setFocus()
        elif page is self._otp:
            (self._otp.field.editor if self._otp.field.isVisible() else self._otp.go).setFocus()

    def back(self) -> bool:
        """One step back, if a question stands open."""
        page = self._pages.currentWidget()
        if page is self._about:
            return False
        self._pages.setCurrentWidget(self._reason_page if page is self._note else self._about)
        if self.answering:
            self._reasons.take_focus()
        else:
            self.left.emit()
        return True

    def _fitting(self, one: DayException, seen: Seen) -> tuple[Act, ...]:
        """The acts shown: correcting and taking back are done at the person's sheet, where this desk has the person."""
        here = one.appointment is not None and one.appointment in seen.people
        found: list[Act] = []
        for act in one.acts:
            if act in _AT_THE_SHEET:
                if here and not any(other in _AT_THE_SHEET for other in found):
                    found.append(Act.CORRECT if Act.CORRECT in one.acts else act)
            else:
                found.append(act)
        return tuple(found[: _MOST + 1])

    def _latest(self, one: DayException) -> DayException:
        """As it stands now: somebody may have settled it while a note was typed."""
        found = () if self._seen is None else self._seen.overview.exceptions
        return next((other for other in found if other.key == one.key), one)

    def _word(self, act: Act) -> Message:
        return Message(WORDS[act])

    def _do(self, place: int) -> None:
        one = self._one
        if one is None or self.answering or place >= len(self._acts):
            return
        act = self._acts[place]
        self.notice.say(None)
        if act in (Act.EXPLAIN, Act.ESCALATE):
            self._pages.setCurrentWidget(self._reason_page)
            self._reasons.ask_reason(act, one.words)
        elif act is Act.CONFIRM_OTP:
            self._pages.setCurrentWidget(self._otp)
            self._otp.begin(one, "" if self._seen is None else whom(one, self._seen.people))
        else:
            self.acted.emit(act, one)

    def _reasoned(self, act: Act, reason: SettleReason) -> None:
        if self._one is not None:
            self._pages.setCurrentWidget(self._note)
            self._note.begin(self._one, act, reason)

    def _saved(self, what: Message) -> None:
        self._pages.setCurrentWidget(self._about)
        self.notice.say(what, "text")
        self.settled.emit(what)

    def _wire(self) -> None:
        self.primary.clicked.connect(self.take)
        for at, button in enumerate(self._others, 1):
            button.setObjectName(f"exception-act-{at + 1}")
            button.clicked.connect(lambda _=False, at=at: self._do(at))
        self._reasons.left.connect(self.back)
        self._reasons.reasoned.connect(self._reasoned)
        for page in (self._note, self._otp):
            page.left.connect(self.back)
            page.settled.connect(self._saved)

    def _lay_out(self) -> None:
        step = self._kit.theme.step
        self._about = QWidget()
        foot = FootRow(self._kit, self._others, self.primary, apart=True)
        self._none = EmptyState(self._kit, "exceptions", Message.of("exceptions.choose"))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._what, 1)
        column.addWidget(self._none, 1)
        sheet_column(self._about, self._kit, [], Scrolled(inside), [self.notice, foot])
        self._reason_page = QWidget()
        sheet_column(self._reason_page, self._kit, [], Scrolled(self._reasons), [])
        for part in (self._about, self._reason_page, self._note, self._otp):
            self._pages.addWidget(part)
        for part in (self._note, self._otp):
            part.setContentsMargins(3 * step, step, 3 * step, 2 * step)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)
