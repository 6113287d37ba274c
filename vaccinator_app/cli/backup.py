"""``vaccinator backup`` and ``vaccinator restore``: this desk in one file, and back (docs/backup.md)."""

from __future__ import annotations

import sys
from argparse import Namespace

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import desk_home, open_desk
from vaccinator_app.cli.speech import speak
from vaccinator_app.desk.backup import back_up, look, restore
from vaccinator_app.desk.before_vault import refuse_existing
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.message import Message

_YES = ("yes", "हाँ", "हां")


def run_backup(arguments: Namespace) -> int:
    """``vaccinator backup --out FILE_OR_DIR``: one new file, read back before it is named."""
    opened = open_desk(arguments)
    try:
        path, made = back_up(opened.place, arguments.out)
    finally:
        lock(opened.place)
    print(speak(Message.of("backup.made", name=path.name, n=made.records)))
    return Exit.OK


def run_restore(arguments: Namespace) -> int:
    """``vaccinator restore FILE``: says what it means first, and asks."""
    home = desk_home(arguments)
    refuse_existing(home)
    found = look(arguments.file)
    made = f"{found.made_at:%Y-%m-%d %H:%M}"
    for said in (
        Message.of("backup.holds", device=found.device, centre=found.centre_name, made=made, n=found.records),
        Message.of("backup.means"),
        Message.of("backup.one_machine", device=found.device),
    ):
        print(speak(said))
    if not arguments.yes and not _agreed():
        raise Failed(Exit.NOT_DONE, speak(Message.of("backup.not_agreed")))
    restore(home, arguments.file)
    print(speak(Message.of("backup.restored")))
    return Exit.OK


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    print(speak(Message.of("backup.ask")), end=" ", flush=True)
    return sys.stdin.readline().strip().casefold() in _YES
