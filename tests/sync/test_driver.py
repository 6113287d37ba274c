"""The driver: runs by itself, says what it does, and no failure ends it (DESIGN 7.6, 7.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Queue

import pytest

from tests.support.central import Simulator, TestCentral
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import Opened
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.backoff import Backoff
from vaccinator_app.sync.driver import Driver, DriverStatus, Phase
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import LedgerDisagrees, Unreachable
from vaccinator_app.vault.errors import VaultFull

Heard = Queue[DriverStatus]


@pytest.fixture
def heard() -> Heard:
    return Queue()


@pytest.fixture
def driver(desk: Opened, simulator: Simulator, heard: Heard) -> Iterator[Driver]:
    vault = desk.place.vault
    engine = Engine(desk_of(vault), vault.exchange, simulator)
    made = Driver(engine, Backoff(lambda low, high: high), heard.put)
    yield made
    made.stop()


def until(heard: Heard, what: Callable[[DriverStatus], bool]) -> DriverStatus:
    """The first status that fits; a test that waits in vain ends with ``queue.Empty``."""
    while True:
        status = heard.get(timeout=20)
        if what(status):
            return status


def rested(status: DriverStatus) -> bool:
    return status.phase is Phase.WAITING


def test_it_runs_at_once_and_again_when_told(driver: Driver, heard: Heard, desk: Opened, central: TestCentral) -> None:
    driver.start()
    assert until(heard, rested).failure is None
    assert desk.place.vault.exchange.pending().count == 0
    desk.place.record(RecordViewed(appointment="000000000001"))
    driver.nudge()
    until(heard, rested)
    assert desk.place.vault.exchange.pending().count == 0


def test_an_unreachable_central_is_told_and_tried_again(
    driver: Driver, heard: Heard, simulator: Simulator, desk: Opened
) -> None:
    def away() -> None:
        raise Unreachable(Message.of("sync.could_not_reach"))

    simulator.before = away
    driver.start()
    failed = until(heard, rested)
    assert failed.failure == Message.of("sync.could_not_reach")
    assert not failed.reached
    simulator.before = lambda: None
    driver.nudge()
    assert until(heard, rested).failure is None
    assert desk.place.vault.exchange.pending().count == 0


def test_by_itself_it_tries_again(driver: Driver, heard: Heard, simulator: Simulator) -> None:
    def away_once() -> None:
        if simulator.pushes == 1:
            raise Unreachable(Message.of("sync.could_not_reach"))

    simulator.before = away_once
    driver.start()
    until(heard, lambda status: status.failure is not None)
    assert until(heard, lambda status: rested(status) and status.failure is None).reached


def test_a_full_disk_does_not_end_it(driver: Driver, heard: Heard, simulator: Simulator) -> None:
    def full() -> None:
        raise VaultFull

    simulator.before = full
    driver.start()
    assert until(heard, rested).failure == Message.of("vault.full")
    simulator.before = lambda: None
    driver.nudge()
    assert until(heard, rested).failure is None


def test_two_histories_are_remembered_until_a_run_goes_through(
    driver: Driver, heard: Heard, simulator: Simulator
) -> None:
    def other() -> None:
        raise LedgerDisagrees(Message.of("sync.forked", seq=1))

    def away() -> None:
        raise Unreachable(Message.of("sync.could_not_reach"))

    simulator.before = other
    driver.start()
    assert until(heard, rested).disagrees
    simulator.before = away
    driver.nudge()
    assert until(heard, rested).disagrees
    simulator.before = lambda: None
    driver.nudge()
    assert not until(heard, rested).disagrees


def test_stopping_waits_for_the_step_and_says_so(driver: Driver, heard: Heard) -> None:
    driver.start()
    driver.stop()
    assert driver.status.phase is Phase.STOPPED
