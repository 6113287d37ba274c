"""Where records belong, without a database (DESIGN 3.3, 7.1)."""

from __future__ import annotations

from datetime import UTC, datetime

from vaccinator_app.central.intake.chain import Plan, Stored, place, plan
from vaccinator_app.central.intake.examine import Incoming
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import Outcome, Reason, Status
from vaccinator_app.protocol.records import FIRST_PREV, Event, Record, encode_body

EMPTY = Link()
OK = Status.ACCEPTED


def event(seq: int, prev: bytes) -> Event:
    return Event(
        centre="100001",
        device="d",
        seq=seq,
        prev=prev,
        kind="signed_in",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        boot="b",
        uptime_ms=0,
        staff="s",
        body=encode_body(SignedIn()),
    )


def good(seq: int, prev: int | None = None, mark: int = 0) -> Incoming:
    """A record whose signature holds; ``prev`` and ``mark`` make another one under the same number."""
    before = seq - 1 if prev is None else prev
    named = bytes([before, 0]) * 16 if before else FIRST_PREV
    return Incoming(Record(b"", "", b""), bytes([seq, mark]) * 16, event=event(seq, named), signed=True)


def poison(mark: int) -> Incoming:
    return Incoming(Record(b"", "", b""), bytes([mark, 255]) * 16, flaw=Reason.UNREADABLE)


def ledger(upto: int) -> tuple[Link, dict[int, Stored]]:
    stored = {n: Stored(bytes([n, 0]) * 16, Outcome(n, OK)) for n in range(1, upto + 1)}
    return (Link(upto, stored[upto].hash) if upto else EMPTY), stored


def planned(batch: list[Incoming], upto: int = 0, forks: frozenset[bytes] = frozenset()) -> Plan:
    link, stored = ledger(upto)
    seen = {one.hash: seq for seq, one in stored.items()}
    return plan(batch, place(batch, link, Link(99, bytes(32)), seen), link, stored, forks)


def kept(found: Plan) -> tuple[list[int], list[int], list[int]]:
    return (
        [one.seq for one in found.new],
        [outcome.seq for outcome in found.answered],
        [seq for seq, _ in found.forks],
    )


def test_a_record_says_its_place_when_its_signature_holds() -> None:
    assert place([good(4), good(5)], EMPTY, EMPTY, {}) == [4, 5]


def test_neighbours_say_it_for_one_that_cannot() -> None:
    assert place([poison(1), good(5), poison(2), poison(3), good(8)], EMPTY, EMPTY, {}) == [4, 5, 6, 7, 8]


def test_an_unsigned_word_is_not_taken() -> None:
    liar = good(70)
    liar.signed = False
    assert place([good(1), liar, good(3)], EMPTY, EMPTY, {}) == [1, 2, 3]


def test_alone_it_is_what_central_has_or_what_the_device_ends_with_or_what_comes_next() -> None:
    one = poison(1)
    assert place([one], Link(5, bytes(32)), EMPTY, {one.hash: 3}) == [3]
    assert place([poison(2), one], Link(5, bytes(32)), Link(9, one.hash), {}) == [8, 9]
    assert place([one], Link(5, bytes(32)), EMPTY, {}) == [6]
    assert place([], Link(5, bytes(32)), EMPTY, {}) == []


def test_new_ones_follow_and_the_head_moves() -> None:
    found = planned([good(1), good(2)])
    assert kept(found) == ([1, 2], [], [])
    assert found.link == Link(2, good(2).hash)
    assert all(one.chained for one in found.new)


def test_known_ones_are_answered_and_the_rest_is_new() -> None:
    assert kept(planned([good(2), good(3), good(4)], 3)) == ([4], [2, 3], [])


def test_nothing_after_a_gap() -> None:
    found = planned([good(1), good(3), good(4)])
    assert (kept(found), found.link.seq) == (([1], [], []), 1)
    assert kept(planned([good(1), good(3), good(2)])) == ([1], [], [])


def test_the_same_record_twice_in_a_batch_is_one() -> None:
    assert kept(planned([good(1), good(1), good(2)])) == ([1, 2], [], [])


def test_another_record_under_a_known_number_is_a_fork_and_so_is_what_follows_on_it() -> None:
    branch = Incoming(Record(b"", "", b""), bytes(32), event=event(4, good(3, mark=7).hash), signed=True)
    found = planned([good(2), good(3, mark=7), branch], 3)
    assert kept(found) == ([], [2, 3, 4], [3, 4])
    assert [outcome.status for outcome in found.answered] == [OK, Status.REFUSED, Status.REFUSED]
    assert found.link.seq == 3


def test_a_branch_is_known_again_when_it_comes_alone() -> None:
    fork = good(3, mark=7)
    branch = Incoming(Record(b"", "", b""), bytes(32), event=event(4, fork.hash), signed=True)
    assert kept(planned([branch], 3, frozenset({fork.hash}))) == ([], [4], [4])


def test_one_that_names_another_before_it_is_taken_but_not_chained() -> None:
    found = planned([good(1), good(2, prev=9), good(3)])
    assert [(one.seq, one.chained) for one in found.new] == [(1, True), (2, False), (3, True)]


def test_poison_is_placed_and_counts_as_chained_since_it_names_nothing() -> None:
    found = planned([good(1), poison(1), good(3, prev=77)])
    assert [(one.seq, one.chained) for one in found.new] == [(1, True), (2, True), (3, False)]


def test_before_the_first_there_is_no_place() -> None:
    assert kept(planned([poison(1), poison(2), good(1)])) == ([1], [], [])
