"""What central confirmed and what it sent down (DESIGN 7): by number, never by status; each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.domain.given import WHO, dose_given, refused, walk_in
from tests.vault.given import (
    DAY,
    IN_CHARGE,
    KEY,
    TEN,
    aefi,
    born,
    changes,
    moment,
    person,
    receipt,
    save,
    walk_in_person,
)
from vaccinator_app.domain.aefi import Seriousness
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.messages import Changes, Outcome, Reason, Status
from vaccinator_app.protocol.records import Record, read_event
from vaccinator_app.sync.ports import Store
from vaccinator_app.vault import meta
from vaccinator_app.vault.errors import PageOutOfOrder, ReceiptDoesNotFit, RolledBack, VaultError
from vaccinator_app.vault.exchange import Pending
from vaccinator_app.vault.peers import Checked, Peers
from vaccinator_app.vault.vault import Vault

LATER = TEN + timedelta(hours=1)


def seqs(records: Sequence[Record]) -> list[int]:
    return [read_event(record.payload).seq for record in records]


def test_it_is_the_store_the_engine_wants(vault: Vault) -> None:
    store: Store = vault.exchange
    assert store.head().seq == 0
    assert store.confirmed_upto() == store.cursor() == 0
    assert store.hash_at(0) is None


def test_records_come_in_order_within_both_limits_and_at_least_one(vault: Vault) -> None:
    save(vault, *[SignedIn()] * 10)
    size = len(next(iter(vault.ledger.records())).payload)
    assert seqs(vault.exchange.records_after(0, 500, 1 << 20)) == list(range(1, 11))
    assert seqs(vault.exchange.records_after(3, 4, 1 << 20)) == [4, 5, 6, 7]
    assert seqs(vault.exchange.records_after(0, 500, size * 3)) == [1, 2, 3]
    assert seqs(vault.exchange.records_after(0, 500, 1)) == [1]
    assert seqs(vault.exchange.records_after(10, 500, 1 << 20)) == []
    assert seqs(vault.exchange.records_after(9, 0, 1 << 20)) == []


def test_serious_events_that_wait_are_told_of(vault: Vault) -> None:
    assert vault.exchange.urgent_after(0) == []
    mild = aefi(1, seriousness=Seriousness.NOT_SERIOUS)
    save(vault, dose_given(), aefi(1), mild, SignedIn(), aefi(1), *[aefi(1)] * 25)
    assert seqs(vault.exchange.urgent_after(0)) == [2, *range(5, 24)], "the oldest twenty"
    assert seqs(vault.exchange.urgent_after(28)) == [29, 30]
    assert vault.exchange.urgent_after(30) == []
    vault.exchange.confirm(receipt(vault, 27), b"signed")
    assert seqs(vault.exchange.urgent_after(0)) == [28, 29, 30], "what central has is not told again"


def test_a_hash_is_that_of_its_record(vault: Vault) -> None:
    save(vault, SignedIn(), SignedIn())
    records = list(vault.ledger.records())
    assert [vault.exchange.hash_at(seq) for seq in (1, 2, 3)] == [records[0].hash, records[1].hash, None]
    assert vault.exchange.head().hash == records[1].hash


def test_nothing_beyond_the_receipt_is_ever_confirmed(vault: Vault) -> None:
    """The fault of two leading systems: a push is acknowledged, and what was saved meanwhile is taken as sent."""
    save(vault, *[SignedIn()] * 5)
    signed = receipt(vault, 5, *(Outcome(seq, Status.ACCEPTED) for seq in range(1, 6)))
    save(vault, SignedIn(), SignedIn())
    vault.exchange.confirm(signed, b"signed")
    assert vault.exchange.confirmed_upto() == 5
    assert vault.exchange.pending() == Pending(2, moment().at)
    assert vault.exchange.confirmed_at(5) == TEN
    assert vault.exchange.confirmed_at(6) is None
    assert [vault.exchange.status_of(seq) for seq in (5, 6)] == [Status.ACCEPTED, None]
    assert seqs(vault.exchange.records_after(5, 500, 1 << 20)) == [6, 7]


def test_what_a_receipt_covers_and_nobody_answered_is_known_to_be_missing(vault: Vault) -> None:
    def said(*seqs: int) -> list[Outcome]:
        return [Outcome(seq, Status.ACCEPTED) for seq in seqs]

    exchange = vault.exchange
    save(vault, *[SignedIn()] * 9)
    assert exchange.answered_upto() == 0
    exchange.confirm(receipt(vault, 6, *said(1, 2, 3)), b"signed")
    assert (exchange.confirmed_upto(), exchange.answered_upto()) == (6, 3)
    exchange.confirm(receipt(vault, 9, *said(7, 8, 9)), b"signed")
    assert (exchange.confirmed_upto(), exchange.answered_upto()) == (9, 3)
    exchange.confirm(receipt(vault, 5, *said(4, 5)), b"signed")
    assert (exchange.confirmed_upto(), exchange.answered_upto()) == (9, 5)
    exchange.confirm(receipt(vault, 9, *said(6)), b"signed")
    assert exchange.answered_upto() == 9
    assert meta.get(vault._database, "answered") is None


def test_an_outcome_beyond_its_receipt_is_left_out(vault: Vault) -> None:
    save(vault, SignedIn(), SignedIn())
    vault.exchange.confirm(receipt(vault, 1, Outcome(1, Status.ACCEPTED), Outcome(2, Status.ACCEPTED)), b"signed")
    assert vault.exchange.status_of(2) is None
    assert vault.exchange.pending().count == 1


def test_a_receipt_above_the_ledger_means_an_old_copy_was_put_back(vault: Vault) -> None:
    save(vault, SignedIn())
    before = _everything(vault)
    with pytest.raises(RolledBack):
        vault.exchange.confirm(receipt(vault, 2, Outcome(1, Status.ACCEPTED), head=bytes(32)), b"signed")
    assert _everything(vault) == before


@pytest.mark.parametrize("upto", [0, 1])
def test_a_receipt_for_other_records_confirms_nothing(vault: Vault, upto: int) -> None:
    save(vault, SignedIn())
    before = _everything(vault)
    with pytest.raises(ReceiptDoesNotFit):
        vault.exchange.confirm(receipt(vault, upto, Outcome(1, Status.ACCEPTED), head=b"x" * 32), b"signed")
    assert _everything(vault) == before


def _everything(vault: Vault) -> object:
    tables = ("receipts", "confirmation", "meta", "roster", "days", "visits", "batches", "centres")
    return {table: vault._database.read(f"SELECT * FROM {table}") for table in tables}


def test_an_empty_receipt_tells_only_that_central_was_there(vault: Vault) -> None:
    assert vault.exchange.last_contact() is None
    vault.exchange.confirm(receipt(vault, 0), b"signed")
    assert vault.exchange.last_contact() == TEN
    assert vault.exchange.confirmed_upto() == 0
    assert vault._database.read("SELECT count(*) FROM receipts") == [(0,)]


def test_receipts_are_kept_as_they_were_signed_and_repeats_are_not(vault: Vault) -> None:
    save(vault, SignedIn(), SignedIn())
    vault.exchange.confirm(receipt(vault, 1, Outcome(1, Status.ACCEPTED)), b"first")
    for _ in range(5):
        vault.exchange.confirm(receipt(vault, 1, at=LATER), b"again")
    vault.exchange.confirm(receipt(vault, 2, at=LATER), b"second")
    assert vault._database.read("SELECT upto, signed FROM receipts ORDER BY id") == [(1, b"first"), (2, b"second")]
    assert vault.exchange.confirmed_at(1) == TEN
    assert vault.exchange.confirmed_at(2) == LATER
    assert vault.exchange.last_contact() == LATER


def test_a_record_whose_outcome_was_lost_on_the_way_is_confirmed_all_the_same(vault: Vault) -> None:
    save(vault, SignedIn(), SignedIn())
    vault.exchange.confirm(receipt(vault, 2, Outcome(2, Status.ACCEPTED)), b"signed")
    assert vault.exchange.pending() == Pending(0, None)
    assert vault.exchange.confirmed_at(1) == TEN
    assert vault.exchange.status_of(1) is None


def test_a_later_decision_replaces_an_earlier_one_in_whatever_order_they_arrive(vault: Vault) -> None:
    save(vault, SignedIn())
    vault.exchange.confirm(receipt(vault, 1, Outcome(1, Status.HELD, (Reason.CODE_MISMATCH,)), at=TEN), b"a")
    vault.exchange.apply(changes(outcomes=[Outcome(1, Status.ACCEPTED)], at=LATER))
    assert vault.exchange.status_of(1) is Status.ACCEPTED
    vault.exchange.confirm(receipt(vault, 1, Outcome(1, Status.HELD, (Reason.CODE_MISMATCH,)), at=TEN), b"late")
    assert vault.exchange.status_of(1) is Status.ACCEPTED
    vault.exchange.apply(changes(cursor=1, outcomes=[Outcome(1, Status.REFUSED, (Reason.NOT_ALLOWED,))], at=LATER))
    assert vault.exchange.status_of(1) is Status.REFUSED


def test_a_decision_about_an_unconfirmed_or_unknown_record_confirms_nothing(vault: Vault) -> None:
    save(vault, SignedIn())
    vault.exchange.apply(changes(outcomes=[Outcome(0, Status.HELD), Outcome(1, Status.HELD), Outcome(9, Status.HELD)]))
    assert [vault.exchange.status_of(seq) for seq in (0, 1, 9)] == [None, Status.HELD, None]
    assert vault.exchange.confirmed_upto() == 0
    assert vault.exchange.pending().count == 1
    assert vault.exchange.confirmed_at(1) is None


def test_the_oldest_unconfirmed_record_is_the_first_not_the_earliest_clock(vault: Vault) -> None:
    save(vault, SignedIn(), minutes=10)
    save(vault, SignedIn(), minutes=5)
    save(vault, SignedIn(), minutes=20)
    assert vault.exchange.pending() == Pending(3, moment(10).at)
    vault.exchange.confirm(receipt(vault, 1), b"signed")
    assert vault.exchange.pending() == Pending(2, moment(5).at)


def test_a_page_is_taken_whole_or_not_at_all(vault: Vault) -> None:
    vault.exchange.apply(changes(person(1)))
    before = _everything(vault)
    broken = person(2)
    object.__setattr__(broken, "vaccine", b"not a text")
    with pytest.raises(VaultError):
        vault.exchange.apply(changes(person(3), broken, cursor=1))
    assert _everything(vault) == before
    assert vault.queue.search("sunita", DAY)[0].appointment == person(1).appointment
    vault.exchange.apply(changes(person(3), cursor=1))
    assert vault.exchange.cursor() == 2


@pytest.mark.parametrize("cursor", [0, 2, 7])
def test_a_page_that_does_not_follow_the_last_is_refused(vault: Vault, cursor: int) -> None:
    vault.exchange.apply(changes(person(1)))
    before = _everything(vault)
    with pytest.raises(PageOutOfOrder):
        vault.exchange.apply(changes(person(2), cursor=cursor))
    assert _everything(vault) == before


def test_a_machine_out_of_use_takes_nobody_over_again(vault: Vault) -> None:
    """Central that came back from a backup may have forgotten it, and tells as of any machine (P.21.5)."""
    vault.exchange.apply(changes(person(1)))
    vault.exchange.apply(msgspec.structs.replace(changes(cursor=1), cursor=1, revoked_at=TEN))
    for page in (changes(person(2), cursor=1), changes(person(3), cursor=2, at=LATER)):
        vault.exchange.apply(page)
        assert vault.exchange.cursor() == page.cursor, "the run comes to its end"
    assert vault._database.read("SELECT appointment FROM roster") == [(person(1).appointment,)]
    assert vault.exchange.revoked_at() == TEN
    assert vault.exchange.last_contact() == LATER
    vault.exchange.apply(changes(person(4), cursor=1))
    assert vault.exchange.cursor() == 3, "a page of before turns nothing back"


def test_a_page_that_another_program_overtook_brings_nobody_to_a_machine_out_of_use(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both programs of a desk pull at once, and one hears first that the machine is out of use (P.21.5)."""
    vault, check = born(home), Peers.check
    with closing(Vault.open(home, KEY)) as other:

        def overtaken(peers: Peers, page: Changes) -> Checked:
            monkeypatch.setattr(Peers, "check", check)
            other.exchange.apply(msgspec.structs.replace(changes(), cursor=0, revoked_at=TEN))
            return peers.check(page)

        monkeypatch.setattr(Peers, "check", overtaken)
        vault.exchange.apply(changes(person(1)))
    assert vault._database.read("SELECT appointment FROM roster") == []
    assert vault.exchange.revoked_at() == TEN
    vault.close()


