"""``vaccinator uninstall``: this machine stops being a desk (DESIGN 5.4; docs/recovery.md)."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress

from vaccinator_app.cli.desk_commands import central_of
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import desk_home, open_desk
from vaccinator_app.cli.speech import speak
from vaccinator_app.cli.window import SETTINGS
from vaccinator_app.desk.uninstall import remove_files, uninstall
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.message import Message
from vaccinator_app.vault.errors import VaultError
from vaccinator_app.vault.files import DATABASE


def run(arguments: Namespace) -> int:
    """Refuses while anything is known to this machine alone; says what it took away and what it left."""
    home = desk_home(arguments)
    if not home.is_dir():
        raise Failed(Exit.VAULT, "There is no desk here.")
    if not (home / DATABASE).exists():
        # an uninstallation that was cut short, or an enrolment that never came to its end: nothing is recorded here
        left = remove_files(home, (SETTINGS,))
        print("There was no vault here. What this program had left behind is gone.")
        return _told(left)
    opened = open_desk(arguments)
    try:
        gone = uninstall(opened.place, central_of, arguments.export, (SETTINGS,))
    except BaseException:
        with suppress(VaultError):
            lock(opened.place)
        raise
    if gone.exported is not None:
        written = Message.of("delivery.exported", n=gone.exported.records, name=arguments.export.name)
        print(speak(written))
    print(f"The vault and the keys of machine {gone.device} are gone from here.")
    print(f"Have the district office take it out of use: vaccinator central device revoke {gone.device}")
    return _told(gone.left)


def _told(left: tuple[str, ...]) -> int:
    if left:
        print(f"Not this program's own, and still there: {', '.join(left)}.")
    return Exit.OK
