"""Central's database: SQLite in its home by default, PostgreSQL when set (DESIGN 8.1).

SQLite has one writer at a time (``BEGIN IMMEDIATE``), readers beside it (WAL), and is durable at commit (FULL). Whom it
lets wait it lets sleep, for up to 0.1 s at a time, while cores idle. So the writers of one process queue up for a lock,
which wakes the next at once; only for those of other processes they wait in SQLite's way.

PostgreSQL reads in ``REPEATABLE READ READ ONLY``: one view for all statements, which never waits and is never taken
back. It writes in ``READ COMMITTED``: whoever reads in order to write locks what the decision rests on first (see
``locks``), and unique indexes have the last word. ``SERIALIZABLE`` would need no locks, but every booking and push of a
centre moves that centre's one row (``feed``): each that waited for it would have to be done all over again, just when
most people come; and it says nothing across the shards of Citus.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vaccinator_app.central import log
from vaccinator_app.central.errors import CentralError, DatabaseAway

T = TypeVar("T")

DATABASE_FILE = "central.db"
URL_FILE = "database.url"
"""In central's home: where its database is, when it is not SQLite there. Never a password."""

TRIES = 5
"""How often a transaction is begun at most: each time it lost, another one went through."""

_WRITING = {"sqlite": {"central_writing": True}, "postgresql": {}}
_READING = {"sqlite": {}, "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}}
_BUSY_MS = 15_000
_STATEMENT_MS = 60_000
_POOLED, _MORE, _POOL_SECONDS = 5, 15, 10
"""A process of central holds up to 20 connections: four of them fit the hundred that PostgreSQL allows unasked."""

_LOST_RACES = ("40001", "40P01", "23505")  # serialization failure, deadlock, a unique index that another one filled
_BUSY = ("40001", "40P01", "55P03", "57014")  # and a lock or a statement that took too long
_AWAY = ("08", "25006", "25P03", "53", "57P")  # lost, only readable, dropped for idling, out of resources, shut down
_SQLITE_BUSY = (5, 6)
_SQLITE_AWAY = (8, 10, 13, 14)  # not writable, I/O error, full, cannot be opened


class Database:
    """Transactions over one engine. A block that raises leaves nothing behind; one that ends is durable.

    ``DatabaseAway`` is raised when the database cannot be reached or somebody else holds it for too long; the next
    transaction tries again with a fresh connection.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with _sentences(), self._begin(_READING) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may change things. Where two may do so at once, use ``run``."""
        with _sentences(), self._turn(), self._begin(_WRITING) as connection:
            yield connection

    def run(self, act: Callable[[Connection], T]) -> T:
        """What ``act`` returns, done in one transaction that may change things.

        When somebody else was quicker (a deadlock, a row under the same unique key), nothing of it is kept and ``act``
        is called again, up to ``TRIES`` times in all, and sees what the other one did. So it must change nothing but
        the database.
        """
        for _ in range(TRIES - 1):
            try:
                with self.write() as connection:
                    return act(connection)
            except (DBAPIError, DatabaseAway) as error:
                if not _lost_race(error):
                    raise
                log.failure("transaction_again", error)
        with self.write() as connection:
            return act(connection)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """This process's next writer on SQLite; on PostgreSQL many write at once."""
        if self.engine.dialect.name != "sqlite":
            yield
            return
        if not self._writer.acquire(timeout=_BUSY_MS / 1000):
            busy = DatabaseAway(busy=True)
            log.failure("database_busy", busy)
            raise busy
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _begin(self, options: dict[str, dict[str, Any]]) -> Iterator[Connection]:
        chosen = options[self.engine.dialect.name]
        with self.engine.connect().execution_options(**chosen) as connection, connection.begin():
            yield connection


def default_url(home: Path) -> str:
    """Where the database of this home is: what ``init`` was told, else SQLite in the home."""
    file = home / URL_FILE
    return file.read_text("utf-8").strip() if file.exists() else f"sqlite:///{home / DATABASE_FILE}"


def remember_url(home: Path, url: str) -> None:
    """Write down where the database of this home is, so that no later command opens an empty one by mistake.

    ``CentralError`` for an address with a password: it would stand in a file, in backups and in the list of processes.
    """
    if _parsed(url).password is not None:
        raise CentralError(
            "Leave the password out of the database's address. PostgreSQL finds it in PGPASSWORD, in the file that"
            " PGPASSFILE names (~/.pgpass), or by a service (PGSERVICE)."
        )
    (home / URL_FILE).write_text(f"{url}\n", "utf-8")


def connect(url: str) -> Database:
    """The database at ``url``; nothing is created or migrated.

    ``sqlite:///PATH``, or ``postgresql://USER@HOST/NAME`` with whatever libpq takes besides (``?host=/run/postgresql``,
    ``?sslmode=verify-full``). Raises ``CentralError`` for an address of another kind.
    """
    parsed = _parsed(url)
    # Values would stand in error texts, which are logged (DESIGN 5.5).
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = _postgresql(parsed)
    return Database(engine)


def migrate(database: Database) -> None:
    """Bring the tables to this version. ``CentralError`` for a newer version's database, which is not touched."""
    _refuse_newer(database)
    with _no_traceback(), database.write() as connection:
        if connection.dialect.name == "postgresql":
            _take_time(connection)
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(database: Database) -> None:
    """``CentralError`` unless the tables are exactly this version's."""
    _refuse_newer(database)
    if revision(database) != ScriptDirectory.from_config(_alembic()).get_current_head():
        raise CentralError("The database is older than this program. Run `vaccinator central migrate` first.")


def is_known(found: str) -> bool:
    """Whether this program knows tables of this revision."""
    return found in {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _refuse_newer(database: Database) -> None:
    found = revision(database)
    if found is not None and not is_known(found):
        raise CentralError("A newer version of this program made the database. Install it; nothing was changed.")


def revision(database: Database) -> str | None:
    """Which tables the database has; None when it has none."""
    with _no_traceback(), database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


# PostgreSQL


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise CentralError("The database's address is written postgresql://USER@HOST/NAME.") from error
    if kind == "sqlite":
        return parsed
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise CentralError("The database is SQLite or PostgreSQL: postgresql://USER@HOST/NAME.")


def _postgresql(url: URL) -> Engine:
    given = url.query.get("options", "")
    wanted = {
        "lock_timeout": _BUSY_MS,
        "statement_timeout": _STATEMENT_MS,
        "idle_in_transaction_session_timeout": _STATEMENT_MS,
        # Whatever the server's own setting: a receipt says that the records are durable.
        "synchronous_commit": "on",
    }
    settings = " ".join(f"-c {name}={value}" for name, value in wanted.items())
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=_POOLED,
        max_overflow=_MORE,
        pool_timeout=_POOL_SECONDS,
        # What libpq reads from the environment (PGUSER, PGHOST, PGPASSFILE ...) counts wherever the address is silent.
        connect_args={
            "options": f"{settings} {given}".strip(),
            "connect_timeout": 5,
            "client_encoding": "UTF8",
            "application_name": "vaccinator-central",
        },
    )
    event.listen(engine, "handle_error", _hush)
    return engine


def _hush(context: ExceptionContext) -> None:
    """PostgreSQL quotes the values of a row in its error texts; what is left says which rule was broken."""
    error, told = context.original_exception, context.sqlalchemy_exception
    state = getattr(error, "sqlstate", None)
    if state is not None:
        rule = error.diag.constraint_name or ""  # type: ignore[attr-defined]
        error.args = (f"{type(error).__name__} {state} {rule}".strip(),)
        if told is not None:
            told.args = error.args


def _take_time(connection: Connection) -> None:
    """A step over a large table may take as long as it needs; two servers that begin together go one by one."""
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise CentralError("The PostgreSQL database must be in UTF8: createdb --encoding=UTF8 --template=template0.")
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('vaccinator central migrate'))"))


