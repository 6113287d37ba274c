"""Past every step of the first run, and what may stand in its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.support.desk import vaccines
from tests.support.first_run import PASSPHRASE, Losing, Machine, Served
from tests.support.window import Hands, put_away
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.gui.app import make_window
from vaccinator_app.gui.settings import SettingsFile
from vaccinator_app.sync.http import HttpCentral

Stop = Callable[[str], None]


def window_of(machine: Machine, *, idle_seconds: float = 300) -> Hands:
    """The window of a machine that is no desk yet, in front."""
    window = make_window(
        resources_folder(),
        font_files(),
        Unlock(machine.home, vaccines()),
        lambda vault: HttpCentral(vault.identity.address, vault.identity.authority),
        SettingsFile(machine.home / "settings.json"),
        idle_seconds=idle_seconds,
        strict=True,
        first_run=machine.start(),
    )
    QApplication.setDoubleClickInterval(0)
    window.show()
    window.activateWindow()
    hands = Hands(window)
    hands.until(lambda: QApplication.focusWidget() is not None)
    return hands


def go(hands: Hands) -> None:
    """Enter, until what it asked for is done."""
    hands.enter()
    hands.settle()


def take_file(hands: Hands) -> None:
    """The one that was found, then Continue; central is asked at once."""
    hands.until(lambda: hands.focused() == "first-run-found-0")
    go(hands)
    assert hands.focused() == "first-run-go"
    go(hands)
    hands.until(lambda: not hands.shown("first-run-facts"))


def tell_names(hands: Hands) -> None:
    """Who is in charge, and the passphrase twice."""
    hands.until(lambda: hands.focused() == "first-run-machine")
    hands.write("Desk 2")
    hands.enter()
    hands.write("R. Sharma")
    hands.enter()
    for _ in range(2):
        hands.write(PASSPHRASE)
        go(hands)
    hands.until(lambda: hands.shown("first-run-read"))


def acknowledge(hands: Hands) -> None:
    """Tick, and on."""
    hands.press(Qt.Key.Key_Space)
    go(hands)


def first_run_tour(central: Served, folder: Path, album: Callable[[Hands], Stop]) -> None:
    """``album`` takes the pictures of one window; it is told the name of each stop."""
    machine = Machine(folder)
    hands = window_of(machine, idle_seconds=3600)
    stop = album(hands)
    hands.settle()
    stop("first-run-nothing-found")
    away = central.file(machine.stick / "away.enrolment", "https://127.0.0.1:1")
    hands.until(lambda: hands.shown("first-run-found-0"))
    go(hands)
    go(hands)
    stop("first-run-no-answer")
    hands.escape()
    away.unlink()
    central.file(machine.stick / "rampur.enrolment")
    hands.until(lambda: "rampur.enrolment" in hands.seen())
    (machine.stick / "half.enrolment").write_bytes(b'{"token": ')
    hands.window.enrol_from(machine.stick / "half.enrolment")
    hands.settle()
    stop("first-run-damaged-file")
    hands.until(lambda: hands.focused() == "first-run-found-0")
    go(hands)
    stop("first-run-file")
    go(hands)
    stop("first-run-connection")
    go(hands)
    hands.write("Desk 2")
    hands.enter()
    hands.write("R. Sharma")
    hands.enter()
    hands.write("sharma123")
    hands.until(lambda: "Would be guessed" in hands.seen())
    stop("first-run-people")
    for _ in "sharma123":
        hands.press(Qt.Key.Key_Backspace)
    for _ in range(2):
        hands.write(PASSPHRASE)
        go(hands)
    stop("first-run-recovery")
    machine.connect = Losing
    acknowledge(hands)
    stop("first-run-cut")
    put_away(hands)
    machine.connect = HttpCentral
    hands = window_of(machine, idle_seconds=3600)
    stop = album(hands)
    hands.settle()
    stop("first-run-begun")
    hands.write(PASSPHRASE)
    go(hands)
    hands.until(lambda: hands.shown("first-run-open"))
    stop("first-run-done")
    put_away(hands)
