"""The foot of a visit's sheet, where the eye ends: what could not be done, the one button that goes on, the others."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.desk.told import Told
from vaccinator_app.desk.visit_view import Step, StepState, VisitView
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.screens.help import SWITCH
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice


class Go(Enum):
    """What the one button does at this point of the visit."""

    IDENTITY = auto()
    DATE = auto()
    CODE = auto()
    DOSE = auto()
    DEFER = auto()
    BACK = auto()


_WORDS: dict[Go, str] = {
    Go.IDENTITY: "go.identity",
    Go.DATE: "go.date",
    Go.CODE: "go.code",
    Go.DOSE: "go.dose",
    Go.DEFER: "go.defer",
    Go.BACK: "go.back",
}
_AT: dict[Step, Go] = {Step.IDENTITY: Go.IDENTITY, Step.ELIGIBLE: Go.DATE, Step.CODE: Go.CODE, Step.DOSE: Go.DOSE}
_DEFERRABLE = (Step.ELIGIBLE, Step.DOSE)
_GOES_ON = Message("visit.vaccinator_goes_on", {"key": SWITCH})
_TONES = {"record.confirmed": "confirmed", "record.awaits_otp": "attention"}


class Foot(QWidget):
    """``go`` says what the primary button stands for now. What whoever is signed in at ``place`` may not do, is not
    there; where it would be, a sentence says who goes on."""

    def __init__(self, kit: Kit, place: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.go = Go.BACK
        self._vaccinates = place.may(Power.VACCINATE)
        in_charge = place.may(Power.OVERRIDE)
        self._stopped = Notice(kit)
        self._record = Notice(kit)
        self._told = Notice(kit)
        self._told.setObjectName("visit-told")
        self.notice = Notice(kit)
        self.notice.setObjectName("visit-notice")
        self.primary = PrimaryButton(kit, Message.of("go.back"), key="Enter")
        self.primary.setObjectName("primary")
        self.defer = Button(kit, Message.of("go.defer"), plain=True)
        self.defer.setObjectName("defer")
        self.other = Button(kit, Message.of("go.other"), plain=True)
        self.other.setObjectName("not-this-person")
        self.override = Button(kit, Message.of("go.override" if in_charge else "go.no_code"), plain=True)
        self.override.setObjectName("override")
        self.correct = Button(kit, Message.of("go.correct"), plain=True)
        self.correct.setObjectName("correct")
        self.void = Button(kit, Message.of("go.void"), plain=True)
        self.void.setObjectName("void")
        self.aefi = Button(kit, Message.of("go.aefi"), plain=True)
        self.aefi.setObjectName("report-aefi")
        seconds = QHBoxLayout()
        # their words, not their boxes, stand at the column's edge
        seconds.setContentsMargins(-kit.theme.step - 1, 0, 0, 0)
        seconds.setSpacing(kit.theme.step)
        for button in (self.defer, self.other, self.override, self.correct, self.void, self.aefi):
            seconds.addWidget(button)
            # all of them at once, before anybody is opened, would ask for more room than the sheet has
            button.setVisible(False)
        seconds.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step)
        for widget in (self._stopped, self._record, self._told, self.notice, self.primary):
            column.addWidget(widget)
        column.addLayout(seconds)

    def show_view(self, found: VisitView, *, finished: bool) -> None:
        """The button and the sentences for where the visit stands."""
        self.go = _next(found, finished=finished)
        self.primary.say(Message(_WORDS[self.go]))
        goes_on = found.stopped is None and not finished and not self._vaccinates
        if goes_on and self.go is not Go.IDENTITY:
            self._stopped.say(_GOES_ON, "attention", icon="staff")
        else:
            self._stopped.say(found.stopped)
        if found.held:
            self._record.say(Message.of("record.held", why=list(found.held)), "attention")
        elif found.record is not None:
            self._record.say(found.record, _TONES.get(found.record.key, "text"))
        else:
            self._record.say(None)
        say_told(self._told, None if found.held else found.told)
        self.defer.setVisible(not finished and self.go is not Go.DEFER)
        self.other.setVisible(not finished)
        code = next(line.state for line in found.steps if line.step is Step.CODE)
        closed = found.stopped is None and code in (StepState.NOW, StepState.STOPPED)
        self.override.setVisible(not finished and closed and self._vaccinates)
        for button in (self.correct, self.void):
            # they are about doses, of which whoever gives none has none to take back
            button.setVisible(finished and self._vaccinates)
        self.aefi.setVisible(finished)


def say_told(notice: Notice, what: Told | None) -> None:
    """What became of the certificate and the SMS."""
    if what is None:
        notice.say(None)
    elif what.needs_someone:
        notice.say(what.words, "attention")
    elif what.done:
        notice.say(what.words, "confirmed")
    else:
        notice.say(what.words, "text", icon="observing")


def _next(found: VisitView, *, finished: bool) -> Go:
    if finished or found.stopped is not None:
        return Go.BACK
    if found.now is not None:
        return _AT.get(found.now, Go.BACK)
    stopped = next((s.step for s in found.steps if s.state is StepState.STOPPED), None)
    return Go.DEFER if stopped in _DEFERRABLE else Go.BACK
