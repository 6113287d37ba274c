"""Recover from central: why nothing is recorded here, the one button that puts it right, and what is to be recorded
again afterwards (DESIGN 7.4).
"""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from vaccinator_app.desk.history import TakenBack, to_record_again
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.buttons import PrimaryButton
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice


class TakingBack(QWidget):
    """Nothing of it shows while the desk and central hold the same history."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self._session = session
        self._busy = False
        self._said: Message | None = None
        self._why = Notice(kit)
        self._why.setObjectName("taking-back-why")
        self._again = Notice(kit)
        self._again.setObjectName("taking-back-again")
        self.button = PrimaryButton(kit, Message.of("taken_back.button"))
        self.button.setObjectName("take-back")
        self.button.clicked.connect(self._take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step)
        for part in (self._why, self._again, self.button):
            column.addWidget(part)

    @property
    def stopped(self) -> bool:
        """Whether recording has stopped for what is said here."""
        return self._session.place.vault.standing.stopped() is not None

    @property
    def offers(self) -> bool:
        """Whether taking back is what is to be done now, by whoever is signed in."""
        return self.stopped and self._session.place.may(Power.MANAGE_MACHINE)

    def refresh(self) -> None:
        """Say how it stands."""
        place = self._session.place
        stop = place.vault.standing.stopped()
        again = to_record_again(place)
        if self._busy:
            self._why.say(Message.of("taken_back.running"), "text")
        elif stop is not None and self._said is None:
            self._why.say(stop.words, "stop")
        else:
            self._why.say(self._said, "stop" if stop is not None else "confirmed")
        self._again.say(Message.of("taken_back.all_again", what=list(again)) if again else None, "attention")
        self.button.setVisible(self.offers)
        self.button.setEnabled(not self._busy)
        self.setVisible(stop is not None or bool(again) or self._said is not None)

    def _take(self) -> None:
        self._busy, self._said = True, None
        self.refresh()
        self._session.take_back(self._done, self._failed)

    def _done(self, found: TakenBack) -> None:
        self._end(found.words)

    def _failed(self, what: Message) -> None:
        self._end(what)

    def _end(self, what: Message) -> None:
        self._busy, self._said = False, what
        self.refresh()
