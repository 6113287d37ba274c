"""Dealing with one exception: a reason and a note, or the person's own OTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.domain.closing_events import SettleReason
from vaccinator_app.domain.exception_words import SETTLE_REASONS
from vaccinator_app.domain.exceptions import Act, DayException
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.choices import Choices
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.foot_row import FootRow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.text import Text

_OTP = 6
_TITLES: dict[Act, str] = {Act.EXPLAIN: "settle.why_explain", Act.ESCALATE: "settle.why_escalate"}
CONFIRM_STATES: dict[str, tuple[str, str]] = {
    "sent": ("confirm.sent", "quiet"),
    "confirmed": ("confirm.confirmed", "confirmed"),
    "wrong": ("confirm.wrong", "stop"),
    "too_many": ("confirm.too_many", "stop"),
    "expired": ("confirm.expired", "stop"),
    "no_mobile": ("confirm.no_mobile", "attention"),
    "not_waiting": ("confirm.not_waiting", "attention"),
}
"""Words and tone for each of central's answers."""


class _Page(QWidget):
    """A title, one field, a notice, back and go on."""

    left = Signal()
    taken = Signal()

    def __init__(self, kit: Kit, field: Field, go: Message, name: str) -> None:
        super().__init__()
        self.title = Text(kit, size=Size.LEAD, strong=True, wrap=True)
        self.why = Text(kit, tone="quiet", wrap=True)
        self.field = field
        self.notice = Notice(kit)
        self.notice.setObjectName(f"{name}-notice")
        self.go = PrimaryButton(kit, go, key="Enter")
        self.go.setObjectName(f"{name}-go")
        field.editor.setObjectName(name)
        back = Button(kit, Message.of("choices.back"), key="Esc")
        back.setObjectName(f"{name}-back")
        back.clicked.connect(self.left)
        self.go.clicked.connect(self.taken)
        field.editor.returnPressed.connect(self.taken)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, kit.theme.step, 0, 0)
        self.column.setSpacing(kit.theme.step)
        for widget in (self.title, self.why, field, self.notice):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addWidget(FootRow(kit, [back], self.go))


class ReasonPage(Choices):
    """Why an exception may stand, or why it is handed on."""

    reasoned = Signal(object, object)
    """`Act` and `SettleReason`."""

    def ask_reason(self, act: Act, what: Message) -> None:
        """Ask for ``act``; ``what`` is the exception in words."""
        first = (SettleReason.DISTRICT_INFORMED,) if act is Act.ESCALATE else ()
        reasons = (*first, *(reason for reason in SETTLE_REASONS if reason not in first))
        options: list[tuple[Message, Callable[[], Any]]] = [
            (Message(SETTLE_REASONS[reason]), partial(self.reasoned.emit, act, reason)) for reason in reasons
        ]
        self.ask(Message(_TITLES[act]), options, what)


class NotePage(_Page):
    """A few words beside the reason."""

    settled = Signal(object)
    """The `Message` that says it was saved."""

    def __init__(self, kit: Kit, session: Session, latest: Callable[[DayException], DayException]) -> None:
        hint = Message.of("settle.note_hint")
        super().__init__(
            kit, Field(kit, Message.of("settle.note"), hint=hint), Message.of("settle.save"), "settle-note"
        )
        self._session = session
        self._latest = latest
        self._about: tuple[DayException, Act, SettleReason] | None = None
        self._busy = False
        self.taken.connect(self._save)

    def begin(self, one: DayException, act: Act, reason: SettleReason) -> None:
        """For this exception, with this reason."""
        self._about = (one, act, reason)
        self.field.editor.clear()
        self.field.set_error(None)
        self.notice.say(None)
        self.title.say(Message(_TITLES[act]))
        self.why.say(Message.of("settle.because", reason=Message(SETTLE_REASONS[reason])))
        self.field.editor.setFocus()

    def _save(self) -> None:
        if self._about is None or self._busy:
            return
        begun, act, reason = self._about
        one, note = self._latest(begun), self.field.text
        self._busy = True

        def work() -> object:
            from vaccinator_app.desk.settle import settle

            return settle(self._session.place, one, act, reason, note)

        self._session.record(work, self._saved, self._refused)

    def _saved(self, _: object) -> None:
        self._busy, self._about = False, None
        self.settled.emit(Message.of("settle.saved"))

    def _refused(self, why: Message) -> None:
        self._busy = False
        self.field.set_error(why)
        self.field.editor.setFocus()


