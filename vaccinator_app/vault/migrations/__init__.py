"""The numbered files that bring a database from any older shape to this program's (DESIGN 6.2).

Each is one transaction and is never changed after a release; a vault of every release opens for ever.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@cache
def scripts() -> tuple[str, ...]:
    """Every migration in order; the first brings an empty database to version 1."""
    found = {}
    for entry in files(__package__).iterdir():
        if named := _NAME.fullmatch(entry.name):
            found[int(named[1])] = entry.read_text(encoding="utf-8")
    if sorted(found) != list(range(1, len(found) + 1)):
        raise RuntimeError("the numbers of the migrations have a gap")
    return tuple(found[number] for number in sorted(found))


def newest() -> int:
    """The version this program writes: ``PRAGMA user_version`` after the last migration."""
    return len(scripts())


def migrate(connection: Any) -> None:
    """Run what is missing, each file whole or not at all. After a fault the connection is to be closed, which undoes
    the file that was under way. Not checked: that the database is not a newer one."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    for number, script in enumerate(scripts()[found:], found + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")
