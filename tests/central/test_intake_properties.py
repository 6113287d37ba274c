"""However a ledger is cut up, repeated and interrupted, central ends in one and the same state (DESIGN 7.1)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from tests.central.machine import Desk, other_code
from tests.central.support import TODAY, World
from tests.support.postgres import copy_home
from vaccinator_app.central import schema
from vaccinator_app.central.operations import admin
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.closing_events import DayClosed, LedgerHead
from vaccinator_app.domain.counts import Counts, DayTally
from vaccinator_app.domain.events import (
    Arrived,
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
    SignedIn,
    Voided,
    VoidReason,
)
from vaccinator_app.protocol.messages import Outcome
from vaccinator_app.protocol.records import Record
from vaccinator_app.trust.keys import SigningKey

# What a day leaves behind, without what chance and the moment of arrival put there.
STATE = {
    schema.records: (
        *("seq", "payload", "hash", "kind", "appointment", "status", "reasons", "voided_by", "proof", "day"),
    ),
    schema.closes: ("seq", "day", "amendment", "state", "differences"),
    schema.alarms: ("kind", "subject"),
    schema.doses: ("seq", "dose", "appointment", "voided_at"),
    schema.mismatches: ("seq", "staff", "appointment"),
    schema.device_heads: ("seq", "hash"),
    schema.certificates: ("keyid", "id", "issuer"),
    schema.bookings: ("appointment", "booking"),
    schema.people: ("name", "mobile_last4"),
}


@dataclass
class Day:
    """A ledger with everything that may be in one, central as it stands before, and what must come of it."""

    before: Path
    world: World
    desk: Desk
    outcomes: list[Outcome]
    state: dict[str, Any]

    def begin(self) -> None:
        self.world.restore(self.before)


def state_of(world: World) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with world.home.database.read() as connection:
        for table, names in STATE.items():
            rows = connection.execute(select(*(table.c[name] for name in names))).all()
            found[table.name] = sorted(map(repr, rows))
        # A dose taken back and recorded again is told of only when the two came apart; what is told last is the same.
        told = Counter[str]()
        for kind, params in connection.execute(select(schema.sms_outbox.c.kind, schema.sms_outbox.c.params)):
            back = kind == "dose_voided"
            given = kind in ("dose_recorded", "dose_unconfirmed")
            told[params if back or given else f"{kind} {params}"] += -1 if back else 1
        found["sms_outbox"] = sorted(told.items())
        entries = connection.execute(select(schema.roster.c.appointment, schema.roster.c.mismatches))
        found["mismatches_each"] = sorted(tuple(row) for row in entries)
    return found


def make_ledger(world: World, desk: Desk) -> None:
    right, wrong, twice, late = (world.book() for _ in range(4))
    key = SigningKey.generate()
    desk.record(SignedIn())
    desk.record(desk.dose(right))
    desk.record(desk.colleague("s-new", key))
    desk.record(Arrived(appointment=twice.reference), key, staff="s-new")
    desk.ledger.append(Record(b"poison", "?", b""))
    desk.record(desk.dose(wrong, other_code(wrong.code, same_bucket=True)), key, staff="s-new")
    desk.record(desk.dose(wrong))
    spoiled = desk.record(desk.dose(late))
    desk.ledger[-1] = Record(spoiled.payload, spoiled.keyid, bytes(64))
    desk.record(Voided(appointment=right.reference, seq=2, reason=VoidReason.WRONG_BATCH))
    desk.record(desk.slip_dose(right))
    desk.record(desk.walk_in("W0123456789abcdef"))
    no_code = Proof(how=ProofKind.NONE)
    desk.record(replace(desk.dose(twice), appointment="W0123456789abcdef", proof=no_code))
    desk.record(desk.dose(twice))
    desk.record(desk.dose(twice))
    desk.record(Voided(appointment=twice.reference, seq=13, reason=VoidReason.RECORDED_TWICE))
    desk.record(Voided(appointment=twice.reference, seq=13, reason=VoidReason.RECORDED_TWICE))
    add_close(world, desk)


def add_close(world: World, desk: Desk) -> None:
    """A dose on an in-charge's word, corrected, with a report about it, and the day closed twice over."""
    person = world.book()
    desk.record(OverrideGranted(appointment=person.reference, reason=OverrideReason.SLIP_LOST))
    dose = desk.dose(person, proof=Proof(how=ProofKind.OVERRIDE, seq=desk.seq - 1))
    given = desk.seq
    desk.record(dose)
    desk.record(Voided(appointment=person.reference, seq=given, reason=VoidReason.WRONG_BATCH))
    desk.record(replace(dose, batch="other", corrects=given))
    desk.record(
        AefiReported(
            appointment=person.reference,
            dose_seq=given + 2,
            onset=world.clock(),
            signs=(AefiSign.ANAPHYLAXIS,),
            seriousness=Seriousness.HOSPITALISATION,
            outcome=AefiOutcome.RECOVERING,
            key="",
            sealed=b"",
        )
    )
    for amendment in (0, 1, 1):
        close = DayClosed(
            day=TODAY,
            amendment=amendment,
            previous=desk.head.hex() if amendment else "",
            heads=(LedgerHead(desk.device, len(desk.ledger), desk.head.hex()),),
            tally=DayTally(day=TODAY, total=Counts(given=amendment)),
            counted=(),
            open_exceptions=(),
        )
        desk.record(close)


