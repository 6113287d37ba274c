"""The five steps of a visit, each with its sentence and, when it is due, what it is done with."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, VisitView
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.visit_parts import CodeControls, DrawControls, PreviousDate
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import Scrolled
from vaccinator_app.gui.widgets.step_row import StepRow

_STEPS: dict[Step, str] = {
    Step.IDENTITY: "step.identity",
    Step.ELIGIBLE: "step.eligible",
    Step.CODE: "step.code",
    Step.DOSE: "step.dose",
    Step.OBSERVATION: "step.observation",
}
_CODE_CLOSED = ("code.closed", "code.closed_in_charge")
_TONES = {"code.does_not_match": "stop", "visit.dosed_elsewhere": "attention"}


class VisitSteps(Scrolled):
    """Scrolls to the step that is due."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__(inside, parent)
        self._rows = {step: StepRow(kit, place, Message(key)) for place, (step, key) in enumerate(_STEPS.items(), 1)}
        controls = CodeControls(kit)
        self.code = controls.field
        self.previous = PreviousDate(kit)
        self.draw = DrawControls(kit)
        self._controls: dict[Step, QWidget] = {
            Step.CODE: controls,
            Step.ELIGIBLE: self.previous,
            Step.DOSE: self.draw,
        }
        for step, widget in self._controls.items():
            self._rows[step].set_controls(widget)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in self._rows.values():
            column.addWidget(row)
        column.addStretch(1)

    def begin(self) -> None:
        """For the next person: nothing of the last one stays in a field."""
        self.previous.clear()
        self.code.clear_code()

    def clear(self) -> None:
        """Nobody's steps: the first of them says how somebody's photo ID ends."""
        self.begin()
        for row in self._rows.values():
            row.show_state(StepState.LATER, "")

    def show_view(self, found: VisitView, desk: VisitDesk) -> None:
        """Where each step stands."""
        for step in found.steps:
            closed = step.state is StepState.STOPPED and step.words.key in _CODE_CLOSED
            tone = _TONES.get(step.words.key, "")
            self._rows[step.step].show_state("attention" if closed else step.state, step.words, tone=tone)
        for due, widget in self._controls.items():
            widget.setVisible(found.now is due)
        if found.now is Step.DOSE:
            self.draw.show_desk(desk)
        if found.now is not None:
            self.bring(self._rows[found.now])
