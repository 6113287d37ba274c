"""What the groups of central's commands share: how they are added, central's home, kinds of argument."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import TypeAlias

from vaccinator_app.central.operations import admin
from vaccinator_app.cli.exits import Exit, Failed

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


class Groups:
    """Central's commands: alone, or under the name of what they are about."""

    def __init__(self, parser: ArgumentParser) -> None:
        self._commands: Commands = parser.add_subparsers(required=True, metavar="COMMAND")
        self._groups: dict[str, Commands] = {}

    def group(self, name: str, text: str) -> None:
        """Begin a group of commands, such as ``centre``."""
        parser: ArgumentParser = self._commands.add_parser(name, help=text)
        self._groups[name] = parser.add_subparsers(required=True, metavar="WHAT")

    def command(self, name: str, text: str, do: Callable[[Namespace], int], *, under: str = "") -> ArgumentParser:
        """Add one command, with the arguments that each has; ``do`` returns the exit code."""
        group = self._groups[under] if under else self._commands
        added: ArgumentParser = group.add_parser(name, help=text, description=text)
        added.set_defaults(do=do)
        added.add_argument("--home", type=Path, metavar="DIR", help="central's folder, or VACCINATOR_CENTRAL_HOME")
        added.add_argument("--database", metavar="URL", help="a database elsewhere; SQLite in the home when not given")
        return added


def home_of(arguments: Namespace) -> Path:
    """Central's folder. Raises ``Failed``."""
    named = arguments.home or os.environ.get("VACCINATOR_CENTRAL_HOME")
    if not named:
        raise Failed(Exit.USAGE, "Say where central keeps its data: --home DIR.")
    return Path(named)


@contextmanager
def opened(arguments: Namespace) -> Iterator[admin.Home]:
    """Central's database and keys, for the time of the block."""
    home = admin.open_home(home_of(arguments), url=arguments.database)
    try:
        yield home
    finally:
        home.database.close()


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only this account may read. Raises ``Failed``; never writes over anything."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Failed(Exit.BAD_INPUT, f"{path.name} is there already; name another file.") from error
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"{path.name} cannot be written.") from error
    with os.fdopen(handle, "wb") as out:
        out.write(data)


def day(text: str) -> date:
    """A date, for ``type=``."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a day is written year, month, day, such as 2026-11-23") from None


def time_of_day(text: str) -> time:
    """A time of day, for ``type=``."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a time is written in 24 hours, such as 09:30") from None
