"""The 30 minutes after a dose, and the foot of the window (DESIGN 7.7, 9.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.desk import CentralSide, ToldClock
from vaccinator_app.desk import observe
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.status import sync_words
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import EarlyReason, ObservationEnded, ObservationOutcome
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.driver import DriverStatus

SUNITA = "000000000001"


def dosed(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.record_dose()


def test_the_clock_runs_from_the_dose(place: Workplace, clock: ToldClock) -> None:
    dosed(place)
    clock.pass_time(timedelta(minutes=12))
    (watched,) = Observation(place).people()
    assert watched.left == timedelta(minutes=18)
    assert not watched.over
    clock.pass_time(timedelta(minutes=18))
    (watched,) = Observation(place).people()
    assert watched.over
    assert watched.share == 1.0


def test_of_more_than_a_list_holds_everybody_is_counted(
    place: Workplace, clock: ToldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dosed(place)
    monkeypatch.setattr(observe, "MOST", 0)
    clock.pass_time(timedelta(minutes=29, seconds=59))
    assert Observation(place).people() == []
    assert Observation(place).counts() == (1, 0)
    clock.pass_time(timedelta(seconds=1))
    assert Observation(place).counts() == (1, 1)


def test_a_clock_set_back_asks_for_no_more_than_thirty_minutes(place: Workplace, clock: ToldClock) -> None:
    dosed(place)
    clock.pass_time(timedelta(hours=-5))
    (watched,) = Observation(place).people()
    assert watched.left == timedelta(minutes=30)


def test_who_stays_for_the_whole_time_leaves_well(place: Workplace, clock: ToldClock) -> None:
    dosed(place)
    clock.pass_time(timedelta(minutes=30))
    Observation(place).end(SUNITA, EarlyReason.WORK)
    body = list(place.vault.ledger.events())[-1][3]
    # no reason is asked for, and one that was chosen before the time was over says nothing any more
    assert body == ObservationEnded(appointment=SUNITA, outcome=ObservationOutcome.WELL)
    assert Observation(place).people() == []
    with pytest.raises(CannotDo) as problem:
        Observation(place).end(SUNITA)
    assert problem.value.message.key == "observe.not_watched"


def test_who_leaves_early_says_why(place: Workplace, clock: ToldClock) -> None:
    dosed(place)
    clock.pass_time(timedelta(minutes=29, seconds=59))
    with pytest.raises(CannotDo) as problem:
        Observation(place).end(SUNITA)
    assert problem.value.message.key == "observe.why_early"
    assert len(Observation(place).people()) == 1
    Observation(place).end(SUNITA, EarlyReason.CHILD_CARE)
    body = list(place.vault.ledger.events())[-1][3]
    assert body == ObservationEnded(
        appointment=SUNITA, outcome=ObservationOutcome.LEFT_EARLY, reason=EarlyReason.CHILD_CARE
    )


def test_the_foot_of_the_window_says_what_central_has_not_confirmed(
    place: Workplace, central: CentralSide, clock: ToldClock
) -> None:
    assert Message.of("status.all_confirmed") in sync_words(place, DriverStatus()).parts
    dosed(place)
    clock.pass_time(timedelta(minutes=100))
    parts = sync_words(place, DriverStatus()).parts
    assert Message.of("status.unconfirmed", n=3, age=timedelta(minutes=100)) in parts


def test_an_offline_desk_says_since_when_and_why(place: Workplace) -> None:
    failure = Message.of("sync.could_not_reach")
    words = sync_words(place, DriverStatus(failure=failure, reached=False))
    assert words.online is False
    assert words.parts[0].key == "status.offline_since"
    assert failure in words.parts


def test_a_clock_set_back_before_the_lease_is_told(place: Workplace, clock: ToldClock) -> None:
    clock.pass_time(timedelta(days=-400))
    assert "lease.clock_behind" in [part.key for part in sync_words(place, DriverStatus()).parts]


def test_the_lease_is_warned_of_before_it_ends(place: Workplace, clock: ToldClock) -> None:
    clock.pass_time(timedelta(days=5))
    assert "lease.ending" in [part.key for part in sync_words(place, DriverStatus()).parts]
    clock.pass_time(timedelta(days=2))
    assert "lease.over" in [part.key for part in sync_words(place, DriverStatus()).parts]
