"""A desk that nobody can open, opened again by keys; records carried by hand (DESIGN 5.4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from tests.gui.recovery_tour import NEW, answer, ask, carrying, press, screen
from tests.support.window import Day, Hands
from vaccinator_app.desk.recovery import Recovery
from vaccinator_app.trust.keyslot import FLOOR


@pytest.fixture(autouse=True)
def quick_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work a slot may ask for: these tests are not about the key derivation."""
    for act in (Recovery.begin, Recovery.answer_in):
        monkeypatch.setattr(act, "__defaults__", (FLOOR,))


def test_from_the_locked_desk_to_the_open_one(day: Day, locked: Hands, tmp_path: Path) -> None:
    request = ask(locked, tmp_path)
    assert locked.said("recovery-digits") in locked.seen()
    # what is no answer is said, and nothing is lost by it
    screen(locked).take(answer(day, locked, request, b"something else"))
    locked.write(NEW)
    locked.enter()
    locked.settle()
    assert "not an answer from central" in locked.seen()
    assert locked.find(QLineEdit, "recovery-typed").text() == ""
    # by Esc back to the passphrase, where it says that a request is under way
    locked.escape()
    locked.settle()
    assert locked.focused() == "passphrase"
    assert "Go on with the request" in locked.said("forgotten")
    press(locked, "forgotten")
    screen(locked).take(answer(day, locked, request))
    locked.write("not this one")
    locked.enter()
    locked.settle()
    assert "passphrase is not right" in locked.seen()
    locked.write(NEW)
    locked.enter()
    locked.until(lambda: locked.shown("search"))
    locked.settle()
    assert locked.place.staff.name == "A. Verma"
    assert not (day.home / "recovering.json").exists()
    # the records central has not confirmed, on a stick
    day.cut()
    locked.press(Qt.Key.Key_F6)
    locked.settle()
    press(locked, "carrying-open")
    carrying(locked).write(tmp_path / "desk.records")
    locked.until(lambda: "in desk.records" in locked.seen() or "nothing to take" in locked.seen())
    carrying(locked).bring(tmp_path / "nothing.records")
    locked.until(lambda: "cannot be read" in locked.seen())
    carrying(locked).receive(tmp_path / "desk.request")
    locked.until(lambda: "no receipts" in locked.seen())
    locked.settle()
    locked.escape()
    assert not locked.find(QWidget, "carrying-back").isVisible()


def test_what_is_missing_is_said_at_its_field_and_a_request_goes_only_when_asked_twice(
    day: Day, locked: Hands, tmp_path: Path
) -> None:
    press(locked, "forgotten")
    press(locked, "recovery-begin-go")
    assert "Say who will be in charge" in locked.seen()
    locked.write("R. Sharma")
    for _ in range(2):
        locked.enter()
        locked.write(NEW)
    locked.enter()
    locked.until(lambda: "There is a R. Sharma" in locked.seen())
    locked.settle()
    locked.find(QLineEdit, "recovery-name").setFocus()
    locked.write(" 2026")
    for name in ("recovery-passphrase-first", "recovery-passphrase-second"):
        field = locked.find(QLineEdit, name)
        field.clear()
        field.setFocus()
        locked.write(NEW)
    locked.enter()
    locked.until(lambda: locked.shown("recovery-digits"))
    locked.settle()
    press(locked, "recovery-wait-go")
    assert "Choose the file" in locked.seen()
    screen(locked).save_to(tmp_path / "one.request")
    locked.settle()
    screen(locked).save_to(tmp_path / "one.request")
    locked.until(lambda: "there already" in locked.seen())
    locked.settle()
    press(locked, "recovery-anew")
    assert (day.home / "recovering.json").exists()
    press(locked, "recovery-anew")
    locked.until(lambda: not (day.home / "recovering.json").exists())
    locked.settle()
    (day.home / "recovering.json").write_text("{")
    locked.escape()
    press(locked, "forgotten")
    assert "cannot be read" in locked.seen()
    press(locked, "recovery-anew")
    locked.until(lambda: not (day.home / "recovering.json").exists())
    locked.settle()
