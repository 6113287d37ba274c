"""The day as this desk knows it, whole or only what is new (DESIGN 7.3)."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.given import dose_given, voided
from tests.vault.given import (
    DAY,
    IDENTITY,
    IN_CHARGE,
    TEN,
    aefi,
    born,
    changes,
    moment,
    overridden,
    override,
    receipt,
    received,
    save,
    vial,
)
from tests.vault.neighbours import Neighbour
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import Machine, Said
from vaccinator_app.domain.events import Arrived, Body, SignedIn
from vaccinator_app.domain.stock_events import STOCK
from vaccinator_app.protocol.messages import Outcome, PeerRecord, Reason, Status
from vaccinator_app.protocol.records import Event, Record, read_event
from vaccinator_app.trust import dsse
from vaccinator_app.trust.keys import key_id
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.daybook import Mark
from vaccinator_app.vault.errors import VaultDamaged
from vaccinator_app.vault.ledger import Moment
from vaccinator_app.vault.vault import Vault

YESTERDAY = DAY - timedelta(days=1)
TOMORROW = DAY + timedelta(days=1)
NAMES = [f"{n:012d}" for n in range(20)]
OWN = IDENTITY.device


def on(vault: Vault, day: date, *bodies: Body, hour: int = 10) -> None:
    at = TEN.replace(year=day.year, month=day.month, day=day.day, hour=hour)
    vault.ledger.append(Moment(at=at, boot="4f1d2c3b", uptime_ms=7), IN_CHARGE, bodies)


def tell(vault: Vault, *peers: PeerRecord) -> None:
    vault.exchange.apply(changes(cursor=vault.exchange.cursor(), peers=peers))


def named(happened: Sequence[Happened]) -> list[tuple[str, int]]:
    found = sorted((one.device, one.seq) for one in happened)
    assert len(set(found)) == len(found), "nothing twice"
    return found


def test_a_day_is_all_stock_and_everything_from_its_first_record_on(vault: Vault) -> None:
    on(vault, YESTERDAY, received(), Arrived(appointment=NAMES[1]), vial(1), dose_given(NAMES[1]))
    on(vault, DAY, Arrived(appointment=NAMES[2]), dose_given(NAMES[2]))
    on(vault, TOMORROW, voided(6, NAMES[2]))
    assert named(vault.daybooks.happened(DAY)) == [(OWN, 1), (OWN, 3), (OWN, 5), (OWN, 6), (OWN, 7)]
    assert named(vault.daybooks.happened(YESTERDAY)) == [(OWN, n) for n in range(1, 8)]
    assert named(vault.daybooks.happened(TOMORROW)) == [(OWN, 1), (OWN, 3), (OWN, 7)]
    assert named(vault.daybooks.happened(TOMORROW + timedelta(days=9))) == [(OWN, 1), (OWN, 3)]


def test_an_event_says_when_by_the_clocks_of_the_centre(vault: Vault) -> None:
    peer = Neighbour()
    late = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    vault.ledger.append(Moment(at=late, boot="b1", uptime_ms=12), IN_CHARGE, [Arrived(appointment=NAMES[1])])
    tell(vault, peer.tells(dose_given(NAMES[1]), at=late))
    own, other = sorted(vault.daybooks.happened(DAY), key=lambda one: one.body.KIND)
    assert own == Happened(
        device=OWN,
        seq=1,
        at=late,
        staff=IN_CHARGE.staff,
        body=Arrived(appointment=NAMES[1]),
        boot="b1",
        uptime_ms=12,
    )
    assert (other.device, other.staff, other.body) == (peer.device, "s0000000000b2", dose_given(NAMES[1]))
    for one in (own, other):
        assert (one.at.date(), one.at.utcoffset()) == (DAY, timedelta(hours=5, minutes=30))
    assert vault.daybooks.happened(YESTERDAY) != []
    assert named(vault.daybooks.happened(TOMORROW)) == []


def test_a_neighbours_day_begins_at_its_own_first_record(vault: Vault) -> None:
    peer = Neighbour()
    yesterday = TEN - timedelta(days=1)
    records = [
        peer.tells(received(), at=yesterday),
        peer.tells(dose_given(NAMES[1]), at=yesterday),
        peer.tells(dose_given(NAMES[2]), at=TEN),
        peer.tells(voided(2, NAMES[1]), at=yesterday),
    ]
    tell(vault, *records)
    assert named(vault.daybooks.happened(DAY)) == [(peer.device, 1), (peer.device, 3), (peer.device, 4)]


def test_a_kind_this_program_does_not_know_is_kept_and_passed_over(vault: Vault) -> None:
    peer = Neighbour()
    known = peer.record(Arrived(appointment=NAMES[1]))
    event = msgspec.structs.replace(read_event(known.payload), kind="from_the_future")
    record = _signed(event)
    tell(vault, PeerRecord(peer.device, record, Status.ACCEPTED), peer.tells(dose_given(NAMES[1])))
    assert vault.peers.rejected() == 0
    assert named(vault.daybooks.happened(DAY)) == [(peer.device, 2)]
    assert vault.daybooks.hash_of(peer.device, 1) == record.hash.hex()


def _signed(event: Event) -> Record:
    payload = msgspec.json.encode(msgspec.structs.replace(event, staff=IN_CHARGE.staff))
    signature = dsse.sign("application/vnd.vaccinator.event+json", payload, IN_CHARGE.key)
    return Record(payload, key_id(IN_CHARGE.key.public), signature)


@pytest.mark.parametrize("table", ["ledger", "peer_records"])
def test_a_record_that_is_no_longer_what_it_was_stops_the_reading(vault: Vault, table: str) -> None:
    save(vault, dose_given())
    tell(vault, Neighbour().tells(dose_given(NAMES[1])))

    def spoil(connection: Connection) -> None:
        connection.execute("DROP TRIGGER ledger_is_never_changed")
        connection.execute(f"UPDATE {table} SET payload = CAST(replace(payload, 'left_arm', 'right_arm') AS BLOB)")

    vault._database.write(spoil)
    with pytest.raises(VaultDamaged):
        vault.daybooks.happened(DAY)


def test_reading_a_day_tells_how_far_it_is_and_stops_when_asked(vault: Vault) -> None:
    save(vault, received(), minutes=0)
    on(vault, TOMORROW, *[Arrived(appointment=NAMES[1])] * 2500)
    steps: list[tuple[int, int]] = []
    whole = vault.daybooks.happened(TOMORROW, lambda done, total: steps.append((done, total)))
    assert len(whole) == 2501
    assert steps == [(1, 2501), (1001, 2501), (2001, 2501), (2501, 2501)]
    answers = iter([False, False, True])
    assert vault.daybooks.happened(TOMORROW, cancelled=lambda: next(answers)) == []
    assert list(answers) == [], "asked at each page"
    _, mark = vault.daybooks.happened_since(TOMORROW, None)
    save(vault, Arrived(appointment=NAMES[1]))
    found, same = vault.daybooks.happened_since(TOMORROW, mark, cancelled=lambda: True)
    assert (found, same) == ([], mark), "nothing is half taken"
    assert named(vault.daybooks.happened_since(TOMORROW, same)[0]) == [(OWN, 2502)]


def test_a_refresh_reads_what_is_new_and_no_more(vault: Vault) -> None:
    save(vault, *[Arrived(appointment=NAMES[1])] * 30)
    peer = Neighbour()
    tell(vault, *(peer.tells(dose_given(NAMES[n])) for n in range(9)))
    _, mark = vault.daybooks.happened_since(DAY, None)
    steps: list[tuple[int, int]] = []
    assert vault.daybooks.happened_since(DAY, mark, lambda *step: steps.append(step)) == ([], mark)
    assert steps == []
    save(vault, dose_given(NAMES[1]))
    tell(vault, peer.tells(aefi(1)))
    found, _ = vault.daybooks.happened_since(DAY, mark, lambda *step: steps.append(step))
    assert named(found) == [(peer.device, 10), (OWN, 31)]
    assert steps[-1] == (2, 2)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_taken_piece_by_piece_is_the_whole_day(data: st.DataObject) -> None:
    """Own records on any day in any order; neighbours' arrive shuffled, over several pages; a look after each."""
    days = st.sampled_from([YESTERDAY, DAY, TOMORROW])
    kinds: list[Body] = [Arrived(appointment=NAMES[1]), vial(), received(), dose_given(NAMES[1]), SignedIn()]
    bodies = st.sampled_from(kinds)
    with tempfile.TemporaryDirectory() as folder:
        vault = born(Path(folder) / "home")
        try:
            waiting: list[PeerRecord] = []
            for number in range(2):
                peer = Neighbour(device=f"d00000000000{number}")
                for day, body in data.draw(st.lists(st.tuples(days, bodies), min_size=2, max_size=6)):
                    waiting.append(peer.tells(body, at=TEN.replace(day=day.day)))
            waiting = data.draw(st.permutations(waiting))
            taken: list[Happened] = []
            mark: Mark | None = None
            while waiting:
                size = data.draw(st.integers(1, 3))
                tell(vault, *waiting[:size])
                waiting = waiting[size:]
                for day, body in data.draw(st.lists(st.tuples(days, bodies), max_size=2)):
                    on(vault, day, body)
                fresh, mark = vault.daybooks.happened_since(DAY, mark)
                taken += fresh
            fresh, mark = vault.daybooks.happened_since(DAY, mark)
            assert named([*taken, *fresh]) == named(vault.daybooks.happened(DAY)) == _expected(vault)
        finally:
            vault.close()


