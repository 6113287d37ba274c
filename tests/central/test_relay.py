"""What the desks of a centre hear of each other: all of it, in order, once, and nothing that is not theirs (P.11.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, update

from tests.central.machine import A, Colleague, Desk, H, X, other_code
from tests.central.support import BATCH, BHOJPUR, EXPIRY, MORNING, World, count
from tests.support.postgres import copy_home
from vaccinator_app.central import schema
from vaccinator_app.central.district.decisions import DecisionKind, decide
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.domain.events import Arrived, Body, RecordViewed, SignedIn, SignedOut, Voided, VoidReason
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.stock_events import StockReceived
from vaccinator_app.protocol.messages import Changes, PeerDesk, PeerRecord, Reason, Status
from vaccinator_app.protocol.records import FIRST_PREV, Record, read_event
from vaccinator_app.trust.certificates import Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.keys import key_id


def here(n: int) -> Arrived:
    return Arrived(appointment=f"{n:012d}")


def stock() -> StockReceived:
    return StockReceived(vaccine="covishield", batch=BATCH, expiry=EXPIRY, vials=20, doses_per_vial=10)


def hold(world: World, connection: Connection, desk: Desk, seq: int) -> None:
    about, answer = (desk.centre, desk.device, seq), (Status.HELD, (Reason.NO_PROOF,))
    kind, now = DecisionKind.DISTRICT_REJECTED, world.clock()
    decide(connection, world.home.keys.signing, *about, *answer, kind=kind, now=now)


def told(page: Changes) -> list[tuple[int, Status, tuple[Reason, ...]]]:
    return [(read_event(one.record.payload).seq, one.status, one.reasons) for one in page.peers]


def test_another_desk_hears_of_every_record_as_it_was_signed_and_with_its_answer(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(here(1))
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.record(Voided(appointment=booked.reference, seq=77, reason=VoidReason.NOT_GIVEN))
    desk.push()
    page = other.pull()
    assert [one.record for one in page.peers] == desk.ledger
    assert {one.device for one in page.peers} == {desk.device}
    assert told(page) == [(1, A, ()), (2, H, (Reason.CODE_MISMATCH,)), (3, X, (Reason.NOTHING_TO_VOID,))]
    assert other.pull(page.cursor).peers == []
    assert desk.pull().peers == []
    assert Desk(world, BHOJPUR).pull().peers == []


def test_who_looked_at_what_and_who_signed_in_stays_where_it_was_made(world: World, desk: Desk) -> None:
    quiet: list[Body] = [SignedIn(), RecordViewed(appointment="000000000001"), SignedOut()]
    for body in (*quiet, here(1)):
        desk.record(body)
    desk.push()
    assert told(Desk(world).pull()) == [(4, A, ())]


def test_what_does_not_say_where_it_belongs_is_told_to_nobody(world: World, desk: Desk) -> None:
    desk.ledger.append(Record(b"poison", "?", b""))
    unread = desk.record(here(1))
    desk.ledger[-1] = Record(unread.payload.replace(b'"arrived"', b'"arrivee"'), unread.keyid, unread.signature)
    desk.record(here(2), centre=BHOJPUR)
    desk.record(here(3), device="d000000000000")
    # Its signature does not hold, so its place is its neighbours' word and not its own.
    moved = desk.record(here(4), seq=77)
    desk.ledger[-1] = Record(moved.payload, moved.keyid, bytes(64))
    unsigned = desk.record(here(5))
    desk.ledger[-1] = Record(unsigned.payload, unsigned.keyid, bytes(64))
    desk.record(here(6))
    desk.push()
    assert told(Desk(world).pull()) == [(6, X, (Reason.BAD_SIGNATURE,)), (7, A, ())]


def test_a_later_decision_is_told_again(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(here(1))
    desk.record(SignedIn())
    desk.push()
    cursor = other.pull().cursor
    with world.home.database.write() as connection:
        for seq in (1, 2):
            hold(world, connection, desk, seq)
    page = other.pull(cursor)
    assert told(page) == [(1, H, (Reason.NO_PROOF,))]
    assert page.outcomes == []
    assert [(o.seq, o.status) for o in desk.pull(cursor).outcomes] == [(1, H), (2, H)]


def test_after_eight_days_only_stock_is_told(world: World, desk: Desk) -> None:
    desk.record(here(1))
    desk.record(stock())
    desk.push()
    late = Desk(world)
    world.clock.move(days=7, hours=23)
    assert told(late.pull()) == [(1, A, ()), (2, A, ())]
    world.clock.move(hours=2)
    assert told(late.pull()) == [(2, A, ())]
    forget(world.home.database, world.clock())
    assert told(late.pull()) == [(2, A, ())]
    assert count(world, schema.records, schema.records.c.told.is_not(None)) == 1


def test_a_page_of_large_records_is_cut_before_it_outgrows_a_message(world: World, desk: Desk) -> None:
    for n in range(3):
        desk.record(here(n), boot=f"{n}" * 900_000)
        desk.push(desk.ledger[-1:])
    other = Desk(world)
    first = other.pull()
    second = other.pull(first.cursor)
    assert ([seq for seq, *_ in told(first)], first.more) == ([1, 2], True)
    assert ([seq for seq, *_ in told(second)], second.more) == ([3], False)


def test_one_record_too_large_for_any_page_keeps_nothing_back(world: World, desk: Desk) -> None:
    desk.record(here(1), boot="b" * 1_100_000)
    desk.push()
    desk.record(here(2))
    desk.push(desk.ledger[1:])
    assert [seq for seq, *_ in told(Desk(world).pull())] == [2]


def test_how_far_each_other_desk_is(world: World, desk: Desk) -> None:
    one, gone = Desk(world), Desk(world)
    with world.home.database.write() as connection:
        taken = schema.devices.c.device == gone.device
        connection.execute(update(schema.devices).where(taken).values(revoked_at=MORNING))
    assert one.pull().desks == [PeerDesk(desk.device, "Desk 1", 0, FIRST_PREV, 0, None)]
    for n in range(3):
        desk.record(here(n))
    desk.push(desk.ledger[:2])
    assert one.pull().desks == [PeerDesk(desk.device, "Desk 1", 2, desk.ledger[1].hash, 3, MORNING)]


def test_everybodys_chain_and_whose_key_counts_no_more(world: World, desk: Desk) -> None:
    other, new = Desk(world), Colleague()
    new.join(desk)
    desk.push()
    root = desk.file.central.signing

    def staff() -> dict[str, Role | None]:
        chains = [[Envelope.from_json(text) for text in chain] for chain in other.pull().staff]
        found = [verify_chain(c, root, subject=Subject.STAFF, centre=desk.centre, at=world.clock.now) for c in chains]
        return {one.id: one.role for one in found}

    bosses = {desk.reply.in_charge: Role.IN_CHARGE, other.reply.in_charge: Role.IN_CHARGE}
    assert staff() == {**bosses, "s-new": Role.VACCINATOR}
    with world.home.database.write() as connection:
        boss = schema.certificates.c.id == desk.reply.in_charge
        connection.execute(update(schema.certificates).where(boss).values(revoked_at=MORNING))
    # What they certified, and what they signed before they left, still holds: the other desk hears that they left.
    assert staff() == {**bosses, "s-new": Role.VACCINATOR}
    assert [(key.keyid, key.staff, key.at) for key in other.pull().revoked] == [
        (key_id(desk.staff_key.public), desk.reply.in_charge, MORNING)
    ]


def test_a_centre_that_came_back_from_a_backup_tells_its_records_anew(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(here(1))
    desk.record(here(2))
    desk.push()
    with world.home.database.write() as connection:
        hold(world, connection, desk, 2)
    page = other.pull(1_000_000)
    assert told(page) == [(1, A, ()), (2, H, (Reason.NO_PROOF,))]
    assert other.pull(page.cursor).peers == []
    assert [o.seq for o in desk.pull(1_000_000).outcomes] == [2]


def test_a_centre_that_came_back_without_restore_tells_what_is_undecided_again(world: World, desk: Desk) -> None:
    """Its file was put back by hand, from before a decision that this desk heard of."""
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.record(desk.dose(world.book()))
    desk.record(here(3))
    desk.push()
    outcomes = desk.pull(1_000_000).outcomes
    assert {one.seq: one.status for one in outcomes} == {1: H, 2: A}


def test_with_nothing_new_a_pull_asks_little(world: World, desk: Desk) -> None:
    for n in range(50):
        desk.record(here(n))
    desk.push()
    other = Desk(world)
    cursor = other.pull().cursor
    asked: list[str] = []
    engine = world.home.database.engine

    def watch(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", watch)
    try:
        other.pull(cursor)
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    asked = [one for one in asked if one != "BEGIN"]
    assert len(asked) <= 13
    assert all(one.startswith("SELECT") for one in asked)


# However two desks push and a third one pulls


@dataclass
class Trio:
    """Two desks that push and one that pulls."""

    before: Path
    world: World
    desks: tuple[Desk, Desk, Desk]

    def begin(self) -> tuple[Desk, Desk, Desk]:
        self.world.restore(self.before)
        for desk in self.desks:
            desk.ledger.clear()
        return self.desks


@pytest.fixture(scope="module")
def trio(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    folder = tmp_path_factory.mktemp("trio")
    copy_home(made_home, folder / "home")
    world = World(folder / "home", admin.open_home(folder / "home"))
    desks = (Desk(world), Desk(world), Desk(world))
    # From now on a booking takes its place in the feed as it is made, between the records.
    desks[2].pull()
    world.home.database.close()
    copy_home(folder / "home", folder / "before")
    yield Trio(folder / "before", world, desks)
    world.home.database.close()


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 1), st.integers(1, 5)),
        st.tuples(st.just("decide"), st.integers(0, 1), st.integers(1, 5)),
        st.tuples(st.just("book"), st.just(0), st.just(1)),
        st.tuples(st.just("pull"), st.just(0), st.integers(1, 4)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(acts=ACTS, limit=st.integers(1, 4))
def test_a_desk_misses_nothing_and_hears_nothing_twice(
    trio: Trio, acts: Sequence[tuple[str, int, int]], limit: int
) -> None:
    *writers, reader = trio.begin()
    heard = _Heard(reader)
    decided: dict[tuple[str, int], int] = {}
    booked: set[str] = set()
    for act, which, n in acts:
        desk = writers[which]
        if act == "push":
            for _ in range(n):
                desk.record(SignedIn() if len(desk.ledger) % 4 == 3 else here(n))
            desk.push(desk.ledger[-n:])
        elif act == "decide" and n <= len(desk.ledger):
            with trio.world.home.database.write() as connection:
                hold(trio.world, connection, desk, n)
            decided[desk.device, n] = decided.get((desk.device, n), 0) + 1
        elif act == "book":
            booked.add(trio.world.book().reference)
        elif act == "pull":
            heard.page(n)
    while heard.page(limit).more:
        pass
    for desk in writers:
        seqs = [n for n in range(1, len(desk.ledger) + 1) if n % 4]
        answers = {n: H if (desk.device, n) in decided else A for n in seqs}
        assert heard.last(desk.device) == answers
        undecided = [n for n in heard.order(desk.device) if (desk.device, n) not in decided]
        assert undecided == [n for n in seqs if (desk.device, n) not in decided]
        for n in seqs:
            assert heard.order(desk.device).count(n) <= 1 + decided.get((desk.device, n), 0)
    assert sorted(heard.appointments) == sorted(booked)


class _Heard:
    """A desk that pulls page by page and keeps what it was told."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cursor = 0
        self._peers: list[PeerRecord] = []
        self.appointments: list[str] = []

    def page(self, limit: int) -> Changes:
        page = self._desk.pull(self._cursor, limit)
        assert len(page.peers) <= limit
        assert len(page.appointments) <= limit
        assert page.cursor > self._cursor or not page.more
        self._cursor = page.cursor
        self._peers += page.peers
        self.appointments += [one.appointment for one in page.appointments]
        return page

    def order(self, device: str) -> list[int]:
        return [read_event(one.record.payload).seq for one in self._peers if one.device == device]

    def last(self, device: str) -> dict[int, Status]:
        return {read_event(one.record.payload).seq: one.status for one in self._peers if one.device == device}


def test_a_withdrawn_batch_is_told_with_the_next_pull(world: World, desk: Desk) -> None:
    assert [one.withdrawn for one in desk.pull().batches] == [False]
    admin.withdraw_batch(world.home, desk.centre, "covishield", BATCH, clock=world.clock)
    assert [one.withdrawn for one in desk.pull().batches] == [True]
    assert [one.withdrawn for one in Desk(world, BHOJPUR).pull().batches] == [False]
