"""The second step of a close: everything that the signature will stand under, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.closing_events import CountedBatch
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.exception_words import COUNTED
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.gui.models.day_figures import PEOPLE, Doses, doses_of
from vaccinator_app.gui.models.day_table import WORDS
from vaccinator_app.gui.screens.reconcile_numbers import variance
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

if TYPE_CHECKING:
    from vaccinator_app.desk.closing import ClosePlan
    from vaccinator_app.desk.reconcile import Overview

_PARTS: dict[str, str] = {
    "people": "close.of_people",
    "doses": "close.of_doses",
    "counted": "close.of_counted",
    "exceptions": "close.of_exceptions",
    "records": "close.of_records",
    "unknown": "close.of_unknown",
}


class SignSummary(QWidget):
    """Each part with its name, one sentence or a few."""

    def __init__(self, kit: Kit, formulary: Formulary) -> None:
        super().__init__()
        self._formulary = formulary
        self._names = {part: Text(kit, Message(key), tone="quiet", wrap=True) for part, key in _PARTS.items()}
        self._said = {part: Text(kit, wrap=True) for part in _PARTS}
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * kit.theme.step)
        grid.setVerticalSpacing(kit.theme.step)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 3)
        for row, part in enumerate(_PARTS):
            self._said[part].setObjectName(f"sign-{part}")
            grid.addWidget(self._names[part], row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._said[part], row, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step)
        column.addWidget(Text(kit, Message.of("close.you_sign"), size=Size.LEAD, strong=True, wrap=True))
        column.addLayout(grid)
        column.addStretch(1)

    def show_plan(self, plan: ClosePlan, overview: Overview) -> None:
        """What ``plan`` would sign."""
        body = plan.body
        doses = doses_of(body.tally.stock)
        differing = [self._differs(one) for one in body.counted if one.counted != one.computed]
        machines = {machine.device: machine.name for machine in overview.book.machines}
        heads = [
            Message.of("close.head", name=machines.get(head.device, head.device), n=head.seq) for head in body.heads
        ]
        self._said["people"].say(_people(body.tally))
        self._tell("doses", [_sum(doses), variance(doses)], loud=not doses.agrees)
        counted = [Message.of("close.batches_counted", n=len(body.counted))]
        self._tell("counted", [*counted, *(differing or [Message.of("close.all_as_recorded")])], loud=bool(differing))
        count = plan.open_exceptions
        left = Message.of("close.left_open", n=count) if count else Message.of("close.none_open")
        self._tell("exceptions", [left], loud=count > 0)
        self._tell("records", [Message.of("close.heads", heads=heads)])
        self._tell("unknown", list(plan.warnings), loud=True)
        for text in (self._names["unknown"], self._said["unknown"]):
            text.setVisible(bool(plan.warnings))

    def _tell(self, part: str, sentences: Sequence[Message], *, loud: bool = False) -> None:
        self._said[part].say(_lines(sentences))
        self._said[part].set_tone("attention" if loud else "text")

    def _differs(self, one: CountedBatch) -> Message:
        found = self._formulary.get(one.vaccine)
        return Message.of(
            "close.differs",
            batch=one.batch,
            vaccine=one.vaccine if found is None else found.name,
            counted=one.counted,
            computed=one.computed,
            reason=Message(COUNTED[one.reason]),
        )


def _people(tally: DayTally) -> Message:
    counts = [Message.of("reconcile.count", what=Message(WORDS[name]), n=getattr(tally.total, name)) for name in PEOPLE]
    return Message.of("close.people", counts=counts)


def _sum(doses: Doses) -> Message:
    return Message.of("close.doses", vials=doses.from_vials, given=doses.given, wasted=doses.wasted, left=doses.left)


def _lines(sentences: Sequence[Message]) -> Message | str:
    """One sentence under the other."""
    if not sentences:
        return ""
    whole = sentences[0]
    for sentence in sentences[1:]:
        whole = Message.of("close.lines", one=whole, other=sentence)
    return whole
