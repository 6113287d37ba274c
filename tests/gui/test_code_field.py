"""The field for the security code: what it takes, and everything it must not give away (DESIGN 9.4)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAccessible,
    QClipboard,
    QContextMenuEvent,
    QDropEvent,
    QImage,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.gui.widgets.code_field import CodeField
from vaccinator_app.gui.widgets.kit import Kit


class Parent(QWidget):
    """Hears the keys that a widget inside passes up."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[int] = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.heard.append(event.key())


@pytest.fixture
def parent(qtbot: QtBot) -> Parent:
    widget = Parent()
    qtbot.addWidget(widget)
    QVBoxLayout(widget)
    return widget


@pytest.fixture
def code(kit: Kit, qtbot: QtBot, parent: Parent) -> CodeField:
    field = CodeField(kit)
    layout = parent.layout()
    assert layout is not None
    layout.addWidget(field)
    parent.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    return field


def _shown(widget: QWidget) -> QImage:
    return widget.grab().toImage()


@pytest.mark.parametrize("typed", ["1234", "१२३४", "１２３４", "১২৩৪", "1२３4"])
def test_digits_of_any_script_make_the_code(qtbot: QtBot, code: CodeField, typed: str) -> None:
    for digit in typed:
        QTest.sendKeyEvent(QTest.KeyAction.Click, code, Qt.Key.Key_unknown, digit, Qt.KeyboardModifier.NoModifier)

    assert code.count == 4
    with qtbot.waitSignal(code.completed) as heard:
        QTest.keyClick(code, Qt.Key.Key_Return)
    assert heard.args == ["1234"]


