"""``vaccinator``: the desk's window, put together (DESIGN 2.2, 11)."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import desk_home, load_formulary
from vaccinator_app.cli.qtcheck import missing_packages, missing_sentence, qt_platform
from vaccinator_app.cli.resources import font_files, resources_folder

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from vaccinator_app.desk.first_run import FirstRun
    from vaccinator_app.desk.syncing import OpenCentral
    from vaccinator_app.gui.window import Window
    from vaccinator_app.vault.vault import Vault

SETTINGS = "settings.json"


def run_window(arguments: Namespace) -> int:
    """Show the window until it is closed. Says which system package is missing instead of Qt's own message."""
    platform = qt_platform()
    missing = missing_packages(platform)
    if missing:
        raise Failed(Exit.NOT_DONE, missing_sentence(missing))
    if platform == "offscreen" and "QT_QPA_PLATFORM" not in os.environ:
        raise Failed(Exit.NOT_DONE, "There is no display here to show a window on.")
    from vaccinator_app.cli.signals import when_asked_to_end

    app, window = desk_window(desk_home(arguments), arguments.enrolment)
    # the window hides first and is gone only when the vault is closed
    app.setQuitOnLastWindowClosed(False)
    window.closed.connect(app.quit)
    with when_asked_to_end(lambda: None, window.close):
        window.show()
        return app.exec()


def desk_window(home: Path, enrolment: Path | None = None) -> tuple[QApplication, Window]:
    """The program and its window over the desk in ``home``, locked and not yet shown; on a machine that is no desk yet
    at the first step to one, with the file ``enrolment`` if somebody named one. Raises ``VaultExists`` for a file that
    a desk cannot use any more.

    Call once what Qt needs of this machine is known to be there: without it Qt ends the program with a message of
    its own, which is also why Qt is imported only here.
    """
    # no looks for rings of objects while all this is read: there are none, and `gui.collecting` looks for them later
    gc.disable()
    from PySide6.QtWidgets import QApplication

    from vaccinator_app.desk.before_vault import not_enrolled, refuse_existing, tidy
    from vaccinator_app.desk.front_door import Unlock
    from vaccinator_app.gui.app import make_application, make_window
    from vaccinator_app.gui.sentences import catch_unforeseen
    from vaccinator_app.gui.settings import SettingsFile

    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else make_application(sys.argv[0])
    if enrolment is not None:
        refuse_existing(home)
    tidy(home)
    unlock = Unlock(home, load_formulary())
    first_run = _first_run(home) if not_enrolled(home) else None
    settings = SettingsFile(home / SETTINGS)
    window = make_window(resources_folder(), font_files(), unlock, _connect, settings, first_run=first_run)
    if enrolment is not None:
        window.enrol_from(enrolment)
    catch_unforeseen(window.say)
    return app, window


def _first_run(home: Path) -> FirstRun:
    from vaccinator_app.desk.first_run import FirstRun, Outside
    from vaccinator_app.sync.http import HttpCentral

    return FirstRun(home, Outside(formulary=load_formulary(), connect=HttpCentral))


def _connect(vault: Vault) -> OpenCentral:
    """The way to central, once somebody has unlocked."""
    from vaccinator_app.sync.http import HttpCentral

    return HttpCentral(vault.identity.address, vault.identity.authority)
