"""The questions a sheet may ask: why there is no dose, what of a record is not so, whose sheet this is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from vaccinator_app.desk.correct import Alternatives, Correction
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DeferReason, OverrideReason, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.screens.choices import Choices, Options
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
VOID: dict[VoidReason, str] = {
    VoidReason.WRONG_PERSON: "void.wrong_person",
    VoidReason.NEVER_CAME: "void.never_came",
    VoidReason.NOT_GIVEN: "void.not_given",
    VoidReason.RECORDED_TWICE: "void.recorded_twice",
    VoidReason.WRONG_VACCINE: "void.wrong_vaccine",
    VoidReason.WRONG_BATCH: "void.wrong_batch",
    VoidReason.WRONG_DOSE: "void.wrong_dose",
}
_OVERRIDE: dict[OverrideReason, str] = {
    OverrideReason.SMS_NOT_RECEIVED: "override.sms_not_received",
    OverrideReason.SLIP_LOST: "override.slip_lost",
    OverrideReason.CANNOT_READ: "override.cannot_read",
    OverrideReason.OTHER: "override.other",
}


class Questions(Choices):
    """An answer is an act of ``acts``; Esc, or *no*, is none."""

    def __init__(self, kit: Kit, acts: VisitActs, place: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(kit, parent)
        self._acts_of = acts
        self._place = place

    def ask_defer(self) -> None:
        """Why no dose is given today."""
        self.ask(
            Message.of("defer.title"),
            [(Message(key), partial(self._acts_of.defer, why)) for why, key in _DEFER.items()],
        )

    def ask_void(self) -> None:
        """Why the dose on record does not stand."""
        if self._may_undo():
            options = [(Message(key), self._void(why)) for why, key in VOID.items()]
            self.ask(Message.of("void.title"), options, Message.of("void.why"))

    def ask_correct(self) -> None:
        """What of the dose on record was different."""
        desk = self._acts_of.desk
        if desk is None or not self._may_undo():
            return
        found = desk.alternatives
        options: list[tuple[Message, Callable[[], object]]] = [
            (Message.of("correct.batch"), partial(self._ask_batch, found)),
            (Message.of("correct.vaccine"), partial(self._ask_vaccine, found)),
            (Message.of("correct.dose"), partial(self._ask_dose, found)),
            (Message.of("correct.person"), self._acts_of.void_wrong_person),
            (Message.of("void.not_given"), self._void(VoidReason.NOT_GIVEN)),
            (Message.of("void.never_came"), self._void(VoidReason.NEVER_CAME)),
        ]
        self.ask(Message.of("correct.title"), options, self._on_record(found))

    def ask_override(self) -> None:
        """Why the visit goes on without the code; whoever may not say so sees who may."""
        if self._place.may(Power.OVERRIDE):
            options = [(Message(key), partial(self._acts_of.grant_override, why)) for why, key in _OVERRIDE.items()]
            self.ask(Message.of("override.title"), options, Message.of("override.why"))
        else:
            self.ask(Message.of("ask.in_charge"), [], Message.of("override.ask"))

    def ask_other(self) -> None:
        """Whether the wrong person was opened."""
        options = [
            (Message.of("other.yes"), self._acts_of.not_this_person),
            (Message.of("other.no"), self.left.emit),
        ]
        self.ask(Message.of("other.title"), options, Message.of("other.why"))

    def _may_undo(self) -> bool:
        """Whether this person may; if not, the question says why in place of the answers."""
        desk = self._acts_of.desk
        refused = None if desk is None else desk.why_not_undo
        if refused is not None:
            self.ask(Message.of("ask.in_charge"), [], refused)
        return desk is not None and refused is None

    def _void(self, why: VoidReason) -> Callable[[], None]:
        return self._acts_of.void_wrong_person if why is VoidReason.WRONG_PERSON else partial(self._acts_of.void, why)

    def _ask_batch(self, found: Alternatives) -> None:
        options = [
            (
                Message.of("dose.batch_choice", batch=one.batch, expiry=one.expiry),
                partial(self._acts_of.correct, Correction(batch=one.batch)),
            )
            for one in found.batches
        ]
        self._ask_which(Message.of("correct.which_batch"), options, found)

    def _ask_vaccine(self, found: Alternatives) -> None:
        options = [
            (
                Message.of("correct.other", vaccine=self._name(one.vaccine), batch=one.batch, expiry=one.expiry),
                partial(self._acts_of.correct, Correction(vaccine=one.vaccine, batch=one.batch)),
            )
            for one in found.others
        ]
        self._ask_which(Message.of("correct.which_vaccine"), options, found)

    def _ask_dose(self, found: Alternatives) -> None:
        options = [
            (Message.of("queue.dose", dose=number), partial(self._acts_of.correct, Correction(dose=number)))
            for number in found.doses
        ]
        self._ask_which(Message.of("correct.which_dose"), options, found)

    def _ask_which(self, title: Message, options: Options, found: Alternatives) -> None:
        self.ask(title, options, self._on_record(found) if options else Message.of("correct.no_other"))

    def _on_record(self, found: Alternatives) -> Message:
        given = found.given
        return Message.of(
            "correct.on_record",
            vaccine=self._name(given.vaccine),
            dose=given.dose,
            batch=given.batch,
            at=given.given_at,
        )

    def _name(self, vaccine: str) -> str:
        found = self._place.formulary.get(vaccine)
        return vaccine if found is None else found.name
