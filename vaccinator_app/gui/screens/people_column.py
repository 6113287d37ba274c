"""The left side of the queue: the search field, the piles, and whoever they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.desk.queue import Line, Pile, Scan
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.gui.models.asked import Asked
from vaccinator_app.gui.models.line_delegate import LineDelegate
from vaccinator_app.gui.models.lines import Lines
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.piles import PILE_WORDS, Piles
from vaccinator_app.gui.screens.search_field import SearchField
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.stack import Stack

_LONGEST_TYPED = 16
"""More digits than this are a scan on its way in, and not worth searching for."""

_Answer = tuple[Mapping[Pile, int], Sequence[Line]]
"""How many stand in each list, and the one that is shown."""

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
    VisitState.DONE: Pile.DONE,
    VisitState.DEFERRED: Pile.DONE,
    VisitState.ATTENTION: Pile.ATTENTION,
}


class PeopleColumn(QFrame):
    """While something is typed the list is what it finds; else it is the pile that is chosen."""

    taken = Signal(str)
    """Enter on a person: the `appointment`."""
    scanned = Signal(object)
    """A slip came in through the search field: the `Scan`."""
    chosen_changed = Signal()
    """Another person is chosen, or nobody."""
    walk_in_asked = Signal()

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._session = session
        self._asked = Asked(session, self._question, self._show)
        self.setProperty("part", "sheet")
        self.search = SearchField(kit)
        self._piles = Piles(kit)
        self._lines = Lines(kit.words, session.place.formulary, self)
        self._list = PeopleList(kit)
        self._list.setObjectName("queue-list")
        self._list.setModel(self._lines)
        self._list.setItemDelegate(LineDelegate(kit, self._lines))
        self._walk_in = Button(kit, Message.of("queue.walk_in"), icon="walk-in", key="F2")
        self._none = EmptyState(kit, "search", Message.of("empty.expected"), self._walk_in)
        self._lay_out()
        self._wire()
        self.refresh()

    @property
    def pile(self) -> Pile:
        """The pile behind whatever is searched for."""
        return self._piles.pile

    @property
    def chosen(self) -> Line | None:
        """The person that Enter takes."""
        return self._lines.line(self._list.row)

    def refresh(self) -> None:
        """Ask again; the person chosen stays chosen, wherever they now stand."""
        self._asked.here()
        self._show(self._question()())

    def _question(self) -> Callable[[], _Answer]:
        """What stands in the lists, as of now: to be asked on whatever thread."""
        queue, text, pile = self._session.queue, self.search.text() if self._searching else None, self.pile
        return lambda: (queue.counts(), queue.lines(pile) if text is None else queue.search(text))

    def _show(self, found: _Answer) -> None:
        counts, lines = found
        chosen, searching = self.chosen, self._searching
        self._piles.show_counts(counts)
        self._piles.set_away(searching)
        self._lines.show(lines)
        place = -1 if chosen is None else self._lines.place_of(chosen.row.appointment)
        self._list.choose(0 if place < 0 and searching and lines else place)
        self._none.say(Message.of("empty.search" if searching else _EMPTY[self.pile]))
        self._walk_in.setVisible(searching)
        self._stack.setCurrentWidget(self._list if lines else self._none)
        self._name_list()

    def show_pile(self, pile: Pile, choose: str | None = None) -> None:
        """Leave the search, show ``pile``, and choose this appointment in it if it is there."""
        self.search.clear()
        self._piles.choose(pile)
        self.refresh()
        self._list.choose(self._lines.place_of(choose))

    def follow(self, appointment: str, state: VisitState) -> None:
        """Show the person whose sheet is open among those of the same state."""
        self._lines.set_open(appointment)
        self.show_pile(_PILES[state], appointment)

    def let_go(self) -> None:
        """No sheet is open."""
        self._lines.set_open(None)

    @property
    def _searching(self) -> bool:
        return bool(self.search.text().strip())

    def _entered(self) -> None:
        scan: Scan | None = self._session.queue.scan(self.search.text())
        if scan is None:
            self._list.take()
        else:
            self.search.clear()
            self.scanned.emit(scan)

    def _typed(self, text: str) -> None:
        if len(text) <= _LONGEST_TYPED or not text.strip().isdigit():
            self.refresh()

    def _take(self, row: int) -> None:
        line = self._lines.line(row)
        if line is not None:
            self.taken.emit(line.row.appointment)

    def _beside(self, by: int) -> None:
        self.show_pile(self._piles.next(by))

    def _name_list(self) -> None:
        key = "queue.found" if self._searching else PILE_WORDS[self.pile]
        self._list.setAccessibleName(self._kit.words.t(key))

    def _wire(self) -> None:
        self.search.textChanged.connect(self._typed)
        self.search.entered.connect(self._entered)
        self.search.moved.connect(self._list.step)
        self.search.sideways.connect(self._beside)
        self._list.sideways.connect(self._beside)
        self._list.taken.connect(self._take)
        self._list.selectionModel().currentChanged.connect(self.chosen_changed)
        self._lines.modelReset.connect(self.chosen_changed)
        self._piles.chosen.connect(self.show_pile)
        self._walk_in.clicked.connect(self.walk_in_asked)
        self._kit.words.changed.connect(self._name_list)

    def _lay_out(self) -> None:
        step = self._kit.theme.step
        self._stack = Stack()
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._none)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addWidget(self.search)
        column.addWidget(self._piles)
        column.addWidget(self._stack, 1)
