"""One colleague: what they may do, how it stands with their key, and what the in-charge may do about it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from vaccinator_app.desk.staff import ENDS_SOON, Colleague, StaffAct
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.gui.models.colleagues import colleague_look
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.chip import VISIT_LOOKS, Chip
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.text import Text

MAY: dict[Role, str] = {
    Role.VERIFIER: "staff.may_verifier",
    Role.VACCINATOR: "staff.may_vaccinator",
    Role.IN_CHARGE: "staff.may_in_charge",
}
"""What each role may do, in a sentence."""

_GONE: dict[RemovalReason, str] = {
    RemovalReason.LEFT: "staff.gone_left",
    RemovalReason.LENT: "staff.gone_lent",
    RemovalReason.RESET: "staff.gone_reset",
    RemovalReason.CENTRAL: "staff.gone_central",
}
_FACTS = ("staff.fact_passphrase", "staff.fact_certificate", "staff.fact_last")
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}


class Act(Enum):
    """What may be done on this screen, by the words of its button."""

    ADD = "staff.add"
    RENEW = "staff.renew"
    RESET = "staff.reset"
    DISABLE = "staff.disable"


_KEYS = {Act.ADD: "Insert", Act.DISABLE: "Delete"}
_OF: dict[Act, StaffAct] = {
    Act.RENEW: StaffAct.RENEW,
    Act.RESET: StaffAct.RESET,
    Act.DISABLE: StaffAct.DISABLE,
}
_HIDDEN: dict[Act, tuple[str, ...]] = {
    Act.RENEW: ("staff.removed_already", "staff.central_certifies"),
    Act.RESET: ("staff.removed_already",),
    Act.DISABLE: ("staff.removed_already",),
}
"""Refusals that need no sentence when somebody asks: the sheet says so already."""


class ColleagueSheet(QFrame):
    """Enter does what the button at the foot says; the others are reached with Right or Tab."""

    asked = Signal(object)
    """An `Act` on the colleague shown."""
    left = Signal()
    """Back to the list."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self._kit = kit
        self._session = session
        self._primary = Act.ADD
        self.setProperty("part", "sheet")
        self.setObjectName("colleague")
        self._name = Text(kit, size=Size.TITLE, strong=True, elide=True)
        self._name.setObjectName("colleague-name")
        self._chip = Chip(kit, VISIT_LOOKS["expected"])
        self._may = Text(kit, tone="quiet", wrap=True)
        self._facts = {key: Text(kit, wrap=True) for key in _FACTS}
        for key, text in self._facts.items():
            text.setObjectName(f"colleague-{key.rsplit('_', 1)[-1]}")
        self._ends = Notice(kit)
        self._ends.setObjectName("colleague-ends")
        self._alone = Notice(kit)
        self.saved = Notice(kit)
        self.saved.setObjectName("staff-saved")
        self.notice = Notice(kit)
        self.notice.setObjectName("staff-notice")
        self.primary = PrimaryButton(kit, Message(Act.ADD.value), key="Enter")
        self.primary.setObjectName("staff-primary")
        self.primary.clicked.connect(self.take)
        self._buttons = {act: self._button(act) for act in Act}
        self._lay_out()

    def show_one(self, one: Colleague | None, *, alone: bool) -> None:
        """The colleague that is chosen. ``alone``: nobody else has a passphrase on this machine."""
        now = self._session.place.now()
        self._body.setVisible(one is not None)
        self._chip.setVisible(one is not None)
        self._alone.say(Message("staff.alone") if alone else None, "attention", icon="staff")
        acts = {act for act in Act if act is Act.ADD or (one is not None and self._offered(one, act))}
        due = one is not None and one.certified_until <= now + ENDS_SOON
        self._primary = Act.RENEW if due and Act.RENEW in acts else Act.ADD
        self.primary.say(Message(self._primary.value))
        for act, button in self._buttons.items():
            button.setVisible(act in acts and act is not self._primary)
        back = one is not None and one.removed_at is not None
        self._buttons[Act.RESET].say(Message("staff.back_again" if back else Act.RESET.value))
        if one is None:
            self._name.say(Message("staff.choose"))
            return
        self._name.say(one.name)
        self._chip.show_look(colleague_look(one, now))
        self._may.say(Message(MAY[one.role]))
        self._say_facts(one)
        self._ends.say(_ends(one, now), "attention")

    def show_working(self, working: bool) -> None:
        """Keys are being changed: nothing else can be asked meanwhile."""
        for button in (self.primary, *self._buttons.values()):
            button.setEnabled(not working)
        self.notice.say(Message("staff.working") if working else None, "text", icon="observing")

    def take(self) -> None:
        """What Enter does."""
        if self.primary.isEnabled():
            self.asked.emit(self._primary)

    def take_focus(self) -> None:
        """To the first of the buttons."""
        self.primary.setFocus()

    def offers(self, act: Act) -> bool:
        """Whether this can be asked about whoever is chosen."""
        return act is self._primary or self._buttons[act].isVisibleTo(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        buttons = [button for button in (self.primary, *self._buttons.values()) if button.isVisible()]
        here = next((i for i, button in enumerate(buttons) if button.hasFocus()), None)
        if step is None or here is None:
            super().keyPressEvent(event)
        elif here + step < 0:
            self.left.emit()
        else:
            buttons[min(here + step, len(buttons) - 1)].setFocus()

    def _offered(self, one: Colleague, act: Act) -> bool:
        refused = self._session.staff.why_not(one.staff, _OF[act])
        return refused is None or refused.key not in _HIDDEN[act]

    def _say_facts(self, one: Colleague) -> None:
        gone = one.removed_at is not None and one.reason is not None
        if gone and one.reason is not None:
            where = Message.of(_GONE[one.reason], at=one.removed_at)
        else:
            where = Message("staff.here" if one.here else "staff.elsewhere")
        until = Message.of("staff.until_central" if one.by_central else "staff.until", on=one.certified_until)
        last = Message.of("staff.last_here", at=one.last_here) if one.last_here else Message("staff.never_here")
        said = (where, Message("staff.was_until") if gone else until, last)
        for text, what in zip(self._facts.values(), said, strict=True):
            text.say(what)

    def _button(self, act: Act) -> Button:
        button = Button(self._kit, Message(act.value), plain=True, key=_KEYS.get(act, ""))
        button.setObjectName(f"staff-{act.name.lower()}")
        button.clicked.connect(lambda: self.asked.emit(act))
        return button

    def _lay_out(self) -> None:
        kit, step = self._kit, self._kit.theme.step
        head, self._body, foot = QWidget(), QWidget(), QWidget()
        top = QGridLayout(head)
        top.setContentsMargins(0, 0, 0, 0)
        top.setColumnStretch(0, 1)
        top.addWidget(self._name, 0, 0)
        top.addWidget(self._chip, 0, 1, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * step)
        column.addWidget(self._may)
        facts = QGridLayout()
        facts.setHorizontalSpacing(3 * step)
        facts.setVerticalSpacing(step // 2)
        facts.setColumnStretch(1, 1)
        for row, (key, text) in enumerate(self._facts.items()):
            facts.addWidget(Text(kit, Message(key), tone="quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(text, row, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(facts)
        column.addWidget(self._ends)
        inside = QWidget()
        both = QVBoxLayout(inside)
        both.setContentsMargins(0, 0, 0, 0)
        both.addWidget(self._body)
        both.addStretch(1)
        below = QVBoxLayout(foot)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(step)
        for widget in (self.saved, self._alone, self.notice, self.primary, Flow(kit, list(self._buttons.values()))):
            below.addWidget(widget)
        sheet_column(self, kit, [head], Scrolled(inside), [foot])


def _ends(one: Colleague, now: datetime) -> Message | None:
    """What is to be said of a certificate that runs out."""
    if one.removed_at is not None or one.certified_until > now + ENDS_SOON:
        return None
    if one.by_central:
        return Message.of("staff.ends_central", name=one.name, on=one.certified_until)
    key = "staff.over" if one.certified_until <= now else "staff.ends"
    return Message.of(key, name=one.name, on=one.certified_until)