def test_the_keypad_and_its_enter_work_too(qtbot: QtBot, code: CodeField) -> None:
    for digit in "0907":
        QTest.sendKeyEvent(QTest.KeyAction.Click, code, Qt.Key.Key_0, digit, Qt.KeyboardModifier.KeypadModifier)

    with qtbot.waitSignal(code.completed) as heard:
        QTest.keyClick(code, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert heard.args == ["0907"]


def test_it_is_empty_before_anybody_hears_the_code(qtbot: QtBot, code: CodeField) -> None:
    seen: list[tuple[str, int, bytes]] = []
    code.completed.connect(lambda digits: seen.append((digits, code.count, bytes(code._digits))))

    QTest.keyClicks(code, "4071")
    code.submit()

    assert seen == [("4071", 0, bytes(4))]
    assert code.text() == ""


@pytest.mark.parametrize("how", ["clear", "hide", "lock"])
def test_what_was_typed_is_overwritten(qtbot: QtBot, code: CodeField, parent: Parent, how: str) -> None:
    QTest.keyClicks(code, "407")
    buffer = code._digits
    assert bytes(buffer) == b"407\x00"

    {"clear": code.clear_code, "hide": code.hide, "lock": parent.hide}[how]()

    assert buffer is code._digits
    assert bytes(buffer) == bytes(4)
    assert code.count == 0


def test_the_line_edit_underneath_holds_only_dots(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "407")

    assert code.text() == "•••"
    code.undo()
    code.redo()
    assert not set(code.text()) & set("0123456789")


def test_backspace_takes_back_and_overwrites_one(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "407")
    QTest.keyClick(code, Qt.Key.Key_Backspace)
    QTest.keyClicks(code, "8")

    assert bytes(code._digits) == b"408\x00"
    for _ in range(5):
        QTest.keyClick(code, Qt.Key.Key_Backspace)
    assert (bytes(code._digits), code.count) == (bytes(4), 0)


def test_a_fifth_digit_is_no_part_of_a_code_and_says_so(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "12345")
    assert bytes(code._digits) == b"1234"

    with qtbot.assertNotEmitted(code.completed), qtbot.waitSignal(code.incomplete) as heard:
        QTest.keyClick(code, Qt.Key.Key_Return)
    assert heard.args == [5]
    assert (code.count, bytes(code._more)) == (0, b"")


def test_a_fifth_digit_is_taken_back_first(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "12345")
    QTest.keyClick(code, Qt.Key.Key_Backspace)

    with qtbot.waitSignal(code.completed) as heard:
        QTest.keyClick(code, Qt.Key.Key_Return)
    assert heard.args == ["1234"]


def test_a_slip_scanned_into_it_is_handed_on_whole(qtbot: QtBot, code: CodeField) -> None:
    digits = "71" + "0" * 65
    QTest.keyClicks(code, digits)

    with qtbot.assertNotEmitted(code.completed), qtbot.waitSignal(code.scanned) as heard:
        QTest.keyClick(code, Qt.Key.Key_Return)
    assert heard.args == [digits]
    assert (code.count, bytes(code._more)) == (0, b"")


def test_enter_too_soon_says_how_many_and_keeps_them(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "40")

    with qtbot.assertNotEmitted(code.completed), qtbot.waitSignal(code.incomplete) as heard:
        QTest.keyClick(code, Qt.Key.Key_Return)
    assert heard.args == [2]
    assert code.count == 2


def test_keys_that_are_not_its_own_pass_up(qtbot: QtBot, code: CodeField, parent: Parent) -> None:
    keys = [Qt.Key.Key_Escape, Qt.Key.Key_A, Qt.Key.Key_Slash, Qt.Key.Key_F1, Qt.Key.Key_Delete, Qt.Key.Key_Left]
    for key in keys:
        QTest.keyClick(code, key)
    assert parent.heard == keys

    QTest.sendKeyEvent(QTest.KeyAction.Click, code, Qt.Key.Key_unknown, "²", Qt.KeyboardModifier.NoModifier)
    QTest.sendKeyEvent(QTest.KeyAction.Click, code, Qt.Key.Key_1, "1", Qt.KeyboardModifier.ControlModifier)

    assert Qt.Key.Key_unknown in parent.heard
    assert Qt.Key.Key_1 in parent.heard
    assert code.count == 0


def test_shortcuts_of_the_window_work_from_it_and_digits_stay_its_own(
    qtbot: QtBot, code: CodeField, parent: Parent
) -> None:
    pressed: list[str] = []
    for keys in ("Esc", "F5", "Ctrl+L", "/", "1"):
        QShortcut(QKeySequence(keys), parent).activated.connect(lambda name=keys: pressed.append(name))
    parent.activateWindow()
    qtbot.waitUntil(parent.isActiveWindow)

    for key in (Qt.Key.Key_Escape, Qt.Key.Key_F5, Qt.Key.Key_Slash, Qt.Key.Key_1):
        QTest.keyClick(code, key)
    QTest.keyClick(code, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)

    assert pressed == ["Esc", "F5", "/", "Ctrl+L"]
    assert code.count == 1


def test_the_clipboard_gets_nothing_and_gives_nothing(qtbot: QtBot, code: CodeField, qapp: QApplication) -> None:
    clipboard = qapp.clipboard()
    clipboard.setText("9999")
    QTest.keyClicks(code, "407")
    code.selectAll()
    control = Qt.KeyboardModifier.ControlModifier
    for key in (Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_V, Qt.Key.Key_Insert):
        QTest.keyClick(code, key, control)
    QTest.keyClick(code, Qt.Key.Key_Insert, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(code, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    code.copy()
    code.cut()

    assert clipboard.text() == "9999"
    assert bytes(code._digits) == b"407\x00"

    code.paste()
    assert bytes(code._digits) == b"407\x00"


def test_the_mouse_selects_nothing_and_pastes_nothing(qtbot: QtBot, code: CodeField, qapp: QApplication) -> None:
    qapp.clipboard().setText("9999", QClipboard.Mode.Clipboard)
    QTest.keyClicks(code, "40")
    middle = code.rect().center()

    QTest.mouseDClick(code, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseClick(code, Qt.MouseButton.MiddleButton, pos=middle)
    QTest.mousePress(code, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    QTest.mouseMove(code, pos=middle)
    QTest.mouseRelease(code, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseClick(code, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(1, 1))
    QTest.mouseClick(code, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, code.rect().bottomRight())

    assert not code.hasSelectedText()
    assert (bytes(code._digits), code.text()) == (b"40\x00\x00", "••")


def test_nothing_can_be_dropped_into_it_and_no_menu_opens(qtbot: QtBot, code: CodeField, qapp: QApplication) -> None:
    data = QMimeData()
    data.setText("1234")
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    qapp.sendEvent(code, drop)
    qapp.sendEvent(code, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(5, 5)))

    assert not code.acceptDrops()
    assert code.count == 0
    assert code.text() == ""
    assert QApplication.activePopupWidget() is None


def test_input_methods_see_nothing(qtbot: QtBot, code: CodeField, qapp: QApplication) -> None:
    hints = code.inputMethodHints()
    for hint in (
        Qt.InputMethodHint.ImhHiddenText,
        Qt.InputMethodHint.ImhSensitiveData,
        Qt.InputMethodHint.ImhNoPredictiveText,
    ):
        assert hints & hint
    assert not code.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    committed = QInputMethodEvent()
    committed.setCommitString("1234")
    qapp.sendEvent(code, committed)

    assert (code.count, code.text()) == (0, "")


def test_screen_readers_hear_how_many_digits_and_never_which(qtbot: QtBot, code: CodeField, kit: Kit) -> None:
    assert code.accessibleName() == "Security code, 0 of 4 digits"
    QTest.keyClicks(code, "40")

    reader = QAccessible.queryAccessibleInterface(code)
    assert reader.role() == QAccessible.Role.EditableText
    assert reader.state().passwordEdit
    assert code.accessibleName() == "Security code, 2 of 4 digits"
    assert not set("40") & set(reader.text(QAccessible.Text.Value))
    kit.words.set_language("hi")
    assert code.accessibleName() == "सुरक्षा कोड, 4 में से 2 अंक"


def test_it_shows_a_dot_for_each_digit_whichever_it_is(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "40")
    one = _shown(code)
    code.clear_code()
    empty = _shown(code)
    QTest.keyClicks(code, "17")

    assert one != empty
    assert _shown(code) == one


def test_a_wrong_code_is_drawn_until_the_next_digit(qtbot: QtBot, code: CodeField) -> None:
    resting = _shown(code)
    code.set_wrong(True)
    assert _shown(code) != resting

    QTest.keyClicks(code, "1")
    QTest.keyClick(code, Qt.Key.Key_Backspace)
    assert _shown(code) == resting


def test_enter_and_digits_are_taken_before_any_shortcut(code: CodeField, qapp: QApplication) -> None:
    for key, text, ours in (
        (Qt.Key.Key_Return, "\r", True),
        (Qt.Key.Key_7, "7", True),
        (Qt.Key.Key_V, "\x16", False),
        (Qt.Key.Key_Escape, "\x1b", False),
    ):
        modifiers = Qt.KeyboardModifier.ControlModifier if key == Qt.Key.Key_V else Qt.KeyboardModifier.NoModifier
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers, text)
        event.ignore()
        qapp.sendEvent(code, event)
        assert event.isAccepted() is ours, key
