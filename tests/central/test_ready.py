"""Whether a server is fit to answer: each check fails for its own reason, and says no more than its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.central.support import World
from vaccinator_app.central.database import Database, connect
from vaccinator_app.central.running import gauges
from vaccinator_app.central.running.gauges import Readiness, Standing, waiting


def failing(world: World, database: Database | None = None) -> set[str]:
    checks = Readiness(world.folder, database or world.home.database, world.clock).checks()
    return {name for name, well in checks.items() if not well}


def others_may_read(world: World, _: pytest.MonkeyPatch) -> None:
    (world.folder / "central.key").chmod(0o644)


def no_keys(world: World, _: pytest.MonkeyPatch) -> None:
    (world.folder / "central.key").rename(world.folder / "elsewhere")


def older_tables(world: World, _: pytest.MonkeyPatch) -> None:
    with world.home.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")


def newer_tables(world: World, _: pytest.MonkeyPatch) -> None:
    with world.home.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def an_old_message(world: World, _: pytest.MonkeyPatch) -> None:
    world.login.ask("9876543210", "en", address="203.0.113.5")
    world.clock.move(minutes=15)


def a_full_disk(_: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "LEAST_SPACE", 2**80)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (others_may_read, {"keys"}),
        (no_keys, {"keys"}),
        (older_tables, {"tables", "outbox"}),
        (newer_tables, {"tables", "outbox"}),
        (an_old_message, {"outbox"}),
        (a_full_disk, {"disk"}),
    ],
)
def test_each_check_has_its_own_reason(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[World, pytest.MonkeyPatch], None],
    found: set[str],
) -> None:
    assert failing(world) == set()
    spoil(world, monkeypatch)
    assert failing(world) == found
    if spoil in (others_may_read, older_tables, newer_tables):
        (world.folder / "central.key").chmod(0o600)
        with world.home.database.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    if spoil is no_keys:
        (world.folder / "elsewhere").rename(world.folder / "central.key")


def test_a_database_that_does_not_answer(world: World) -> None:
    gone = connect("sqlite:////nowhere/at/all.db")
    assert failing(world, gone) == {"database", "tables", "outbox"}
    told = {family.name: family.samples[0].value for family in Standing(gone, world.clock).collect()}
    assert told == {"central_database_up": 0.0}


def test_what_waits_and_for_how_long(world: World) -> None:
    assert waiting(world.home.database, world.clock).count == 0
    world.login.ask("9876543210", "en", address="203.0.113.5")
    world.clock.move(seconds=40)
    found = waiting(world.home.database, world.clock)
    assert (found.count, found.seconds) == (1, timedelta(seconds=40).total_seconds())
