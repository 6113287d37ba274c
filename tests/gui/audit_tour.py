"""Past who saw or did what, in every state worth a look: a part of the evening's tour."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from tests.support.window import Hands

Stop = Callable[[str], None]


def audit_tour(hands: Hands, stop: Stop) -> None:
    """A day, one person, who looked people up."""
    hands.press(Qt.Key.Key_F12, Qt.KeyboardModifier.ControlModifier)
    hands.until(lambda: hands.shown("audit-list"))
    hands.settle()
    while not hands.shown("audit-only"):
        hands.press(Qt.Key.Key_Down)
    stop("audit")
    hands.find(QAbstractButton, "audit-only").click()
    hands.until(lambda: hands.shown("audit-all") and hands.shown("audit-list"))
    stop("audit-only")
    hands.escape()
    hands.until(lambda: not hands.shown("audit-all") and hands.shown("audit-list"))
    hands.press(Qt.Key.Key_Right)
    hands.settle()
    stop("audit-looks")
    hands.press(Qt.Key.Key_Left)
