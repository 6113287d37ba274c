"""Looking people up: every look is on record, many are said, told and stopped, and the queue never is (DESIGN 5.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.desk import IN_CHARGE, MORNING, TODAY, CentralSide, ToldClock, make_place
from vaccinator_app.desk import lookups
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.queue import Queue
from vaccinator_app.desk.unlock import _settle_drafts
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import Arrived, IdentityMethod, RecordViewed
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.trust import slip

AFTERNOON = MORNING.replace(hour=15)
HOUR = timedelta(hours=1)


@pytest.fixture
def central() -> CentralSide:
    return CentralSide()


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock(moment=AFTERNOON)


@pytest.fixture
def place(tmp_path: Path, central: CentralSide, clock: ToldClock) -> Iterator[Workplace]:
    """Fifty people of this morning, at three in the afternoon."""
    made = make_place(tmp_path / "home", central, [central.appointment(n) for n in range(1, 51)], clock)
    yield made
    made.vault.close()


def name(number: int) -> str:
    return f"{number:012d}"


def look(place: Workplace, *numbers: int) -> None:
    for number in numbers:
        VisitDesk(place, name(number)).close()


def looked(place: Workplace, count: int) -> None:
    """That many looks on record, without opening a sheet for each."""
    place.record(*[RecordViewed(appointment=name(number)) for number in range(1, count + 1)])


def bodies(place: Workplace) -> list[object]:
    return [body for _, _, _, body in place.vault.ledger.events()]


def refused(place: Workplace, number: int, scanned: slip.Slip | None = None) -> Message | None:
    try:
        VisitDesk(place, name(number), scanned).close()
    except CannotDo as problem:
        return problem.message
    return None


def read(digits: str) -> slip.Slip:
    return slip.decode(digits)


def test_a_look_into_a_visit_begun_before_is_on_record(place: Workplace) -> None:
    """The steps stay; that somebody looked again, an hour later or after somebody else began it, does not get lost."""
    desk = VisitDesk(place, name(1))
    desk.confirm_identity()
    desk.close()
    assert bodies(place) == [Arrived(appointment=name(1))]
    again = VisitDesk(place, name(1))
    again.close()
    assert bodies(place)[1:] == [RecordViewed(appointment=name(1))]
    assert VisitDesk(place, name(1)).draft.identity is IdentityMethod.PHOTO_ID


def test_a_step_that_leaves_no_record_leaves_a_look(place: Workplace) -> None:
    """Identity of somebody whose arrival a colleague noted: nothing of this person's would stand in the ledger."""
    place.record(Arrived(appointment=name(1)))
    desk = VisitDesk(place, name(1))
    desk.confirm_identity()
    desk.close()
    assert bodies(place)[1:] == [RecordViewed(appointment=name(1))]


def test_a_look_into_a_visit_begun_before_survives_a_crash(place: Workplace) -> None:
    desk = VisitDesk(place, name(1))
    desk.confirm_identity()
    desk.close()
    VisitDesk(place, name(1))  # and the power goes
    assert _settle_drafts(place) == name(1)
    assert bodies(place)[1:] == [RecordViewed(appointment=name(1))]
    assert _settle_drafts(place) == name(1)
    assert len(bodies(place)) == 2


def test_while_nothing_may_be_recorded_a_look_waits(place: Workplace) -> None:
    place.disagreement = Message.of("sync.rolled_back")
    look(place, 1)
    assert bodies(place) == []
    place.disagreement = None
    assert _settle_drafts(place) is None
    assert bodies(place) == [RecordViewed(appointment=name(1))]


def test_many_looks_are_said_at_the_sheet(place: Workplace) -> None:
    looked(place, lookups.SAID_FROM - 1)
    assert VisitDesk(place, name(50)).lookups is None
    looked(place, lookups.SAID_FROM)
    assert VisitDesk(place, name(50)).lookups == Message.of("lookups.many", n=20, alarm=30)
    looked(place, lookups.TOLD_FROM)
    assert VisitDesk(place, name(50)).lookups == Message.of("lookups.told", n=30, most=40)


def test_the_same_person_opened_again_and_again_is_one(place: Workplace) -> None:
    place.record(*[RecordViewed(appointment=name(1))] * 60)
    assert lookups.looked_up(place) == {name(1)}


