"""From the locked desk to central's answer, and records on their way by another machine: for tests and for pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from tests.support.window import Day, Hands
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
    asked = day.unlock.recovery().asked()
    assert asked is not None
    digits = hands.said("recovery-digits")
    now = day.world.clock.now
    made = recover(day.world.home, asked.device, request.read_bytes(), digits, "R. Nair", now).answer
    path = request.with_suffix(".answer" if not spoil else ".spoiled")
    path.write_bytes(spoil or made)
    return path


def carrying(hands: Hands) -> Carrying:
    return next(found for found in hands.window.findChildren(Carrying) if found.isVisible())


def recovery_tour(day: Day, hands: Hands, stick: Path, stop: Stop = nothing) -> None:
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
