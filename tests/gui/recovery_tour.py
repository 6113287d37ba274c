"""From the locked desk to central's answer, and records on their way by another machine; for tests and for pictures:
``python -m tests.gui.recovery_tour OUT``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from tests.support.window import Day, Hands, put_away, show_window
from vaccinator_app.central.desks.recovery import recover
from vaccinator_app.gui.screens.carrying import Carrying
from vaccinator_app.gui.screens.recovery import RecoveryScreen

NEW = "mangoes after the rain"

Stop = Callable[[str], None]


def nothing(_: str) -> None:
    """For who takes no pictures."""


def screen(hands: Hands) -> RecoveryScreen:
    return hands.find(RecoveryScreen, "recovery")


def press(hands: Hands, name: str) -> None:
    """Space on a button; it is done once everything is."""
    hands.find(QPushButton, name).setFocus()
    hands.press(Qt.Key.Key_Space)
    hands.settle()


def ask(hands: Hands, stick: Path, stop: Stop = nothing) -> Path:
    """Make the request by keys; where it was written to."""
    press(hands, "forgotten")
    stop("recovery-begin")
    hands.enter()
    press(hands, "recovery-begin-go")
    stop("recovery-nothing-typed")
    hands.write("A. Verma")
    hands.enter()
    hands.write(NEW)
    hands.enter()
    hands.write(NEW)
    hands.enter()
    hands.until(lambda: hands.shown("recovery-digits"))
    request = stick / "desk.request"
    screen(hands).save_to(request)
    hands.settle()
    stop("recovery-wait")
    return request


def answer(day: Day, hands: Hands, request: Path, spoil: bytes = b"") -> Path:
    """What the district office sends back."""
    home = day.home.name
    asked = day.unlock.recovery().asked()
    assert asked is not None, home
    digits = hands.said("recovery-digits")
    now = day.world.clock.now
    made = recover(day.world.home, asked.device, request.read_bytes(), digits, "R. Nair", now).answer
    path = request.with_suffix(".answer" if not spoil else ".spoiled")
    path.write_bytes(spoil or made)
    return path


def carrying(hands: Hands) -> Carrying:
    return next(found for found in hands.window.findChildren(Carrying) if found.isVisible())


def tour(day: Day, hands: Hands, stick: Path, stop: Stop = nothing) -> None:
    """All of it."""
    request = ask(hands, stick, stop)
    screen(hands).take(answer(day, hands, request, b"something else"))
    hands.write(NEW)
    hands.enter()
    hands.settle()
    stop("recovery-no-answer")
    hands.escape()
    hands.settle()
    stop("recovery-under-way")
    press(hands, "forgotten")
    day.cut()
    screen(hands).take(answer(day, hands, request))
    hands.write(NEW)
    hands.enter()
    hands.until(lambda: hands.shown("search"))
    hands.settle()
    hands.press(Qt.Key.Key_F6)
    hands.settle()
    stop("sync")
    press(hands, "carrying-open")
    stop("sync-carrying")
    carrying(hands).write(stick / "desk.records")
    hands.settle()
    stop("sync-written")


def main(out: Path) -> None:
    """The pictures."""
    from tests.gui.pictures import Album, full_day
    from vaccinator_app.cli.resources import resources_folder
    from vaccinator_app.gui.app import make_application

    assert resources_folder().is_dir()
    made = make_application("pictures")
    with tempfile.TemporaryDirectory() as folder:
        day = full_day(Path(folder))
        hands = show_window(day)
        tour(day, hands, Path(folder), Album(hands, out).take)
        put_away(hands)
        day.world.home.database.close()
    assert made is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
