"""The tables' steps, forward and back, on both databases, with rows in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select

from tests.central.machine import A, Desk, said
from tests.central.support import World
from tests.support import postgres
from vaccinator_app.central import database, schema
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import CentralError


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    if request.param == "postgresql":
        url = postgres.fresh(request.getfixturevalue("postgres_server"))
    else:
        url = database.default_url(tmp_path)
    made = database.connect(url)
    yield made
    made.close()


def step(base: Database, way: str, to: str) -> None:
    with base.write() as connection:
        config = database._alembic()
        config.attributes["connection"] = connection
        getattr(command, way)(config, to)


def differences(base: Database) -> list[Any]:
    with base.read() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(found, schema.metadata))


def test_the_steps_make_the_tables_of_the_schema_and_undo_them(empty: Database) -> None:
    database.migrate(empty)
    assert differences(empty) == []
    step(empty, "downgrade", "base")
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.migrate(empty)
    assert differences(empty) == []


def test_a_difference_would_be_seen(empty: Database) -> None:
    database.migrate(empty)
    with empty.write() as connection:
        connection.exec_driver_sql("DROP INDEX doses_standing")
    assert [found[0] for found in differences(empty)] == ["add_index"]


def rows_of(base: Database, kept: dict[str, set[str]]) -> dict[str, list[str]]:
    """Every row of the tables ``kept``, as far as their columns are."""
    found = {}
    with base.read() as connection:
        for table in schema.metadata.sorted_tables:
            if columns := [column for column in table.c if column.name in kept.get(table.name, ())]:
                found[table.name] = sorted(map(repr, connection.execute(select(*columns)).all()))
    return found


def columns_of(base: Database) -> dict[str, set[str]]:
    with base.read() as connection:
        seen = inspect(connection)
        return {name: {one["name"] for one in seen.get_columns(name)} for name in seen.get_table_names()}


@pytest.mark.parametrize("to", ["0003", "0002", "0001"])
def test_what_is_in_the_tables_survives_a_step_down_and_up(world: World, desk: Desk, to: str) -> None:
    booked, later = world.book(), world.book()
    desk.record(desk.dose(booked))
    desk.push()
    base = world.home.database
    full = rows_of(base, columns_of(base))
    step(base, "downgrade", to)
    kept = columns_of(base)
    # A step up gives records their places in the feed anew.
    kept["centres"].discard("feed")
    assert sum(map(len, full.values())) > 20
    below = rows_of(base, kept)
    step(base, "upgrade", "head")
    assert differences(base) == []
    assert rows_of(base, kept) == below
    assert {name: len(rows) for name, rows in below.items()} == {name: len(full[name]) for name in below}
    desk.record(desk.dose(later))
    assert said(desk.push()) == {1: (A, ()), 2: (A, ())}


def test_two_that_begin_at_once_make_the_tables_once(postgres_server: str) -> None:
    url = postgres.fresh(postgres_server)
    bases = [database.connect(url) for _ in range(3)]
    with ThreadPoolExecutor(len(bases)) as pool:
        list(pool.map(database.migrate, bases))
    for base in bases:
        database.require_current(base)
        base.close()


def test_a_database_that_cannot_hold_every_script_is_refused(postgres_server: str) -> None:
    made = postgres.fresh(postgres_server, encoding="SQL_ASCII")
    base = database.connect(made)
    with pytest.raises(CentralError, match="UTF8"):
        database.migrate(base)
    base.close()