@pytest.fixture(scope="module")
def day(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("day")
    copy_home(made_home, folder / "home")
    world = World(folder / "home", admin.open_home(folder / "home"))
    desk = Desk(world)
    make_ledger(world, desk)
    world.home.database.close()
    copy_home(folder / "home", folder / "before")
    outcomes = desk.push().outcomes
    yield Day(folder / "before", world, desk, outcomes, state_of(world))
    world.home.database.close()


def test_the_day_has_something_of_everything(day: Day) -> None:
    kinds = {(outcome.status.value, outcome.reasons) for outcome in day.outcomes}
    assert {status for status, _ in kinds} == {"accepted", "held", "refused"}
    assert len(kinds) >= 6


CUTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=6)
"""Of each batch: how many records of the one before it repeats, and how many new ones it brings."""


@settings(max_examples=15, deadline=None)
@given(cuts=CUTS)
def test_any_cutting_and_repeating_ends_the_same(day: Day, cuts: list[tuple[int, int]]) -> None:
    day.begin()
    ledger, upto = day.desk.ledger, 0
    found: dict[int, tuple[Any, ...]] = {}
    for back, forth in [*cuts, (0, len(ledger))]:
        receipt = day.desk.push(ledger[max(0, upto - back) : upto + forth])
        assert receipt.upto == min(len(ledger), upto + forth)
        upto = receipt.upto
        assert all(found.setdefault(outcome.seq, answer(outcome)) == answer(outcome) for outcome in receipt.outcomes)
    assert list(found.values()) == [answer(outcome) for outcome in day.outcomes]
    assert state_of(day.world) == day.state


def answer(outcome: Outcome) -> tuple[Any, ...]:
    """What is answered once and for all; certificate and message are told as they stand when it is asked."""
    return outcome.seq, outcome.status, outcome.reasons


class PowerCut(Exception):
    """Stands for the end of the process."""


def test_cut_off_at_any_write_nothing_is_half_done(day: Day) -> None:
    """The key (device, seq) and its effects are one transaction: a push again gives the same answer, and one dose."""
    for write in itertools.count(1):
        day.begin()
        before = state_of(day.world)
        if push_until(day.world, day.desk, write):
            break
        assert state_of(day.world) == before
        assert day.desk.push().outcomes == day.outcomes
        assert state_of(day.world) == day.state
    assert write > 10


def push_until(world: World, desk: Desk, write: int) -> bool:
    """Push, and fall dead at the given write to the database; True when there were not that many."""
    left = write

    def watch(_: object, __: object, statement: str, *___: object) -> None:
        nonlocal left
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            left -= 1
            if left == 0:
                raise PowerCut

    engine = world.home.database.engine
    event.listen(engine, "before_cursor_execute", watch)
    try:
        desk.push()
    except PowerCut:
        return False
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    return True
