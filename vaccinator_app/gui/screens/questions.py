"""The questions a sheet may ask: why there is no dose, why a record does not stand, whose sheet this is."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from vaccinator_app.domain.events import DeferReason, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.choices import Choices
from vaccinator_app.gui.screens.visit_acts import VisitActs
from vaccinator_app.gui.widgets.kit import Kit

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


class Questions(Choices):
    """An answer is an act of ``acts``; Esc, or *no*, is none."""

    def __init__(self, kit: Kit, acts: VisitActs, parent: QWidget | None = None) -> None:
        super().__init__(kit, parent)
        self._acts_of = acts

    def ask_defer(self) -> None:
        """Why no dose is given today."""
        self.ask(
            Message.of("defer.title"),
            [(Message(key), partial(self._acts_of.defer, why)) for why, key in _DEFER.items()],
        )

    def ask_void(self) -> None:
        """Why the dose on record does not stand."""
        options = [(Message(key), partial(self._acts_of.void, why)) for why, key in _VOID.items()]
        self.ask(Message.of("void.title"), options, Message.of("void.why"))

    def ask_other(self) -> None:
        """Whether the wrong person was opened."""
        options = [
            (Message.of("other.yes"), self._acts_of.not_this_person),
            (Message.of("other.no"), self.left.emit),
        ]
        self.ask(Message.of("other.title"), options, Message.of("other.why"))
