"""Somebody without a booking: the fields, each with its sentence when something is wrong (DESIGN 4.6)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.visit_view import ID_WORDS
from vaccinator_app.desk.walk_in import WalkInForm, problems, register
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.gui.screens.visit_head import GENDER_WORDS
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.choice import Choice, Labelled
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.text import Text

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FIELDS: dict[str, tuple[str, str | None, int]] = {
    "name": ("walk_in.name", None, 300),
    "year_of_birth": ("walk_in.year", "walk_in.year_hint", 8),
    "photo_id_last4": ("walk_in.last4", None, 8),
    "mobile": ("walk_in.mobile", "walk_in.mobile_hint", 20),
}
"""Label, hint and the most characters that are taken, by field."""


class WalkInPanel(QFrame):
    """Enter goes from field to field and registers at the end. What was typed stays until it is registered."""

    registered = Signal(str)
    """The new appointment."""
    left = Signal()

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._session = session
        self.setProperty("part", "sheet")
        self.setObjectName("walk-in")
        self._fields = {name: self._field(name) for name in _FIELDS}
        self._gender: Choice[Gender] = Choice(
            kit, Message.of("walk_in.gender"), [(g, Message.of(key)) for g, key in GENDER_WORDS.items()]
        )
        self._photo_id: Choice[PhotoId] = Choice(
            kit, Message.of("walk_in.photo_id"), [(p, Message.of(ID_WORDS[p])) for p in PhotoId]
        )
        self._vaccine: Choice[str] = Choice(
            kit, Message.of("walk_in.vaccine"), [(v.id, v.name) for v in session.place.formulary.values()]
        )
        self._dose: Choice[int] = Choice(kit, Message.of("walk_in.dose"), [])
        for choice, name in (
            (self._gender, "gender"),
            (self._photo_id, "photo-id"),
            (self._vaccine, "vaccine"),
            (self._dose, "dose"),
        ):
            choice.setObjectName(f"walk-in-{name}")
        self._notice = Notice(kit)
        self._go = PrimaryButton(kit, Message.of("walk_in.register"), key="Enter")
        self._go.setObjectName("walk-in-register")
        self._back = Button(kit, Message.of("choices.back"), plain=True, key="Esc")
        self._lay_out()
        self._vaccine.currentIndexChanged.connect(self._offer_doses)
        self._offer_doses()
        self._go.clicked.connect(self._register)
        self._back.clicked.connect(self.left)

    def begin(self) -> None:
        """Show the form, with the vaccine that is on the table chosen."""
        here = {batch.vaccine for batch in self._session.place.vault.roster.batches()}
        if not self._fields["name"].text:
            first = next((v for v in self._session.place.formulary if v in here), None)
            if first is not None:
                self._vaccine.choose(first)
        self.take_focus()

    def take_focus(self) -> None:
        """To the first field."""
        self._fields["name"].editor.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if not event.isAutoRepeat():
                self.focusNextChild()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif not event.text() or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
        # letters never leave the form

    def _form(self) -> WalkInForm:
        return WalkInForm(
            name=self._fields["name"].text,
            year_of_birth=self._fields["year_of_birth"].text,
            gender=self._gender.value,
            photo_id=self._photo_id.value,
            photo_id_last4=self._fields["photo_id_last4"].text,
            mobile=self._fields["mobile"].text,
            vaccine=self._vaccine.value,
            dose=self._dose.value,
        )

    def _register(self) -> None:
        form = self._form()
        if self._show_problems(problems(form, self._session.place)):
            return
        self._session.record(lambda: register(form, self._session.place), self._registered, self._notice.say)

    def _registered(self, appointment: str) -> None:
        self._notice.say(None)
        for field in self._fields.values():
            field.editor.clear()
        self.registered.emit(appointment)

    def _show_problems(self, found: Mapping[str, Message]) -> bool:
        """Whether there are any; the focus goes to the first field that has one."""
        self._notice.say(next((what for name, what in found.items() if name not in self._fields), None))
        for name, field in self._fields.items():
            field.set_error(found.get(name))
        wrong = next((field for name, field in self._fields.items() if name in found), None)
        if wrong is not None:
            wrong.editor.setFocus()
        return bool(found)

    def _offer_doses(self) -> None:
        vaccine = self._session.place.formulary[self._vaccine.value]
        self._dose.set_options([(dose, Message.of("queue.dose", dose=dose)) for dose in range(1, vaccine.doses + 1)])

    def _field(self, name: str) -> Field:
        label, hint, most = _FIELDS[name]
        editor = QLineEdit()
        editor.setObjectName(f"walk-in-{name}")
        editor.setMaxLength(most)
        return Field(self._kit, Message(label), editor=editor, hint=None if hint is None else Message(hint))

    def _lay_out(self) -> None:
        kit, step = self._kit, self._kit.theme.step
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, step, 0, 0)
        grid.setHorizontalSpacing(2 * step)
        grid.setVerticalSpacing(2 * step)
        grid.addWidget(self._fields["name"], 0, 0, 1, 2)
        rows: list[tuple[QWidget, QWidget | None]] = [
            (self._fields["year_of_birth"], Labelled(kit, self._gender)),
            (Labelled(kit, self._photo_id), self._fields["photo_id_last4"]),
            (self._fields["mobile"], None),
            (Labelled(kit, self._vaccine), Labelled(kit, self._dose)),
        ]
        top = Qt.AlignmentFlag.AlignTop
        for row, (left, right) in enumerate(rows, 1):
            grid.addWidget(left, row, 0, top)
            if right is not None:
                grid.addWidget(right, row, 1, top)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(rows) + 1, 1)
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        for widget in (self._notice, self._go):
            column.addWidget(widget)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        title = Text(kit, Message.of("walk_in.title"), size=Size.TITLE, strong=True)
        sheet_column(self, kit, [title], Scrolled(inside), [foot])
