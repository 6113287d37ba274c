"""How a step of everybody is made: somebody unlocks, acts, syncs, loses power; and the evening that makes all good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import currently_in_test_context, event
from hypothesis.stateful import RuleBasedStateMachine

from tests.support.scale import count
from tests.whole import doings
from tests.whole.custody import Books
from tests.whole.line import Fault
from tests.whole.town import MINUTE, Desk, Town
from vaccinator_app.desk.after_sync import after_run
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.history import take_back
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.domain.powers import Power
from vaccinator_app.protocol.messages import PullRequest
from vaccinator_app.sync import engine as engine_room
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import LedgerDisagrees, SyncError, Unreachable
from vaccinator_app.vault.errors import VisitMoved

_ROUNDS = 5
"""Of syncs in the evening, at most."""


class Lives(RuleBasedStateMachine):
    """``town`` is what there is, ``books`` what was ever saved."""

    town: Town
    books: Books

    def begin(self) -> None:
        self._patch = pytest.MonkeyPatch()
        # small pages, so that a day's few records make many of them
        self._patch.setattr(engine_room, "MAX_BATCH_RECORDS", 6)
        self._patch.setattr(engine_room, "PullRequest", partial(PullRequest, limit=7))
        self._patch.setattr("vaccinator_app.central.desks.history.MAX_PAST", 5)
        self.town = Town()
        self.books = Books(self.town)
        self.number = 0
        self.revoked: set[str] = set()

    # In the end

    def teardown(self) -> None:
        if not hasattr(self, "books"):
            return
        try:
            self.evening()
        finally:
            self.put_away()

    def put_away(self) -> None:
        self.books.close()
        self._patch.undo()
        self.town.close()

    def evening(self) -> None:
        """The network is whole, the clocks are right, everybody syncs: all is at central, once.

        But for a desk whose folder was put back, and central twice, to two histories of it of which it signed for both:
        no record that a receipt covers is set aside (P.20.6), so that desk stands still until the district decides.
        """
        self.town.pass_time(MINUTE)
        opened = [desk for desk in self.town.desks if desk.place_or_none is not None]
        for desk in opened:
            desk.line.plan, desk.line.late = [], []
            desk.clock.moment = self.town.now.astimezone(desk.clock.moment.tzinfo)
            desk.switch(0)
            if not self._sync(desk, ()):
                self._recover(desk, ())
                if self.books.is_at_odds(desk):
                    assert desk.stopped, f"{desk.name} goes on beside another history that central signed for"
                    continue
                assert self._sync(desk, ()), f"{desk.name} does not come to terms with central"
        odd = {desk.centre for desk in opened if self.books.is_at_odds(desk)}
        opened = [desk for desk in opened if not self.books.is_at_odds(desk)]
        for _ in range(_ROUNDS):
            # What a desk notices in a sync it records, and the others hear of it a round later: until one began and
            # ended with nothing that waits.
            waited = _waits(opened)
            for desk in opened:
                self._sync(desk, ())
            if not waited and not _waits(opened):
                break
        self._checked(*opened)
        for desk in opened:
            self.books.check_synced(desk)
        self.books.check_all_synced(but=odd)

    # Within

    def _desk(self, number: int) -> Desk:
        """One of the desks; somebody unlocks it when nobody has today."""
        desk = self.town.desks[number % len(self.town.desks)]
        if desk.place_or_none is None:
            desk.open(1)
            self.books.look(desk)
        return desk

    def _step(self) -> None:
        count("steps of everybody")
        self.town.pass_time(MINUTE)

    def _checked(self, *desks: Desk) -> None:
        self.books.check(desks)

    def _do(self, desk: Desk, act: str, person: int) -> None:
        self._step()
        self._act(desk, act, person)()
        self._checked(desk)

    def _act(self, desk: Desk, act: str, person: int) -> Callable[[], None]:
        """An act and, of those it may be about, the person with this number."""
        theirs = [one for one in self.town.people if one.centre == desk.centre]
        given = self.books.given_at(desk)
        wanted = [one for one in theirs if (one.reference in given) == (act in doings.AFTER_A_DOSE)]
        some = wanted or theirs
        return partial(self._attempt, partial(doings.ONLINE[act], desk, some[person % len(some)]))

    def _attempt(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except CannotDo as refused:
            happened(f"cannot: {refused.message.key}")
        except VisitMoved:
            happened("visit moved")

    def _power_goes(self, desk: Desk, at: tuple[bool, int], act: Callable[[], Any], who: int) -> None:
        commits, number = at
        desk.cut(number, act, commits=commits)
        desk.line.plan, desk.line.meanwhile = [], None
        desk.boot()
        desk.open(who)
        self._checked(desk)

    def _sync(
        self,
        desk: Desk,
        plan: Sequence[tuple[Fault, int]],
        *,
        cancelled: Callable[[], bool] | None = None,
    ) -> bool:
        """One run as the window makes it, with all that follows. True when it went through to its end."""
        desk.line.plan = list(plan)
        place = desk.place
        engine = Engine(desk_of(place.vault), place.vault.exchange, desk.line)
        failure: SyncError | None = None
        try:
            engine.run(cancelled=cancelled or (lambda: False))
        except SyncError as error:
            failure = error
            happened(f"sync: {error.message.key}")
        if failure is None and cancelled is None:
            self.books.check_synced(desk)
        status = DriverStatus(
            failure=None if failure is None else failure.message,
            reached=not isinstance(failure, Unreachable),
            disagrees=isinstance(failure, LedgerDisagrees),
        )
        if isinstance(failure, LedgerDisagrees) and place.disagreement is None:
            place.disagreement = failure.message
        done = after_run(place, status)
        desk.line.plan, desk.line.meanwhile = [], None
        desk.stopped |= place.vault.standing.stopped() is not None
        if done.locks is not None:
            desk.switch(0)
        return failure is None

    def _recover(self, desk: Desk, plan: Sequence[tuple[Fault, int]]) -> None:
        """The in-charge has the ledger taken back."""
        if not desk.place.may(Power.MANAGE_MACHINE):
            desk.switch(0)
        desk.line.plan = list(plan)
        try:
            before = self.books.look(desk)
            take_back(desk.place, lambda _: desk.line)
            desk.stopped = False
            self.books.check_set_aside(desk, before)
        except SyncError as error:
            happened(f"recover: {error.message.key}")
        desk.line.plan = []


def _waits(desks: Sequence[Desk]) -> bool:
    """Whether one of them has records that central has not confirmed."""
    return any(desk.place_or_none is not None and desk.place.vault.exchange.pending().count for desk in desks)


def happened(what: str) -> None:
    """For Hypothesis's statistics: how often it came to what."""
    if currently_in_test_context():
        event(what)
