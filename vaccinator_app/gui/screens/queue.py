"""The queue and the visit beside it: where a vaccinator spends the day (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.queue import Pile, Scan
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.screens.gone import GoneSheet
from vaccinator_app.gui.screens.help import QUEUE
from vaccinator_app.gui.screens.people_column import PeopleColumn
from vaccinator_app.gui.screens.ready import Ready
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.screens.visit import VisitPanel
from vaccinator_app.gui.screens.visit_acts import Ended
from vaccinator_app.gui.screens.visit_foot import Go
from vaccinator_app.gui.screens.walk_in import WalkInPanel
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.kit import Kit


class QueueScreen(Screen):
    """People at the left; at the right the visit, the walk-in form, or what comes next."""

    opened = Signal()
    """A person's sheet opens: whatever screen is in front, this one comes."""
    aefi_asked = Signal(str)
    """An adverse event of this `appointment` is to be reported."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.queue"), QUEUE, parent)
        self._session = session
        self._people = PeopleColumn(kit, session)
        self._ready = Ready(kit, session)
        self.visit = VisitPanel(kit, session)
        self._walk_in = WalkInPanel(kit, session)
        self._gone = GoneSheet(kit, session)
        self._from = Pile.EXPECTED
        self.set_columns(self._people, [self._ready, self.visit, self._walk_in, self._gone])
        self._wire()

    def refresh(self) -> None:
        """Ask again; the person chosen stays chosen, wherever they now stand."""
        self._people.refresh()
        self._ready.refresh()
        self.visit.refresh()

    def take_focus(self) -> None:
        """To the sheet while one is open, else to the search field."""
        shown = self.sheets.currentWidget()
        if shown is self.visit:
            self.visit.take_focus()
        elif shown is self._walk_in:
            self._walk_in.take_focus()
        elif shown is self._gone:
            self._gone.take_focus()
        else:
            self._people.search.setFocus()

    def back(self) -> None:
        """Out of help, out of a question, out of the sheet, out of a search: one at a time."""
        if self.close_help():
            return
        shown = self.sheets.currentWidget()
        if shown is self.visit:
            self.visit.leave()
        elif shown is self._walk_in or shown is self._gone:
            self._to_ready()
        else:
            self._people.search.clear()
            self._people.search.setFocus()

    def open(self, appointment: str, scan: Scan | None = None) -> None:
        """Open this person's sheet; another that is open already is left first, with nothing lost."""
        if self.visit.desk is not None and self.visit.desk.appointment.appointment == appointment:
            self._again(scan)
            return
        before = self.visit.forget()
        place = self._session.place
        if before is None:
            self._from = self._people.pile

        def work() -> tuple[VisitDesk, Message | None]:
            if before is not None:
                before.close()
            desk = VisitDesk(place, appointment, None if scan is None else scan.slip)
            return desk, _use(desk, scan) if place.may(Power.VACCINATE) else None

        self._session.act(work, lambda found: self._show(*found), lambda why: self._not_opened(appointment, why))

    def say(self, what: Message) -> None:
        """A sentence where the eye is: in the open sheet, or where one would be."""
        self.close_help()
        if self.visit.desk is not None:
            self.visit.say(what)
            return
        self._to_ready()
        self._ready.notice.say(what, "attention")

    def start_walk_in(self) -> None:
        """F2: the form, in place of the sheet."""
        self.close_help()
        before = self.visit.forget()
        if before is not None:
            self._session.act(before.close)
        self._people.let_go()
        self.sheets.setCurrentWidget(self._walk_in)
        self._walk_in.begin()

    def type_ahead(self, event: QKeyEvent) -> None:
        """A letter or digit that no field took: digits to the code that is due, the rest to the search field."""
        self.close_help()
        if self.visit.due is Go.CODE and event.text().isdigit():
            self.visit.forward(event)
        else:
            self._people.search.setFocus()
            self._people.search.keyPressEvent(event)

    def scanned(self, scan: Scan) -> None:
        """A slip was scanned: open whose it is, or say whose it is not."""
        if scan.problem is not None:
            self.say(scan.problem)
        elif scan.slip is not None:
            self.open(scan.slip.appointment, scan)

    def _show(self, desk: VisitDesk, refused: Message | None) -> None:
        self.close_help()
        self._ready.notice.say(None)
        self.sheets.setCurrentWidget(self.visit)
        self._people.follow(desk.appointment.appointment, desk.visit.state)
        self.visit.open(desk, refused)
        self.opened.emit()

    def _not_opened(self, appointment: str, why: Message) -> None:
        """Who has left has no sheet any more, but what is kept of the appointment can be asked for."""
        if not self._gone.show_kept(appointment):
            self.say(why)
            return
        self.close_help()
        self._people.search.clear()
        self._people.let_go()
        self.sheets.setCurrentWidget(self._gone)
        self._gone.take_focus()
        self.opened.emit()

    def _again(self, scan: Scan | None) -> None:
        """The person whose sheet is open already."""
        self.close_help()
        self._people.search.clear()
        self.visit.take_focus()
        if scan is not None:
            self.visit.use_slip(scan)

    def _heard(self) -> None:
        """Central may have spoken of whoever the sheet is of; the column at the left asks by itself."""
        self._ready.refresh()
        self.visit.refresh()

    def _moved(self) -> None:
        desk = self.visit.desk
        if desk is not None:
            self._people.follow(desk.appointment.appointment, desk.visit.state)

    def _scanned_text(self, text: str) -> None:
        scan = self._session.queue.scan(text)
        if scan is None:
            self.say(Message.of("scan.unreadable"))
        else:
            self.scanned(scan)

    def _ended(self, ended: Ended) -> None:
        """Back in the queue: on the next person who waits, on nobody when somebody is to be looked for, or where it was
        left when nothing was recorded."""
        appointment = ended.desk.appointment.appointment
        self._ready.show_ended(ended)
        self._to_ready()
        if ended.seq is None:
            self._people.show_pile(self._from, appointment)
        elif ended.search:
            self._people.show_pile(Pile.ARRIVED)
        else:
            following = self._session.queue.next_arrived(appointment)
            self._people.show_pile(Pile.EXPECTED if following is None else Pile.ARRIVED, following)

    def _to_ready(self) -> None:
        self._people.let_go()
        self.sheets.setCurrentWidget(self._ready)
        self._people.search.setFocus()

    def _wire(self) -> None:
        self._people.taken.connect(self.open)
        self._people.scanned.connect(self.scanned)
        self._people.walk_in_asked.connect(self.start_walk_in)
        self._people.chosen_changed.connect(lambda: self._ready.show_next(self._people.chosen))
        self._ready.walk_in.clicked.connect(self.start_walk_in)
        self._walk_in.left.connect(self._to_ready)
        self._walk_in.registered.connect(self.open)
        self.visit.aefi_asked.connect(self.aefi_asked)
        self._gone.left.connect(self._to_ready)
        self._gone.aefi_asked.connect(self.aefi_asked)
        self._gone.said.connect(self.say)
        self.visit.moved.connect(self._moved)
        self.visit.ended.connect(self._ended)
        self.visit.scanned.connect(self._scanned_text)
        self._session.moved.connect(self.refresh)
        self._session.heard.connect(self._heard)


def _use(desk: VisitDesk, scan: Scan | None) -> Message | None:
    """Check the slip that was scanned; what speaks against it is said in the sheet that opens all the same."""
    if scan is None or scan.slip is None:
        return None
    try:
        fits = desk.use_slip(scan.slip)
    except CannotDo as refused:
        return refused.message
    return None if fits else Message.of("scan.does_not_fit")
