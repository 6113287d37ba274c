"""What stands on the desk's window reaches no clipboard, by keys, by a menu or by being selected (DESIGN 9.4)."""

from __future__ import annotations

import json
import stat

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPlainTextEdit, QPushButton

from tests.support.window import Hands

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


def test_nothing_of_the_window_is_copied_and_no_label_can_be_selected(hands: Hands) -> None:
    board = QGuiApplication.clipboard()
    board.setText("from elsewhere")
    handle = hands.window.windowHandle()
    assert handle is not None
    hands.write("sunita")
    field = hands.find(QLineEdit, "search")
    hands.press(Qt.Key.Key_A, CONTROL)
    assert field.selectedText() == "sunita"
    for key, modifier in (
        (Qt.Key.Key_C, CONTROL),
        (Qt.Key.Key_X, CONTROL),
        (Qt.Key.Key_Insert, CONTROL),
        (Qt.Key.Key_Delete, SHIFT),
    ):
        QTest.keyClick(handle, key, modifier)
    where = field.mapTo(hands.window, field.rect().center())
    QTest.mouseClick(handle, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, where)
    assert QApplication.activePopupWidget() is None
    assert (field.text(), board.text()) == ("sunita", "from elsewhere")
    hands.press(Qt.Key.Key_V, CONTROL)
    assert field.text() == "from elsewhere"

    labels = hands.window.findChildren(QLabel)
    assert len(labels) > 10
    assert not [label.text() for label in labels if label.textInteractionFlags() & SELECTABLE]


def test_what_the_look_is_kept_in_is_this_accounts_alone_and_names_nobody(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F8)
    file = hands.place.home / "settings.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(json.loads(file.read_text("utf-8"))) == {"language", "mode", "large", "sound"}
    others = [path for path in file.parent.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert others == []


def test_the_licences_are_a_click_away_from_the_help_and_to_be_read_by_keys(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F1)
    QTest.mouseClick(hands.find(QPushButton, "help-licences"), Qt.MouseButton.LeftButton)
    parts, text = hands.find(QListWidget, "licences"), hands.find(QPlainTextEdit, "licence")
    assert hands.focused() == "licences"
    names = [parts.item(row).text().split("  ")[0] for row in range(parts.count())]
    while not parts.item(parts.currentRow()).text().startswith("SQLCipher"):
        QTest.keyClick(parts, Qt.Key.Key_Down)
    assert "ZETETIC" in text.toPlainText()
    assert {"OpenSSL", "Qt", "typst", "zxcvbn"} <= set(names)
    hands.press(Qt.Key.Key_F1)
    hands.press(Qt.Key.Key_F1)
    assert not hands.shown("licences")
