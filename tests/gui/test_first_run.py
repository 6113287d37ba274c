"""The first run by keys, in the real window, with a central that is served over TLS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid

from tests.gui.first_run_tour import (
    Stop,
    acknowledge,
    first_run_tour,
    go,
    take_file,
    tell_names,
    window_of,
)
from tests.gui.test_every_screen import faulty
from tests.support.first_run import BOOKED, PASSPHRASE, Machine, Served, served
from tests.support.window import Hands, put_away
from vaccinator_app.desk.before_vault import not_enrolled
from vaccinator_app.gui.settings import Settings, SettingsFile
from vaccinator_app.sync.http import HttpCentral


@pytest.fixture(scope="module")
def central() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


Open = Callable[[], Hands]


@pytest.fixture
def start(machine: Machine, qapp: QApplication) -> Iterator[Open]:
    """Start the program; put away at the end."""
    opened: list[Hands] = []

    def begin() -> Hands:
        hands = window_of(machine)
        opened.append(hands)
        return hands

    yield begin
    if isValid(opened[-1].window):
        put_away(opened[-1])


def title(hands: Hands) -> str:
    return hands.said("first-run-title")


def test_from_a_bare_machine_to_the_open_desk_by_keys_alone(central: Served, machine: Machine, start: Open) -> None:
    central.file(machine.stick / "rampur.enrolment")
    hands = start()
    assert "Make this machine a desk" in title(hands)
    take_file(hands)
    assert "Central answers at" in hands.seen()
    go(hands)
    tell_names(hands)
    assert "Nothing is lost by that." in hands.seen()
    go(hands)
    assert "tick the box" in hands.seen()
    acknowledge(hands)
    hands.until(lambda: f"{BOOKED} people are expected today" in hands.seen())
    assert "add the colleagues" in hands.seen()
    hands.window.apply(Settings(large=True))
    # the next step that is offered
    go(hands)
    hands.until(lambda: hands.shown("staff-list"))
    assert hands.said("signed-in") == "R. Sharma"
    assert SettingsFile(machine.home / "settings.json").read().large
    hands.window.lock()
    hands.until(lambda: hands.window.locked)
    hands.unlock(PASSPHRASE)


def test_back_and_forth_loses_nothing_but_the_passphrase(central: Served, machine: Machine, start: Open) -> None:
    central.file(machine.stick / "rampur.enrolment")
    hands = start()
    take_file(hands)
    go(hands)
    tell_names(hands)
    for _ in range(3):
        hands.escape()
        hands.settle()
    assert "Make this machine a desk" in title(hands)
    hands.escape()
    assert "Make this machine a desk" in title(hands)
    go(hands)
    go(hands)
    assert hands.find(QLineEdit, "first-run-in-charge").text() == "R. Sharma"
    assert hands.find(QLineEdit, "first-run-passphrase-first").text() == ""
    assert hands.focused() == "first-run-passphrase-first"


def test_a_spoiled_file_that_is_dropped_is_refused_in_a_sentence(
    central: Served, machine: Machine, start: Open
) -> None:
    file = central.file(machine.stick / "half.txt")
    file.write_bytes(file.read_bytes()[:400])
    hands = start()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    where = hands.find(QWidget, "first-run")
    held = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(where, QDragEnterEvent(QPoint(10, 10), *held))
    QApplication.sendEvent(where, QDropEvent(QPointF(10, 10), *held))
    hands.until(lambda: "half.txt is damaged" in hands.seen())
    assert not hands.find(QWidget, "first-run-go").isEnabled()
    hands.window.apply(Settings(language="hi"))
    assert "half.txt ख़राब है" in hands.seen()


def test_every_step_in_both_languages_and_what_may_stand_in_its_way(
    central: Served, tmp_path: Path, qapp: QApplication
) -> None:
    seen: dict[str, str] = {}
    faults: set[str] = set()

    def album(hands: Hands) -> Stop:
        def stop(name: str) -> None:
            seen[name] = hands.seen()
            focused = hands.focused()
            for settings in (Settings(language="hi"), Settings()):
                hands.window.apply(settings)
                for _ in range(3):
                    QApplication.processEvents()
                for fault in faulty(hands):
                    faults.add(f"{name}, {settings.language}: {fault}")
            assert hands.focused() == focused

        return stop

    first_run_tour(central, tmp_path, album)

    assert faults == set()
    assert "No enrolment file found yet" in seen["first-run-nothing-found"]
    assert "Nobody answers at 127.0.0.1:1" in seen["first-run-no-answer"]
    assert "Try again" in seen["first-run-no-answer"]
    assert "half.enrolment is damaged" in seen["first-run-damaged-file"]
    assert "PHC Rampur (091042)" in seen["first-run-file"]
    assert "the clocks agree" in seen["first-run-connection"]
    assert "Nothing is lost by that" in seen["first-run-recovery"]
    cut = seen["first-run-cut"]
    assert "Try again" in cut
    assert "Begin anew with another file" in cut
    assert "Back" not in cut, "a request that stands can only be asked again"
    assert "Go on where it was cut off" in seen["first-run-begun"]
    assert "3 people are expected today" in seen["first-run-done"]


def test_what_hangs_is_stopped_and_closing_does_not_wait(central: Served, machine: Machine, start: Open) -> None:
    leave = threading.Event()

    class Hanging(HttpCentral):
        def enrol(self, packed: bytes) -> bytes:
            leave.wait(30)
            return super().enrol(packed)

    central.file(machine.stick / "rampur.enrolment")
    machine.connect = Hanging
    hands = start()
    take_file(hands)
    go(hands)
    tell_names(hands)
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    hands.until(lambda: hands.shown("first-run-stop"))
    hands.escape()
    hands.settle()
    assert "Stopped." in hands.seen()
    hands.enter()
    hands.until(lambda: hands.shown("first-run-stop"))
    put_away(hands)
    assert not_enrolled(machine.home)
    leave.set()


def test_nobody_there_after_the_first_list_it_locks(central: Served, machine: Machine, qapp: QApplication) -> None:
    central.file(machine.stick / "rampur.enrolment")
    hands = window_of(machine, idle_seconds=1)
    take_file(hands)
    go(hands)
    tell_names(hands)
    acknowledge(hands)
    hands.until(lambda: hands.shown("passphrase"))
    assert "PHC Rampur" not in hands.seen()
    put_away(hands)
