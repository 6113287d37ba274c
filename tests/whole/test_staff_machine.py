"""Staff, keys and epochs as a state machine: in whatever order people are added, removed and reset, machines crash and
sync, those who should open the vault can, the others cannot, and every record verifies at central (DESIGN 5; P.18).

Everything is real: the vault with its slots, Argon2id at its floor, the sync engine, central's own request handling. A
crash is a child process that ends at the n-th file it touches.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from tests.support import forking
from tests.support.central import PASSPHRASE, TestCentral
from tests.support.desk import CENTRE
from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.central.schema import records
from vaccinator_app.desk.after_sync import after_pull
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.protocol.records import read_event
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.attempts import ATTEMPTS
from vaccinator_app.vault.errors import VaultError
from vaccinator_app.vault.export import read_export, write_export

_MOST = 4
"""Colleagues beside the in-charge: each costs an Argon2id for each passphrase they ever had."""

_FILES = frozenset({"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.chmod"})


@dataclass(slots=True)
class Person:
    """Somebody of the staff as they should be. ``passphrases`` are all they ever had; the last is the one they use.

    ``told``: central has a certificate of the keys they use. ``unwanted``: central took it back, which the desk may not
    have heard yet.
    """

    staff: str
    passphrases: list[str]
    here: bool = True
    told: bool = False
    unwanted: bool = False


class StaffMachine(RuleBasedStateMachine):
    """One machine of a centre, locked between any two steps."""

    @initialize()
    def enrol(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="staff-machine-"))
        self.central = TestCentral(self.folder / "central")
        self.home = self.folder / "home"
        self.unlock: Unlock = self.central.enrol(self.home)
        (member,) = self.unlock.people()
        self.in_charge = Person(member.staff, [PASSPHRASE])
        self.others: list[Person] = []
        self.revoked: set[str] = set()
        self.number = 0
        self.add(Role.VERIFIER)

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One of all that is possible now. In one rule, since of several each run would leave some out."""
        possible = [self.sync]
        if len(self.others) < _MOST:
            possible.append(lambda: self.add(data.draw(st.sampled_from([Role.VERIFIER, Role.VACCINATOR]))))
        possible.append(lambda: self.reset(data.draw(st.sampled_from(self.others))))
        here = [one for one in self.others if one.here]
        if here:
            person = data.draw(st.sampled_from(here))
            possible += [lambda: self.remove(person), lambda: self.come_and_go(person)]
            crashes = st.tuples(st.integers(1, 40), st.booleans())
            possible += 2 * [lambda: self.crash(person, *data.draw(crashes))]
            if person.told and not person.unwanted:
                possible.append(lambda: self.central_revokes(person))
        data.draw(st.sampled_from(possible))()

    # What people and machines do

    def add(self, role: Role) -> None:
        passphrase = self._fresh()
        with self._opened(self.in_charge) as place:
            member = Staff(place).add(f"Colleague {self.number}", role, passphrase, FLOOR)
        self.others.append(Person(member.staff, [passphrase]))

    def remove(self, person: Person) -> None:
        with self._opened(self.in_charge) as place:
            Staff(place).disable(person.staff, RemovalReason.LENT)
        person.here = False

    def reset(self, person: Person) -> None:
        passphrase = self._fresh()
        with self._opened(self.in_charge) as place:
            Staff(place).reset(person.staff, passphrase, FLOOR)
        person.passphrases.append(passphrase)
        person.here, person.told, person.unwanted = True, False, False

    def come_and_go(self, person: Person) -> None:
        """Two records: signed in, signed out."""
        with self._opened(person):
            pass

    def sync(self) -> None:
        with self._opened(self.in_charge) as place:
            self._run(place)
        for person in self.others:
            person.told = person.told or person.here
            person.here = person.here and not person.unwanted

    def central_revokes(self, person: Person) -> None:
        self.central.clock.pass_time(timedelta(minutes=1))
        revoke_staff(self.central.home, CENTRE, person.staff, clock=self.central.now)
        self.central.clock.pass_time(timedelta(minutes=1))
        person.unwanted = True
        self.revoked.add(person.staff)

    def crash(self, person: Person, files: int, resets: bool) -> None:
        """In the middle of a removal or a reset. What became of it, the desk itself says at the next unlock."""
        passphrase = self._fresh()

        def act() -> None:
            with self._opened(self.in_charge) as place:
                if resets:
                    Staff(place).reset(person.staff, passphrase, FLOOR)
                else:
                    Staff(place).disable(person.staff, RemovalReason.LEFT)

        _until_file(act, files)
        with self._opened(self.in_charge) as place:
            found = next(one for one in Staff(place).people() if one.staff == person.staff)
            person.here = found.here and found.removed_at is None
        if resets and self._opens(person, passphrase):
            person.passphrases.append(passphrase)
            person.told, person.unwanted = False, False

    # What must be so

    def check(self) -> None:
        assert self._opens(self.in_charge, PASSPHRASE)
        for person in self.others:
            *earlier, now = person.passphrases
            assert self._opens(person, now) == person.here, (person, "the passphrase in use")
            assert not any(self._opens(person, old) for old in earlier[-1:]), (person, "the passphrase of before")

    def teardown(self) -> None:
        if not hasattr(self, "central"):
            return
        try:
            self.check()
            self.sync()
            self.check()
            self._every_record_verifies()
        finally:
            self.central.close()
            shutil.rmtree(self.folder)

    def _every_record_verifies(self) -> None:
        with self._opened(self.in_charge) as place:
            self._run(place)
            head, roots = place.vault.ledger.head(), place.vault.trusted.roots
            assert place.vault.exchange.confirmed_upto() >= head.seq - 1
            assert read_export(write_export(place.vault), *roots).records == head.seq
        statement = select(records.c.seq, records.c.status, records.c.payload).order_by(records.c.seq)
        with self.central.home.database.read() as connection:
            rows = connection.execute(statement).all()
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        for row in rows:
            event = read_event(row.payload)
            # what somebody signed whom central no longer wants, and that comes late, is for people to judge
            assert row.status == "accepted" or event.staff in self.revoked, (event.seq, event.kind, row.status)

    # Within

    def _run(self, place: Workplace) -> None:
        Engine(desk_of(place.vault), place.vault.exchange, self.central.simulator()).run()
        assert after_pull(place) is None

    def _fresh(self) -> str:
        self.number += 1
        self.central.clock.pass_time(timedelta(minutes=1))
        return f"{self.number} brown goats of Rampur"

    @contextmanager
    def _opened(self, person: Person) -> Iterator[Workplace]:
        place = self.unlock.open(person.staff, person.passphrases[-1]).place
        try:
            yield place
        finally:
            lock(place)

    def _opens(self, person: Person, passphrase: str) -> bool:
        # a wait after wrong tries is another test's affair
        (self.home / ATTEMPTS).unlink(missing_ok=True)
        try:
            lock(self.unlock.open(person.staff, passphrase).place)
        except VaultError:
            return False
        finally:
            (self.home / ATTEMPTS).unlink(missing_ok=True)
        return True


def _until_file(act: Callable[[], None], files: int) -> None:
    """Do ``act`` in a child process that ends, with nothing put in order, when it touches its n-th file."""
    with warnings.catch_warnings():
        # a fork of a process with threads: none of them holds a lock here
        warnings.simplefilter("ignore", DeprecationWarning)
        child = forking.fork()
    if child:
        os.waitpid(child, 0)
        return
    left = files

    def hook(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if name in _FILES and not (name == "open" and arguments[1] == "r"):
            left -= 1
            if left == 0:
                os._exit(1)

    try:
        sys.addaudithook(hook)
        act()
    finally:
        os._exit(0)


@pytest.mark.slow
def test_staff_keys_and_epochs() -> None:
    run_state_machine_as_test(
        StaffMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=10,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
