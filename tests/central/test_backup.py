"""A backup made while central serves, and what becomes of everybody when an old one is put back (P.10.11, P.11.7)."""

from __future__ import annotations

import os
import shutil
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.central.machine import A, Desk, H, other_code, said
from tests.central.support import BHOJPUR, RAMPUR, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.database import default_url
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.district import held
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.backup import back_up, back_up_keys, unpack_keys, unpacked
from vaccinator_app.central.operations.restore import Restored, restore, serving
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.domain.events import SignedIn


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs are found by PATH; Debian keeps them elsewhere."""
    places = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], *places]))


@pytest.fixture
def url(world: World) -> str:
    return default_url(world.folder)


@pytest.fixture
def kept(world: World, url: str, tmp_path: Path) -> Path:
    return tmp_path / "central.backup"


def put_back(world: World, backup: Path, *, force: bool = False) -> Restored:
    """Stop, restore, start again."""
    world.home.database.close()
    try:
        return restore(world.folder, backup, world.clock(), force=force)
    finally:
        world.api = DeskApi(world.home.database, world.home.keys, world.clock)


def standing(world: World) -> list[tuple[str, int]]:
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.doses.c.beneficiary, schema.doses.c.dose).order_by("beneficiary"))
        return [(row.beneficiary, row.dose) for row in rows]


def test_after_an_old_backup_nothing_that_desks_have_is_lost_and_nothing_counts_twice(
    world: World, desk: Desk, url: str, kept: Path
) -> None:
    before, after = [world.book() for _ in range(3)], [world.book() for _ in range(2)]
    for booked in before:
        desk.record(desk.dose(booked))
    desk.push()
    cursor = desk.pull().cursor
    made = back_up(url, kept, world.clock())
    assert (made.records, made.heads[0].seq, made.heads[0].hash) == (3, 3, desk.head.hex())

    world.clock.move(hours=1)
    for booked in after:
        desk.record(desk.dose(booked))
    receipt = desk.push(desk.ledger[3:])
    assert receipt.upto == 5
    late = world.book()
    enrolled_late = Desk(world, BHOJPUR)
    everybody = standing(world)
    assert len(everybody) == 5

    with pytest.raises(CentralError, match="holds 2 records that the backup does not"):
        put_back(world, kept)
    assert len(standing(world)) == 5
    done = put_back(world, kept, force=True)
    assert (done.records, done.records_to_come) == (3, 2)
    assert len(standing(world)) == 3
    assert [(one.what, one.centre, one.name) for one in done.gone] == [
        ("booking", late.centre, late.reference),
        ("machine", BHOJPUR, enrolled_late.device),
    ]
    assert done.aside is not None
    assert done.aside.exists()
    assert done.aside.stat().st_mode & 0o777 == 0o600

    # The desk asks where central stands, as its engine does, and goes on from there.
    assert desk.push([]).upto == 3
    assert [said(desk.push(desk.ledger[3:]))[seq][0] for seq in (4, 5)] == [A, A]
    assert standing(world) == everybody
    assert said(desk.push()) == dict.fromkeys(range(1, 6), (A, ()))
    assert standing(world) == everybody
    told = desk.pull(cursor)
    assert {one.appointment for one in told.appointments} >= {booked.reference for booked in (*before, *after)}


def test_a_code_replaced_since_the_backup_is_named(world: World, desk: Desk, url: str, kept: Path) -> None:
    booked, other = world.book(), world.book()
    back_up(url, kept, world.clock())
    wrong = f"{(int(booked.code) + 251) % 10_000:04d}"
    desk.record(desk.dose(booked, wrong))
    desk.push()
    done = put_back(world, kept, force=True)
    assert [(one.what, one.name) for one in done.gone] == [("change", booked.reference)]
    assert other.reference not in {one.name for one in done.gone}


def test_what_was_decided_since_the_backup_is_undecided_again_and_its_desk_hears_so(
    world: World, desk: Desk, url: str, kept: Path
) -> None:
    """Else the desk shows a dose as accepted that central holds, and nobody there does anything about it."""
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.record(SignedIn())
    assert said(desk.push())[1][0] is H
    desk.pull()
    back_up(url, kept, world.clock())
    held.accept(
        world.home, RAMPUR, desk.device, 1, by="officer-7", why=OfficerReason.STAFF_ASKED, clock=world.clock
    )
    heard = desk.pull()
    assert [(one.seq, one.status) for one in heard.outcomes] == [(1, A)]
    put_back(world, kept)
    again = desk.pull(heard.cursor)
    assert [(one.seq, one.status) for one in again.outcomes] == [(1, H)]
    assert desk.pull(again.cursor).outcomes == []


def test_a_backup_is_of_one_moment_while_others_write(world: World, desk: Desk, url: str, kept: Path) -> None:
    desk.record(SignedIn())
    desk.push()
    with world.home.database.write() as writing:
        writing.execute(update(schema.centres).values(name="Changed meanwhile"))
        made = back_up(url, kept, world.clock())
    assert made.records == 1
    put_back(world, kept)
    with world.home.database.read() as connection:
        assert "Changed meanwhile" not in connection.scalars(select(schema.centres.c.name)).all()


def test_a_damaged_backup_changes_nothing(world: World, url: str, kept: Path) -> None:
    back_up(url, kept, world.clock())
    whole = kept.read_bytes()
    for spoiled in (whole[: len(whole) // 2] + b"x" + whole[len(whole) // 2 + 1 :], b"", b"rubbish"):
        other = kept.with_name("spoiled")
        other.write_bytes(spoiled)
        with pytest.raises(CentralError, match=r"no backup|damaged"):
            put_back(world, other)
    assert count(world, schema.centres) == 3


def test_a_backup_holds_no_keys_and_is_for_this_account_alone(world: World, url: str, kept: Path) -> None:
    back_up(url, kept, world.clock())
    assert kept.stat().st_mode & 0o777 == 0o600
    with tarfile.open(kept) as archive:
        assert set(archive.getnames()) < {"manifest.json", "central.db", "central.pgdump"}
    secrets = [key.private for key in (world.home.keys.signing, world.home.keys.codes, world.home.keys.people)]
    assert not any(secret in kept.read_bytes() for secret in secrets)
    with pytest.raises(CentralError, match="there already"):
        back_up(url, kept, world.clock())
    keys = kept.with_name("keys.backup")
    back_up_keys(world.folder, keys)
    assert keys.stat().st_mode & 0o777 == 0o600
    fresh = kept.with_name("fresh")
    fresh.mkdir()
    unpack_keys(keys, fresh)
    assert (fresh / "central.key").read_bytes() == (world.folder / "central.key").read_bytes()
    assert {path.stat().st_mode & 0o777 for path in fresh.rglob("*") if path.is_file()} == {0o600}
    with pytest.raises(CentralError, match="already"):
        unpack_keys(keys, fresh)


def test_no_restore_under_a_server_and_no_server_under_a_restore(world: World, url: str, kept: Path) -> None:
    back_up(url, kept, world.clock())
    with serving(world.folder), pytest.raises(CentralError, match="Stop it first"):
        put_back(world, kept)
    put_back(world, kept)


def test_without_keys_or_of_a_newer_version_nothing_is_restored(world: World, url: str, kept: Path) -> None:
    with world.home.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    back_up(url, kept, world.clock())
    with world.home.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    with pytest.raises(CentralError, match="newer version"):
        put_back(world, kept)
    (world.folder / "central.key").rename(world.folder / "elsewhere")
    with pytest.raises(CentralError, match="central init"):
        restore(world.folder, kept, world.clock())
    (world.folder / "elsewhere").rename(world.folder / "central.key")


def test_the_commands(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    booked: list[Booked] = []
    home = ["--home", str(world.folder)]
    backup, keys, lost = (tmp_path / name for name in ("b", "k", "lost"))
    assert main(["central", "backup", *home, "--out", str(backup), "--with-keys", str(keys)]) == Exit.OK
    booked.append(world.book())
    world.home.database.close()
    assert main(["central", "restore", *home, str(backup), "--lost", str(lost)]) == Exit.OK
    said = capsys.readouterr().out
    assert f"booking {booked[0].centre} {booked[0].reference}" in said
    assert lost.read_text("utf-8").split()[:3] == ["booking", booked[0].centre, booked[0].reference]
    assert lost.stat().st_mode & 0o777 == 0o600
    if default_url(world.folder).startswith("sqlite"):
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        assert main(["central", "restore", "--home", str(fresh), str(backup), "--keys", str(keys)]) == Exit.OK
        opened = admin.open_home(fresh)
        assert admin.counts(opened).centres == 3
        opened.database.close()
    with unpacked(backup) as (manifest, copy):
        assert manifest.made_at - world.clock() < timedelta(days=3650)
        assert copy.exists()
    assert not copy.exists()
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