def test_a_record_that_comes_late_may_begin_the_day_earlier(vault: Vault) -> None:
    peer = Neighbour()
    yesterday = TEN - timedelta(days=1)
    begins = peer.tells(Arrived(appointment=NAMES[1]), at=TEN)
    passed_over = peer.tells(dose_given(NAMES[1]), at=yesterday)
    stock = peer.tells(vial(), at=yesterday)
    known = peer.tells(Arrived(appointment=NAMES[2]), at=TEN)
    tell(vault, known, stock, passed_over)
    found, mark = vault.daybooks.happened_since(DAY, None)
    assert named(found) == [(peer.device, 3), (peer.device, 4)]
    more_stock = peer.tells(received(), at=yesterday)
    last = peer.tells(Arrived(appointment=NAMES[3]), at=TEN)
    tell(vault, begins, more_stock, last)
    found, mark = vault.daybooks.happened_since(DAY, mark)
    assert named(found) == [(peer.device, 1), (peer.device, 2), (peer.device, 5), (peer.device, 6)]
    other = Neighbour(device="d00000000000c")
    tell(vault, other.tells(received(), at=yesterday), other.tells(dose_given(NAMES[3]), at=yesterday))
    found, _ = vault.daybooks.happened_since(DAY, mark)
    assert named(found) == [(other.device, 1)]


