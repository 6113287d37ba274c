"""A roster of more than one page: asked for ahead, taken over in order, gone on with where it broke off (P.11)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import insert, update

from tests.support.central import Simulator, TestCentral
from tests.support.desk import CENTRE, CentralSide
from vaccinator_app.central import feed
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.desks.roster import Roster, horizon_of
from vaccinator_app.central.desks.seats import Seat, roster_row, write_entry
from vaccinator_app.central.keyring import key_files
from vaccinator_app.central.operations import admin
from vaccinator_app.central.schema import centres, roster
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import Opened
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import Changes, PullRequest
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.vault.errors import VaultFull

PEOPLE = 10
PAGE = 3


@pytest.fixture(autouse=True)
def roster_of_pages(central: TestCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten people, three to a page."""
    side, today = CentralSide(), central.now().date()
    with central.home.database.write() as connection:
        connection.execute(update(centres).where(centres.c.centre == CENTRE).values(horizon=horizon_of(today)))
        for number, place in enumerate(feed.take(connection, CENTRE, PEOPLE), 1):
            appointment = side.appointment(number, f"Asha {number}", day=today)
            seat = Seat(f"b{number}", write_entry(appointment), changed=place)
            connection.execute(insert(roster).values(roster_row(CENTRE, appointment, seat)))
    whole = Roster.changes

    def pages(self: Roster, request: PullRequest) -> Changes:
        return whole(self, msgspec.structs.replace(request, limit=PAGE))

    monkeypatch.setattr(Roster, "changes", pages)


class Watching:
    """The desk's store, with an eye on what is taken over."""

    def __init__(self, desk: Opened, before: Callable[[int], None] = lambda number: None) -> None:
        self._exchange = desk.place.vault.exchange
        self._before = before
        self.taken: list[list[int]] = []
        self.rested = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._exchange, name)

    def apply(self, changes: Changes) -> None:
        self._before(len(self.taken) + 1)
        self._exchange.apply(changes)
        self.taken.append([one.token for one in changes.appointments])

    def rest(self) -> None:
        self.rested += 1
        self._exchange.rest()


class Overhearing:
    """The line to central; ``hear`` is told of each page asked for, before it is answered."""

    def __init__(self, central: Simulator, hear: Callable[[PullRequest], object]) -> None:
        self._central = central
        self._hear = hear

    def __getattr__(self, name: str) -> object:
        return getattr(self._central, name)

    def pull(self, packed: bytes) -> bytes:
        self._hear(packing.peek(packing.unpack(packed), PullRequest))
        return self._central.pull(packed)


def run(
    desk: Opened, store: Watching, central: Simulator | Overhearing, cancelled: Callable[[], bool] = lambda: False
) -> int:
    return Engine(desk_of(desk.place.vault), store, central).run(cancelled=cancelled).pulled  # type: ignore[arg-type]


def here(desk: Opened) -> int:
    found = [desk.place.vault.roster.appointment(f"{number:012d}") for number in range(1, PEOPLE + 1)]
    return len([one for one in found if one is not None])


def test_the_next_page_is_asked_for_while_one_is_taken_over(desk: Opened, simulator: Simulator) -> None:
    asked = threading.Semaphore(0)
    line = Overhearing(simulator, lambda request: asked.release())
    waited: list[bool] = []

    def before(number: int) -> None:
        # The first page was asked for alone; of each further one it must be so before this one is here.
        waited.append(all(asked.acquire(timeout=10) for _ in range(2 if number == 1 else number < 4)))

    store = Watching(desk, before)
    assert run(desk, store, line) == PEOPLE
    assert waited == [True] * 4
    assert store.taken == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]
    assert (here(desk), simulator.pulls, store.rested) == (PEOPLE, 4, 0)


def test_a_pull_that_breaks_off_goes_on_behind_the_last_page_that_was_taken_over(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    def cut(answer: bytes) -> bytes:
        if simulator.pulls == 3:
            raise Unreachable(Message.of("sync.timed_out"))
        return answer

    simulator.spoil = cut
    store = Watching(desk)
    with pytest.raises(Unreachable):
        run(desk, store, simulator)
    assert (store.taken, here(desk), store.rested) == ([[1, 2, 3], [4, 5, 6]], 6, 1)
    again = Watching(desk)
    assert run(desk, again, central.simulator()) == PEOPLE - 6
    assert (again.taken, here(desk), again.rested) == ([[7, 8, 9], [10]], PEOPLE, 0)


def test_nothing_is_taken_over_behind_a_page_that_could_not_be(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    def full(number: int) -> None:
        if number == 2:
            raise VaultFull

    store = Watching(desk, full)
    with pytest.raises(VaultFull):
        run(desk, store, simulator)
    assert (store.taken, here(desk), store.rested) == ([[1, 2, 3]], 3, 1)
    assert run(desk, Watching(desk), central.simulator()) == PEOPLE - 3
    assert here(desk) == PEOPLE


def test_who_stops_between_two_pages_keeps_what_was_taken_over(desk: Opened, simulator: Simulator) -> None:
    store = Watching(desk)
    run(desk, store, simulator, cancelled=lambda: len(store.taken) == 2)
    assert (store.taken, here(desk), store.rested) == ([[1, 2, 3], [4, 5, 6]], 6, 1)
    assert run(desk, Watching(desk), simulator) == PEOPLE - 6


def test_new_keys_of_central_are_kept_before_the_next_page_is_asked_for(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    """Nothing of a page is used before them (P.17.3), and what is asked next says that they are known (P.17.4)."""
    key_files.rotate(central.folder, "signing", central.clock.now())
    central.home.database.close()
    central.home = admin.open_home(central.folder)
    simulator.api = DeskApi(central.home.database, central.home.keys, central.now)
    said: list[int] = []
    line = Overhearing(simulator, lambda request: said.append(request.keys))
    assert run(desk, Watching(desk), line) == PEOPLE
    assert said == [1, 2, 2, 2]
    assert here(desk) == PEOPLE
