"""One line of who did or saw what, whole, and where it leads; or one hour in which somebody looked people up."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.domain.audit import Entry, Looked
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.audit import SORT_ICONS, SORT_WORDS, person_words
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.chip import Chip, Look
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.text import Text


class AuditSheet(QFrame):
    """Names of the people it is about stay masked here; opening one is itself a look on record."""

    opened = Signal(str)
    """This appointment's sheet is to be opened."""
    only_asked = Signal(str)
    """Everything about this appointment."""
    staff_asked = Signal(str)
    """Everything of this person of staff."""
    looks_asked = Signal(str)
    """The looks of this person of staff."""
    save_asked = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.setProperty("part", "sheet")
        self.setObjectName("audit-sheet")
        self._one: Entry | Looked | None = None
        self._chip = Chip(kit, Look("audit", "quiet", "audit_sort.saw"))
        self._whom = Text(kit, size=Size.TITLE, strong=True, elide=True)
        self._whom.setObjectName("audit-whom")
        self._what = Text(kit, size=Size.LEAD, wrap=True)
        self._what.setObjectName("audit-what")
        self._who = Text(kit, wrap=True)
        self._who.setObjectName("audit-who")
        self._where = Text(kit, tone="quiet", wrap=True)
        self._where.setObjectName("audit-where")
        self._open = Text(kit, Message.of("audit.open_is_seen"), tone="quiet", wrap=True)
        self._none = EmptyState(kit, "audit", Message.of("audit.choose"))
        self.notice = Notice(kit)
        self.notice.setObjectName("audit-notice")
        self.primary = PrimaryButton(kit, Message.of("audit.open"), key="Enter")
        self.primary.setObjectName("audit-open")
        self._only = Button(kit, Message.of("audit.only_person"), plain=True)
        self._only.setObjectName("audit-only")
        self._staff = Button(kit, Message.of("audit.only_staff", name=""), plain=True)
        self._staff.setObjectName("audit-staff")
        self._save = Button(kit, Message.of("audit.save"), plain=True, key="Ctrl+S")
        self._save.setObjectName("audit-save")
        self._lay_out()
        self.primary.clicked.connect(self.take)
        self._only.clicked.connect(self._ask_only)
        self._staff.clicked.connect(self._ask_staff)
        self._save.clicked.connect(self.save_asked)
        self.show_one(None, savable=False)

    def show_one(self, one: Entry | Looked | None, *, savable: bool) -> None:
        """Show a line, an hour, or nothing; ``savable`` is whether there is a list to be written to a file."""
        self._one = one
        self._none.setVisible(one is None)
        for part in (self._chip, self._whom, self._what, self._who, self._where):
            part.setVisible(one is not None)
        self._open.setVisible(isinstance(one, Entry) and one.token > 0)
        if isinstance(one, Entry):
            self._show_entry(one)
        elif one is not None:
            self._show_hour(one)
        person = isinstance(one, Entry) and one.appointment is not None
        self.primary.setVisible(isinstance(one, Looked) or (isinstance(one, Entry) and one.token > 0))
        self._only.setVisible(person)
        self._staff.setVisible(isinstance(one, Entry))
        self._save.setVisible(savable)

    def take(self) -> None:
        """What Enter does."""
        one = self._one
        if isinstance(one, Looked):
            self.looks_asked.emit(one.staff)
        elif one is not None and one.appointment is not None and one.token:
            self.opened.emit(one.appointment)

    def _show_entry(self, one: Entry) -> None:
        self._chip.show_look(Look(SORT_ICONS[one.sort], "quiet", SORT_WORDS[one.sort]))
        whom = person_words(one)
        self._whom.say(whom)
        self._whom.setVisible(whom != "")
        self._what.say(one.words)
        self._who.say(Message.of("audit.who", name=one.name, at=one.at))
        if one.own:
            self._where.say(Message.of("audit.record_here", record=one.seq) if one.seq else "")
        else:
            self._where.say(Message.of("audit.record_told", machine=one.machine, record=one.seq))
        self._where.setVisible(one.seq > 0)
        self.primary.say(Message.of("audit.open"))
        self._staff.say(Message.of("audit.only_staff", name=one.name))

    def _show_hour(self, one: Looked) -> None:
        odd = bool(one.why)
        self._chip.show_look(
            Look("needs-attention" if odd else "audit", "attention" if odd else "quiet", "audit.looks")
        )
        self._whom.say(one.name)
        self._what.say(Message.of("looked.in_hour", n=one.people, at=one.hour))
        self._who.say(Message.of("looked.why", why=list(one.why)) if odd else Message.of("looked.usual"))
        self._where.say(Message.of("looked.about"))
        self.primary.say(Message.of("looked.show"))

    def _ask_only(self) -> None:
        if isinstance(self._one, Entry) and self._one.appointment is not None:
            self.only_asked.emit(self._one.appointment)

    def _ask_staff(self) -> None:
        if isinstance(self._one, Entry):
            self.staff_asked.emit(self._one.staff)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._kit.theme.step)
        column.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self._whom, self._what, self._who, self._where, self._open):
            column.addWidget(part)
        column.addWidget(self._none, 1)
        column.addStretch(1)
        foot = Flow(self._kit, [self._only, self._staff, self._save])
        sheet_column(self, self._kit, [], Scrolled(inside), [self.notice, self.primary, foot])
