"""A passphrase that somebody chooses: typed twice, unseen, judged in words while the keys go on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.new_passphrase import NewPassphrase

GOATS = "lamp river seven mango"


@pytest.fixture
def asked(kit: Kit, qtbot: QtBot) -> Iterator[NewPassphrase]:
    tasks = Tasks(lambda error: pytest.fail(str(error)))
    made = NewPassphrase(kit, tasks)
    qtbot.addWidget(made)
    made.show()
    made.begin(["Sunita Devi"])
    made.take_focus()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    tasks.close()


def part(asked: NewPassphrase, name: str) -> QLineEdit:
    found = asked.findChild(QLineEdit, f"passphrase-{name}")
    assert isinstance(found, QLineEdit)
    return found


def words(asked: NewPassphrase) -> str:
    """Every word that is shown."""
    return " | ".join(label.text() for label in asked.findChildren(QLabel) if label.isVisible())


def type_both(asked: NewPassphrase, first: str, second: str) -> None:
    QTest.keyClicks(part(asked, "first"), first)
    QTest.keyClick(part(asked, "first"), Qt.Key.Key_Return)
    QTest.keyClicks(part(asked, "second"), second)


def test_both_fields_by_keys_alone(asked: NewPassphrase, qtbot: QtBot) -> None:
    said: list[str | None] = []
    asked.entered.connect(lambda: said.append(asked.take()))
    type_both(asked, GOATS, GOATS)

    QTest.keyClick(part(asked, "second"), Qt.Key.Key_Return)

    assert said == [GOATS]
    assert {part(asked, name).displayText() for name in ("first", "second")} == {"●" * len(GOATS)}


def test_what_it_is_worth_is_said_in_words_in_both_languages(asked: NewPassphrase, kit: Kit, qtbot: QtBot) -> None:
    assert "three or four words" in words(asked)
    QTest.keyClicks(part(asked, "first"), "goats")
    assert "At least 8 characters: 3 more." in words(asked)

    QTest.keyClicks(part(asked, "first"), " sunita devi")
    qtbot.waitUntil(lambda: "Would be guessed in" in words(asked))
    part(asked, "first").clear()
    QTest.keyClicks(part(asked, "first"), GOATS)
    qtbot.waitUntil(lambda: "Strength 4 of 4: strong" in words(asked))
    assert "Strong: guessing it would take" in part(asked, "first").accessibleDescription()

    kit.words.set_language("hi")
    assert "मज़बूत" in words(asked)
    assert "मज़बूत" in part(asked, "first").accessibleDescription()


def test_what_cannot_be_taken_is_said_at_its_field(asked: NewPassphrase) -> None:
    assert asked.take() is None
    assert "Type a passphrase of at least 8 characters." in words(asked)

    type_both(asked, GOATS, GOATS + "s")
    assert asked.take() is None
    assert "The two are not the same." in words(asked)
    assert part(asked, "second").hasFocus()
    assert part(asked, "second").text() == ""


def test_nothing_goes_to_the_clipboard_or_comes_from_there(asked: NewPassphrase, qapp: QWidget) -> None:
    board = QGuiApplication.clipboard()
    board.setText("what the last person copied")
    first = part(asked, "first")
    QTest.keyClicks(first, GOATS)
    for key in ("Ctrl+A", "Ctrl+C", "Ctrl+X", "Ctrl+V", "Shift+Ins"):
        QTest.keySequence(first, key)
    QTest.mouseClick(first, Qt.MouseButton.MiddleButton)

    assert board.text() == "what the last person copied"
    assert first.text() == GOATS
    assert "Please type it." in words(asked)


def test_it_is_seen_while_the_button_is_pressed_and_never_longer(asked: NewPassphrase) -> None:
    show = asked.findChild(QPushButton, "passphrase-show")
    assert isinstance(show, QPushButton)
    QTest.keyClicks(part(asked, "first"), GOATS)
    show.setFocus()

    QTest.keyPress(show, Qt.Key.Key_Space)
    assert GOATS in words(asked)
    QTest.keyRelease(show, Qt.Key.Key_Space)
    assert not any(GOATS in label.text() for label in asked.findChildren(QLabel))


def test_hidden_it_forgets(asked: NewPassphrase) -> None:
    QTest.keyClicks(part(asked, "first"), GOATS)
    asked.hide()

    assert part(asked, "first").text() == ""