def _expected(vault: Vault) -> list[tuple[str, int]]:
    """The same, of all there is, the plain way."""
    payloads = vault._database.read("SELECT payload FROM ledger UNION ALL SELECT payload FROM peer_records")
    events = [read_event(payload) for (payload,) in payloads]
    firsts: dict[str, int] = {}
    for event in events:
        if event.at.date() >= DAY:
            firsts[event.device] = min(event.seq, firsts.get(event.device, event.seq))
    stock = {kind.KIND for kind in STOCK}
    return sorted(
        (event.device, event.seq)
        for event in events
        if event.kind in stock or (event.device in firsts and event.seq >= firsts[event.device])
    )


def test_reading_a_day_neither_waits_for_the_writer_nor_holds_it_up(vault: Vault) -> None:
    save(vault, *[dose_given(NAMES[1])] * 10)
    tell(vault, Neighbour().tells(vial()))
    inside, done = threading.Event(), threading.Event()

    def writing(_: Connection) -> None:
        inside.set()
        assert done.wait(10)

    writer = threading.Thread(target=lambda: vault._database.write(writing))
    writer.start()
    assert inside.wait(10)
    try:
        assert len(vault.daybooks.happened(DAY)) == 11
        assert vault.daybooks.booked(DAY, NAMES) == []
        assert (vault.daybooks.identities(DAY, NAMES), vault.daybooks.outcomes(), vault.daybooks.differences()) == (
            {},
            {},
            {},
        )
        assert (vault.daybooks.agreed(), vault.daybooks.cleared()) == (set(), frozenset())
        assert len(vault.daybooks.machines(TEN)) == 1
        assert len(vault.daybooks.names()) == 2
        assert vault.daybooks.hash_of(OWN, 3) is not None
    finally:
        done.set()
        writer.join()
    saved: list[int] = []
    vault.daybooks.happened(DAY, lambda *_: saved.extend(save(vault, SignedIn())))
    assert saved == [11, 12]


