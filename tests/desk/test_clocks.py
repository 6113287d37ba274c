"""A clock that is off is said with both times and put on record once, and stops nobody; no lease lasts longer by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.central import PASSPHRASE, Simulator, TestCentral
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.desk import noticing
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.lease import LeaseState, lease_state
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.staff_events import Noticed
from vaccinator_app.sync.engine import Engine

HOUR = timedelta(hours=1)


class Desk:
    """A machine whose clock is its own, and a central with another."""

    def __init__(self, folder: Path) -> None:
        self.central = TestCentral(folder / "central")
        self.central.enrol(folder / "home")
        self.clock = ToldClock()
        self.simulator = Simulator(self.central.api)
        self.unlock = Unlock(folder / "home", vaccines(), lambda _: self.clock)
        self.place: Workplace = self.opened()

    def opened(self) -> Workplace:
        self.place = self.unlock.open(self.unlock.people()[0].staff, PASSPHRASE).place
        return self.place

    def again(self, boot: str | None = None, by: timedelta = timedelta(0)) -> None:
        """Lock and unlock; with ``boot`` the machine was switched off in between. The clock was set ``by`` so much."""
        lock(self.place)
        self.clock.moment += by
        if boot is not None:
            self.clock.name, self.clock.ran = boot, timedelta(minutes=1)
        self.opened()

    def sync(self) -> None:
        Engine(desk_of(self.place.vault), self.place.vault.exchange, self.simulator).run()
        noticing.heard(self.place)

    def noticed(self) -> list[tuple[str, int]]:
        found = [body for _, _, _, body in self.place.vault.ledger.events()]
        return [(body.what.value, body.seconds) for body in found if isinstance(body, Noticed)]

    def words(self) -> str:
        return "" if self.place.clock_words is None else self.place.clock_words.key

    def both(self) -> list[str]:
        """The two times that the words name."""
        assert self.place.clock_words is not None
        return [f"{self.place.clock_words.params[name]:%d %H:%M}" for name in ("here", "there")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.place.vault.close()
    made.central.close()


def test_a_clock_found_behind_the_last_record_is_noticed_as_the_desk_opens(desk: Desk) -> None:
    desk.again("boot0002", by=-2 * HOUR)
    assert desk.noticed() == [("clock_back", 7200)]
    assert (desk.words(), desk.both()) == ("clock.behind", ["21 08:00", "21 10:00"])
    kinds = [body.KIND for _, _, _, body in desk.place.vault.ledger.events()]
    assert kinds[-2:] == ["noticed", "signed_in"]
    # nobody is kept from recording
    desk.place.record(SignedIn())
    # it is set right, and that is seen at the next look
    desk.clock.moment += 2 * HOUR
    noticing.look(desk.place)
    assert desk.words() == ""
    assert len(desk.noticed()) == 1


def test_a_clock_set_while_the_desk_is_open_is_noticed_once(desk: Desk) -> None:
    desk.clock.pass_time(HOUR)
    assert not noticing.clock_changed(desk.place)
    desk.clock.moment += timedelta(minutes=9)
    assert not noticing.clock_changed(desk.place)
    desk.clock.moment += timedelta(minutes=2)
    assert noticing.clock_changed(desk.place)
    for _ in range(3):
        noticing.look(desk.place)
    assert desk.noticed() == [("clock_forward", 660)]
    assert desk.words() == "clock.ahead"
    assert not noticing.clock_changed(desk.place)


def test_central_says_what_time_it_is_and_its_word_holds_through_a_lock(desk: Desk) -> None:
    desk.again("boot0002", by=3 * HOUR)
    # after a new start nothing on the machine can tell
    assert desk.words() == ""
    desk.sync()
    assert (desk.words(), desk.both()) == ("clock.ahead", ["21 13:00", "21 10:00"])
    assert desk.noticed() == [("clock_forward", 3 * 3600)]
    desk.clock.pass_time(HOUR)
    desk.again()
    assert (desk.words(), desk.both()) == ("clock.ahead", ["21 14:00", "21 11:00"])
    assert len(desk.noticed()) == 1
    desk.clock.moment -= 3 * HOUR
    desk.again()
    assert desk.words() == ""
    assert len(desk.noticed()) == 1


def test_clocks_that_go_a_little_otherwise_say_nothing(desk: Desk) -> None:
    desk.clock.moment += timedelta(minutes=9)
    desk.sync()
    desk.again("boot0002")
    assert (desk.words(), desk.noticed()) == ("", [])


def test_a_clock_turned_back_prolongs_no_lease(desk: Desk) -> None:
    desk.sync()
    lease = desk.place.vault.roster.lease()
    desk.clock.pass_time(timedelta(days=8))
    assert lease_state(lease, desk.place.latest()) is LeaseState.OVER
    desk.place.record(SignedIn())
    desk.clock.moment -= timedelta(days=6)
    assert lease_state(lease, desk.place.now()) is LeaseState.GOOD
    assert lease_state(lease, desk.place.latest()) is LeaseState.OVER
    desk.again("boot0002")
    assert lease_state(lease, desk.place.latest()) is LeaseState.OVER
    # and time goes on from there, though the clock says otherwise
    before = desk.place.latest()
    desk.clock.pass_time(HOUR)
    assert desk.place.latest() - before == HOUR


def test_a_record_of_a_wrong_day_ends_no_lease_that_central_gave_since(desk: Desk) -> None:
    desk.clock.moment += timedelta(days=30)
    desk.place.record(SignedIn())
    desk.clock.moment -= timedelta(days=30)
    desk.sync()
    assert lease_state(desk.place.vault.roster.lease(), desk.place.latest()) is LeaseState.GOOD
    desk.again("boot0002")
    assert lease_state(desk.place.vault.roster.lease(), desk.place.latest()) is LeaseState.GOOD
