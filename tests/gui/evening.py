"""A day that is nearly over: 60 people booked, two vaccines, two machines, and a dozen things that went wrong.

The acts are those of `tests.whole.script`; here they stand close together, and the window is that of the first machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QListView, QWidget

from tests.central.support import World, make_home
from tests.gui.audit_tour import audit_tour
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ToldClock, vaccines
from tests.support.window import Day, Hands
from tests.whole.script import (
    OPENS,
    Counter,
    PlayedDay,
    book,
    meet,
    set_up,
    walk_in,
)
from tests.whole.script import (
    evening as throw_away_the_rest,
)
from tests.whole.script import (
    mishaps_of as mishaps,
)
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.stock import Stock
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import DeferReason
from vaccinator_app.gui.screens.closing_count import CountRow

PEOPLE = 60
NO_SHOWS = 7
_DEFERRED = {14: DeferReason.UNWELL, 27: DeferReason.REFUSED}
_WALK_INS = (19, 34, 47)
_ON_THE_SECOND = (3, 9)
"""Mishaps that are made for the second machine, by their place in the list."""


@dataclass(slots=True)
class Evening:
    """``day`` is that of the first machine, locked; both machines have sent everything and heard of the other."""

    folder: Path
    day: Day
    clocks: list[ToldClock]

    def copy(self, folder: Path) -> Evening:
        """The same evening once more, in ``folder``; this one must be closed."""
        for name in ("central", "home0", "home1"):
            shutil.copytree(self.folder / name, folder / name)
        world = World(folder / "central", admin.open_home(folder / "central"))
        world.clock.now = self.day.world.clock.now
        clocks = [replace(clock) for clock in self.clocks]
        return Evening(folder, Day(world, folder / "home0", clock=clocks[0]), clocks)

    def second(self) -> Counter:
        """The other machine, opened by its in-charge. Close its vault."""
        home, clock, simulator = self.folder / "home1", self.clocks[1], Simulator(self.day.world.api)
        unlock = Unlock(home, vaccines(), lambda _: clock)
        place = unlock.open(unlock.people()[0].staff, PASSPHRASE).place
        return Counter("Desk 2", home, clock, simulator, unlock, place)

    def close(self) -> None:
        self.day.world.home.database.close()


def evening_day(folder: Path) -> Evening:
    """Played anew in ``folder``."""
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    played = set_up(world, folder, book(world, PEOPLE))
    _play(played)
    meet(played)
    for counter in played.counters:
        counter.switch(0)
        lock(counter.place)
    clocks = [counter.clock for counter in played.counters]
    return Evening(folder, Day(world, played.first.home, clock=clocks[0]), clocks)


def _play(day: PlayedDay) -> None:
    places = {4 * at + (at in _ON_THE_SECOND): mishap for at, mishap in enumerate(mishaps(day).values())}
    coming = day.booked[:-NO_SHOWS]
    step = timedelta(hours=6) / len(coming)
    for place, person in enumerate(coming):
        counter = day.counters[place % 2]
        counter.at(max(counter.clock.moment, OPENS + place * step))
        if place in places:
            places[place](counter, person)
        elif place in _DEFERRED:
            VisitDesk(counter.place, person.reference).defer(_DEFERRED[place])
        else:
            counter.dose(person.reference, person.code)
        if place in _WALK_INS:
            walk_in(counter, place)
    throw_away_the_rest(day)


def reconcile(hands: Hands) -> None:
    """To Reconcile, with the day read."""
    hands.press(Qt.Key.Key_F11)
    hands.settle()
    hands.until(lambda: not hands.shown("stop-reading"))


def exceptions(hands: Hands) -> None:
    """To Exceptions, with the day read."""
    hands.press(Qt.Key.Key_F12)
    hands.settle()
    hands.until(lambda: listed(hands))


def listed(hands: Hands) -> list[str]:
    """What a screen reader says of each exception in the list."""
    model = hands.find(QListView, "exceptions-list").model()
    role = Qt.ItemDataRole.AccessibleTextRole
    return [str(model.index(row, 0).data(role)) for row in range(model.rowCount())]


def choose(hands: Hands, beginning: str) -> None:
    """Go down to the first exception that begins so."""
    place = next(i for i, said in enumerate(listed(hands)) if said.startswith(beginning))
    hands.press(Qt.Key.Key_Home)
    for _ in range(place):
        hands.press(Qt.Key.Key_Down)


def count_rows(hands: Hands) -> list[CountRow]:
    """The batches of the close's first step."""
    rows = [row for row in hands.window.findChildren(CountRow) if row.isVisible()]
    return sorted(rows, key=lambda row: row.mapTo(hands.window, row.rect().topLeft()).y())