def test_a_pull_leaves_walk_ins_and_everything_from_events(home: Path) -> None:
    vault = born(home)
    guest = walk_in_person(90)
    vault.exchange.apply(changes(person(1), person(2)))
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment)], person=guest)
    save(
        vault,
        Arrived(appointment=person(1).appointment),
        refused(person(1).appointment),
        dose_given(person(2).appointment),
    )
    vault.exchange.apply(changes(person(1, "Sunita Devi"), person(2, cancelled=True), cursor=1))
    vault.close()
    vault = Vault.open(home, KEY)
    assert vault.roster.appointment(guest.appointment) == guest
    assert vault.roster.visit(guest.appointment).state is VisitState.ARRIVED
    assert vault.roster.visit(person(1).appointment).tries == 1
    assert vault.roster.visit(person(2).appointment).state is VisitState.OBSERVING
    assert vault.exchange.cursor() == 2
    vault.close()


def test_what_central_said_last_is_not_when_it_is_heard_last(vault: Vault) -> None:
    vault.exchange.apply(changes(at=LATER))
    save(vault, SignedIn())
    vault.exchange.confirm(receipt(vault, 1, at=TEN), b"signed")
    assert vault.exchange.last_contact() == LATER
    assert vault.exchange.last_contact() == LATER.astimezone(UTC)


def test_no_decision_of_central_can_touch_the_ledger(vault: Vault) -> None:
    save(vault, dose_given(WHO))
    vault.exchange.confirm(receipt(vault, 1, Outcome(1, Status.REFUSED, (Reason.UNREADABLE,))), b"signed")
    before = list(vault.ledger.records())
    vault._database.write(lambda connection: connection.execute("DELETE FROM confirmation"))
    vault._database.write(lambda connection: connection.execute("DELETE FROM receipts"))
    assert list(vault.ledger.records()) == before
    with pytest.raises(VaultError):
        vault._database.write(
            lambda connection: connection.execute("INSERT INTO confirmation VALUES (7, 'held', '[]', '', NULL, '', '')")
        )
