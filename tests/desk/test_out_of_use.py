"""Central takes a machine out of use: it says so, records nothing more, tells the rest, forgets its people (P.21)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.central import Simulator, TestCentral, open_as_in_charge
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.desk import noticing, purging
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.queue import Pile, Queue
from vaccinator_app.desk.status import sync_words
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason
from vaccinator_app.protocol.messages import Reason, Status
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import SyncError, Unreachable

WHO = "Kasturi"


@dataclass(slots=True)
class Lost:
    """A machine with a walk-in and their dose that central has not heard of yet, and is out of use for central."""

    central: TestCentral
    simulator: Simulator
    unlock: Unlock
    place: Workplace

    def sync(self) -> None:
        """One run, and what the desk makes of it."""
        try:
            Engine(desk_of(self.place.vault), self.place.vault.exchange, self.simulator).run()
        finally:
            noticing.stand(self.place)
            purging.after_run(self.place)

    def reopen(self) -> None:
        lock(self.place)
        self.place = open_as_in_charge(self.unlock).place

    def purged(self) -> list[DetailsPurged]:
        bodies = [body for *_, body in self.place.vault.ledger.events()]
        return [body for body in bodies if isinstance(body, DetailsPurged)]

    def revoke(self) -> None:
        revoke_device(self.central.home, self.place.vault.identity.device, self.central.now())


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Lost]:
    central = TestCentral(tmp_path / "central")
    unlock = central.enrol(tmp_path / "home")
    found = Lost(central, central.simulator(), unlock, open_as_in_charge(unlock).place)
    found.sync()
    form = WalkInForm(
        name=f"{WHO} Bai",
        year_of_birth="1961",
        gender=Gender.WOMAN,
        photo_id=PhotoId.VOTER_ID,
        photo_id_last4="9876",
        vaccine="covishield",
    )
    desk = VisitDesk(found.place, register(form, found.place))
    desk.confirm_identity()
    desk.record_dose()
    yield found
    found.place.vault.close()
    central.close()


def named(lost: Lost) -> bool:
    """Whether the walk-in can be found by name on the machine."""
    return bool(Queue(lost.place).search(WHO))


def test_it_says_so_tells_the_rest_and_forgets_everybody(lost: Lost) -> None:
    lost.revoke()
    assert named(lost)
    lost.sync()

    vault, at = lost.place.vault, lost.central.now()
    stopped = Message.of("revoked.stopped", at=at)
    assert lost.place.disagreement == stopped
    outcomes = [vault.exchange.outcome_of(seq) for seq in range(2, 6)]
    assert {(one.status, one.reasons[0]) for one in outcomes if one} == {(Status.HELD, Reason.DEVICE_REVOKED)}
    assert lost.purged() == [DetailsPurged(day=at.date(), people=1, reason=PurgeReason.REVOKED)]
    assert not named(lost)
    assert vault.roster.key() is None
    assert vault.purge.is_empty()
    assert sync_words(lost.place, DriverStatus()).parts[-2:] == (stopped, Message.of("revoked.waiting", n=1))

    lost.sync()
    assert vault.exchange.pending().count == 0
    assert sync_words(lost.place, DriverStatus()).parts[-2:] == (stopped, Message.of("revoked.purged"))
    head = vault.ledger.head()
    lost.sync()
    assert (vault.ledger.head(), len(lost.purged())) == (head, 1)


def test_nothing_is_recorded_on_it_any_more_past_a_lock(lost: Lost) -> None:
    lost.revoke()
    lost.sync()
    lost.sync()
    head = lost.place.vault.ledger.head()
    lost.reopen()
    assert lost.place.disagreement == Message.of("revoked.stopped", at=lost.central.now())
    assert lost.place.vault.ledger.head() == head
    with pytest.raises(CannotDo) as refused:
        register(WalkInForm(name="A B", year_of_birth="1961", photo_id_last4="9876", vaccine="covishield"), lost.place)
    assert refused.value.message.key == "revoked.stopped"
    assert [Queue(lost.place).lines(pile) for pile in Pile if pile is Pile.EXPECTED] == [[]]


def test_cut_between_the_push_and_the_purge_it_goes_on_at_the_next_unlocking(lost: Lost) -> None:
    lost.revoke()
    Engine(desk_of(lost.place.vault), lost.place.vault.exchange, lost.simulator).run()
    # the power went here: nobody made anything of the answers
    lost.place.vault.close()
    lost.simulator.before = _no_network
    lost.place = open_as_in_charge(lost.unlock).place
    assert not named(lost)
    assert lost.purged()[0].reason is PurgeReason.REVOKED
    lost.simulator.before = lambda: None
    lost.sync()
    assert lost.place.vault.exchange.pending().count == 0


def _no_network() -> None:
    raise Unreachable(Message.of("sync.unreachable"))


def test_before_all_is_confirmed_nobody_leaves(lost: Lost) -> None:
    lost.revoke()
    # that it is out of use comes with a page, while records are still to be pushed
    exchange = lost.place.vault.exchange
    exchange.apply(Engine(desk_of(lost.place.vault), exchange, lost.simulator)._pull_once(exchange.cursor()))
    noticing.stand(lost.place)
    assert not purging.after_run(lost.place)
    assert lost.place.disagreement is not None
    assert named(lost)
    assert sync_words(lost.place, DriverStatus()).parts[-1] == Message.of("revoked.waiting", n=3)


def test_a_forged_answer_stops_nothing_and_an_old_one_takes_nothing_back(lost: Lost, tmp_path: Path) -> None:
    answers: list[bytes] = []

    def keep(answer: bytes) -> bytes:
        answers.append(answer)
        return answer

    lost.simulator.spoil = keep
    lost.sync()
    lost.revoke()
    other = TestCentral(tmp_path / "other", alike=1)
    unlock = other.enrol(tmp_path / "there")
    there = open_as_in_charge(unlock).place
    revoke_device(other.home, there.vault.identity.device, other.now())
    forged: list[bytes] = []

    def take(answer: bytes) -> bytes:
        forged.append(answer)
        return answer

    false = other.simulator()
    false.spoil = take
    Engine(desk_of(there.vault), there.vault.exchange, false).run()
    there.vault.close()
    other.close()

    lost.simulator.spoil = lambda _: forged[0]
    with pytest.raises(SyncError):
        lost.sync()
    assert lost.place.vault.exchange.revoked_at() is None
    assert (lost.place.disagreement, named(lost)) == (None, True)

    lost.simulator.spoil = lambda answer: answer
    lost.sync()
    lost.sync()
    assert lost.place.vault.exchange.revoked_at() is not None
    # central's own words of before, signed, that say nothing of an end
    lost.simulator.spoil = lambda _: answers[0]
    with pytest.raises(SyncError):
        lost.sync()
    assert lost.place.vault.exchange.revoked_at() is not None
    assert lost.place.disagreement is not None
