"""``vaccinator``: the desk's window, put together (DESIGN 2.2, 11)."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import desk_home, load_formulary
from vaccinator_app.cli.qtcheck import missing_packages, missing_sentence, qt_platform
from vaccinator_app.cli.resources import font_files, resources_folder

SETTINGS = "settings.json"


def run_window(arguments: Namespace) -> int:
    """Show the window until it is closed. Says which system package is missing instead of Qt's own message."""
    platform = qt_platform()
    missing = missing_packages(platform)
    if missing:
        raise Failed(Exit.USAGE, missing_sentence(missing))
    if platform == "offscreen" and "QT_QPA_PLATFORM" not in os.environ:
        raise Failed(Exit.USAGE, "There is no display here to show a window on.")
    return _run(arguments)


def _run(arguments: Namespace) -> int:
    # only now: without its system libraries Qt ends the program with a message of its own
    from PySide6.QtWidgets import QApplication

    from vaccinator_app.cli.desk_commands import central_of
    from vaccinator_app.desk.unlock import Unlock
    from vaccinator_app.gui.app import make_window
    from vaccinator_app.gui.sentences import catch_unforeseen
    from vaccinator_app.gui.settings import SettingsFile

    home = desk_home(arguments)
    app = QApplication(sys.argv[:1])
    unlock = Unlock(home, load_formulary())
    window = make_window(resources_folder(), font_files(), unlock, central_of, SettingsFile(home / SETTINGS))
    catch_unforeseen(window.say)
    # the window hides first and is gone only when the vault is closed
    app.setQuitOnLastWindowClosed(False)
    window.closed.connect(app.quit)
    window.show()
    return app.exec()