class OtpPage(_Page):
    """Central sends the person an OTP; they read it out; central says whether it fits. Needs the network."""

    settled = Signal(object)
    """The `Message` that says it was saved."""

    def __init__(self, kit: Kit, session: Session) -> None:
        editor = QLineEdit()
        editor.setMaxLength(_OTP)
        editor.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        super().__init__(kit, Field(kit, Message.of("confirm.otp"), editor=editor), Message.of("confirm.check"), "otp")
        self._session = session
        self._one: DayException | None = None
        self._busy = False
        self._sent = False
        self.title.say(Message.of("confirm.title"))
        self._send = Button(kit, Message.of("confirm.send_again"), plain=True)
        self._send.setObjectName("otp-send")
        self._send.clicked.connect(self._ask)
        self.column.insertWidget(3, self._send, 0, Qt.AlignmentFlag.AlignLeft)
        self.taken.connect(self._go_on)

    def begin(self, one: DayException, whom: Message | str) -> None:
        """For this exception; nothing is sent until somebody says so."""
        self._one = one
        self._busy = False
        self.field.editor.clear()
        self.notice.say(None)
        self.why.say(Message.of("confirm.why", name=whom))
        self._show_sent(False)
        self.go.setFocus()

    def _show_sent(self, sent: bool) -> None:
        self._sent = sent
        self.field.setVisible(sent)
        self._send.setVisible(sent)
        self.go.say(Message.of("confirm.check") if sent else Message.of("confirm.send"))

    def _go_on(self) -> None:
        if self._sent:
            self._give()
        else:
            self._ask()

    def _ask(self) -> None:
        def work(one: DayException) -> str:
            from vaccinator_app.desk.confirm import ask_for_otp

            return ask_for_otp(self._session.place, self._session.connect, one.device, one.seq).value

        self._speak_to_central(work)

    def _give(self) -> None:
        typed = self.field.text

        def work(one: DayException) -> str:
            from vaccinator_app.desk.confirm import give_otp

            return give_otp(self._session.place, self._session.connect, one.device, one.seq, typed).value

        self._speak_to_central(work)

    def _speak_to_central(self, work: Callable[[DayException], str]) -> None:
        one = self._one
        if one is None or self._busy:
            return
        self._busy = True
        self.notice.say(Message.of("confirm.asking"), "quiet")
        self._session.read(lambda _: work(one), lambda state: self._heard(one, state), lambda why: self._fail(one, why))

    def _heard(self, one: DayException, state: str) -> None:
        if one is not self._one:
            return
        self._busy = False
        key, tone = CONFIRM_STATES[state]
        self.notice.say(Message(key), tone)
        if state == "confirmed":
            self._settle(one)
            return
        if state in ("sent", "wrong"):
            self._show_sent(True)
        elif state in ("expired", "too_many"):
            self._show_sent(False)
        self.field.editor.clear()
        (self.field.editor if self._sent else self.go).setFocus()

    def _fail(self, one: DayException, why: Message) -> None:
        if one is self._one:
            self._busy = False
            self.notice.say(why)
            (self.field.editor if self._sent else self.go).setFocus()

    def _settle(self, one: DayException) -> None:
        self._busy = True

        def work() -> object:
            from vaccinator_app.desk.settle import settle

            return settle(self._session.place, one, Act.CONFIRM_OTP, SettleReason.CHECKED_WITH_PERSON)

        def saved(_: object) -> None:
            self._busy, self._one = False, None
            self.settled.emit(Message.of("confirm.saved"))

        self._session.record(work, saved, lambda why: self._fail(one, why))
