"""Reconcile finds what went wrong in a whole day at two machines, and nothing else; central counts the same (7.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.central.support import TODAY, World, make_home
from tests.support import postgres
from tests.support.demand import demanded
from tests.whole.script import FIRST, NO_SHOWS, PEOPLE, SECOND, PlayedDay, book, meet, play, set_up, walk_in
from vaccinator_app.central.operations import admin
from vaccinator_app.desk import closing
from vaccinator_app.desk.closing import ClosePlan, Counted
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.closing_events import VarianceReason
from vaccinator_app.domain.exceptions import DayException
from vaccinator_app.domain.exceptions import ExceptionKind as Kind

pytestmark = pytest.mark.slow

TOMORROW = TODAY + timedelta(days=1)


# It takes long, and what differs between databases is tested elsewhere: the second time only where it is demanded.
@pytest.fixture(scope="module", params=["sqlite", *({"postgresql"} & demanded())])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterable[PlayedDay]:
    """Played once on each database and synced; the in-charge of each machine is at it."""
    folder = tmp_path_factory.mktemp("day")
    url = None
    if request.param == "postgresql":
        url = postgres.fresh(request.getfixturevalue("postgres_server"))
    make_home(folder / "central", url)
    world = World(folder / "central", admin.open_home(folder / "central"))
    played = set_up(world, folder, book(world))
    play(played)
    meet(played)
    for counter in played.counters:
        counter.switch(0)
    yield played
    played.close()
    world.home.database.close()


def about(exceptions: Iterable[DayException]) -> list[tuple[Kind, str]]:
    """What each is about: a person, else a batch or a machine."""
    found = []
    for one in exceptions:
        params = one.words.params
        found.append((one.kind, one.appointment or str(params.get("batch") or params.get("machine"))))
    return sorted(found)


def wanted(day: PlayedDay) -> list[tuple[Kind, str]]:
    return sorted(each for planted in day.planted.values() for each in planted)


def counts(day: PlayedDay, missing: int = 0) -> dict[tuple[str, str], Counted]:
    """What lies in the carriers, ``missing`` vials of the first batch less than the records say."""
    found = {(b.vaccine, b.batch): Counted(str(b.unopened)) for b in day.overview(day.first).tally.stock}
    if missing:
        there = int(found["covishield", FIRST].vials) - missing
        found["covishield", FIRST] = Counted(str(there), VarianceReason.UNEXPLAINED)
    return found


def sign(day: PlayedDay, missing: int = 0) -> ClosePlan:
    plan = closing.prepare(day.first.place, day.overview(day.first), counts(day, missing))
    closing.close(day.first.place, plan)
    return plan


def synced(day: PlayedDay) -> None:
    for counter in (*day.counters, *day.counters):
        counter.sync()


def test_the_day_from_first_slot_to_amended_close(day: PlayedDay) -> None:
    # while nothing was closed yet: twelve things went wrong, and both machines' in-charges see the same
    seen = [day.overview(counter) for counter in day.counters]
    assert len(day.planted) == 12
    assert about(seen[0].open) == about(seen[1].open) == wanted(day)
    assert seen[0].tally == seen[1].tally
    total = seen[0].tally.total
    assert (total.booked, total.no_show, total.walk_ins) == (PEOPLE, NO_SHOWS, 5)
    assert total.arrived == PEOPLE - NO_SHOWS + 5
    # given: all who came but the deferred and the one whose codes ran out
    assert total.given == total.arrived - total.deferred - 1
    assert total.given + total.twice == sum(batch.given for batch in seen[0].tally.stock)
    assert all(batch.variance == 0 for batch in seen[0].tally.stock)
    assert len(seen[0].tally.sessions) == 2

    assert [day.overview(counter, TOMORROW).left_open for counter in day.counters] == [TODAY, TODAY]

    # a vial is missing from the carrier: the close needs a reason for it, and says it for ever after
    with pytest.raises(CannotDo):
        closing.prepare(day.first.place, seen[0], counts(day) | {("covishield", FIRST): Counted("0")})
    plan = sign(day, missing=1)
    assert plan.open_exceptions == len(wanted(day))
    day.planted["a vial is missing"] = {(Kind.VARIANCE, FIRST)}
    synced(day)
    closed = day.overview(day.first)
    assert closed.agreed is True
    assert [day.overview(counter, TOMORROW).left_open for counter in day.counters] == [None, None]
    assert about(closed.open) == wanted(day)
    with pytest.raises(CannotDo):
        sign(day, missing=1)

    # somebody without a booking comes when the day is closed: nobody is turned away, and nothing is reopened silently
    day.first.switch(1)
    person = walk_in(day.first, 777)
    day.first.switch(0)
    day.planted["walk-in after the close"] = {(Kind.LATE, person)}
    synced(day)
    late = day.overview(day.second)
    assert about(late.open) == wanted(day)
    assert len(day.planted) == 14
    assert late.closed == closed.closed

    # the amendment takes them in, and central counts that too
    sign(day, missing=1)
    synced(day)
    amended = [day.overview(counter) for counter in day.counters]
    assert [one.agreed for one in amended] == [True, True]
    assert amended[0].closed is not None
    assert amended[0].closed.amendment == 1
    assert amended[0].closed.tally == amended[1].tally
    assert amended[0].tally.total.given == total.given + 1
    del day.planted["walk-in after the close"]
    assert about(amended[0].open) == wanted(day)
    assert SECOND in {batch.batch for batch in amended[0].tally.stock}
