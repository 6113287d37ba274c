"""Who has a key at this centre, and what the in-charge does about it: add, renew, give a new passphrase, disable.

All of it works without the network (DESIGN 5.3). What the desk refuses is one sentence where the eye is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.desk.staff import Colleague, StaffAct
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.gui.models.colleagues import ColleagueDelegate, Colleagues
from vaccinator_app.gui.screens.choices import Choices, Options, framed
from vaccinator_app.gui.screens.help import STAFF
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.screens.staff_forms import AddPanel, NewColleague, ResetPanel
from vaccinator_app.gui.screens.staff_sheet import Act, ColleagueSheet
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_HOUR_MS = 3_600_000
_OF: dict[Act, StaffAct] = {
    Act.RENEW: StaffAct.RENEW,
    Act.RESET: StaffAct.RESET,
    Act.DISABLE: StaffAct.DISABLE,
}
_WHY: dict[RemovalReason, str] = {RemovalReason.LEFT: "staff.left", RemovalReason.LENT: "staff.lent"}


class StaffScreen(Screen):
    """For whoever may manage staff; others have neither the screen nor its key."""

    left = Signal()
    """Esc: back to the queue."""
    counted = Signal(int)
    """Certificates that run out soon."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message("help.staff"), STAFF, parent)
        self._session = session
        self._working = False
        self._about: Colleague | None = None
        """Whom the form or question in front is about, whichever row is chosen meanwhile."""
        self._people = Colleagues(kit, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("staff-list")
        self.list.setModel(self._people)
        self.list.setItemDelegate(ColleagueDelegate(kit, self._people))
        self._sheet = ColleagueSheet(kit, session)
        self._add = AddPanel(kit, session)
        self._reset = ResetPanel(kit, session)
        self._choices = Choices(kit)
        self._question = framed(kit, self._choices)
        self._lay_out()
        self._wire()
        self._speak()

    def refresh(self) -> None:
        """Ask again; whoever is chosen stays chosen."""
        chosen = self._one
        people = self._session.staff.people()
        self._people.show(people, self._session.place.now())
        place = -1 if chosen is None else self._people.place_of(chosen.staff)
        self.list.choose(max(0, place))
        self._show_one()
        self.count()

    def count(self) -> None:
        """Tell how many certificates run out soon, also while another screen is in front."""
        self.counted.emit(len(self._session.staff.ending()))

    def take_focus(self) -> None:
        """To the form while one is open, else to the list."""
        self.refresh()
        shown = self.sheets.currentWidget()
        if isinstance(shown, AddPanel | ResetPanel):
            shown.take_focus()
        elif shown is self._question:
            self._choices.take_focus()
        else:
            self.list.setFocus()

    def back(self) -> None:
        """Out of help, out of a form, back to the queue."""
        if self.close_help():
            return
        if self.sheets.currentWidget() is not self._sheet:
            self._to_sheet()
        elif not self.list.hasFocus():
            self.list.setFocus()
        else:
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that neither list nor form took."""
        act = {Qt.Key.Key_Insert: Act.ADD, Qt.Key.Key_Delete: Act.DISABLE}.get(Qt.Key(event.key()))
        if act is None or self._working or self.sheets.currentWidget() is not self._sheet:
            super().keyPressEvent(event)
        elif self._sheet.offers(act):
            self._do(act)

    @property
    def _one(self) -> Colleague | None:
        return self._people.one(self.list.row)

    def _do(self, act: Act) -> None:
        self._sheet.saved.say(None)
        self._sheet.notice.say(None)
        one = self._about = self._one
        if act is Act.ADD or one is None:
            self._show(self._add)
            self._add.begin()
            return
        refused = self._session.staff.why_not(one.staff, _OF[act])
        if refused is not None:
            self._sheet.notice.say(refused)
        elif act is Act.RESET:
            self._show(self._reset)
            self._reset.begin(one)
        elif act is Act.RENEW:
            self._save(
                lambda: self._session.staff.renew(one.staff), Message.of("staff.saved_renewed", name=one.name), None
            )
        else:
            self._ask_why(one)

    def _ask_why(self, one: Colleague) -> None:
        self._show(self._question)
        options = [(Message(key), partial(self._ask_sure, one, why)) for why, key in _WHY.items()]
        self._choices.ask(Message.of("staff.why_disable", name=one.name), options)

    def _ask_sure(self, one: Colleague, why: RemovalReason) -> None:
        """The second step: what happens, before it does."""
        what, warning = Message("staff.disable_what"), self._session.staff.warns(one.staff, StaffAct.DISABLE)
        if warning is not None:
            what = Message.of("staff.disable_warned", what=what, warning=warning)
        options: Options = [
            (Message("staff.disable_no"), self._to_sheet),
            (Message.of("staff.disable_yes", name=one.name), partial(self._disable, one, why)),
        ]
        self._choices.ask(Message.of("staff.disable_title", name=one.name), options, what)

    def _disable(self, one: Colleague, why: RemovalReason) -> None:
        self._to_sheet()
        self._save(
            lambda: self._session.staff.disable(one.staff, why),
            Message.of("staff.saved_disabled", name=one.name),
            None,
        )

    def _added(self, new: NewColleague) -> None:
        self._save(
            lambda: self._session.staff.add(new.name, new.role, new.passphrase),
            Message.of("staff.saved_added", name=new.name),
            self._add,
        )

    def _given(self, passphrase: str) -> None:
        one = self._about
        if one is not None:
            had_one = one.here and one.removed_at is None
            self._save(
                lambda: self._session.staff.reset(one.staff, passphrase),
                Message.of("staff.saved_reset" if had_one else "staff.saved_added", name=one.name),
                self._reset,
            )

    def _save(self, work: Callable[[], Any], saved: Message, form: AddPanel | ResetPanel | None) -> None:
        """Do it behind the acts in line, while words say that keys are being changed."""

        def done(result: Any) -> None:
            self._show_working(False)
            if form is None or self.sheets.currentWidget() is form:
                self._to_sheet()
            self._choose(getattr(result, "staff", None))
            self._sheet.saved.say(saved, "text")
            # on record, and what the disk did not take is done later
            self._sheet.notice.say(self._session.place.rekey_waits, "attention")

        def refused(what: Message) -> None:
            self._show_working(False)
            if form is not None and self.sheets.currentWidget() is form:
                form.refuse(what)
            else:
                self._sheet.notice.say(what)

        self._show_working(True)
        self._session.record(work, done, refused)

    def _show_working(self, working: bool) -> None:
        self._working = working
        for part in (self._sheet, self._add, self._reset):
            part.show_working(working)

    def _choose(self, staff: str | None) -> None:
        """Whoever was just added."""
        place = -1 if staff is None else self._people.place_of(staff)
        if place >= 0:
            self.list.choose(place)

    def _show(self, sheet: QWidget) -> None:
        self.close_help()
        self.sheets.setCurrentWidget(sheet)

    def _to_sheet(self) -> None:
        self.sheets.setCurrentWidget(self._sheet)
        if self.isVisible():
            self.take_focus()

    def _chose(self) -> None:
        self._sheet.saved.say(None)
        if not self._working:
            self._sheet.notice.say(None)
        self._show_one()

    def _show_one(self) -> None:
        here = sum(one.here and one.removed_at is None for one in self._people.people())
        self._sheet.show_one(self._one, alone=here < 2)

    def _moved(self) -> None:
        if self.isVisible():
            self.refresh()

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("screen.staff"))

    def _wire(self) -> None:
        self.list.taken.connect(lambda _: self._sheet.take())
        self.list.sideways.connect(lambda by: self._sheet.take_focus() if by > 0 else None)
        self.list.clicked.connect(lambda _: self._to_sheet())
        self.list.selectionModel().currentChanged.connect(self._chose)
        self._sheet.asked.connect(self._do)
        self._sheet.left.connect(self.list.setFocus)
        self._add.filled.connect(self._added)
        self._reset.filled.connect(self._given)
        for form in (self._add, self._reset, self._choices):
            form.left.connect(self._to_sheet)
        self.kit.words.changed.connect(self._speak)
        self._session.moved.connect(self._moved)
        self._session.heard.connect(self._moved)
        self._hour = QTimer(self)
        self._hour.setInterval(_HOUR_MS)
        self._hour.timeout.connect(self.count)
        self._hour.start()

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addWidget(Text(self.kit, Message("screen.staff"), size=Size.LEAD, strong=True))
        column.addWidget(self.list, 1)
        self.set_columns(left, [self._sheet, self._add, self._reset, self._question])
