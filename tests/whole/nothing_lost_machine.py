"""Everybody at once: the desks of two centres, their staff and people, central, and a network that does whatever
networks do. After every step every saved record is where it must be (``custody``); in the end all of it is at central.

Each rule may be called by hand as well: a fixed script of steps goes to the dangerous places whatever luck says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import currently_in_test_context, event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.central.support import BHOJPUR, RAMPUR, TODAY
from tests.support.scale import count
from tests.whole import doings
from tests.whole.custody import Books
from tests.whole.line import Fault
from tests.whole.town import MINUTE, Desk, Town
from vaccinator_app.central.citizens.booking import MoveForm
from vaccinator_app.central.database import default_url
from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.central.district import held
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.errors import Refused as CentralRefused
from vaccinator_app.central.operations.backup import back_up
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.central.operations.restore import restore
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

DISTRICT = "Rampur"

some_desk = st.integers(0, 2)
somebody = st.integers(0, 15)
one_fault = st.tuples(st.sampled_from(Fault), st.integers(0, 2000))
faults: st.SearchStrategy[list[tuple[Fault, int]]] = st.just([]) | st.lists(one_fault, min_size=1, max_size=4)
cuts = st.tuples(st.just(value=True), st.integers(1, 6)) | st.tuples(st.just(value=False), st.integers(1, 90))
act_names = st.sampled_from(sorted(doings.ONLINE))
jumps = st.sampled_from(
    [timedelta(hours=5), timedelta(hours=-5), timedelta(days=2), timedelta(days=400), timedelta(days=-400)]
)


class EverybodyAtOnce(RuleBasedStateMachine):
    """``town`` is what there is, ``books`` what was ever saved."""

    town: Town
    books: Books

    @initialize()
    def morning(self) -> None:
        self._patch = pytest.MonkeyPatch()
        # small pages, so that a day's few records make many of them
        self._patch.setattr(engine_room, "MAX_BATCH_RECORDS", 6)
        self._patch.setattr(engine_room, "PullRequest", partial(PullRequest, limit=7))
        self._patch.setattr("vaccinator_app.central.desks.history.MAX_PAST", 5)
        self.town = Town()
        self.books = Books(self.town)
        self.number = 0
        self.revoked: set[str] = set()

    # What people do

    @rule(desk=some_desk, act=act_names, person=somebody)
    def at_the_desk(self, desk: int, act: str, person: int) -> None:
        self._do(self._desk(desk), act, person)

    @rule(desk=some_desk, person=somebody)
    def gives_a_dose(self, desk: int, person: int) -> None:
        self._do(self._desk(desk), "dose", person)

    @rule(desk=some_desk)
    def walks_in(self, desk: int) -> None:
        self.number += 1
        self._step()
        self._attempt(partial(doings.walk_in, self._desk(desk), self.number))
        self._checked(self._desk(desk))

    @rule(desk=some_desk, who=st.integers(0, 2))
    def another_unlocks(self, desk: int, who: int) -> None:
        self._step()
        self._desk(desk).switch(who)
        self._checked(self._desk(desk))

    # What the network does

    @rule(desk=some_desk, plan=faults, act=st.none() | act_names, person=somebody)
    def syncs(self, desk: int, plan: Sequence[tuple[Fault, int]], act: str | None = None, person: int = 0) -> None:
        """A run; each fault strikes one call. With ``act``, somebody goes on working while the first is under way."""
        self._step()
        there = self._desk(desk)
        if act is not None:
            there.line.meanwhile = self._act(there, act, person)
        self._sync(there, plan)
        self._checked(there)

    @rule(desk=some_desk, calls=st.integers(1, 5))
    def breaks_a_sync_off(self, desk: int, calls: int) -> None:
        """Somebody presses Stop."""
        self._step()
        there = self._desk(desk)
        left = iter(range(calls))
        self._sync(there, (), cancelled=lambda: next(left, None) is None)
        self._checked(there)

    @rule(desk=some_desk, times=st.integers(1, 2))
    def what_was_late_arrives(self, desk: int, times: int) -> None:
        self._step()
        self._desk(desk).line.late_ones_arrive(times)
        self._checked(self._desk(desk))

    # What machines do

    @rule(desk=some_desk, at=cuts, act=act_names, person=somebody, who=st.integers(0, 2))
    def power_goes_at_a_desk(self, desk: int, at: tuple[bool, int], act: str, person: int, who: int = 0) -> None:
        """``at``: after which statement; with True, after which commit."""
        self._step()
        there = self._desk(desk)
        self._power_goes(there, at, self._act(there, act, person), who)

    @rule(desk=some_desk, at=cuts, plan=faults)
    def power_goes_in_a_sync(self, desk: int, at: tuple[bool, int], plan: Sequence[tuple[Fault, int]] = ()) -> None:
        self._step()
        there = self._desk(desk)
        self._power_goes(there, at, partial(self._sync, there, plan), 0)

    @precondition(lambda self: any(desk.stopped for desk in self.town.desks))
    @rule(number=st.integers(0, 2), plan=faults)
    def ledger_is_taken_back(self, number: int, plan: Sequence[tuple[Fault, int]]) -> None:
        self._step()
        stopped = [desk for desk in self.town.desks if desk.stopped]
        there = stopped[number % len(stopped)]
        self._recover(there, plan)
        self._checked(there)

    @rule(desk=some_desk)
    def folder_is_copied(self, desk: int) -> None:
        self._step()
        there = self._desk(desk)
        there.copy(self.books.look(there))
        self._checked(there)

    @precondition(lambda self: any(desk.copies for desk in self.town.desks))
    @rule(number=st.integers(0, 3))
    def old_folder_is_put_back(self, number: int) -> None:
        self._step()
        copied = [desk for desk in self.town.desks if desk.copies]
        there = copied[number % len(copied)]
        before = self.books.everywhere()
        copy = there.copies[number % len(there.copies)]
        there.put_back(copy)
        there.boot()
        self.books.desks[there.device] = copy.had
        self.books.written_off(before, self.books.everywhere())
        there.open(0)
        self._checked(there)

    @rule(desk=some_desk, jump=jumps, boots=st.booleans())
    def clock_is_set(self, desk: int, jump: timedelta, boots: bool) -> None:
        """Or set right again, if it was off."""
        self._step()
        there = self._desk(desk)
        off = there.clock.moment - self.town.now
        there.clock.moment += -off if abs(off) > MINUTE else jump
        if boots:
            there.lock()
            there.boot()
            there.open(0)
        self._checked(there)

    @rule(span=st.sampled_from([timedelta(hours=2), timedelta(hours=9), timedelta(days=8)]))
    def time_goes_by(self, span: timedelta) -> None:
        self._step()
        self.town.pass_time(span)
        self._checked(*self.town.desks)

    # What central does

    @rule()
    def central_is_backed_up(self) -> None:
        self._step()
        to = self.town.folder / f"backup{len(self.town.backups)}"
        back_up(default_url(self.town.world.folder), to, self.town.now)
        self.town.backups.append((to, frozenset(self.books.central().all)))
        self._checked()

    @precondition(lambda self: self.town.backups)
    @rule(number=st.integers(0, 3))
    def central_comes_back_from_a_backup(self, number: int) -> None:
        """It knows less than it signed for."""
        self._step()
        before = self.books.everywhere()
        backup, had = self.town.backups[number % len(self.town.backups)]
        self.town.world.home.database.close()
        restore(self.town.world.folder, backup, self.town.now, force=True)
        self.town.restart_central()
        assert self.books.central().all == had, "a backup came back with other records than it was made with"
        self.books.written_off(before, self.books.everywhere())
        self.books.central_went_back = {desk.device for desk in self.town.desks}
        for desk in self.town.desks:
            # central may lack now what the desk was stopped for; old folders would be two disasters in one
            desk.copies.clear()
            desk.stopped = False
        self._checked()

    @rule()
    def central_is_restarted(self) -> None:
        self._step()
        self.town.restart_central()
        self._checked()

    @rule(person=somebody, cancels=st.booleans(), away=st.booleans())
    def person_cancels_or_moves(self, person: int, cancels: bool, away: bool) -> None:
        self._step()
        who = self.town.people[person % len(self.town.people)]
        bookings = self.town.world.bookings
        try:
            token = self.town.session(who)
            if cancels:
                bookings.cancel(token, who.reference)
            else:
                form = MoveForm(
                    centre=BHOJPUR if away else RAMPUR, date=(TODAY + timedelta(days=1)).isoformat(), slot="10:00"
                )
                moved = bookings.move(token, who.reference, form)
                self.town.people.append(moved)
                self.town.mobiles[moved.reference] = self.town.mobiles[who.reference]
        except CentralRefused as refused:
            _happened(f"central refused: {refused}")
        self._checked()

    @rule(person=somebody)
    def person_is_renamed(self, person: int) -> None:
        self._step()
        who = self.town.people[person % len(self.town.people)]
        self.number += 1
        self.town.rename(who, f"Sunita Devi {self.number}")
        self._checked()

    @rule(desk=some_desk, who=st.integers(1, 2), sure=st.integers(0, 3))
    def central_revokes_somebody(self, desk: int, who: int, sure: int) -> None:
        self._step()
        if sure == 0:
            there = self._desk(desk)
            staff = there.people()[who % len(there.people())]
            if staff.role != "in_charge" and staff.staff not in self.revoked:
                self.revoked.add(staff.staff)
                revoke_staff(self.town.world.home, there.centre, staff.staff, clock=lambda: self.town.now)
        self._checked()

    @rule(sure=st.integers(0, 9))
    def machine_is_out_of_use(self, sure: int) -> None:
        self._step()
        if sure == 0:
            revoke_device(self.town.world.home, self.town.desks[2].device, self.town.now)
        self._checked()

    @rule(number=st.integers(0, 5), accepts=st.booleans())
    def district_decides(self, number: int, accepts: bool) -> None:
        self._step()
        home = self.town.world.home
        waiting = held.list_held(home, DISTRICT)
        if waiting:
            one = waiting[number % len(waiting)]
            decide = held.accept if accepts else held.reject
            try:
                decide(
                    home, one.centre, one.device, one.seq, by="Officer", why=held.OfficerReason.OTHER_RECORD,
                    clock=lambda: self.town.now,
                )  # fmt: skip
            except CentralError as error:
                _happened(f"the district cannot: {error}")
        self._checked()

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
        """The network is whole, the clocks are right, everybody syncs: all is at central, once."""
        self.town.pass_time(MINUTE)
        opened = [desk for desk in self.town.desks if desk.place_or_none is not None]
        for desk in opened:
            desk.line.plan, desk.line.late = [], []
            desk.clock.moment = self.town.now.astimezone(desk.clock.moment.tzinfo)
            desk.switch(0)
            if not self._sync(desk, ()):
                self._recover(desk, ())
                assert self._sync(desk, ()), f"{desk.name} does not come to terms with central"
        for desk in opened:
            # what was noticed meanwhile, and what the others have recorded
            self._sync(desk, ())
        self._checked(*opened)
        for desk in opened:
            self.books.check_synced(desk)
        self.books.check_all_synced()

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
            _happened(f"cannot: {refused.message.key}")
        except VisitMoved:
            _happened("visit moved")

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
            _happened(f"sync: {error.message.key}")
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
            _happened(f"recover: {error.message.key}")
        desk.line.plan = []


def _happened(what: str) -> None:
    """For Hypothesis's statistics: how often it came to what."""
    if currently_in_test_context():
        event(what)
