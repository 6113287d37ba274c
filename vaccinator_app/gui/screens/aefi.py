"""The report of an adverse event: WHO's minimum data set, filled in from the top down by keys (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.aefi import AefiForm, onset_of
from vaccinator_app.desk.gone import kept as gone_sheet
from vaccinator_app.desk.half_typed import Form as Kept
from vaccinator_app.desk.half_typed import HalfTyped
from vaccinator_app.domain.aefi import AefiOutcome, AefiSign, Seriousness
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import masked_name
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.choice import Choice, Labelled
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.form import Form
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.text import Text
from vaccinator_app.gui.widgets.text_box import TextBox
from vaccinator_app.gui.widgets.ticks import Tick, Ticks

_SIGNS: dict[AefiSign, str] = {
    AefiSign.SEVERE_LOCAL_REACTION: "sign.severe_local_reaction",
    AefiSign.FEVER: "sign.fever",
    AefiSign.FAINTING: "sign.fainting",
    AefiSign.ANAPHYLAXIS: "sign.anaphylaxis",
    AefiSign.SEIZURES: "sign.seizures",
    AefiSign.ABSCESS: "sign.abscess",
    AefiSign.SEPSIS: "sign.sepsis",
    AefiSign.ENCEPHALOPATHY: "sign.encephalopathy",
    AefiSign.TOXIC_SHOCK: "sign.toxic_shock",
    AefiSign.THROMBOCYTOPENIA: "sign.thrombocytopenia",
    AefiSign.OTHER: "sign.other",
}
_SERIOUS: dict[Seriousness | None, str] = {
    None: "aefi.choose",
    Seriousness.NOT_SERIOUS: "serious.not_serious",
    Seriousness.HOSPITALISATION: "serious.hospitalisation",
    Seriousness.LIFE_THREATENING: "serious.life_threatening",
    Seriousness.DEATH: "serious.death",
    Seriousness.DISABILITY: "serious.disability",
    Seriousness.CONGENITAL_ANOMALY: "serious.congenital_anomaly",
    Seriousness.OTHER_IMPORTANT: "serious.other_important",
}
"""Nothing is chosen to begin with: whether it is serious is never a default."""
_OUTCOMES: dict[AefiOutcome, str] = {
    AefiOutcome.UNKNOWN: "outcome.unknown",
    AefiOutcome.RECOVERED: "outcome.recovered",
    AefiOutcome.RECOVERING: "outcome.recovering",
    AefiOutcome.NOT_RECOVERED: "outcome.not_recovered",
    AefiOutcome.RECOVERED_WITH_SEQUELAE: "outcome.recovered_with_sequelae",
    AefiOutcome.DIED: "outcome.died",
}
_TELLS: dict[str, tuple[str, int]] = {
    "story": ("aefi.story", 3),
    "history": ("aefi.history", 2),
    "contact": ("aefi.contact", 2),
}
"""Free text by the field of the form: its name, and how many lines are seen."""
_MOST_TIME = 20


class AefiPanel(Form):
    """What was filled in stays until it is saved, or another person is reported on."""

    filled = Signal(object)
    """The `AefiForm`."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__(kit, "aefi", Message.of("aefi.title"), Message.of("aefi.save"))
        self._session = session
        self.appointment: str | None = None
        self._signs: Ticks[AefiSign] = Ticks(
            kit, Message.of("aefi.signs"), [(sign, Message(key)) for sign, key in _SIGNS.items()]
        )
        editor = QLineEdit()
        editor.setObjectName("aefi-onset")
        editor.setMaxLength(_MOST_TIME)
        self._onset = Field(kit, Message.of("aefi.onset_label"), editor=editor, hint=Message.of("aefi.onset_hint"))
        self._serious: Choice[Seriousness | None] = Choice(
            kit, Message.of("aefi.serious"), [(value, Message(key)) for value, key in _SERIOUS.items()]
        )
        self._serious.setObjectName("aefi-serious")
        self._not_said = Notice(kit)
        self._outcome: Choice[AefiOutcome] = Choice(
            kit, Message.of("aefi.outcome"), [(value, Message(key)) for value, key in _OUTCOMES.items()]
        )
        self._outcome.setObjectName("aefi-outcome")
        self._told = {name: TextBox(kit, Message(key), lines=lines) for name, (key, lines) in _TELLS.items()}
        for name, box in self._told.items():
            box.editor.setObjectName(f"aefi-{name}")
        self._referred = Tick(kit, Message.of("aefi.referred"))
        self._referred.setObjectName("aefi-referred")
        self._arrange()
        self.say_at(("aefi.no_sign",), self._signs.set_error, self._signs.first)
        self.say_at(("aefi.onset",), self._onset.set_error, self._onset.editor)
        self.say_at(("aefi.serious_or_not",), self._not_said.say, self._serious)
        self._serious.currentIndexChanged.connect(lambda: self._not_said.say(None))
        self.go.clicked.connect(self._fill)

    def begin(self, appointment: str) -> Message | None:
        """Show the form for this person; or the sentence why there is nothing to report."""
        place = self._session.place
        found, visit = place.vault.roster.appointment(appointment), place.vault.roster.visit(appointment)
        gone = gone_sheet(place, appointment)
        if visit.dose_at is None or (found is None and gone is None):
            return Message.of("aefi.not_vaccinated")
        if appointment != self.appointment:
            self.clear()
        self.appointment = appointment
        if found is None:
            assert gone is not None
            named = {"appointment": appointment, "vaccine": gone.vaccine, "dose": gone.dose, "at": visit.dose_at}
            self.about.say(Message("aefi.reference", named))
        else:
            vaccine = place.formulary.get(found.vaccine)
            self.about.say(
                Message.of(
                    "aefi.person",
                    token=found.token,
                    name=masked_name(found.beneficiary.name),
                    vaccine=found.vaccine if vaccine is None else vaccine.name,
                    dose=found.dose,
                    at=visit.dose_at,
                )
            )
        # whoever has gone home can no longer be sent from here
        self._referred.setVisible(visit.state is VisitState.OBSERVING)
        return None

    def clear(self) -> None:
        """Nobody is reported on."""
        self.appointment = None
        self.clear_problems()
        self._signs.clear()
        self._onset.editor.clear()
        self._serious.choose(None)
        self._outcome.choose(AefiOutcome.UNKNOWN)
        for box in self._told.values():
            box.editor.clear()
        self._referred.setChecked(False)

    def half_typed(self) -> HalfTyped | None:
        """What stands here and was not saved; None when nothing does."""
        fields = {
            "signs": " ".join(self._signs.value),
            "onset": self._onset.text,
            "serious": self._serious.value or "",
            "referred": "yes" if self._referred.isChecked() else "",
            **{name: box.text for name, box in self._told.items()},
        }
        if self.appointment is None or not any(fields.values()):
            return None
        fields["outcome"] = self._outcome.value
        return HalfTyped(form=Kept.AEFI, appointment=self.appointment, fields=fields, front=self.isVisible())

    def give_back(self, half: HalfTyped) -> bool:
        """What stood here when the desk locked. False when nothing can be reported of that person any more."""
        if self.begin(half.appointment) is not None:
            return False
        fields = half.fields
        self._signs.tick([AefiSign(sign) for sign in fields["signs"].split()])
        self._onset.editor.setText(fields["onset"])
        self._serious.choose(Seriousness(fields["serious"]) if fields["serious"] else None)
        self._outcome.choose(AefiOutcome(fields["outcome"]))
        self._referred.setChecked(bool(fields["referred"]))
        for name, box in self._told.items():
            box.editor.setPlainText(fields[name])
        self.notice.say(Message.of("form.given_back"), "text")
        return True

    def take_focus(self) -> None:
        """To the first sign."""
        self.focus_on(self._signs.first)

    def enter(self) -> None:
        """From any sign to what comes after the signs."""
        if self._signs.has_focus():
            self.focus_on(self._onset.editor)
        else:
            super().enter()

    def _fill(self) -> None:
        if self.appointment is None:
            return
        place = self._session.place
        visit = place.vault.roster.visit(self.appointment)
        onset = onset_of(place, visit, self._onset.text)
        signs, seriousness = self._signs.value, self._serious.value
        if onset is None and signs and seriousness is not None:
            self.refuse(Message.of("aefi.onset", at=visit.dose_at))
            return
        told = {name: box.text for name, box in self._told.items()}
        self.filled.emit(
            AefiForm(
                # without a time it is refused all the same, for what stands before the time
                onset=onset or place.now(),
                signs=signs,
                seriousness=seriousness,
                outcome=self._outcome.value,
                referred=self._referred.isChecked() and self._referred.isVisibleTo(self),
                **told,
            )
        )

    def _arrange(self) -> None:
        kit, step = self.kit, self.kit.theme.step
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, step, 0, 0)
        column.setSpacing(2 * step)
        column.addWidget(self._signs)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * step)
        grid.setVerticalSpacing(2 * step)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        serious = QWidget()
        below = QVBoxLayout(serious)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(step // 2)
        below.addWidget(Labelled(kit, self._serious))
        below.addWidget(self._not_said)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self._onset, 0, 0, top)
        grid.addWidget(Labelled(kit, self._outcome), 0, 1, top)
        grid.addWidget(serious, 1, 0, 1, 2, top)
        column.addLayout(grid)
        column.addWidget(self._referred)
        sealed = QHBoxLayout()
        sealed.setSpacing(step)
        sealed.addWidget(IconMark(kit, "lock", "quiet", side=16), 0, Qt.AlignmentFlag.AlignTop)
        sealed.addWidget(Text(kit, Message.of("aefi.sealed"), tone="quiet", wrap=True), 1)
        column.addLayout(sealed)
        for box in self._told.values():
            column.addWidget(box)
        column.addStretch(1)
        self.lay_out(inside)
