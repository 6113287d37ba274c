"""Records come in: what is stored, what is answered, what is a fork (DESIGN 7.1, 7.2)."""

from __future__ import annotations

import msgspec

from tests.central.machine import A, Desk, H, X, other_code, said
from tests.central.support import BHOJPUR, MORNING, RAMPUR, World, count
from vaccinator_app.central import schema
from vaccinator_app.domain.events import (
    Arrived,
    ObservationEnded,
    ObservationOutcome,
    SignedIn,
    SignedOut,
)
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.records import EVENT_TYPE, FIRST_PREV, Record
from vaccinator_app.trust import dsse


def test_a_day_is_accepted_and_head_and_upto_are_the_ledgers(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(SignedIn())
    desk.record(Arrived(appointment=booked.reference))
    desk.record(desk.refused_code(booked, other_code(booked.code, same_bucket=False)))
    desk.record(desk.dose(booked))
    desk.record(ObservationEnded(appointment=booked.reference, outcome=ObservationOutcome.WELL))
    desk.record(SignedOut())
    receipt = desk.push()
    assert set(said(receipt).values()) == {(A, ())}
    assert (receipt.upto, receipt.head, receipt.forked) == (6, desk.head, [])
    assert (receipt.centre, receipt.device, receipt.at) == (RAMPUR, desk.device, MORNING)


def test_an_empty_push_tells_where_central_stands(world: World, desk: Desk) -> None:
    receipt = desk.push([])
    assert (receipt.upto, receipt.head, receipt.outcomes) == (0, FIRST_PREV, [])
    desk.record(SignedIn())
    desk.push()
    assert desk.push([]).upto == 1


def test_the_same_batch_again_gets_the_same_answer_and_changes_nothing(world: World, desk: Desk) -> None:
    right, wrong = world.book(), world.book()
    desk.record(desk.dose(right))
    desk.record(desk.dose(wrong, other_code(wrong.code, same_bucket=True)))
    first = desk.push()
    before = {table.name: count(world, table) for table in schema.metadata.sorted_tables}
    world.clock.move(minutes=5)
    again = desk.push()
    assert again.outcomes == first.outcomes
    assert {table.name: count(world, table) for table in schema.metadata.sorted_tables} == before


def test_nothing_is_stored_beyond_a_gap(world: World, desk: Desk) -> None:
    for _ in range(5):
        desk.record(SignedIn())
    receipt = desk.push([*desk.ledger[:2], *desk.ledger[3:]])
    assert (receipt.upto, receipt.head) == (2, desk.ledger[1].hash)
    assert list(said(receipt)) == [1, 2]
    assert desk.push(desk.ledger[4:]).upto == 2
    assert desk.push(desk.ledger[2:]).upto == 5


def test_a_fork_is_kept_and_reported_and_the_ledger_does_not_move(world: World, desk: Desk) -> None:
    shared = [desk.record(SignedIn()) for _ in range(2)]
    desk.record(SignedOut())
    honest = desk.ledger
    desk.push()
    desk.ledger = list(shared)
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.record(SignedOut())
    receipt = desk.push(desk.ledger[2:])
    assert receipt.forked == [3, 4]
    assert (receipt.upto, receipt.head) == (3, honest[-1].hash)
    assert said(receipt) == {3: (X, (R.SEQ_FORKED,)), 4: (X, (R.SEQ_FORKED,))}
    assert count(world, schema.forks) == 2
    assert count(world, schema.doses) == 0
    # ... however it is cut up and repeated
    assert desk.push(desk.ledger[3:]).forked == [4]
    assert desk.push().forked == [3, 4]
    assert count(world, schema.forks) == 2
    # and the true history goes on
    desk.ledger = honest
    desk.record(SignedIn())
    receipt = desk.push(desk.ledger[3:])
    assert (receipt.upto, receipt.forked, said(receipt)[4]) == (4, [], (A, ()))


def test_poison_is_stored_answered_and_blocks_nobody(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(SignedIn())
    desk.ledger.append(Record(b"\xff not json", "nobody", bytes(64)))
    desk.record(Arrived(appointment=booked.reference))
    good = desk.record(SignedIn())
    desk.ledger[-1] = Record(good.payload, good.keyid, bytes(64))
    desk.record(desk.dose(booked))
    unsigned_kind = desk.event(SignedIn(), kind="future_kind")
    payload = msgspec.json.encode(unsigned_kind)
    desk.ledger.append(Record(payload, good.keyid, dsse.sign(EVENT_TYPE, payload, desk.staff_key)))
    desk.record(SignedOut())
    expected = {
        1: (A, ()),
        2: (X, (R.UNREADABLE,)),
        3: (A, ()),
        4: (X, (R.BAD_SIGNATURE,)),
        5: (A, ()),
        6: (X, (R.UNREADABLE,)),
        7: (A, ()),
    }
    assert said(desk.push()) == expected
    assert said(desk.push()) == expected
    assert count(world, schema.records) == 7


def test_poison_alone_in_a_batch_finds_its_place(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.ledger.append(Record(b"poison 2", "k", b""))
    desk.ledger.append(Record(b"poison 3", "k", b""))
    assert [desk.push([record]).upto for record in desk.ledger] == [1, 2, 3]
    assert said(desk.push([desk.ledger[1]])) == {2: (X, (R.UNREADABLE,))}
    assert said(desk.push([desk.ledger[2]])) == {3: (X, (R.UNREADABLE,))}
    assert desk.push([]).upto == 3


def test_bytes_before_the_first_record_are_passed_over(world: World, desk: Desk) -> None:
    first = desk.record(SignedIn())
    receipt = desk.push([Record(b"x", "k", b""), Record(b"y", "k", b""), first])
    assert (receipt.upto, receipt.forked, said(receipt)) == (1, [], {1: (A, ())})


def test_an_edited_record_is_refused_and_the_next_one_held_since_the_chain_broke(world: World, desk: Desk) -> None:
    original = desk.record(SignedIn())
    desk.record(SignedOut())
    desk.record(SignedIn())
    desk.ledger[0] = Record(original.payload.replace(b"signed_in", b"signed_at"), original.keyid, original.signature)
    assert said(desk.push()) == {1: (X, (R.UNREADABLE,)), 2: (H, (R.CHAIN_BROKEN,)), 3: (A, ())}


def test_a_record_of_another_device_or_centre_is_refused_and_blocks_nobody(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.record(SignedIn(), device="d000000000000")
    desk.record(SignedIn(), centre=BHOJPUR)
    desk.record(SignedOut())
    assert said(desk.push()) == {
        1: (A, ()),
        2: (X, (R.CHAIN_BROKEN,)),
        3: (X, (R.OTHER_CENTRE,)),
        4: (A, ()),
    }


def test_outcomes_are_in_order_and_of_the_batch_alone(world: World, desk: Desk) -> None:
    for _ in range(6):
        desk.record(SignedIn())
    desk.push(desk.ledger[:3])
    assert [outcome.seq for outcome in desk.push(desk.ledger[2:]).outcomes] == [3, 4, 5, 6]
