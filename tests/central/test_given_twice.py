"""Two desks of two centres, both offline, record the same dose of one person: one counts, one is held, both are kept,
and both in-charges see why (DESIGN 7.1, 7.3).

Vaults, sync engines and the in-charge's lists are the desks' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.central.machine import A, H
from tests.central.support import BATCH, BHOJPUR, RAMPUR, TODAY, World, count
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ZONE, ToldClock, vaccines
from tests.whole.script import Counter
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked, MoveForm
from vaccinator_app.central.district import held
from vaccinator_app.central.district.decisions import DecisionKind, read_decision
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.settle import settle
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.domain.closing_events import SettleReason
from vaccinator_app.domain.events import VoidReason
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.messages import Status
from vaccinator_app.trust.keyslot import FLOOR

PHONE = "9876543210"


@contextmanager
def desk_at(world: World, folder: Path, centre: str, name: str) -> Iterator[Counter]:
    """A machine of ``centre``, enrolled, with its roster and a batch in the fridge."""
    clock = ToldClock(moment=world.clock.now.astimezone(ZONE), name=f"boot-{name}")
    simulator, home = Simulator(world.api), folder / name
    file = read_file(admin.create_enrolment_file(world.home, world.clock, centre, "https://127.0.0.1:1"))
    desk = NewDesk(device_name=name, in_charge_name=f"In-charge {name}", passphrase=PASSPHRASE, kdf=FLOOR)
    enrol(home, file, desk, lambda _: simulator, clock.now())
    unlock = Unlock(home, vaccines(), lambda _: clock)
    counter = Counter(name, home, clock, simulator, unlock, unlock.open(unlock.people()[0].staff, PASSPHRASE).place)
    try:
        counter.sync()
        Stock(counter.place).receive(ReceiveForm(vaccine="covishield", batch=BATCH, expiry=None, vials="5"))
        yield counter
    finally:
        counter.place.vault.close()


@pytest.fixture
def desks(world: World, tmp_path: Path) -> Iterator[tuple[Booked, Booked, Counter, Counter]]:
    """A person who moved from Rampur to Bhojpur when the desk of Rampur was offline already, and a desk of each."""
    with ExitStack() as stack:
        token = world.sign_in(PHONE)
        first = world.bookings.book(token, world.form(slot="10:00"))
        world.drain.run()
        rampur = stack.enter_context(desk_at(world, tmp_path, RAMPUR, "Rampur 1"))
        second = world.bookings.move(
            token, first.reference, MoveForm(centre=BHOJPUR, date=TODAY.isoformat(), slot="10:15")
        )
        bhojpur = stack.enter_context(desk_at(world, tmp_path, BHOJPUR, "Bhojpur 1"))
        yield first, second, rampur, bhojpur


def listed(counter: Counter) -> list[DayException]:
    """What the in-charge sees of doses."""
    found = Reconcile(counter.place).overview(TODAY)
    assert found is not None
    return [one for one in found.exceptions if one.kind in (ExceptionKind.DUPLICATE, ExceptionKind.HELD)]


def why(words: Message) -> str:
    reason = words.params["reason"]
    assert isinstance(reason, Message)
    return reason.key


def answers(world: World) -> dict[str, tuple[Status, set[R]]]:
    """What central says of the doses, by centre."""
    kept = schema.records
    with world.home.database.read() as connection:
        rows = connection.execute(
            select(kept.c.centre, kept.c.status, kept.c.reasons).where(kept.c.kind == "dose_given")
        ).all()
    return {row.centre: (Status(row.status), set(map(R, row.reasons.split()))) for row in rows}


@pytest.mark.parametrize("moved_first", [True, False], ids=["the moved one first", "the good one first"])
def test_one_counts_one_is_held_and_both_in_charges_see_why(
    world: World, desks: tuple[Booked, Booked, Counter, Counter], moved_first: bool
) -> None:
    first, second, rampur, bhojpur = desks
    rampur.dose(first.reference, first.code)
    bhojpur.dose(second.reference, second.code)
    world.clock.move(hours=8)
    for counter in (rampur, bhojpur) if moved_first else (bhojpur, rampur):
        counter.sync()
    assert answers(world) == {RAMPUR: (H, {R.APPOINTMENT_MOVED, R.ALREADY_DOSED}), BHOJPUR: (A, {R.GIVEN_TWICE})}
    assert count(world, schema.doses) == 1
    for counter in (rampur, bhojpur):
        counter.sync()
    (here,), (there,) = listed(rampur), listed(bhojpur)
    assert (here.kind, here.appointment) == (ExceptionKind.HELD, first.reference)
    said = [here.words, *(step.words for step in here.history if "reason" in step.words.params)]
    assert set(map(why, said)) == {"reason.appointment_moved", "reason.already_dosed"}
    assert (there.kind, there.appointment) == (ExceptionKind.DUPLICATE, second.reference)
    assert there.words.key == "exception.given_twice"
    assert [step.words.key for step in there.history] == ["history.dose_given", "history.given_twice"]
    assert there.acts == (Act.OPEN, Act.VOID, Act.EXPLAIN, Act.ESCALATE)
    settle(bhojpur.place, there, Act.EXPLAIN, SettleReason.CHECKED_WITH_PERSON)
    (there,) = listed(bhojpur)
    assert there.settled is not None


def test_both_records_are_kept_as_they_were_signed(
    world: World, desks: tuple[Booked, Booked, Counter, Counter]
) -> None:
    first, second, rampur, bhojpur = desks
    for counter, booked in ((rampur, first), (bhojpur, second)):
        counter.dose(booked.reference, booked.code)
        counter.sync()
        identity, ledger = counter.place.vault.identity, counter.place.vault.ledger
        kept = admin.kept_of(world.home, identity.device)
        assert [one.hash for one in kept] == [record.hash for record in ledger.records(0, 100)]


def test_the_one_that_stands_is_told_once_and_its_certificate_stays(
    world: World, desks: tuple[Booked, Booked, Counter, Counter]
) -> None:
    first, second, rampur, bhojpur = desks
    bhojpur.dose(second.reference, second.code)
    bhojpur.sync()
    rampur.dose(first.reference, first.code)
    rampur.sync()
    rampur.sync()
    with world.home.database.read() as connection:
        (row,) = connection.execute(select(schema.decisions)).all()
        certificate = connection.execute(select(schema.doses.c.certificate)).scalar_one()
    said = read_decision(row.envelope, world.home.keys.signing.public)
    assert (said.kind, said.by, said.centre) == (DecisionKind.GIVEN_TWICE, "central", BHOJPUR)
    assert (said.status, said.reasons) == (A, (R.GIVEN_TWICE,))
    assert certificate is not None
    assert count(world, schema.revoked_certificates) == 0


@pytest.mark.parametrize("how", ["taken back by its desk", "rejected by the district"])
def test_the_mark_goes_when_the_other_record_is_none_any_more(
    world: World, desks: tuple[Booked, Booked, Counter, Counter], how: str
) -> None:
    first, second, rampur, bhojpur = desks
    bhojpur.dose(second.reference, second.code)
    bhojpur.sync()
    visit = rampur.dose(first.reference, first.code)
    rampur.sync()
    world.clock.move(hours=1)
    if how == "taken back by its desk":
        rampur.clock.pass_time(timedelta(minutes=5))
        visit.void(VoidReason.NEVER_CAME)
        rampur.sync()
    else:
        (waits,) = held.list_held(world.home, "Rampur")
        assert waits.beside.startswith(f"{BHOJPUR}.")
        why = OfficerReason.PERSON_ASKED
        held.reject(world.home, waits.centre, waits.device, waits.seq, by="officer-7", why=why, clock=world.clock)
    assert answers(world)[BHOJPUR] == (A, set())
    bhojpur.sync()
    assert listed(bhojpur) == []


def test_the_district_finds_for_the_held_one(world: World, desks: tuple[Booked, Booked, Counter, Counter]) -> None:
    first, second, rampur, bhojpur = desks
    bhojpur.dose(second.reference, second.code)
    bhojpur.sync()
    rampur.dose(first.reference, first.code)
    rampur.sync()
    (waits,) = held.list_held(world.home, "Rampur")
    centre, device, number = waits.beside.split(".")
    officer = {"by": "officer-7", "why": OfficerReason.OTHER_RECORD, "clock": world.clock}
    held.reject(world.home, centre, device, int(number), **officer)  # type: ignore[arg-type]
    held.accept(world.home, waits.centre, waits.device, waits.seq, **officer)  # type: ignore[arg-type]
    assert answers(world) == {RAMPUR: (A, set()), BHOJPUR: (Status.REFUSED, {R.REJECTED})}
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.doses).where(schema.doses.c.voided_at.is_(None))).all()
    assert [(row.centre, row.certificate is not None) for row in rows] == [(RAMPUR, True)]
    assert count(world, schema.revoked_certificates) == 1


def test_two_desks_of_one_centre_hear_of_each_other_and_it_is_one_exception(world: World, tmp_path: Path) -> None:
    booked = world.book(PHONE)
    with desk_at(world, tmp_path, RAMPUR, "Rampur 1") as one, desk_at(world, tmp_path, RAMPUR, "Rampur 2") as two:
        one.dose(booked.reference, booked.code)
        two.clock.pass_time(timedelta(minutes=5))
        two.dose(booked.reference, booked.code)
        for _ in range(2):
            one.sync()
            two.sync()
        for counter in (one, two):
            (found,) = listed(counter)
            assert (found.kind, found.words.key) == (ExceptionKind.DUPLICATE, "exception.duplicate")
