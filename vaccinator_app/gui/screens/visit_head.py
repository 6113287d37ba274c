"""Whose sheet it is: the name whole, since this person was opened, and what else the eye checks first (SCREENS)."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from vaccinator_app.desk.visit_view import ID_WORDS
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Gender
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.text import Text

GENDER_WORDS: dict[Gender, str] = {
    Gender.WOMAN: "gender.woman",
    Gender.MAN: "gender.man",
    Gender.OTHER: "gender.other",
}


class VisitHead(QWidget):
    """Name and token; who they are; what they come for and when."""

    def __init__(self, kit: Kit, formulary: Formulary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulary = formulary
        self._name = Text(kit, size=Size.TITLE, strong=True, elide=True)
        self._name.setObjectName("person-name")
        self._token = Text(kit, size=Size.TITLE, tone="quiet")
        self._person = Text(kit, tone="quiet", elide=True)
        self._dose = Text(kit, strong=True)
        self._slot = Text(kit, tone="quiet")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * kit.theme.step)
        grid.setVerticalSpacing(0)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self._token, 0, 1)
        grid.addWidget(self._person, 1, 0, 1, 2)
        grid.addWidget(self._dose, 2, 0)
        grid.addWidget(self._slot, 2, 1, Qt.AlignmentFlag.AlignRight)
        self._lookups = Notice(kit)
        self._lookups.setObjectName("lookups")
        grid.addWidget(self._lookups, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def show_lookups(self, what: Message | None) -> None:
        """That whoever opened this sheet looked many people up (DESIGN 5.5); None for nothing."""
        self._lookups.say(what, "attention")

    def clear(self) -> None:
        """Nobody's: no name stays behind in a sheet that is shut."""
        for part in (self._name, self._token, self._person, self._dose, self._slot):
            part.say("")
        self._lookups.say(None)

    def show_person(self, appointment: Appointment, today: date) -> None:
        """Ages are counted on ``today``, from the year of birth alone."""
        who = appointment.beneficiary
        vaccine = self._formulary.get(appointment.vaccine)
        self._name.say(who.name)
        self._token.say(Message.of("queue.token", token=appointment.token))
        self._person.say(
            Message.of(
                "visit.person",
                gender=Message.of(GENDER_WORDS[who.gender]),
                age=Message.of("age.about", years=max(0, today.year - who.year_of_birth)),
                id=Message.of(ID_WORDS[who.photo_id]),
                last4=who.photo_id_last4,
            )
        )
        self._dose.say(
            Message.of(
                "visit.dose",
                vaccine=vaccine.name if vaccine is not None else appointment.vaccine,
                dose=appointment.dose,
            )
        )
        self._slot.say(Message.of("visit.slot", at=appointment.slot))