def computed(hands: Hands) -> list[int]:
    """How many unopened vials the records say, in the order of the rows."""
    return [row.computed for row in count_rows(hands)]


def start_close(hands: Hands) -> None:
    """To the first field of the count."""
    hands.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    hands.settle()


def count_all(hands: Hands, *, fewer: int = 0) -> None:
    """Type each batch's number and Enter; of the first ``fewer`` than there should be, which broke."""
    for place, should in enumerate(computed(hands)):
        hands.write(str(should - (fewer if place == 0 else 0)))
        hands.enter()
        if place == 0 and fewer:
            hands.press(Qt.Key.Key_Down)
            hands.enter()


def sign(hands: Hands) -> None:
    """The whole close, both steps."""
    start_close(hands)
    count_all(hands)
    hands.enter()
    hands.until(lambda: "You sign" in hands.seen())
    hands.settle()
    hands.enter()
    hands.until(lambda: hands.shown("charts"))
    hands.settle()


Stop = Callable[[str], None]


def evening_tour(evening: Evening, hands: Hands, stop: Stop) -> None:
    """Past reconcile, exceptions, the report and the close, in every state worth a look."""
    hands.unlock()
    _tour_numbers(hands, stop)
    _tour_exceptions(hands, stop)
    audit_tour(hands, stop)
    _tour_close(evening, hands, stop)
    _tour_report(hands, stop)


def _tour_numbers(hands: Hands, stop: Stop) -> None:
    reconcile(hands)
    stop("reconcile")
    for group in ("vaccine", "batch", "staff", "booking"):
        hands.press(Qt.Key.Key_Right)
        hands.press(Qt.Key.Key_Down)
        stop(f"reconcile-by-{group}")
    hands.press(Qt.Key.Key_F1)
    stop("reconcile-help")
    hands.press(Qt.Key.Key_F1)
    hands.press(Qt.Key.Key_PageUp)
    hands.settle()
    stop("reconcile-nothing")
    hands.press(Qt.Key.Key_PageDown)
    hands.settle()


def _tour_exceptions(hands: Hands, stop: Stop) -> None:
    exceptions(hands)
    stop("exceptions")
    choose(hands, "Twice")
    stop("exception-twice")
    choose(hands, "Thrown away")
    hands.enter()
    hands.settle()
    stop("exception-reasons")
    hands.write("8")
    hands.write("ask 9812345678")
    hands.enter()
    hands.settle()
    stop("exception-note-refused")
    hands.find(QLineEdit, "settle-note").clear()
    hands.write("fell off the table")
    hands.enter()
    hands.settle()
    stop("exception-saved")
    hands.press(Qt.Key.Key_Right)
    stop("exceptions-settled")
    hands.press(Qt.Key.Key_Left)
    choose(hands, "Without code")
    hands.enter()
    stop("otp")
    hands.enter()
    hands.settle()
    stop("otp-on-its-way")
    hands.write("123456")
    hands.enter()
    hands.settle()
    stop("otp-wrong")
    hands.escape()


def _tour_close(evening: Evening, hands: Hands, stop: Stop) -> None:
    reconcile(hands)
    start_close(hands)
    stop("close-count")
    count_all(hands, fewer=1)
    hands.find(QComboBox, count_rows(hands)[0].choice.objectName()).setCurrentIndex(0)
    hands.enter()
    hands.settle()
    stop("close-why")
    hands.press(Qt.Key.Key_Down)
    hands.find(QWidget, "close-next").setFocus()
    hands.enter()
    hands.settle()
    stop("close-sign")
    evening.day.cut()
    hands.enter()
    hands.until(lambda: "Closed by" in hands.said("day-state"))
    hands.settle()
    stop("closed-here")
    evening.day.mend()
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "Central counts the same" in hands.said("day-state"))
    stop("closed")
    Stock(hands.place).open_vial("covishield", "4121Z025")
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "came after the close" in hands.said("day-state"))
    hands.settle()
    stop("closed-late")
    start_close(hands)
    stop("close-amendment")
    hands.escape()


def _tour_report(hands: Hands, stop: Stop) -> None:
    hands.press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    hands.settle()
    stop("report")
    hands.press(Qt.Key.Key_PageDown)
    hands.write("-")
    stop("report-page")
    hands.escape()
    assert hands.find(QWidget, "charts").isVisible()
