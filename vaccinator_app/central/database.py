"""Central's database: SQLite in its home by default, PostgreSQL when set (DESIGN 8.1).

One writer at a time on SQLite (``BEGIN IMMEDIATE``), readers beside it (WAL), durable at commit (FULL).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from vaccinator_app.central.errors import CentralError

DATABASE_FILE = "central.db"
_WRITING = "central_writing"
_BUSY_MS = 15_000


class Database:
    """Transactions over one engine. A block that raises leaves nothing behind; one that ends is durable."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may change things."""
        with self.engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def default_url(home: Path) -> str:
    """SQLite in central's home."""
    return f"sqlite:///{home / DATABASE_FILE}"


def connect(url: str) -> Database:
    """The database at ``url``; nothing is created or migrated."""
    # Values would stand in error texts, which are logged (DESIGN 5.5).
    engine = create_engine(url, hide_parameters=True, **_pool(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


def migrate(database: Database) -> None:
    """Bring the tables to this version. ``CentralError`` for a newer version's database, which is not touched."""
    _refuse_newer(database)
    with database.write() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(database: Database) -> None:
    """``CentralError`` unless the tables are exactly this version's."""
    _refuse_newer(database)
    if _revision(database) != ScriptDirectory.from_config(_alembic()).get_current_head():
        raise CentralError("The database is older than this program. Run `vaccinator central migrate` first.")


def _refuse_newer(database: Database) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    found = _revision(database)
    if found is not None and found not in known:
        raise CentralError("A newer version of this program made the database. Install it; nothing was changed.")


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _pool(url: str) -> dict[str, Any]:
    return {} if make_url(url).get_backend_name() == "sqlite" else {"pool_pre_ping": True}


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver must not open transactions by itself: _begin_sqlite says of which kind they are.
    connection.isolation_level = None
    cursor = connection.cursor()
    # A batch touches thousands of pages of a large roster; with the small defaults each commit copies them back.
    tuning = (f"busy_timeout={_BUSY_MS}", "cache_size=-65536", "wal_autocheckpoint=10000")
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *tuning):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
