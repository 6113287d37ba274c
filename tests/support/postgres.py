"""A real PostgreSQL for the tests: one server a run, from the installed programs, in a temporary folder.

It listens on a unix socket in that folder and on no address, answers whoever may read the folder, and does not wait
for the disk: tests end processes, not machines. PostgreSQL refuses to run as root; then it runs as ``postgres`` or
``nobody``, who owns the folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import psycopg

from tests.support.demand import missing
from vaccinator_app.central.database import URL_FILE

USER = "vaccinator"
_NEEDED = ("initdb", "postgres")
_SETTINGS = {"listen_addresses": "", "log_min_messages": "fatal"}
_HASTE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
}
_START_SECONDS = 60


@dataclass(slots=True)
class _Kept:
    """How a database is brought back to what it was: its tables' columns then, the statements, and a connection.

    The connection is kept as well: to make one, and for it to learn of the tables, costs several times the statements.
    """

    like: str
    connection: psycopg.Connection
    columns: dict[str, list[str]]
    statements: str
    times: int = 0

    def put_back(self) -> bool:
        """Whether it could be done."""
        try:
            with self.connection.transaction():
                if dict(self.connection.execute(_COLUMNS, ["public"]).fetchall()) != self.columns:
                    return False
                self.connection.execute(self.statements)
        except psycopg.Error:
            return False
        return True


def fresh(like: str, *, encoding: str = "") -> str:
    """The address of a new database, a copy of the one at ``like``, to which nobody is connected. Takes some 30 ms.

    With ``encoding`` an empty one in that encoding, whatever ``like`` is.
    """
    name = f"t{uuid4().hex[:16]}"
    url = f"{_split(like)[0]}/{name}?{like.partition('?')[2]}"
    if encoding:
        with _connected(url) as connection:
            plain = f"TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C' LOCALE_PROVIDER libc"
            connection.execute(f'CREATE DATABASE "{name}" {plain}')
    else:
        _copy(url, like)
    return url


def again(url: str, like: str, let_go: Callable[[], object]) -> None:
    """Make the database at ``url`` hold what the one at ``like`` holds, once more.

    The first time it is made as a copy of the other, some 600 files. After that its rows alone are put back from copies
    that it keeps beside them, which is several times quicker: unless its tables were changed, or too many dead rows lie
    about. Nobody may have a transaction open there. ``let_go`` ends every connection of one's own, when it is made as a
    copy; otherwise they are kept, and with them what PostgreSQL has learned of the tables for each.
    """
    kept = _kept.pop(url, None)
    if kept is not None:
        if kept.like == like and kept.times < _MOST and kept.put_back():
            kept.times += 1
            _kept[url] = kept
            return
        kept.connection.close()
    let_go()
    _copy(url, like)
    _kept[url] = _keep(_connect(url, _split(url)[1]), like)


def _copy(url: str, like: str) -> None:
    with _connected(url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{_split(url)[1]}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{_split(url)[1]}" TEMPLATE "{_split(like)[1]}" STRATEGY file_copy')


_MOST = 100
"""Times that rows are put back before the database is made anew."""

_kept: dict[str, _Kept] = {}

_COLUMNS = """
SELECT relname, array_agg(quote_ident(attname) ORDER BY attname)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
GROUP BY relname
"""


def _keep(connection: psycopg.Connection, like: str) -> _Kept:
    connection.execute("DROP SCHEMA IF EXISTS kept CASCADE")
    connection.execute("CREATE SCHEMA kept")
    columns: dict[str, list[str]] = dict(connection.execute(_COLUMNS, ["public"]).fetchall())
    statements = ["SET lock_timeout = '2s'"]
    for table, names in columns.items():
        connection.execute(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"')
        statements.append(f'DELETE FROM public."{table}"')
        if connection.execute(f'SELECT 1 FROM kept."{table}" LIMIT 1').fetchone():
            listed = ", ".join(names)
            statements.append(f'INSERT INTO public."{table}" ({listed}) SELECT {listed} FROM kept."{table}"')
    return _Kept(like, connection, columns, "; ".join(statements))


def copy_home(made: Path, folder: Path) -> None:
    """A central in ``folder`` like the one in ``made``, which nobody has open, with a database of its own."""
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("sms"))
    file = folder / URL_FILE
    if file.exists():
        file.write_text(fresh(file.read_text("utf-8").strip()), "utf-8")


@contextmanager
def _connected(url: str, name: str = "postgres") -> Iterator[psycopg.Connection]:
    with _connect(url, name) as connection:
        yield connection


def _connect(url: str, name: str) -> psycopg.Connection:
    # Nothing is prepared: a connection that is kept would remember tables as they were.
    return psycopg.connect(f"host={_host(url)} user={USER} dbname={name}", autocommit=True, prepare_threshold=None)


def _host(url: str) -> str:
    return url.partition("?host=")[2]


def _split(url: str) -> tuple[str, str]:
    """All before the name of the database, and that."""
    before, _, name = url.partition("?")[0].rpartition("/")
    return before, name


def programs() -> Path:
    """The folder with PostgreSQL's own programs; the test is skipped, or fails, when there is none."""
    found = [Path(f) for f in sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), key=_version, reverse=True)]
    found += [Path(f) for f in os.environ.get("PATH", "").split(os.pathsep) if f]
    if (config := shutil.which("pg_config")) is not None:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        found.append(Path(said))
    for folder in found:
        if all((folder / name).is_file() for name in _NEEDED):
            return folder
    return missing("postgresql", "PostgreSQL's programs initdb and postgres are not installed (Debian: postgresql-15).")


