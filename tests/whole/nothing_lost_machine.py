"""Everybody at once: the desks of two centres, their staff and people, central, and a network that does whatever
networks do. After every step every saved record is where it must be (``custody``); in the end all of it is at central.

Each rule may be called by hand as well: a fixed script of steps goes to the dangerous places whatever luck says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.central.support import BHOJPUR, RAMPUR, TODAY
from tests.whole import doings
from tests.whole.line import Fault
from tests.whole.lives import Lives, happened
from tests.whole.town import MINUTE
from vaccinator_app.central.citizens.booking import MoveForm
from vaccinator_app.central.database import default_url
from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.central.district import held
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.errors import Refused as CentralRefused
from vaccinator_app.central.operations.backup import back_up
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.central.operations.restore import restore

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


class EverybodyAtOnce(Lives):
    """What people and networks do."""

    @initialize()
    def morning(self) -> None:
        self.begin()

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
        restored = restore(self.town.world.folder, backup, self.town.now, force=True)
        self.books.lost_changes |= {(gone.centre, gone.day) for gone in restored.gone if gone.day is not None}
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
            happened(f"central refused: {refused}")
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
                happened(f"the district cannot: {error}")
        self._checked()
