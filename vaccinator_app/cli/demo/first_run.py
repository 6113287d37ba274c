"""The machine's first hour: enrolled from a file, its first list brought, a colleague added (DESIGN 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView

from vaccinator_app.cli.demo.hands import Hands, NothingHappened

_ENTER, _TAB = Qt.Key.Key_Return, Qt.Key.Key_Tab

Picture = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """What is typed: the machine's name, the in-charge's and a vaccinator's, and what each of them chose."""

    machine: str
    in_charge: str
    in_charge_passphrase: str
    vaccinator: str
    passphrase: str


def enrol(hands: Hands, who: Newcomers, picture: Picture) -> None:
    """From the file that was named when the program started to the first list; then on to the staff."""
    hands.until(lambda: hands.sees("first-run-facts"), "the enrolment file was not taken")
    picture("first-run-file")
    hands.press(_ENTER)
    hands.until(lambda: not hands.sees("first-run-facts"), "the connection was not checked")
    _reach(hands, "first-run-go")
    picture("first-run-connection")
    hands.press(_ENTER)
    _reach(hands, "first-run-machine")
    hands.write(who.machine)
    hands.press(_ENTER)
    hands.write(who.in_charge)
    hands.press(_ENTER)
    hands.write(who.in_charge_passphrase)
    hands.press(_ENTER)
    hands.write(who.in_charge_passphrase)
    picture("first-run-in-charge")
    hands.press(_ENTER)
    _reach(hands, "first-run-read")
    hands.press(Qt.Key.Key_Space)
    picture("first-run-recovery")
    hands.press(_ENTER)
    hands.until(lambda: hands.sees("first-run-expected"), "central did not take the machine in")
    picture("first-run-done")
    hands.press(_ENTER)


def add_colleague(hands: Hands, who: Newcomers, picture: Picture) -> None:
    """At the Staff screen, which the first run led to."""
    hands.until(lambda: hands.sees("staff-list"), "the staff did not come")
    before = hands.find(QAbstractItemView, "staff-list").model().rowCount()
    hands.press(Qt.Key.Key_Insert)
    _reach(hands, "add-name")
    hands.write(who.vaccinator)
    hands.press(_ENTER)
    hands.press(_ENTER)
    _reach(hands, "add-passphrase-first")
    hands.write(who.passphrase)
    hands.press(_ENTER)
    hands.write(who.passphrase)
    picture("colleague-new")
    hands.press(_ENTER)
    hands.until(
        lambda: hands.find(QAbstractItemView, "staff-list").model().rowCount() > before, "the colleague was not added"
    )
    picture("staff")


def _reach(hands: Hands, name: str) -> None:
    """Wait until the next key goes to ``name``."""

    def there() -> bool:
        focused = hands.focused()
        return focused is not None and focused.objectName() == name

    try:
        hands.until(there, "")
    except NothingHappened:
        raise NothingHappened(f"the next key does not go to {name}") from None
