"""A day that is nearly over: 60 people booked, two vaccines, two machines, and a dozen things that went wrong.

The acts are those of `tests.whole.script`; here they stand close together, and the window is that of the first machine.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.central.support import World, make_home
from tests.support.window import Day
from tests.whole.script import OPENS, PlayedDay, _evening as evening, _mishaps as mishaps, book, meet, set_up, walk_in
from vaccinator_app.central import admin
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import DeferReason

PEOPLE = 60
NO_SHOWS = 7


def evening_day(folder: Path, *, people: int = PEOPLE) -> tuple[Day, PlayedDay]:
    """The day at the first machine, locked, with all that both machines sent; and how it was played."""
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    played = set_up(world, folder, book(world, people))
    _play(played)
    meet(played)
    for counter in played.counters:
        counter.switch(0)
        lock(counter.place)
    first = played.first
    day = Day(world, first.home, clock=first.clock)
    return day, played


def _play(day: PlayedDay) -> None:
    planted = [*mishaps(day).values()]
    coming = day.booked[:-NO_SHOWS]
    # each on the machine it is made for: even places at the first
    places = {4 * at + (1 if at in (3, 9) else 0): mishap for at, mishap in enumerate(planted)}
    step = timedelta(hours=6) / len(coming)
    for place, person in enumerate(coming):
        counter = day.counters[place % 2]
        counter.at(max(counter.clock.moment, OPENS + place * step))
        if place in places:
            places[place](counter, person)
        elif place in (14, 27):
            VisitDesk(counter.place, person.reference).defer(DeferReason.UNWELL if place == 14 else DeferReason.REFUSED)
        else:
            counter.dose(person.reference, person.code)
        if place in (19, 34, 47):
            walk_in(counter, place)
    evening(day)