class Server:
    """A server for the length of the block; ``url`` is an empty database in it, to be copied by ``fresh``.

    ``durable``: as PostgreSQL is when nobody sets anything, which is what a measurement wants.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._programs = programs()
        # Short: the name of a unix socket has a hundred characters.
        self._folder = Path(mkdtemp(prefix="pg-"))
        self._settings = _SETTINGS | ({} if durable else _HASTE)
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {"cwd": self._folder, "env": {"LC_ALL": "C", "PATH": os.environ.get("PATH", "")}}
        account = _account()
        if account is not None:
            self._as |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self.url = f"postgresql://{USER}@/template0?host={self._folder}"

    def __enter__(self) -> Server:
        """Make it and start it."""
        # A locale of its own order: whatever relies on the order of bytes must say so.
        make = ("-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en", "-N")
        command: list[str | Path] = [self._programs / "initdb", "-D", self._folder / "data", *make]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._as)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and take everything away."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """It answers when this returns."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        where: list[str | Path] = ["-D", self._folder / "data", "-k", self._folder]
        command = [self._programs / "postgres", *where, *settings]
        with (self._folder / "log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as
            )
        self._process = process
        _await(process, self.url, self._folder / "log")

    def kill(self) -> None:
        """As if its machine went off: no process of it does one step more. ``start`` finds its files as they lie."""
        assert self._process is not None
        main = self._process.pid
        # The first of them first: it would follow up on those of its processes that end.
        os.kill(main, signal.SIGSTOP)
        for child in Path(f"/proc/{main}/task/{main}/children").read_text("ascii").split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """Whoever is connected is cut off."""
        if self._process is None:
            return
        for url in [url for url in _kept if _host(url) == str(self._folder)]:
            _kept.pop(url).connection.close()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until it answers. It says nothing when it is ready, so it is asked, and its end is waited for in between."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            with _connected(url):
                return
        except psycopg.OperationalError:
            try:
                process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() < until:
                    continue
            raise RuntimeError(log.read_text("utf-8", "replace")) from None


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as; None when it may run as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return missing("postgresql", "PostgreSQL does not run as root, and there is no account postgres or nobody.")


def _version(folder: str) -> int:
    number = Path(folder).parent.name
    return int(number) if number.isdigit() else 0
