"""Puts the window together from what the command line found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.gui.collecting import Collector
from vaccinator_app.gui.idle import LIMIT
from vaccinator_app.gui.settings import SettingsFile
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.window import Window

if TYPE_CHECKING:
    from vaccinator_app.desk.first_run import FirstRun
    from vaccinator_app.desk.syncing import Connect


TURN = 0.0005
"""Seconds after which a thread at work lets another go on; Python's own 5 ms are felt, taken often in a frame."""


def make_application(program: str) -> QApplication:
    """The one QApplication, drawn in the style that the stylesheet builds on. ``program`` is what Qt calls it.

    The style is an option of the program, not ``setStyle``: that would give Python a style, and with it a thousand
    names of enumerations, before the first window is drawn.
    """
    # what works beside the window gives way to it soon, whoever started it (docs/performance.md, The interpreter lock)
    sys.setswitchinterval(TURN)
    return QApplication([program, "-style", "Fusion"])


def make_window(
    resources: Path,
    fonts: Sequence[Path],
    unlock: Unlock,
    connect: Connect,
    settings: SettingsFile,
    *,
    idle_seconds: float = LIMIT,
    strict: bool = False,
    first_run: FirstRun | None = None,
) -> Window:
    """The desk's window, locked and not yet shown, in the look that ``settings`` remembers.

    A QApplication must exist. ``connect`` gives the way to central once somebody has unlocked. After ``idle_seconds``
    without a key it locks by itself. ``first_run`` is for a machine that is no desk yet. ``strict`` is for tests: a
    word that no catalogue has is an error.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    look = settings.read()
    kit = Kit.load(resources, fonts, language=look.language, strict=strict)
    kit.theme.apply(app, look.mode, large=look.large)
    window = Window(kit, unlock, connect, settings, idle_seconds=idle_seconds, first_run=first_run)
    Collector(window)
    return window
