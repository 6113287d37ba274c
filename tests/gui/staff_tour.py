"""Past the staff of a centre, in every state worth a look: a part of the tour in `pictures`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tests.support.central import PASSPHRASE
from tests.support.window import Day, Hands

Stop = Callable[[str], None]

CONTROL = Qt.KeyboardModifier.ControlModifier
WORDS = "lamp river seven mango"


def as_in_charge(hands: Hands) -> None:
    """Lock, choose the first name, unlock."""
    hands.press(Qt.Key.Key_L, CONTROL)
    hands.until(lambda: hands.window.locked)
    hands.press(Qt.Key.Key_Up)
    hands.unlock(PASSPHRASE)


def to_staff(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F11, CONTROL)
    hands.settle()
    assert hands.shown("colleague")


def fill_in(hands: Hands, name: str, passphrase: str, *, verifier: bool = False) -> None:
    """The form of a new colleague, from its first field on."""
    hands.write(name)
    hands.enter()
    if verifier:
        hands.press(Qt.Key.Key_Down)
    hands.enter()
    type_twice(hands, passphrase)


def type_twice(hands: Hands, passphrase: str) -> None:
    """A new passphrase, and Enter behind it."""
    for _ in range(2):
        hands.write(passphrase)
        hands.enter()


def add(hands: Hands, name: str, passphrase: str = WORDS, *, verifier: bool = False) -> None:
    """Everything from the list to the sheet of somebody new."""
    hands.press(Qt.Key.Key_Insert)
    fill_in(hands, name, passphrase, verifier=verifier)
    hands.until(lambda: name in hands.said("colleague-name"))
    hands.settle()


def hint_stands(hands: Hands, name: str) -> None:
    """The judgement of a passphrase has come."""
    hands.until(lambda: "guess" in hands.said(name) or "अंदाज़ा" in hands.said(name))


def disable(hands: Hands, why: str = "1") -> None:
    """Both steps, for whoever is chosen."""
    hands.press(Qt.Key.Key_Delete)
    hands.write(why)
    hands.write("2")
    hands.settle()


def staff(day: Day, hands: Hands, stop: Stop) -> None:
    """The list, somebody new, a passphrase that is none, a new one for somebody, somebody disabled."""
    as_in_charge(hands)
    to_staff(hands)
    stop("staff")
    hands.press(Qt.Key.Key_Insert)
    stop("staff-add")
    hands.write("Meena Kumari")
    hands.enter()
    hands.press(Qt.Key.Key_Down)
    hands.enter()
    hands.write("meena rampur 2026")
    hint_stands(hands, "add-passphrase-hint")
    stop("staff-add-weak")
    hands.escape()
    add(hands, "Meena Kumari", verifier=True)
    stop("staff-added")
    hands.press(Qt.Key.Key_Insert)
    hands.enter()
    hands.enter()
    hands.write("devi 1987 ")
    hint_stands(hands, "add-passphrase-hint")
    hands.enter()
    hands.write("devi 1988")
    hands.find(QWidget, "add-go").setFocus()
    hands.enter()
    stop("staff-add-wrong")
    hands.escape()
    hands.press(Qt.Key.Key_Home)
    hands.press(Qt.Key.Key_Delete)
    stop("staff-not-yourself")
    hands.press(Qt.Key.Key_End)
    assert hands.said("colleague-name") == "Meena Kumari"
    hands.press(Qt.Key.Key_Delete)
    stop("staff-disable-why")
    hands.write("1")
    stop("staff-disable-sure")
    hands.write("2")
    hands.settle()
    stop("staff-disabled")


def verifier(day: Day, hands: Hands, stop: Stop) -> None:
    """What stands where a vaccinator would go on; then the desk is handed over."""
    add(hands, "Asha Rani", verifier=True)
    hands.press(Qt.Key.Key_L, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    stop("hand-over")
    offered = QApplication.activePopupWidget()
    assert isinstance(offered, QMenu)
    place = next(place for place, one in enumerate(offered.actions(), 1) if "Asha Rani" in one.text())
    QTest.keyClick(offered, Qt.Key(ord(str(place))))
    hands.until(lambda: hands.window.locked and hands.focused() == "passphrase")
    stop("handed-over")
    hands.unlock(WORDS)
    hands.write("ram")
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    stop("verifier-visit")
    hands.escape()
    hands.settle()
    hands.press(Qt.Key.Key_F10)
    hands.settle()
    stop("verifier-stock")
    hands.press(Qt.Key.Key_F3)
