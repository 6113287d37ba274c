"""Between two people: what was just saved, what a scan said, and who is next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.desk.queue import Line
from vaccinator_app.desk.told import told
from vaccinator_app.desk.visit_view import record_words
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import masked_name
from vaccinator_app.gui.screens.visit_acts import Ended
from vaccinator_app.gui.screens.visit_foot import say_told
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.text import Text


@dataclass(frozen=True, slots=True)
class _Last:
    """The visit that was just ended here."""

    appointment: str
    seq: int
    saved: Message


class Ready(QFrame):
    """The sheet while nobody's is open. It holds no name whole (DESIGN 9.4)."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._session = session
        self._last: _Last | None = None
        self.setProperty("part", "sheet")
        self.setObjectName("ready")
        self.notice = Notice(kit)
        self.notice.setObjectName("ready-notice")
        self._saved = Text(kit, size=Size.LEAD, strong=True, wrap=True)
        self._saved.setObjectName("saved")
        self._record = Notice(kit)
        self._record.setObjectName("saved-record")
        self._told = Notice(kit)
        self._told.setObjectName("saved-told")
        self._until = Text(kit, tone="quiet")
        self._next_title = Text(kit, Message.of("ready.next"), tone="quiet")
        self._next = Text(kit, size=Size.LEAD, elide=True)
        self._next.setObjectName("next")
        self._next_how = Text(kit, Message.of("ready.open"), tone="quiet", wrap=True)
        self.walk_in = Button(kit, Message.of("queue.walk_in"), icon="walk-in", key="F2")
        self.walk_in.setObjectName("walk-in-button")
        self._empty = EmptyState(kit, "arrived", Message.of("ready.nobody"))
        step = kit.theme.step
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * step, 2 * step, 3 * step, 2 * step)
        column.setSpacing(step)
        for widget in (self.notice, self._saved, self._record, self._told, self._until):
            column.addWidget(widget)
        column.addSpacing(2 * step)
        for widget in (self._next_title, self._next, self._next_how):
            column.addWidget(widget)
        column.addWidget(self._empty, 1)
        column.addStretch(1)
        column.addWidget(self.walk_in)
        self.show_next(None)
        self.refresh()

    def show_ended(self, ended: Ended) -> None:
        """What was just saved, if anything was."""
        if ended.saved is None or ended.seq is None:
            return
        saved = Message(ended.saved.key, {"name": masked_name(ended.desk.appointment.beneficiary.name)})
        self._last = _Last(ended.desk.appointment.appointment, ended.seq, saved)
        self.notice.say(None)
        self.refresh()

    def show_next(self, line: Line | None) -> None:
        """The person that Enter opens."""
        there = line is not None
        if line is not None:
            self._next.say(Message.of("ready.person", token=line.row.token, name=line.name, at=line.row.slot))
        for widget in (self._next_title, self._next, self._next_how):
            widget.setVisible(there)
        self._show_empty()

    def refresh(self) -> None:
        """Ask again what is known of the last record: saved turns into confirmed by itself."""
        last = self._last
        for widget in (self._saved, self._until):
            widget.setVisible(last is not None)
        self._show_empty()
        if last is None:
            self._record.say(None)
            say_told(self._told, None)
            return
        place = self._session.place
        self._saved.say(last.saved)
        visit = place.vault.roster.visit(last.appointment)
        watched = visit.dose_seq == last.seq and visit.observe_until is not None
        self._until.setVisible(watched)
        if watched:
            self._until.say(Message.of("observe.until", at=visit.observe_until))
        words = record_words(place, last.seq)
        self._record.say(words, "confirmed" if words.key == "record.confirmed" else "text")
        say_told(self._told, told(place, last.seq))

    def _show_empty(self) -> None:
        self._empty.setVisible(self._last is None and not self._next.isVisibleTo(self))