def test_central_is_quoted_where_it_said_more_than_yes(vault: Vault) -> None:
    save(vault, *[Arrived(appointment=NAMES[1])] * 4)
    answers = (
        Outcome(1, Status.ACCEPTED),
        Outcome(2, Status.ACCEPTED, (Reason.AWAITS_OTP,)),
        Outcome(3, Status.HELD, (Reason.TOO_EARLY, Reason.OTHER_VACCINE)),
    )
    vault.exchange.confirm(receipt(vault, 4, *answers), b"signed")
    assert vault.daybooks.outcomes() == {
        (OWN, 2): Said("accepted", ("awaits_otp",)),
        (OWN, 3): Said("held", ("too_early", "other_vaccine")),
    }
    for question in ("SELECT seq FROM confirmation WHERE {}", "SELECT seq FROM peer_records WHERE {}"):
        plan = vault._database.read("EXPLAIN QUERY PLAN " + question.format("status <> 'accepted' OR reasons <> '[]'"))
        assert "_said" in plan[0][3], "what was simply accepted is not read"


def test_a_dose_on_an_override_is_cleared_once_nothing_is_waited_for(vault: Vault) -> None:
    peer = Neighbour()
    peer.skip()
    theirs = peer.tells(overridden(NAMES[2]), Reason.AWAITS_OTP)
    save(vault, override(NAMES[1]), overridden(NAMES[1]), dose_given(NAMES[3]))
    tell(vault, theirs, peer.tells(dose_given(NAMES[4])))
    told = [Outcome(n, Status.ACCEPTED, (Reason.AWAITS_OTP,) if n == 2 else ()) for n in (1, 2, 3)]
    vault.exchange.confirm(receipt(vault, 3, *told), b"signed")
    assert vault.daybooks.cleared() == frozenset()
    both = (Reason.AWAITS_OTP, Reason.GIVEN_TWICE)
    waits = changes(
        cursor=1, outcomes=[Outcome(2, Status.ACCEPTED, both)], peers=[msgspec.structs.replace(theirs, reasons=both)]
    )
    vault.exchange.apply(waits)
    assert vault.daybooks.cleared() == frozenset()
    page = changes(
        cursor=2,
        outcomes=[Outcome(2, Status.ACCEPTED, (Reason.GIVEN_TWICE,))],
        peers=[msgspec.structs.replace(theirs, reasons=())],
    )
    vault.exchange.apply(page)
    assert vault.daybooks.cleared() == {(OWN, 2), (peer.device, 2)}


def test_this_desk_comes_first_among_the_machines(vault: Vault) -> None:
    assert vault.daybooks.machines(TEN) == [Machine(device=OWN, name="Desk 2", own=True, upto=0, head="00" * 32)]
    save(vault, SignedIn(), SignedIn(), SignedIn(), minutes=4)
    vault.exchange.confirm(receipt(vault, 1, at=TEN + timedelta(hours=1)), b"signed")
    (own,) = vault.daybooks.machines(TEN)
    assert own == Machine(
        device=OWN,
        name="Desk 2",
        own=True,
        upto=3,
        head=vault.ledger.head().hash.hex(),
        unconfirmed=2,
        oldest_at=moment(4).at,
        heard_at=TEN + timedelta(hours=1),
    )
    assert own.heard_at is not None
    assert own.heard_at.tzinfo == TEN.tzinfo


def test_a_hash_of_any_record_that_is_known(vault: Vault) -> None:
    save(vault, SignedIn())
    peer = Neighbour()
    told = peer.tells(vial())
    untold = peer.record(SignedIn())
    vault.exchange.apply(changes(peers=[told], desks=[peer.desk()]))
    assert vault.daybooks.hash_of(OWN, 1) == vault.ledger.head().hash.hex()
    assert vault.daybooks.hash_of(peer.device, 1) == told.record.hash.hex()
    assert vault.daybooks.hash_of(peer.device, 2) == untold.hash.hex(), "the head of a desk is known by itself"
    assert [vault.daybooks.hash_of(*name) for name in ((OWN, 2), (peer.device, 3), ("d9", 1))] == [None] * 3