# What went wrong


@contextmanager
def _sentences() -> Iterator[None]:
    """A database that is away or busy, in a sentence for whoever asked."""
    try:
        yield
    except PoolTimeout as error:
        log.failure("database_busy", error)
        raise DatabaseAway(busy=True) from error
    except DBAPIError as error:
        kind = _kind(error)
        if kind is None:
            raise
        log.failure(f"database_{kind}", error)
        raise DatabaseAway(busy=kind == "busy") from error


def _kind(error: DBAPIError) -> str | None:
    """``busy``, ``away``, or None of what is neither."""
    state = _state(error)
    if state is not None:
        return "busy" if state in _BUSY else "away" if state.startswith(_AWAY) else None
    number = getattr(error.orig, "sqlite_errorcode", None)
    if number is not None:
        return "busy" if number & 0xFF in _SQLITE_BUSY else "away" if number & 0xFF in _SQLITE_AWAY else None
    return "away" if error.connection_invalidated or type(error.orig).__name__.startswith("Operational") else None


def _lost_race(error: DBAPIError | DatabaseAway) -> bool:
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    return isinstance(cause, DBAPIError) and _state(cause) in _LOST_RACES


def _state(error: DBAPIError) -> str | None:
    """PostgreSQL's five letters and digits for what went wrong."""
    found: str | None = getattr(error.orig, "sqlstate", None)
    return found


@contextmanager
def _no_traceback() -> Iterator[None]:
    """For the operator, who may not have been given what it takes."""
    try:
        yield
    except SQLAlchemyError as error:
        log.failure("database_refused", error)
        raise CentralError(
            "The database did not let central read or make its tables. Its user must own the database."
        ) from error


# SQLite


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
    writing = connection.get_execution_options().get("central_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
