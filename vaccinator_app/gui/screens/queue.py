"""The queue and the visit beside it: where a vaccinator spends the day (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.queue import Line, Pile, Scan
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.gui.models.line_delegate import LineDelegate
from vaccinator_app.gui.models.lines import Lines
from vaccinator_app.gui.screens.help import QUEUE
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.piles import PILE_WORDS, Piles
from vaccinator_app.gui.screens.ready import Ready
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.screens.search_field import SearchField
from vaccinator_app.gui.screens.visit import Ended, VisitPanel
from vaccinator_app.gui.screens.walk_in import WalkInPanel
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit

_LONGEST_TYPED = 16
"""More digits than this are a scan on its way in, and not worth searching for."""

_EMPTY: dict[Pile, str] = {
    Pile.EXPECTED: "empty.expected",
    Pile.ARRIVED: "empty.arrived",
    Pile.OBSERVING: "empty.observing",
    Pile.DONE: "empty.done",
    Pile.ATTENTION: "empty.attention",
}


_PILES: dict[VisitState, Pile] = {
    VisitState.EXPECTED: Pile.EXPECTED,
    VisitState.ARRIVED: Pile.ARRIVED,
    VisitState.OBSERVING: Pile.OBSERVING,
    VisitState.ATTENTION: Pile.ATTENTION,
}


class QueueScreen(Screen):
    """Search, piles and list at the left; at the right the visit, the walk-in form, or what comes next."""

    opened = Signal()
    """A person's sheet opens: whatever screen is in front, this one comes."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.queue"), QUEUE, parent)
        self._session = session
        self.search = SearchField(kit)
        self._piles = Piles(kit)
        self._lines = Lines(kit.words, session.place.formulary, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("queue-list")
        self.list.setModel(self._lines)
        self.list.setItemDelegate(LineDelegate(kit, self._lines))
        self._walk_in_here = Button(kit, Message.of("queue.walk_in"), icon="walk-in", key="F2")
        self._none = EmptyState(kit, "search", Message.of("empty.expected"), self._walk_in_here)
        self.ready = Ready(kit, session)
        self.visit = VisitPanel(kit, session)
        self.walk_in = WalkInPanel(kit, session)
        self._from = Pile.EXPECTED
        self._lay_out()
        self._wire()
        self.refresh()

    def refresh(self) -> None:
        """Ask again; the person chosen stays chosen, wherever they now stand."""
        queue, text = self._session.queue, self.search.text()
        chosen = self._chosen
        self._follow()
        self._piles.show_counts(queue.counts())
        searching = bool(text.strip())
        self._piles.set_away(searching)
        lines = queue.search(text) if searching else queue.lines(self._piles.pile)
        self._lines.show(lines)
        place = -1 if chosen is None else self._lines.place_of(chosen.row.appointment)
        self.list.choose(0 if place < 0 and searching and lines else place)
        self._show_none(searching=searching, found=bool(lines))
        self.ready.refresh()
        if self.sheets.currentWidget() is self.visit:
            self.visit.refresh()

    def _follow(self) -> None:
        """The list is the one that the person whose sheet is open stands in."""
        if self.visit.desk is not None:
            self._piles.choose(_PILES.get(self.visit.desk.visit.state, Pile.DONE))

    def take_focus(self) -> None:
        """To the sheet while one is open, else to the search field."""
        shown = self.sheets.currentWidget()
        if shown is self.visit:
            self.visit.take_focus()
        elif shown is self.walk_in:
            self.walk_in.take_focus()
        else:
            self.search.setFocus()

    def back(self) -> None:
        """Out of help, out of a question, out of the sheet, out of a search: one at a time."""
        if self.close_help():
            return
        shown = self.sheets.currentWidget()
        if shown is self.visit:
            self.visit.leave()
        elif shown is self.walk_in:
            self._to_ready()
        else:
            self.search.clear()
            self.search.setFocus()

    def open(self, appointment: str, scan: Scan | None = None) -> None:
        """Open this person's sheet; a sheet that is open already is left first, with nothing lost."""
        before = self.visit.forget()
        place = self._session.place
        if before is None:
            self._from = self._piles.pile

        def work() -> tuple[VisitDesk, Message | None]:
            if before is not None:
                before.close()
            desk = VisitDesk(place, appointment)
            return desk, _use(desk, scan)

        def done(found: tuple[VisitDesk, Message | None]) -> None:
            desk, refused = found
            self.close_help()
            self.ready.notice.say(None)
            self.sheets.setCurrentWidget(self.visit)
            self._lines.set_open(appointment)
            self.visit.open(desk, refused)
            self.search.clear()
            self.list.choose(self._lines.place_of(appointment))
            self.opened.emit()

        self._session.act(work, done, self.say)

    def say(self, what: Message) -> None:
        """A sentence where the eye is: in the open sheet, or where one would be."""
        self.close_help()
        if self.visit.desk is not None:
            self.visit.say(what)
            return
        self._to_ready()
        self.ready.notice.say(what, "attention")

    def start_walk_in(self) -> None:
        """F2: the form, in place of the sheet."""
        self.close_help()
        before = self.visit.forget()
        if before is not None:
            self._session.act(before.close)
        self._lines.set_open(None)
        self.sheets.setCurrentWidget(self.walk_in)
        self.walk_in.begin()

    def type_ahead(self, event: QKeyEvent) -> None:
        """A letter or digit that no field took: digits to the code that is due, the rest to the search field."""
        if self.close_help():
            return
        if self.visit.wants_code and event.text().isdigit():
            self.visit.forward(event)
        else:
            self.search.setFocus()
            self.search.keyPressEvent(event)

    @property
    def _chosen(self) -> Line | None:
        return self._lines.line(self.list.row)

    def _entered(self) -> None:
        scan = self._session.queue.scan(self.search.text())
        if scan is not None:
            self.scanned(scan)
        else:
            self.list.take()

    def _scanned_text(self, text: str) -> None:
        scan = self._session.queue.scan(text)
        if scan is None:
            self.say(Message.of("scan.unreadable"))
        else:
            self.scanned(scan)

    def scanned(self, scan: Scan) -> None:
        """A slip was scanned: open whose it is, or say whose it is not."""
        self.search.clear()
        if scan.problem is not None:
            self.say(scan.problem)
        elif scan.slip is not None:
            self.open(scan.slip.appointment, scan)

    def _ended(self, ended: Ended) -> None:
        """Back in the queue: on the next person who waits, or where it was left when nothing was recorded."""
        appointment = ended.desk.appointment.appointment
        self.ready.show_ended(ended)
        self._to_ready()
        if ended.seq is None:
            self._show_pile(self._from)
            self.list.choose(self._lines.place_of(appointment))
        else:
            following = self._session.queue.next_arrived(appointment)
            self._show_pile(Pile.EXPECTED if following is None else Pile.ARRIVED)
            self.list.choose(self._lines.place_of(following))
        self._show_next()

    def _to_ready(self) -> None:
        self._lines.set_open(None)
        self.sheets.setCurrentWidget(self.ready)
        self.search.setFocus()

    def _show_pile(self, pile: Pile) -> None:
        self.search.clear()
        self._piles.choose(pile)
        self.refresh()

    def _show_next(self) -> None:
        self.ready.show_next(self._chosen)

    def _show_none(self, *, searching: bool, found: bool) -> None:
        self._none.say(Message.of("empty.search" if searching else _EMPTY[self._piles.pile]))
        self._walk_in_here.setVisible(searching)
        self._stack.setCurrentWidget(self.list if found else self._none)
        self._name_list()

    def _name_list(self) -> None:
        key = "queue.found" if self.search.text().strip() else PILE_WORDS[self._piles.pile]
        self.list.setAccessibleName(self.kit.words.t(key))

    def _typed(self, text: str) -> None:
        if len(text) > _LONGEST_TYPED and text.strip().isdigit():
            return
        self.refresh()

    def _wire(self) -> None:
        self.search.textChanged.connect(self._typed)
        self.search.entered.connect(self._entered)
        self.search.moved.connect(self.list.step)
        self.search.sideways.connect(lambda by: self._show_pile(self._piles.next(by)))
        self.list.sideways.connect(lambda by: self._show_pile(self._piles.next(by)))
        self.list.taken.connect(self._take)
        self.list.selectionModel().currentChanged.connect(self._show_next)
        self._lines.modelReset.connect(self._show_next)
        self._piles.chosen.connect(self._show_pile)
        self._walk_in_here.clicked.connect(self.start_walk_in)
        self.ready.walk_in.clicked.connect(self.start_walk_in)
        self.walk_in.left.connect(self._to_ready)
        self.walk_in.registered.connect(self.open)
        self.visit.ended.connect(self._ended)
        self.visit.scanned.connect(self._scanned_text)
        self._session.moved.connect(self.refresh)
        self.kit.words.changed.connect(self._name_list)

    def _take(self, row: int) -> None:
        line = self._lines.line(row)
        if line is not None:
            self.open(line.row.appointment)

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._none)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addWidget(self.search)
        column.addWidget(self._piles)
        column.addWidget(self._stack, 1)
        self.set_columns(left, [self.ready, self.visit, self.walk_in])
        self.list.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def _use(desk: VisitDesk, scan: Scan | None) -> Message | None:
    """Check the slip that was scanned; what speaks against it is said in the sheet that opens all the same."""
    if scan is None or scan.slip is None:
        return None
    try:
        fits = desk.use_slip(scan.slip)
    except CannotDo as refused:
        return refused.message
    return None if fits else Message.of("scan.does_not_fit")
