"""The desk's home folder, and who opens it from the command line."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.domain.people import StaffMember
from vaccinator_app.domain.vaccines import Formulary, formulary

if TYPE_CHECKING:
    from vaccinator_app.desk.unlock import Opened


def desk_home(arguments: Namespace) -> Path:
    """The folder that ``--home`` or the environment names."""
    named = arguments.home or os.environ.get("VACCINATOR_HOME")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("vaccinator", appauthor=False)


def load_formulary() -> Formulary:
    """The programme's vaccines from the resources."""
    return formulary(json.loads((resources_folder() / "vaccines.json").read_text(encoding="utf-8")))


def open_desk(arguments: Namespace) -> Opened:
    """Unlock the desk for the person the arguments name."""
    unlock = Unlock(desk_home(arguments), load_formulary())
    member = _who(unlock.people(), arguments.staff)
    return unlock.open(member.staff, passphrase(arguments, f"Passphrase of {member.name}: "))


def passphrase(arguments: Namespace, prompt: str) -> str:
    """From ``--passphrase-file`` (its first line), else typed unseen."""
    if arguments.passphrase_file is not None:
        try:
            text: str = arguments.passphrase_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Failed(Exit.BAD_INPUT, "The passphrase file cannot be read.") from error
        return text.splitlines()[0] if text else ""
    if not sys.stdin.isatty():
        raise Failed(Exit.USAGE, "Nobody can type a passphrase here: give --passphrase-file FILE.")
    import getpass

    return getpass.getpass(prompt)


def _who(people: list[StaffMember], asked: str | None) -> StaffMember:
    if asked is None and len(people) == 1:
        return people[0]
    found = [p for p in people if asked is not None and asked.casefold() in (p.name.casefold(), p.staff.casefold())]
    if len(found) == 1:
        return found[0]
    names = ", ".join(p.name for p in people)
    raise Failed(Exit.USAGE, f"Say who you are with --as NAME. On this desk: {names}.")