def test_the_thirtieth_is_told_once_an_hour(place: Workplace, clock: ToldClock) -> None:
    looked(place, lookups.TOLD_FROM - 1)
    look(place, 30, 31)
    told = Noticed(what=Notice.MANY_LOOKUPS, count=30, of=IN_CHARGE.staff)
    assert [body for body in bodies(place) if isinstance(body, Noticed)] == [told]
    clock.pass_time(HOUR)
    looked(place, lookups.TOLD_FROM)
    look(place, 32)
    assert [body.count for body in bodies(place) if isinstance(body, Noticed)] == [30, 31]


def test_what_another_did_is_not_counted_against_somebody(place: Workplace) -> None:
    looked(place, 45)
    place.staff = replace(IN_CHARGE, staff="s-other")
    assert lookups.looked_up(place) == frozenset()


def test_from_the_fortieth_on_nobody_is_opened_for_the_rest_of_the_hour(place: Workplace, clock: ToldClock) -> None:
    looked(place, lookups.MOST - 1)
    assert refused(place, 50) is None
    assert refused(place, 49) == Message.of("lookups.closed", n=lookups.MOST)
    assert place.vault.audit.sheets() == []  # nothing was opened, so nothing is on record
    clock.pass_time(HOUR)
    assert refused(place, 49) is None


def test_the_queue_goes_on(place: Workplace, central: CentralSide, clock: ToldClock) -> None:
    """Whose slip is scanned, who has arrived, who is due within the hour: all open as always."""
    looked(place, lookups.MOST)
    assert refused(place, 47, read(central.slip(47))) is None
    place.record(Arrived(appointment=name(48)))
    assert refused(place, 48) is None
    clock.moment = MORNING.replace(hour=11)
    assert refused(place, 49) is None
    assert refused(place, 50) is None


def test_a_visit_under_way_is_come_back_to(place: Workplace, clock: ToldClock) -> None:
    desk = VisitDesk(place, name(50))
    desk.confirm_identity()
    looked(place, lookups.MOST)
    assert refused(place, 50) is None


def test_digits_that_only_look_like_a_slip_open_nobody(place: Workplace, central: CentralSide) -> None:
    """The reference stands in every list; the secret stands on the slip alone."""
    looked(place, lookups.MOST)
    made_up = replace(read(central.slip(49)), secret=bytes(16))
    found = Queue(place).scan(slip.encode(made_up))
    assert found is not None
    assert found.slip == made_up
    assert refused(place, 49, made_up) == Message.of("lookups.closed", n=lookups.MOST)


def test_somebody_elses_slip_opens_nobody(place: Workplace, central: CentralSide) -> None:
    looked(place, lookups.MOST)
    assert refused(place, 49, read(central.slip(48))) == Message.of("lookups.closed", n=lookups.MOST)


def test_a_clock_set_forward_resets_nothing(place: Workplace, clock: ToldClock) -> None:
    """Within one run of the machine an hour is an hour of its uptime."""
    looked(place, lookups.MOST)
    clock.moment += timedelta(hours=5)
    assert refused(place, 49) == Message.of("lookups.closed", n=lookups.MOST)


def test_a_clock_set_back_and_a_restart_reset_nothing(place: Workplace, clock: ToldClock) -> None:
    looked(place, lookups.MOST)
    clock.moment, clock.name, clock.ran = MORNING - timedelta(hours=2), "boot0002", timedelta(minutes=1)
    assert refused(place, 49) == Message.of("lookups.closed", n=lookups.MOST)


def test_looks_are_found_by_an_index_and_no_dose_writes_there(place: Workplace) -> None:
    """However long the ledger is: a sheet opens upon this question."""
    for sql, index in (
        ("SELECT payload FROM ledger WHERE kind = 'record_viewed' AND staff = 'x' AND seq < 9", "ledger_looks"),
        ("SELECT payload FROM ledger WHERE kind = 'noticed' AND seq < 9", "ledger_noticed"),
    ):
        plan = place.vault._database.read(f"EXPLAIN QUERY PLAN {sql} ORDER BY seq DESC LIMIT 5")
        assert [index in step[3] for step in plan] == [True], plan


def test_people_of_another_day_open_by_search_only_within_the_limit(place: Workplace, central: CentralSide) -> None:
    tomorrow = central.appointment(77, "Tomorrow Singh", day=TODAY + timedelta(days=1))
    changes = central.changes(place.vault.identity.device, [tomorrow], from_cursor=1)
    place.vault.exchange.apply(changes)
    assert refused(place, 77) is None
    looked(place, lookups.MOST)
    assert refused(place, 77) == Message.of("lookups.closed", n=lookups.MOST + 1)
