"""An older vault opens and is brought along, a newer one is refused untouched (DESIGN 6.2)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.domain.given import dose_given
from tests.trust import fixed
from tests.vault.given import COLLEAGUE, DAY, IDENTITY, KEY, TEN, born, person, save, walk_in_person
from tests.vault.golden import FOLDER, a_morning
from vaccinator_app.domain.daybook import Said
from vaccinator_app.domain.stock import Shelf
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.messages import Reason, Status
from vaccinator_app.protocol.records import read_event
from vaccinator_app.trust.keys import key_id
from vaccinator_app.vault import meta, migrations, views
from vaccinator_app.vault.connection import connect_to_write
from vaccinator_app.vault.errors import VaultDamaged, VaultError, VaultFull, VaultNewer
from vaccinator_app.vault.export import read_export, write_export
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.migrations import newest
from vaccinator_app.vault.peers import PeerDose
from vaccinator_app.vault.vault import Vault
from vaccinator_app.vault.views import VIEWS

KEPT = sorted(FOLDER.glob("vault-*.db"))


def copied(kept: Path, home: Path) -> Path:
    home.mkdir()
    shutil.copy(kept, home / DATABASE)
    return home


def test_a_vault_of_this_schema_is_kept() -> None:
    assert [path.name for path in KEPT] == [f"vault-{number:04d}.db" for number in range(1, newest() + 1)]


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.stem)
def test_a_kept_vault_opens_and_goes_on(kept: Path, home: Path) -> None:
    vault = Vault.open(copied(kept, home), KEY)
    records = 11 if kept == KEPT[0] else 18
    names = [person(n).appointment for n in (1, 2, 3, 4)]
    guest = walk_in_person(90)
    assert vault.identity == IDENTITY
    assert vault.ledger.check(vault.certificates.find).seq == records
    assert read_export(write_export(vault), fixed.CENTRAL.public).records == records
    assert vault.certificates.find(key_id(fixed.VACCINATOR.public)) == fixed.VACCINATOR_CERTIFICATE
    assert vault.exchange.confirmed_upto() == 5
    assert vault.exchange.status_of(4) is Status.HELD
    assert vault.exchange.pending().count == records - 5
    assert (vault.exchange.last_contact(), vault.exchange.cursor()) == (TEN, 1)
    counts = vault.queue.counts(DAY)
    assert (counts[VisitState.EXPECTED], counts[VisitState.DONE], counts[VisitState.ARRIVED]) == (1, 1, 1)
    assert [(one.row.appointment, one.reasons) for one in vault.queue.attention(DAY)] == [
        (names[0], (Reason.TOO_EARLY,)),
        (names[1], ()),
    ]
    assert [row.appointment for row in vault.queue.search("सुनी", DAY)] == [names[1]]
    assert [row.appointment for row in vault.queue.search("irf moh", DAY)] == [names[2]]
    assert vault.roster.appointment(guest.appointment) == guest
    assert vault.roster.visit(guest.appointment).voided == 1
    assert (found := vault.roster.vial("4121Z025")) is not None
    assert found.left == 9
    assert vault.drafts.of(COLLEAGUE.staff) == [(names[3], b"half done")]
    assert len(vault.daybooks.happened(DAY)) >= records
    kept_views = [vault._database.read(f"SELECT * FROM {view}") for view in VIEWS]
    vault.views.rebuild()
    assert [vault._database.read(f"SELECT * FROM {view}") for view in VIEWS] == kept_views
    assert save(vault, dose_given(names[3])) == [records + 1]
    assert vault.ledger.check(vault.certificates.find).seq == records + 1
    vault.close()


@pytest.mark.parametrize("kept", KEPT[1:], ids=lambda path: path.stem)
def test_a_kept_vault_knows_its_stock_and_its_neighbours(kept: Path, home: Path) -> None:
    vault = Vault.open(copied(kept, home), KEY)
    assert vault.stock.shelf("two", "4121Z025") == Shelf(received=5, opened=1, discarded=1, transferred=1)
    assert [batch.batch for batch in vault.roster.batches()] == ["4121Z025", "B7"]
    assert vault.roster.visit("000000000009").override_seq == 16
    assert [read_event(record.payload).seq for record in vault.exchange.urgent_after(0)] == [18]
    own, other = vault.daybooks.machines(TEN)
    assert (own.upto, other.upto, other.missing) == (18, 2, 2)
    assert vault.daybooks.hash_of(other.device, 2) == other.head
    assert sorted(one.seq for one in vault.daybooks.happened(DAY) if one.device == other.device) == [1, 2]
    assert vault.daybooks.outcomes()[other.device, 2] == Said("held", ("too_early",))
    assert (vault.daybooks.agreed(), set(vault.daybooks.differences())) == ({(other.device, 4)}, {(other.device, 3)})
    assert vault.peers.rejected() == 1
    assert vault.peers.dose_of("000000000008") == PeerDose(other.name, TEN)
    vault.close()


@pytest.mark.parametrize("payload", [b"[" * 5000, b"\xff", b'{"kind": "dose_given"}', b'{"kind": "voided", "body": 7}'])
def test_what_sqlite_cannot_read_of_a_neighbour_keeps_no_vault_shut(home: Path, payload: bytes) -> None:
    copied(KEPT[4], home)
    connection = connect_to_write(home / DATABASE, KEY)
    connection.execute("UPDATE peer_records SET payload = ? WHERE seq = 2", (payload,))
    connection.close()
    vault = Vault.open(home, KEY)
    assert vault.peers.dose_of("000000000008") is None
    vault.close()


def test_views_of_an_older_shape_are_computed_again_when_it_is_opened(home: Path) -> None:
    vault = Vault.open(copied(KEPT[0], home), KEY)
    assert vault.stock.shelf("two", "4121Z025") == Shelf(opened=1)
    assert vault._database.read("SELECT day, seq FROM day_starts") == [(DAY.toordinal(), 1)]
    assert meta.get(vault._database, "views_are_old") is None
    vault.close()


def test_views_that_could_not_be_computed_again_are_the_next_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied(KEPT[0], home)

    def full(*_: object) -> None:
        raise VaultFull

    with monkeypatch.context() as patch:
        patch.setattr(views, "take_in", full)
        with pytest.raises(VaultFull):
            Vault.open(home, KEY)
    vault = Vault.open(home, KEY)
    assert vault.stock.shelf("two", "4121Z025") == Shelf(opened=1)
    assert vault.ledger.check(vault.certificates.find).seq == 11
    vault.close()


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.stem)
def test_a_kept_vault_ends_in_the_shape_of_a_new_one(kept: Path, home: Path, tmp_path: Path) -> None:
    def shape(vault: Vault) -> object:
        found = vault._database.read("SELECT type, name, sql FROM sqlite_schema ORDER BY name")
        vault.close()
        return found

    assert shape(Vault.open(copied(kept, home), KEY)) == shape(born(tmp_path / "new"))


def test_the_kept_vault_is_what_the_program_writes(home: Path, tmp_path: Path) -> None:
    """All but the seals of chance: a change of what is stored wants a migration, not a new golden file."""
    a_morning(home)
    now, then = Vault.open(home, KEY), Vault.open(copied(KEPT[-1], tmp_path / "kept"), KEY)
    for (table,) in now._database.read(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'roster_words'"
    ):
        assert now._database.read(f"SELECT * FROM {table}") == then._database.read(f"SELECT * FROM {table}"), table
    now.close()
    then.close()


def _of_version(home: Path, version: int) -> None:
    connection = connect_to_write(home / DATABASE, KEY)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def test_a_newer_vault_is_refused_and_its_bytes_stay(home: Path) -> None:
    born(home).close()
    _of_version(home, newest() + 1)
    before = (home / DATABASE).read_bytes()
    with pytest.raises(VaultNewer):
        Vault.open(home, KEY)
    assert (home / DATABASE).read_bytes() == before


def test_a_newer_vault_with_a_log_still_to_fold_back_is_refused_and_its_bytes_stay(home: Path, tmp_path: Path) -> None:
    vault = born(home)
    vault._database.write(lambda connection: connection.execute(f"PRAGMA user_version = {newest() + 1}"))
    left = tmp_path / "left"
    left.mkdir()
    names = (DATABASE, f"{DATABASE}-wal")
    for name in names:
        shutil.copy(home / name, left / name)
    vault.close()
    before = [(left / name).read_bytes() for name in names]
    with pytest.raises(VaultNewer):
        Vault.open(left, KEY)
    assert [(left / name).read_bytes() for name in names] == before


def test_a_database_that_was_never_a_vault_is_refused(home: Path) -> None:
    home.mkdir()
    (home / DATABASE).touch()
    connection = connect_to_write(home / DATABASE, KEY)
    connection.execute("CREATE TABLE somebody_elses (x)")
    connection.close()
    with pytest.raises(VaultDamaged):
        Vault.open(home, KEY)


def test_an_older_vault_is_brought_along_and_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    born(home).close()
    ran = (
        *migrations.scripts(),
        "CREATE TABLE later (x) STRICT; INSERT INTO later VALUES (1)".replace("(x)", "(x INT)"),
    )
    monkeypatch.setattr(migrations, "scripts", lambda: ran)
    for _ in range(2):
        vault = Vault.open(home, KEY)
        assert vault._database.read("SELECT x FROM later") == [(1,)]
        assert vault._database.read("PRAGMA user_version") == [(len(ran),)]
        vault.close()


def test_a_migration_that_fails_leaves_the_vault_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = born(home)
    save(vault, dose_given())
    vault.close()
    before = (home / DATABASE).read_bytes()
    with monkeypatch.context() as patch:
        broken = (*migrations.scripts(), "CREATE TABLE later (x INT) STRICT; INSERT INTO nowhere VALUES (1)")
        patch.setattr(migrations, "scripts", lambda: broken)
        with pytest.raises(VaultError):
            Vault.open(home, KEY)
    assert (home / DATABASE).read_bytes() == before
    vault = Vault.open(home, KEY)
    assert vault.ledger.check(vault.certificates.find).seq == 1
    assert vault._database.read("SELECT count(*) FROM sqlite_schema WHERE name = 'later'") == [(0,)]
    vault.close()


def test_migrations_are_numbered_without_a_gap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("0001_first.sql", "0003_third.sql", "notes.txt"):
        (tmp_path / name).write_text("SELECT 1")
    monkeypatch.setattr(migrations, "files", lambda _: tmp_path)
    with pytest.raises(RuntimeError, match="gap"):
        migrations.scripts.__wrapped__()
    (tmp_path / "0002_second.sql").write_text("SELECT 2")
    assert migrations.scripts.__wrapped__() == ("SELECT 1", "SELECT 2", "SELECT 1")
