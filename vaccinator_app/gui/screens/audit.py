"""Who saw or did what, for the in-charge: a day at a time, or all about one person (DESIGN 5.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.audit import Entry, Looked, Sort
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.audit import SORT_WORDS, Entries, Hours, TwoLinesDelegate, person_words
from vaccinator_app.gui.models.audit_reader import AuditReader
from vaccinator_app.gui.screens.audit_files import save_list
from vaccinator_app.gui.screens.audit_sheet import AuditSheet
from vaccinator_app.gui.screens.help import AUDIT
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Progress
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.choice import Choice
from vaccinator_app.gui.widgets.day_chooser import DayChooser
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import share_width
from vaccinator_app.gui.widgets.segments import Segments
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

_SHARES = (3, 2)
_SORTS: list[tuple[Sort | None, Message | str]] = [
    (None, Message.of("audit.every_sort")),
    *((sort, Message(SORT_WORDS[sort])) for sort in Sort),
]


class AuditScreen(Screen):
    """Records at the left, the newest first, or who looked people up, an hour a line; at the right the chosen one."""

    left = Signal()
    """Esc: back to the queue."""
    opened = Signal(str)
    """This appointment's sheet is to be opened."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.audit"), AUDIT, parent)
        self._session = session
        self._reader = AuditReader(session, self)
        self._today = session.place.today()
        self.ask_file: Callable[[str], str] = self._ask_file
        """Where a list of this suggested name is to be written; empty for nowhere."""
        self._day = DayChooser(kit)
        self._all_days = Text(kit, Message.of("audit.all_days"), strong=True)
        self._which: Segments[bool] = Segments(
            kit, [(True, "audit.records", "audit-records"), (False, "audit.looks", "audit-looks")]
        )
        self._sort: Choice[Sort | None] = Choice(kit, Message.of("audit.sort"), _SORTS)
        self._staff: Choice[str | None] = Choice(
            kit, Message.of("audit.staff"), [(None, Message.of("audit.everybody"))]
        )
        self._only = Text(kit, elide=True)
        self._only.setObjectName("audit-only-whom")
        self._again = Button(kit, Message.of("audit.all_people"), plain=True)
        self._again.setObjectName("audit-all")
        self._entries, self._hours = Entries(kit, self), Hours(kit, self)
        self.list, self._looks = PeopleList(kit), PeopleList(kit)
        self._none = EmptyState(kit, "audit", Message.of("audit.reading"))
        self._about = Text(kit, tone="quiet", wrap=True)
        self._about.setObjectName("audit-about")
        self.sheet = AuditSheet(kit)
        self._stack = Stack()
        self._lay_out()
        self._wire()
        self._show()

    def refresh(self) -> None:
        """Read again; the list comes when it is there."""
        self._reader.refresh()

    def take_focus(self) -> None:
        """To the list, which is read anew; who looked at today goes on to do so after midnight."""
        question, today = self._reader.question, self._session.place.today()
        if question.day == self._today:
            question = replace(question, day=today)
        self._today = today
        self._reader.ask(question)
        self._shown.setFocus()

    def back(self) -> None:
        """Out of help, out of a file's sentence, out of one person's list, back to the queue."""
        if self.close_help():
            return
        if self._reader.question.appointment is not None:
            self._about_nobody()
        else:
            self._reader.cancel()
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
        if by is not None and self._reader.question.appointment is None:
            self._day.step(by)
        else:
            super().keyPressEvent(event)

    @property
    def _shown(self) -> PeopleList:
        return self.list if self._which.value else self._looks

    def _show(self) -> None:
        question, answer = self._reader.question, self._reader.answer
        alone = question.appointment is not None
        self._day.show_day(question.day, today=question.day == self._session.place.today())
        self._day.setVisible(not alone)
        self._all_days.setVisible(alone)
        self._again.setVisible(alone)
        self._only.setVisible(alone)
        for part in (self._sort, self._staff):
            part.setVisible(self._which.value)
        entries = [] if answer is None else answer.entries
        hours = () if answer is None else answer.looked
        odd = sum(bool(one.why) for one in hours)
        self._which.say(False, Message.of("audit.looks_odd", n=odd) if odd else Message.of("audit.looks"))
        if answer is not None:
            people = sorted(answer.people.items(), key=lambda one: one[1].casefold())
            self._staff.set_options([(None, Message.of("audit.everybody")), *people])
            if alone:
                self._only.say(next((person_words(one) for one in entries), ""))
        self._keep_row(self.list, self._entries, entries, days=alone)
        self._keep_row(self._looks, self._hours, hours)
        reading = Message.of("audit.reading")
        nothing = Message.of("audit.none") if self._which.value else Message.of("looked.none")
        self._none.say(reading if answer is None else nothing)
        rows = entries if self._which.value else hours
        self._stack.setCurrentWidget(self._shown if rows else self._none)
        self._about.say(Message.of("audit.about", n=len(entries)) if self._which.value else Message.of("looked.about"))
        self._chose()

    def _keep_row(self, shown: PeopleList, model: Entries | Hours, rows: object, *, days: bool = False) -> None:
        """The line that was chosen stays chosen, if it is still there."""
        before = model.one(shown.row)
        if isinstance(model, Entries):
            model.days = days
        model.show(rows)  # type: ignore[arg-type]
        place = next((at for at, one in enumerate(model.rows) if one == before), 0 if model.rows else -1)
        if place != shown.row:
            shown.choose(place)

    def _chose(self) -> None:
        one: Entry | Looked | None
        one = self._entries.one(self.list.row) if self._which.value else self._hours.one(self._looks.row)
        self.sheet.show_one(one, savable=bool(self._entries.rows) and self._which.value)

    def _take(self, _: int) -> None:
        self._chose()
        self.sheet.take()

    def _ask(self, **changes: object) -> None:
        self.sheet.notice.say(None)
        self._reader.ask(replace(self._reader.question, **changes))  # type: ignore[arg-type]

    def _show_day(self, day: date) -> None:
        self._ask(day=day)

    def _about_person(self, appointment: str) -> None:
        self._which.choose(True)
        self._sort.choose(None)
        self._staff.choose(None)
        self._ask(appointment=appointment, day=self._session.place.today(), staff=None, sort=None)
        self.list.setFocus()

    def _about_nobody(self) -> None:
        self._ask(appointment=None)
        self.list.setFocus()

    def _of_staff(self, staff: str, sort: Sort | None = None) -> None:
        self._which.choose(True)
        if any(staff == one for one, _ in self._staff_options()):
            self._staff.choose(staff)
        if sort is not None:
            self._sort.choose(sort)
        self._ask(staff=staff, sort=self._sort.value)
        self.list.setFocus()

    def _staff_options(self) -> list[tuple[str, str]]:
        return [] if self._reader.answer is None else list(self._reader.answer.people.items())

    def _chosen(self) -> None:
        self._ask(sort=self._sort.value, staff=self._staff.value)

    def _switch(self, _: bool) -> None:
        self.sheet.notice.say(None)
        self._show()
        self._shown.setFocus()

    def _failed(self, why: Message) -> None:
        self._none.say(why)
        self._stack.setCurrentWidget(self._none)

    def _progressed(self, progress: Progress) -> None:
        if progress.total and self._reader.answer is None:
            self._none.say(Message.of("audit.reading_of", done=progress.done, of=progress.total))

    def _save(self) -> None:
        answer = self._reader.answer
        if answer is None or not answer.entries:
            return
        question = answer.question
        chosen = self.ask_file(f"audit-{question.day.isoformat()}.csv")
        if not chosen:
            return
        path = Path(chosen)
        words = self.kit.words
        self._session.record(
            lambda: save_list(path, answer, self._session.place, self.kit.resources, words.language),
            lambda name: self.sheet.notice.say(Message.of("audit.saved", name=name), "text"),
            self.sheet.notice.say,
        )

    def _ask_file(self, name: str) -> str:
        # what is there already is refused in words, not written over at the press of a second button
        options = QFileDialog.Option.DontConfirmOverwrite
        title = self.kit.words.t("audit.save")
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / name), options=options)
        return chosen

    def _wire(self) -> None:
        self._reader.changed.connect(self._show)
        self._reader.failed.connect(self._failed)
        self._reader.progressed.connect(self._progressed)
        self._day.chosen.connect(self._show_day)
        self._which.chosen.connect(self._switch)
        self._sort.activated.connect(lambda _: self._chosen())
        self._staff.activated.connect(lambda _: self._chosen())
        self._again.clicked.connect(self._about_nobody)
        for shown in (self.list, self._looks):
            shown.taken.connect(self._take)
            shown.sideways.connect(self._which.next)
            shown.selectionModel().currentChanged.connect(self._chose)
        self.sheet.opened.connect(self.opened)
        self.sheet.only_asked.connect(self._about_person)
        self.sheet.staff_asked.connect(self._of_staff)
        self.sheet.looks_asked.connect(lambda staff: self._of_staff(staff, Sort.SAW))
        self.sheet.save_asked.connect(self._save)
        here = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence("Ctrl+S"), self, self._save, context=here)
        self.kit.words.changed.connect(self._speak)
        self._speak()

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("audit.records"))
        self._looks.setAccessibleName(self.kit.words.t("audit.looks"))

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        for shown, model, name in (
            (self.list, self._entries, "audit-list"),
            (self._looks, self._hours, "audit-hours"),
        ):
            shown.setObjectName(name)
            shown.setModel(model)
            shown.setItemDelegate(TwoLinesDelegate(self.kit, model))
        self._sort.setObjectName("audit-sort")
        self._staff.setObjectName("audit-of-staff")
        for part in (self.list, self._looks, self._none):
            self._stack.addWidget(part)
        head = QHBoxLayout()
        head.addWidget(Text(self.kit, Message.of("screen.audit"), size=Size.LEAD, strong=True))
        head.addStretch(1)
        head.addWidget(self._all_days)
        head.addWidget(self._day)
        filters = QHBoxLayout()
        filters.setSpacing(step)
        filters.addWidget(self._sort, 1)
        filters.addWidget(self._staff, 1)
        alone = QHBoxLayout()
        alone.setSpacing(step)
        alone.addWidget(self._only, 1)
        alone.addWidget(self._again)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addLayout(head)
        column.addWidget(self._which)
        column.addLayout(filters)
        column.addLayout(alone)
        column.addWidget(self._stack, 1)
        column.addWidget(self._about)
        self.set_columns(left, [self.sheet], _SHARES)
        share_width(left, self.sheets)
