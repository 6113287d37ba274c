"""In a sheet's place: what is kept of somebody whose details have left, and what may be done about it (DESIGN 5.5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.desk.gone import Kept, kept, void
from vaccinator_app.domain.events import VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.choices import Choices
from vaccinator_app.gui.screens.questions import VOID
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import Scrolled


class GoneSheet(QFrame):
    """By number alone: there is no name to show."""

    left = Signal()
    """Back, with nothing done."""
    aefi_asked = Signal(str)
    """An adverse event of this appointment is to be reported."""
    said = Signal(object)
    """The `Message` with which it ended."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setProperty("part", "sheet")
        self.setObjectName("gone")
        self._choices = Choices(kit)
        self._choices.left.connect(self.left)
        column, step = QVBoxLayout(self), kit.theme.step
        column.setContentsMargins(3 * step, 2 * step, 3 * step, 2 * step)
        column.addWidget(Scrolled(self._choices))

    def show_kept(self, appointment: str) -> bool:
        """False for anybody whose details are here, or who never was."""
        found = kept(self._session.place, appointment)
        if found is None:
            return False
        told: dict[str, object] = {
            "left": found.left, "token": found.token, "day": found.day, "vaccine": found.vaccine, "dose": found.dose
        }  # fmt: skip
        options: list[tuple[Message, Callable[[], Any]]] = []
        key = "gone.no_dose"
        if found.given is not None:
            key = "gone.dose"
            told |= {"at": found.given_at, "batch": found.given.batch, "name": found.by}
            options.append((Message.of("go.aefi"), partial(self.aefi_asked.emit, appointment)))
            if found.why_not_void is None:
                options.append((Message.of("go.void"), partial(self._ask_why, found)))
        self._choices.ask(Message.of("gone.title", appointment=appointment), options, Message(key, told))
        return True

    def take_focus(self) -> None:
        """To the first thing that may be done."""
        self._choices.take_focus()

    def _ask_why(self, found: Kept) -> None:
        reasons = [(Message(key), partial(self._void, found, why)) for why, key in VOID.items()]
        self._choices.ask(Message.of("void.title"), reasons, Message.of("gone.void_why"))

    def _void(self, found: Kept, reason: VoidReason) -> None:
        place = self._session.place
        saved = Message.of("gone.voided", appointment=found.appointment)
        self._session.record(lambda: void(place, found, reason), lambda _: self.said.emit(saved), self.said.emit)
