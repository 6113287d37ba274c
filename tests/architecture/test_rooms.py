"""Each room imports what its row of DESIGN 2.2 names, and nothing else.

Import-linter checks the rooms against each other, from the contracts in pyproject.toml. What a contract cannot
say is checked on the syntax tree: third-party packages, and that `domain` has no input, output, clock or chance.
"""

import ast
import configparser
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "vaccinator_app"


@dataclass(frozen=True)
class Row:
    """One row of the table in DESIGN 2.2: the rooms and the third-party packages a room may import."""

    rooms: frozenset[str]
    packages: frozenset[str]


def row(rooms: str = "", packages: str = "") -> Row:
    return Row(frozenset(rooms.split()), frozenset(packages.split()))


TABLE = {
    "domain": row(),
    "trust": row("domain", "cryptography"),
    "protocol": row("domain trust", "msgspec zstandard"),
    "vault": row("domain trust protocol", "sqlcipher3"),
    "sync": row("domain trust protocol", "requests"),
    "desk": row("domain trust protocol vault sync", "zxcvbn"),
    "reports": row("domain protocol", "segno typst"),
    "gui": row("domain desk reports", "PySide6 shiboken6"),
    "central": row(
        "domain trust protocol reports",
        "PIL alembic anyio captcha h11 jinja2 litestar markupsafe msgspec prometheus_client psycopg segno sqlalchemy "
        "uvicorn zxingcpp",
    ),
}
# `cli` is the only composition root: it imports everything and nothing imports it
ALL_ROOMS = frozenset(TABLE) | {"cli"}

IMPURE = frozenset(
    {
        *("asyncio", "ctypes", "glob", "http", "io", "locale", "logging", "multiprocessing", "os", "pathlib"),
        *("platform", "queue", "random", "secrets", "select", "selectors", "shelve", "shutil", "signal"),
        *("socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
        "zoneinfo",
    }
)
IMPURE_CALLS = frozenset({"now", "utcnow", "today", "open", "print", "input"})
DYNAMIC = frozenset({"import_module", "__import__"})


def modules(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


def imports(tree: ast.Module, here: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import, relative ones resolved. `here` is the package of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else ()
            parts = (*base, *(node.module.split(".") if node.module else ()))
            if parts == ("vaccinator_app",):  # `from vaccinator_app import vault` names a room
                yield from ((node.lineno, f"vaccinator_app.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, ".".join(parts)


def calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr


def faults(source: str, room: str, here: tuple[str, ...] = ()) -> list[str]:
    """What a module of `room` with this text does that its row does not allow, one sentence each."""
    tree = ast.parse(source)
    found = []
    for line, name in imports(tree, here or ("vaccinator_app", room)):
        top, _, rest = name.partition(".")
        if top == "vaccinator_app":
            other = rest.split(".")[0]
            if other in ALL_ROOMS and other != room and other not in TABLE[room].rooms:
                found.append(f"{line}: {room} may not import the room {other}")
        elif top in sys.stdlib_module_names:
            if room == "domain" and top in IMPURE:
                found.append(f"{line}: domain may not import {top}: no input, output, clock or chance")
        elif top not in TABLE[room].packages:
            found.append(f"{line}: {room} may not import the package {top}")
    for line, name in calls(tree):
        if name in DYNAMIC:
            found.append(f"{line}: {name}() hides what {room} imports")
        if room == "domain" and name in IMPURE_CALLS:
            found.append(f"{line}: domain may not call {name}()")
    return found


@pytest.mark.parametrize("room", sorted(TABLE))
def test_a_room_imports_what_its_row_names(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in modules(room)
        for fault in faults(path.read_text("utf-8"), room, path.relative_to(ROOT).parent.parts)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("domain", "import os.path"),
        ("domain", "from time import monotonic"),
        ("domain", "import cryptography"),
        ("domain", "import datetime\ndatetime.datetime.now()"),
        ("domain", "from datetime import date\ndate.today()"),
        ("domain", "open('x')"),
        ("domain", "from vaccinator_app import trust"),
        ("trust", "import msgspec"),
        ("trust", "from ..vault import store"),
        ("protocol", "from vaccinator_app.sync.engine import Engine"),
        ("vault", "import sqlalchemy"),
        ("sync", "from vaccinator_app.vault import Store"),
        ("desk", "from PySide6.QtCore import QObject"),
        ("desk", "import sqlcipher3"),
        ("reports", "from vaccinator_app.trust import dsse"),
        ("gui", "def f():\n    from vaccinator_app.vault import Store"),
        ("gui", "import requests"),
        ("central", "import vaccinator_app.desk"),
        ("central", "import PySide6"),
        ("central", "from importlib import import_module\nimport_module('vaccinator_app.vault')"),
    ],
)
def test_what_a_row_does_not_name_is_a_fault(room: str, source: str) -> None:
    assert faults(source, room)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("domain", "from datetime import datetime\nfrom .people import Person\nimport unicodedata"),
        (
            "trust",
            "import os, hmac\nfrom cryptography.hazmat.primitives import hashes\nfrom ..domain import x",
        ),
        ("gui", "import vaccinator_app\nfrom vaccinator_app import __version__\nfrom PySide6 import QtCore"),
        ("vault", "from sqlcipher3 import dbapi2\nfrom vaccinator_app.protocol.messages import Event"),
    ],
)
def test_what_a_row_names_is_none(room: str, source: str) -> None:
    assert faults(source, room) == []


def contracts() -> list[dict[str, object]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: list[dict[str, object]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return found


def names(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(name) for name in value]


def test_the_contracts_are_the_table() -> None:
    """Import-linter's contracts, for people who run it alone, forbid the complement of each row."""
    said = {}
    for contract in contracts():
        (source,) = names(contract["source_modules"])
        said[source.rpartition(".")[2]] = {name.rpartition(".")[2] for name in names(contract["forbidden_modules"])}
    assert said == {room: set(ALL_ROOMS - allowed.rooms - {room}) for room, allowed in TABLE.items()}


def test_import_linter(tmp_path: Path) -> None:
    """Run as people run it, less the rooms that do not exist yet: it refuses to be told of those."""
    present = {f"vaccinator_app.{room}" for room in ALL_ROOMS if (PACKAGE / room / "__init__.py").exists()}
    config = configparser.ConfigParser()
    config["importlinter"] = {"root_packages": "\nvaccinator_app"}
    for number, contract in enumerate(contracts()):
        sources = [name for name in names(contract["source_modules"]) if name in present]
        forbidden = [name for name in names(contract["forbidden_modules"]) if name in present]
        if sources and forbidden:
            config[f"importlinter:contract:{number}"] = {
                "name": str(contract["name"]),
                "type": str(contract["type"]),
                "source_modules": "\n".join(["", *sources]),
                "forbidden_modules": "\n".join(["", *forbidden]),
                "allow_indirect_imports": str(contract.get("allow_indirect_imports", False)),
            }
    path = tmp_path / "contracts.ini"
    with path.open("w") as file:
        config.write(file)
    # in a process of its own: it switches off every logger of the one it runs in
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_every_folder_of_a_room_is_a_package() -> None:
    """Without `__init__.py` a folder is invisible to import-linter, and so would be what it imports."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_house_has_no_room_that_the_table_does_not_know() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= ALL_ROOMS
