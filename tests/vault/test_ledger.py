"""Every record once, in order, signed, and never changed (DESIGN 3.1-3.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.domain.given import WHO, deferred, dose_given, refused, walk_in
from tests.trust import fixed
from tests.vault.given import COLLEAGUE, IDENTITY, IN_CHARGE, KEY, born, moment, save, vial, walk_in_person
from vaccinator_app.domain.events import Arrived, Body, SignedIn
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.ledger import LedgerBroken, Link
from vaccinator_app.protocol.records import FIRST_PREV, read_event
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.errors import VaultClosed, VaultError
from vaccinator_app.vault.ledger import Author, Saved
from vaccinator_app.vault.vault import Vault

ARRIVED = Arrived(appointment=WHO)


def test_an_empty_ledger_has_no_head(vault: Vault) -> None:
    assert vault.ledger.head() == Link(0, FIRST_PREV)
    assert vault.ledger.next_seq() == 1
    assert list(vault.ledger.records()) == []
    assert vault.ledger.check(vault.certificates.find) == Link()


def test_records_are_numbered_linked_and_signed_by_who_acted(vault: Vault) -> None:
    first = vault.ledger.append(moment(1), IN_CHARGE, [SignedIn(), ARRIVED])
    second = vault.ledger.append(moment(2), COLLEAGUE, [dose_given()])
    assert first == [Saved(1, moment(1).at), Saved(2, moment(1).at)]
    assert second == [Saved(3, moment(2).at)]
    assert vault.ledger.check(vault.certificates.find) == vault.ledger.head()
    assert vault.ledger.next_seq() == 4
    records = list(vault.ledger.records())
    events = [read_event(record.payload) for record in records]
    assert [event.staff for event in events] == [IN_CHARGE.staff, IN_CHARGE.staff, COLLEAGUE.staff]
    assert [event.prev for event in events] == [FIRST_PREV, records[0].hash, records[1].hash]
    assert {(event.centre, event.device, event.boot) for event in events} == {
        (IDENTITY.centre, IDENTITY.device, "4f1d2c3b")
    }
    assert [event.uptime_ms for event in events] == [60_000, 60_000, 120_000]


def test_events_come_back_as_they_went_in(vault: Vault) -> None:
    bodies: list[Body] = [walk_in(), vial(), dose_given(), refused(), deferred()]
    save(vault, *bodies, minutes=5)
    assert list(vault.ledger.events()) == [
        (number, moment(5).at, IN_CHARGE.staff, body) for number, body in enumerate(bodies, 1)
    ]
    assert [seq for seq, *_ in vault.ledger.events(after=3)] == [4, 5]


def test_who_made_a_record_and_when(vault: Vault) -> None:
    save(vault, ARRIVED, minutes=2)
    save(vault, dose_given(), minutes=4, author=COLLEAGUE)
    assert vault.ledger.author_of(1) == (IN_CHARGE.staff, moment(2).at)
    assert vault.ledger.author_of(2) == (COLLEAGUE.staff, moment(4).at)
    assert (vault.ledger.author_of(0), vault.ledger.author_of(3)) == (None, None)


def test_records_are_read_in_pages_and_stop_where_asked(vault: Vault) -> None:
    save(vault, *[SignedIn()] * 1203)
    assert [read_event(r.payload).seq for r in vault.ledger.records()] == list(range(1, 1204))
    assert [read_event(r.payload).seq for r in vault.ledger.records(after=498, most=504)] == list(range(499, 1003))
    assert list(vault.ledger.records(after=1203)) == []
    assert list(vault.ledger.records(most=0)) == []


def test_a_reopened_ledger_goes_on_where_it_ended(home: Path) -> None:
    vault = born(home)
    save(vault, ARRIVED)
    head = vault.ledger.head()
    vault.close()
    vault = Vault.open(home, KEY)
    assert vault.ledger.head() == head
    assert save(vault, dose_given()) == [2]
    assert vault.ledger.check(vault.certificates.find).seq == 2
    vault.close()


def test_a_moment_without_an_offset_is_refused(vault: Vault) -> None:
    with pytest.raises(ValueError, match="offset"):
        vault.ledger.append(replace(moment(), at=datetime(2026, 11, 21)), IN_CHARGE, [ARRIVED])  # noqa: DTZ001
    assert vault.ledger.head().seq == 0


class _Unsignable(SigningKey):
    @property
    def public(self) -> bytes:
        raise RuntimeError("no key today")


def test_all_of_one_act_is_saved_or_none_of_it(vault: Vault) -> None:
    vault.drafts.save(WHO, IN_CHARGE.staff, b"half done")
    author = Author(staff=IN_CHARGE.staff, key=_Unsignable(fixed.IN_CHARGE.private))
    with pytest.raises(RuntimeError, match="no key today"):
        vault.ledger.append(moment(), author, [walk_in()], drop_draft=WHO, person=walk_in_person(90))
    assert vault.ledger.head().seq == 0
    assert vault.drafts.of(IN_CHARGE.staff) == [(WHO, b"half done")]
    assert vault.roster.appointment(walk_in_person(90).appointment) is None
    assert save(vault, ARRIVED) == [1]


def test_a_walk_in_enters_ledger_roster_and_queue_together(vault: Vault) -> None:
    guest = walk_in_person(90)
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment)], person=guest)
    assert vault.roster.appointment(guest.appointment) == guest
    (row,) = vault.queue.rows(guest.session_date, VisitState.ARRIVED, 9, 0)
    assert row.appointment == guest.appointment


OTHERS = "kind, at, staff, appointment, keyid, payload, signature, hash"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger SET staff = 'somebody else' WHERE seq = 1",
        "UPDATE ledger SET appointment = NULL",
        "DELETE FROM ledger WHERE seq = 2",
        "DELETE FROM ledger",
        f"INSERT OR REPLACE INTO ledger SELECT 1, {OTHERS} FROM ledger WHERE seq = 2",
        f"INSERT INTO ledger SELECT 4, {OTHERS} FROM ledger WHERE seq = 2",
        "REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 2",
    ],
)
def test_the_database_refuses_to_change_shorten_or_skip_the_ledger(vault: Vault, sql: str) -> None:
    save(vault, ARRIVED, dose_given())
    before = list(vault.ledger.records())
    with pytest.raises(VaultError) as refused_:
        vault._database.write(lambda connection: connection.execute(sql))
    assert refused_.value.cause == "SQLITE_CONSTRAINT"
    assert list(vault.ledger.records()) == before


def _tamper(vault: Vault, sql: str) -> None:
    """What somebody who has the key can do, and only to be found out."""

    def work(connection: Connection) -> None:
        for name in ("ledger_is_never_changed", "ledger_is_never_shortened", "ledger_has_no_gap"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)

    vault._database.write(work)


@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ("UPDATE ledger SET payload = CAST(replace(payload, 'left_arm', 'right_arm') AS BLOB) WHERE seq = 2", 2),
        ("UPDATE ledger SET hash = zeroblob(32) WHERE seq = 3", 3),
        ("DELETE FROM ledger WHERE seq = 2", 2),
        ("DELETE FROM ledger WHERE seq = 1", 1),
        ("UPDATE ledger SET keyid = '0000000000000000' WHERE seq = 3", 3),
        ("UPDATE ledger SET signature = zeroblob(64) WHERE seq = 1", 1),
    ],
)
def test_the_walk_finds_what_was_done_to_the_ledger(vault: Vault, sql: str, seq: int) -> None:
    save(vault, ARRIVED, dose_given(), SignedIn())
    _tamper(vault, sql)
    with pytest.raises(LedgerBroken) as found:
        vault.ledger.check(vault.certificates.find)
    assert found.value.seq == seq


def test_a_draft_is_dropped_with_the_act_that_ends_it(vault: Vault) -> None:
    for staff in (IN_CHARGE.staff, COLLEAGUE.staff):
        vault.drafts.save(WHO, staff, staff.encode())
    vault.ledger.append(moment(), COLLEAGUE, [refused()], drop_draft=WHO)
    assert vault.drafts.of(COLLEAGUE.staff) == []
    assert vault.drafts.of(IN_CHARGE.staff) == [(WHO, IN_CHARGE.staff.encode())]
    vault.drafts.save(WHO, COLLEAGUE.staff, b"again")
    vault.ledger.append(moment(), COLLEAGUE, [dose_given()], drop_draft=WHO)
    assert vault.drafts.of(IN_CHARGE.staff) == vault.drafts.of(COLLEAGUE.staff) == []


def test_drafts_belong_to_who_made_them_newest_last(vault: Vault) -> None:
    vault.drafts.save("1", "a", b"one")
    vault.drafts.save("2", "a", b"two")
    vault.drafts.save("1", "b", b"of another")
    vault.drafts.save("1", "a", b"one again")
    assert vault.drafts.of("a") == [("2", b"two"), ("1", b"one again")]
    vault.drafts.drop("1", "a")
    assert vault.drafts.of("a") == [("2", b"two")]
    assert vault.drafts.of("b") == [("1", b"of another")]
    vault.drafts.drop("1")
    assert vault.drafts.of("b") == []


def test_a_closed_vault_saves_and_tells_nothing(home: Path) -> None:
    vault = born(home)
    vault.close()
    vault.close()
    with pytest.raises(VaultClosed):
        save(vault, ARRIVED)
    with pytest.raises(VaultClosed):
        vault.ledger.head()


def test_no_other_row_takes_a_record_along(vault: Vault) -> None:
    made = [sql for (sql,) in vault._database.read("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    assert any("ledger" in sql for sql in made)
    takes = ("ON DELETE CASCADE", "ON DELETE SET", "DELETE FROM LEDGER")
    assert [sql for sql in made if any(words in sql.upper() for words in takes)] == []
