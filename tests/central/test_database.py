"""Where the database is, what a transaction sees, and what is said while there is none."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Connection, event, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.central.support import RAMPUR, Clock, World, texts, vaccines
from tests.support import postgres
from vaccinator_app.central import database, log, schema
from vaccinator_app.central.database import URL_FILE
from vaccinator_app.central.errors import CentralError, DatabaseAway
from vaccinator_app.central.operations import admin
from vaccinator_app.central.running.server import running
from vaccinator_app.central.running.settings import Settings

on_sqlite = pytest.mark.parametrize("made_home", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("made_home", ["postgresql"], indirect=True)

# Where it is


@pytest.mark.parametrize("url", ["mysql://x/y", "postgres", "", "://", "postgresql+psycopg2://a:b:c"])
def test_an_address_of_another_kind_is_one_sentence(url: str) -> None:
    with pytest.raises(CentralError, match="postgresql://"):
        database.connect(url)


def test_a_password_is_not_written_down(tmp_path: Path) -> None:
    with pytest.raises(CentralError, match="PGPASSFILE"):
        admin.init(tmp_path / "home", Clock(), vaccines(), url="postgresql://someone:open-sesame@127.0.0.1:1/x")
    assert not any(b"sesame" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_a_password_is_read_where_libpq_reads_it(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    file.write_text("*:*:*:*:from-the-file\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    base = database.connect(postgres.fresh(postgres_server))
    with base.read() as connection:
        raw: Any = connection.connection.driver_connection
        assert raw.info.password == "from-the-file"
    base.close()


@on_postgresql
def test_the_home_remembers_and_nobody_opens_an_empty_database_by_mistake(world: World) -> None:
    opened = admin.open_home(world.folder)
    assert opened.database.engine.dialect.name == "postgresql"
    opened.database.close()
    assert not (world.folder / "central.db").exists()
    (world.folder / "central.key").unlink()
    with pytest.raises(CentralError, match=r"central\.key"):
        admin.init(world.folder, world.clock, vaccines())


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    base = database.connect("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(CentralError, match="cannot reach its database"):
        database.migrate(base)
    with pytest.raises(CentralError, match="cannot reach its database"):
        database.require_current(base)
    base.close()


def test_a_user_who_may_not_make_tables_is_one_sentence(postgres_server: str) -> None:
    url = postgres.fresh(postgres_server)
    owner = database.connect(url)
    with owner.write() as connection:
        connection.execute(text("DROP ROLE IF EXISTS guest"))
        connection.execute(text("CREATE ROLE guest LOGIN"))
    owner.close()
    base = database.connect(url.replace("vaccinator@", "guest@"))
    with pytest.raises(CentralError, match="must own the database"):
        database.migrate(base)
    base.close()


# What a transaction sees


def test_one_view_for_all_that_is_read_together(world: World) -> None:
    names = select(schema.centres.c.name)
    with world.home.database.read() as reading:
        before = set(reading.scalars(names))
        with world.home.database.write() as writing:
            writing.execute(update(schema.centres).values(name="Another"))
        assert set(reading.scalars(names)) == before
    with world.home.database.read() as reading:
        assert set(reading.scalars(names)) == {"Another"}


@on_postgresql
def test_who_reads_cannot_write(world: World) -> None:
    with pytest.raises(DatabaseAway), world.home.database.read() as connection:
        connection.execute(update(schema.centres).values(name="x"))


def test_a_block_that_raises_leaves_nothing(world: World) -> None:
    def act() -> None:
        with world.home.database.write() as connection:
            connection.execute(update(schema.centres).values(name="half"))
            raise KeyError

    with pytest.raises(KeyError):
        act()
    with world.home.database.read() as connection:
        assert "half" not in connection.scalars(select(schema.centres.c.name)).all()


@on_sqlite
def test_writers_of_one_process_queue_up_and_do_not_wait_for_sqlite(world: World) -> None:
    mine = database.connect(database.default_url(world.folder))
    event.listen(mine.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=0").close())
    desks, times, name = 8, 20, schema.centres.c.name
    together = threading.Barrier(desks)

    def add_one(connection: Connection) -> None:
        had = connection.scalars(select(name).where(schema.centres.c.centre == RAMPUR)).one()
        connection.execute(update(schema.centres).where(schema.centres.c.centre == RAMPUR).values(name=f"{had}1"))

    def write() -> None:
        together.wait()
        for _ in range(times):
            mine.run(add_one)

    with mine.write() as connection:
        connection.execute(update(schema.centres).where(schema.centres.c.centre == RAMPUR).values(name=""))
    with ThreadPoolExecutor(desks) as at_once:
        for done in [at_once.submit(write) for _ in range(desks)]:
            done.result()
    with mine.read() as connection:
        names = connection.scalars(select(name).where(schema.centres.c.centre == RAMPUR)).all()
    mine.close()
    assert names == ["1" * (desks * times)]


@on_sqlite
def test_a_writer_in_the_same_process_is_not_waited_for_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 20)
    mine = world.home.database
    with ThreadPoolExecutor(1) as other, mine.write(), pytest.raises(DatabaseAway) as told:
        other.submit(mine.run, lambda _: None).result(timeout=10)
    assert told.value.code == "busy"
    mine.run(lambda _: None)


@on_postgresql
def test_waiting_has_an_end_and_limits_hold(world: World) -> None:
    with world.home.database.write() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "client_encoding")
        }
    assert shown == {
        "lock_timeout": "15s",
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "1min",
        "client_encoding": "UTF8",
    }

    def dawdle() -> None:
        with world.home.database.write() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = '10ms'")
            connection.exec_driver_sql("SELECT pg_sleep(5)")

    with pytest.raises(DatabaseAway) as told:
        dawdle()
    assert told.value.code == "busy"


@on_postgresql
def test_more_than_the_pool_holds_are_told_to_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_POOLED", 1), ("_MORE", 0), ("_POOL_SECONDS", 0.01)):
        monkeypatch.setattr(database, name, value)
    small = database.connect(database.default_url(world.folder))
    with small.read(), pytest.raises(DatabaseAway) as told, small.read():
        pass
    assert (told.value.code, told.value.retry_after) == ("busy", 5)
    small.close()


@on_postgresql
def test_errors_say_which_rule_was_broken_and_no_values(world: World) -> None:
    row = {"photo_id_hash": b"Lakshmi", "beneficiary": "Iyer", "mobile_hash": b""}

    def twice() -> None:
        with world.home.database.write() as connection:
            for _ in range(2):
                connection.execute(schema.photo_ids.insert().values(row))

    with pytest.raises(IntegrityError) as failed:
        twice()
    assert "photo_ids_pkey" in str(failed.value)
    for error in (failed.value, failed.value.orig, failed.value.__cause__):
        assert not {word for word in ("Lakshmi", "Iyer", "4c616b7368") if word in f"{error!s}{error!r}"}


def test_a_race_that_is_lost_each_time_is_not_run_for_ever(world: World) -> None:
    calls = []
    row = {"photo_id_hash": b"x", "beneficiary": "x", "mobile_hash": b""}

    def act(connection: object) -> None:
        calls.append(1)
        for _ in range(2):
            connection.execute(schema.photo_ids.insert().values(row))  # type: ignore[attr-defined]

    with pytest.raises(IntegrityError):
        world.home.database.run(act)
    assert len(calls) == (database.TRIES if world.home.database.engine.dialect.name == "postgresql" else 1)


def test_another_error_is_not_run_again(world: World) -> None:
    calls = []

    def act(connection: object) -> None:
        calls.append(1)
        connection.exec_driver_sql("SELECT nothing FROM nowhere")  # type: ignore[attr-defined]

    with pytest.raises(DBAPIError):
        world.home.database.run(act)
    assert calls == [1]


# While there is none


@on_postgresql
def test_connections_that_were_cut_are_made_anew(world: World) -> None:
    base = world.home.database
    with base.read(), base.read():
        pass
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = :me")
    other = database.connect(database.default_url(world.folder))
    with other.write() as connection:
        connection.execute(cut, {"me": postgres.USER})
    other.close()
    with base.read() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


@on_postgresql
def test_one_that_is_cut_in_the_middle_is_told_so_and_the_next_goes_on(world: World) -> None:
    base = world.home.database
    other = database.connect(database.default_url(world.folder))

    def cut_off() -> None:
        with base.write() as connection:
            mine = connection.scalar(text("SELECT pg_backend_pid()"))
            with other.write() as cutting:
                cutting.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
            connection.execute(update(schema.centres).values(name="x"))

    with pytest.raises(DatabaseAway) as told:
        cut_off()
    other.close()
    assert (told.value.code, told.value.http_status) == ("database_away", 503)
    with base.read() as connection:
        assert "x" not in connection.scalars(select(schema.centres.c.name)).all()


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    """One that a test may stop and start."""
    with postgres.Server() as server:
        yield server


def test_a_server_that_is_restarted_under_central_is_missed_in_a_sentence(
    own_server: postgres.Server, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    admin.init(home, Clock(), vaccines(), url=postgres.fresh(own_server.url))
    stream = io.StringIO()
    handler = log.to_stream(stream)
    try:
        with running(Settings(home=home, texts=texts(), port=0, clock=Clock())) as found, requests.Session() as web:
            (tmp_path / "authority.pem").write_bytes(found.authority)
            web.verify, web.trust_env = str(tmp_path / "authority.pem"), False
            form = b"rubbish"
            assert web.post(f"{found.address}/v1/push", data=form).status_code == 400
            asked = f"{found.address}/.well-known/jwks.json"
            before = web.get(asked).status_code
            own_server.stop()
            answer = web.get(asked)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
            assert answer.headers["Retry-After"] == "30"
            assert answer.json()["sentence"].endswith(".")
            own_server.start()
            assert web.get(asked).status_code == before
    finally:
        log.LOGGER.removeHandler(handler)
    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert "database_away" in events
    assert (home / URL_FILE).exists()
