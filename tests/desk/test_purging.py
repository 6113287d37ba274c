"""Three days after a day is closed and confirmed its people have left the machine; its numbers stand (DESIGN 5.5)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.support.desk import CENTRE, TODAY, ZONE, CentralSide, ToldClock, make_place
from vaccinator_app.desk import closing, purging
from vaccinator_app.desk.closing import Counted
from vaccinator_app.desk.drafts import Draft, read_draft
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.purging import Due
from vaccinator_app.desk.queue import Queue
from vaccinator_app.desk.reconcile import Overview, Reconcile
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.exceptions import ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason
from vaccinator_app.protocol.messages import Outcome, Reason, Receipt, Status
from vaccinator_app.protocol.records import FIRST_PREV
from vaccinator_app.vault.checking import Fault, check
from vaccinator_app.vault.connection import Database
from vaccinator_app.vault.file_seal import FileState
from vaccinator_app.vault.vault import Vault

TOMORROW = TODAY + timedelta(days=1)
NAMES = (b"Zubaida", b"zubaida", b"Yamuna", b"yamuna", b"Quddus", b"quddus")
"""Words of the names of everybody of the day, as they are written and as they are found by."""
KEPT = b"Waheeda"
"""Of somebody of the next day."""
CODE = "4821"
PAGE, RESERVED, IV, SALT = 4096, 80, 16, 16


@dataclass(slots=True)
class Old:
    """A day that is over: three booked (one never came), one walk-in, two exceptions that nobody settled."""

    place: Workplace
    central: CentralSide
    clock: ToldClock
    walk_in: str

    def hear(self, at: datetime | None = None, outcomes: tuple[Outcome, ...] = ()) -> None:
        """Central signs for everything, by its own clock."""
        vault = self.place.vault
        head = vault.exchange.head()
        hash_ = vault.exchange.hash_at(head.seq) or FIRST_PREV
        receipt = Receipt(
            centre=CENTRE,
            device=vault.identity.device,
            upto=head.seq,
            head=hash_,
            at=at or self.clock.moment,
            outcomes=list(outcomes),
        )
        vault.exchange.confirm(receipt, b"signed")

    def overview(self) -> Overview:
        found = Reconcile(self.place).overview(TODAY)
        assert found is not None
        return found

    def close(self) -> None:
        found = self.overview()
        counted = {(b.vaccine, b.batch): Counted(str(b.unopened)) for b in found.tally.stock}
        closing.close(self.place, closing.prepare(self.place, found, counted))


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    central, clock = CentralSide(), ToldClock()
    people = [
        central.appointment(1, "Zubaida Khatoon", the_code=CODE),
        central.appointment(2, "Yamuna Bai", the_code=CODE),
        central.appointment(3, "Yamuna Devi", the_code=CODE),
        central.appointment(4, "Waheeda Rehman", the_code=CODE, day=TOMORROW),
    ]
    # two appointments that may be one person's
    twin = replace(people[1].beneficiary, name=people[2].beneficiary.name)
    people[2] = replace(people[2], beneficiary=twin)
    place = make_place(tmp_path / "home", central, people, clock)
    Stock(place).receive(ReceiveForm(vaccine="covishield", batch="4121Z025", expiry=None, vials="5"))
    for number in (2, 3):
        desk = VisitDesk(place, f"{number:012d}")
        desk.confirm_identity()
        assert desk.type_code(CODE)
        desk.record_dose()
    form = WalkInForm(
        name="Abdul Quddus",
        year_of_birth="1961",
        gender=Gender.MAN,
        photo_id=PhotoId.VOTER_ID,
        photo_id_last4="9876",
        mobile="9812345678",
        vaccine="covishield",
    )
    walk_in = register(form, place)
    desk = VisitDesk(place, walk_in)
    desk.confirm_identity()
    desk.record_dose()
    VisitDesk(place, "000000000001").confirm_identity()  # a draft that stays behind
    yield Old(place, central, clock, walk_in)
    place.vault.close()


def pages(old: Old) -> bytes:
    """Every page of the file and of the write-ahead log beside it as SQLCipher decrypts it, unused space and all."""
    home, key = old.place.home, old.place.vault.key
    database, log = (home / "vault.db").read_bytes(), (home / "vault.db-wal").read_bytes()
    whole = [database[at : at + PAGE] for at in range(0, len(database), PAGE)]
    whole += [log[at + 24 : at + 24 + PAGE] for at in range(32, len(log), 24 + PAGE)]
    found = []
    for page in whole:
        sealed, rest = page[: PAGE - RESERVED], page[PAGE - RESERVED :]
        plain = Cipher(algorithms.AES(key), modes.CBC(rest[:IV])).decryptor()
        found.append(plain.update(sealed[len(sealed) % IV :]))
        if page is whole[0]:
            first = Cipher(algorithms.AES(key), modes.CBC(rest[:IV])).decryptor()
            found.append(first.update(sealed[SALT:]))
    return b"".join(found)


def log_size(old: Old) -> int:
    return (old.place.home / "vault.db-wal").stat().st_size


def texts(vault: Vault) -> str:
    """Whatever any table holds, as text."""
    read = vault.daybooks._database.read
    tables = [name for (name,) in read("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return "\n".join(repr(row) for name in tables for row in read(f"SELECT * FROM {name}"))


def after(old: Old, days: float) -> None:
    """Central signs for what there is; then so many days go by here and at central."""
    old.hear()
    old.clock.pass_time(timedelta(days=days))
    old.hear()


def test_what_goes_and_what_stays(old: Old) -> None:
    held = Outcome(2, Status.HELD, (Reason.CODE_MISMATCH,))
    old.hear(outcomes=(held,))
    old.close()
    assert [name for name in NAMES if name in pages(old)] == list(NAMES)
    after(old, 5)
    before = old.overview()
    assert purging.purge(old.place) == [Due(TODAY, PurgeReason.CLOSED)]

    vault = old.place.vault
    raw, held_as = pages(old), texts(vault)
    assert not [name for name in NAMES if name in raw]
    assert KEPT in raw
    assert "1961" not in held_as
    assert "7001" not in held_as
    assert f"'{4001}'" not in held_as
    last = list(vault.ledger.events())[-1]
    assert last[3] == DetailsPurged(day=TODAY, people=4, reason=PurgeReason.CLOSED)
    # what the day added up to, what nobody settled, and who may be one person
    now = old.overview()
    assert now.tally == before.tally
    assert now.tally.total.given == 3
    assert [one.key for one in now.exceptions] == [one.key for one in before.exceptions]
    assert {one.kind for one in now.exceptions} >= {ExceptionKind.HELD, ExceptionKind.DUPLICATE}
    assert now.close == before.close
    assert now.warnings[-1] == Message.of("purge.left", at=old.clock.moment)
    # and the file is small again: nothing of it waits in the write-ahead log
    assert log_size(old) < 2 * PAGE


def test_who_has_left_is_not_opened_and_comes_back_by_nobodys_word(old: Old) -> None:
    old.close()
    after(old, 5)
    purging.purge(old.place)
    for appointment in ("000000000001", old.walk_in):
        with pytest.raises(CannotDo) as problem:
            VisitDesk(old.place, appointment)
        assert problem.value.message == Message.of("purge.gone", at=old.clock.moment)
    assert VisitDesk(old.place, "000000000004").appointment.beneficiary.name == "Waheeda Rehman"
    assert Queue(old.place).search("zubaida") == []
    (line,) = Queue(old.place).search("000000000001")
    assert (line.name, line.row.token, line.row.vaccine) == ("", 1, "covishield")
    left = dict(old.place.vault.drafts.of(old.place.staff.staff))["000000000001"]
    assert read_draft(left) == Draft(looking_since=datetime.fromtimestamp(0, UTC))

    again = [old.central.appointment(n, "Zubaida Khatoon", the_code=CODE) for n in (1, 9)]
    vault = old.place.vault
    vault.exchange.apply(old.central.changes(vault.identity.device, again, from_cursor=1, at=old.clock.moment))
    assert vault.roster.appointment("000000000009") is None
    assert Queue(old.place).search("zubaida") == []
    assert "Zubaida" not in texts(vault)
    # the views are computed anew from records of people who have left
    tally = old.overview().tally
    vault.views.rebuild()
    assert old.overview().tally == tally


def test_not_before_its_time(old: Old) -> None:
    day = timedelta(days=1)
    old.clock.pass_time(10 * day)
    old.hear()
    assert purging.purge(old.place) == []  # nobody closed it
    old.close()
    assert purging.purge(old.place) == []  # central has not signed for the close
    old.hear()
    old.clock.pass_time(3 * day - timedelta(minutes=1))
    old.hear()
    assert purging.purge(old.place) == []  # a minute is missing
    assert KEPT in pages(old)
    old.clock.pass_time(timedelta(minutes=1))
    assert purging.purge(old.place) == []  # central has not been heard since
    old.hear()
    assert purging.purge(old.place) == [Due(TODAY, PurgeReason.CLOSED)]
    assert purging.purge(old.place) == []


def test_a_clock_set_forward_takes_nobody_away_and_one_set_back_keeps_them(old: Old) -> None:
    old.close()
    old.hear()
    told = old.clock.moment
    old.clock.moment += timedelta(days=400)
    assert purging.due(old.place) == []
    old.clock.moment = told
    old.hear(at=told + timedelta(days=5))
    assert purging.due(old.place) == []
    old.clock.moment += timedelta(days=5)
    assert purging.due(old.place) == [Due(TODAY, PurgeReason.CLOSED)]


def test_a_day_that_nobody_closed_goes_after_two_weeks_once_all_is_confirmed(old: Old) -> None:
    after(old, 14)
    assert purging.due(old.place) == []
    after(old, 1)
    assert purging.due(old.place) == [Due(TODAY, PurgeReason.OLD)]


def test_while_anything_is_unconfirmed_the_people_stay_and_the_in_charge_is_told(old: Old) -> None:
    old.clock.pass_time(timedelta(days=20))
    vault = old.place.vault
    vault.exchange.apply(old.central.changes(vault.identity.device, (), from_cursor=1, at=old.clock.moment))
    # of the next day this desk has no record at all
    assert purging.purge(old.place) == [Due(TOMORROW, PurgeReason.OLD)]
    assert purging.overdue(old.place) == [TODAY]
    assert Message.of("purge.waits", day=TODAY) in old.overview().warnings
    old.hear()
    assert purging.overdue(old.place) == []
    assert purging.purge(old.place) == [Due(TODAY, PurgeReason.OLD)]


def test_all_of_it_or_nothing(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    old.close()
    after(old, 5)
    before, head = texts(old.place.vault), old.place.vault.ledger.head()

    class Cut(Exception):
        pass

    def cut(*_: object) -> None:
        raise Cut

    monkeypatch.setattr("vaccinator_app.vault.purge.meta.put", cut)
    with pytest.raises(Cut):
        purging.purge(old.place)
    monkeypatch.undo()
    assert (texts(old.place.vault), old.place.vault.ledger.head()) == (before, head)
    # cut after the record and before the log is folded: the next unlocking or answer of central folds it
    monkeypatch.setattr("vaccinator_app.vault.purge.Purge.fold", cut)
    with pytest.raises(Cut):
        purging.purge(old.place)
    monkeypatch.undo()
    assert log_size(old) > 2 * PAGE
    assert purging.purge(old.place) == []
    assert log_size(old) < 2 * PAGE
    assert not [name for name in NAMES if name in pages(old)]


def test_two_histories_are_nobodys_to_add_to(old: Old) -> None:
    old.close()
    after(old, 5)
    old.place.disagreement = Message.of("sync.forked", seq=3)
    assert purging.purge(old.place) == []


def test_a_day_that_begins_with_a_purge_makes_no_file_suspect(old: Old) -> None:
    """After a power cut the views are computed anew beside those that are kept: both know where each day begins."""
    old.close()
    after(old, 5)
    purging.purge(old.place)
    assert next(reversed(list(old.place.vault.ledger.events())))[3].KIND == DetailsPurged.KIND
    assert Fault.VIEWS not in check(old.place.vault._database.beside, ZONE)


def test_power_that_goes_as_the_log_is_emptied_makes_no_noise(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    old.close()
    after(old, 5)
    home, key, crashed = old.place.home, old.place.vault.key, old.place.home.with_name("crashed")
    old.place.vault.close()
    old.place.vault = Vault.open(home, key)
    fold = Database.fold

    class Cut(Exception):
        pass

    def cut(database: Database) -> bool:
        fold(database)
        shutil.copytree(home, crashed)
        raise Cut

    monkeypatch.setattr(Database, "fold", cut)
    with pytest.raises(Cut):
        purging.purge(old.place)
    monkeypatch.undo()
    vault = Vault.open(crashed, key)
    found = vault.note_file()
    vault.close()
    assert found is not None
    assert found.state is FileState.DOUBTFUL
