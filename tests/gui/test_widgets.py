"""The parts of the screens: the code that cannot leak, words that follow, names for screen readers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QClipboard,
    QColor,
    QContextMenuEvent,
    QDropEvent,
    QImage,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QShortcut,
)
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.theme import Mode, Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.chip import RECORD_LOOKS, STEP_LOOKS, VISIT_LOOKS, Chip, chip_size, paint_chip
from vaccinator_app.gui.widgets.choice import Choice
from vaccinator_app.gui.widgets.clock import ObservationClock, paint_ring, remaining
from vaccinator_app.gui.widgets.code_field import CodeField
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.status_strip import StatusStrip
from vaccinator_app.gui.widgets.step_row import StepRow
from vaccinator_app.gui.widgets.text import Text

NOW = Message.of("chip.now")
SAVED = Message.of("record.saved")


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


# The code field


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


def test_a_fifth_digit_is_not_taken(qtbot: QtBot, code: CodeField) -> None:
    QTest.keyClicks(code, "12345")

    assert bytes(code._digits) == b"1234"


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


# Words on the screen


def test_words_follow_the_language(kit: Kit, qtbot: QtBot) -> None:
    text, button = Text(kit, NOW), Button(kit, SAVED)
    field = Field(kit, NOW, hint=SAVED)
    for widget in (text, button, field):
        qtbot.addWidget(widget)
    field.set_error(NOW)

    kit.words.set_language("hi")

    saved = "इस डेस्क पर सहेजा गया; केंद्रीय सर्वर की पुष्टि बाकी।"
    assert (text.text(), text.accessibleName()) == ("अभी", "अभी")
    assert (button.text(), button.accessibleName()) == (saved, saved)
    assert field.editor.accessibleName() == "अभी"
    assert field.editor.accessibleDescription() == "अभी"
    assert field.editor.placeholderText() == saved


def test_a_name_is_never_read_as_html(kit: Kit, qtbot: QtBot) -> None:
    text = Text(kit, "<b>Ram</b> & <img src=x>", elide=True)
    qtbot.addWidget(text)
    text.resize(40, 20)
    text.show()

    assert text.textFormat() is Qt.TextFormat.PlainText
    assert text.accessibleName() == "<b>Ram</b> & <img src=x>"
    assert not GuiQt.mightBeRichText(text.toolTip())


def test_a_long_name_is_shortened_and_whole_in_the_tooltip(kit: Kit, qtbot: QtBot) -> None:
    name = "Sunita " * 43
    text = Text(kit, name, elide=True, size=Size.TITLE, strong=True)
    qtbot.addWidget(text)
    text.resize(200, 40)
    text.show()

    assert text.text().endswith("…")
    assert text.fontMetrics().horizontalAdvance(text.text()) <= 200
    assert text.toolTip() == name
    assert text.minimumSizeHint().width() < 50

    text.say("Ram")
    assert (text.text(), text.toolTip()) == ("Ram", "")
    assert text.sizeHint().width() >= text.fontMetrics().horizontalAdvance("Ram")


def test_a_tone_changes_the_colour(kit: Kit, qtbot: QtBot) -> None:
    text = Text(kit, NOW, strong=True)
    qtbot.addWidget(text)
    text.show()
    text.set_tone("stop")
    text.ensurePolished()

    assert text.palette().color(text.foregroundRole()) == kit.theme.color("stop")


def test_words_grow_with_large_text(kit: Kit, qtbot: QtBot, qapp: QApplication) -> None:
    widgets = [Text(kit, NOW, size=Size.LEAD), Button(kit, NOW), Chip(kit, VISIT_LOOKS["now"]), CodeField(kit)]
    for widget in widgets:
        qtbot.addWidget(widget)
    before = [widget.sizeHint() for widget in widgets]

    kit.theme.apply(qapp, Mode.LIGHT, large=True)

    for widget, size in zip(widgets, before, strict=True):
        assert widget.sizeHint().width() > size.width()
        assert widget.sizeHint().height() > size.height()


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("language", ["en", "hi"])
def test_matras_are_not_cut_off(
    kit: Kit, qtbot: QtBot, qapp: QApplication, size: Size, language: str, *, large: bool
) -> None:
    """The same words with room around them show the same ink."""
    kit.theme.apply(qapp, Mode.LIGHT, large=large)
    kit.words.set_language(language)
    text = Text(kit, "श्रीमती हूँ र्कि ट्ठू द्धृ", size=size, strong=True)
    qtbot.addWidget(text)
    text.setAlignment(Qt.AlignmentFlag.AlignVCenter)
    hint = text.sizeHint()
    text.resize(hint)
    text.show()
    tight = _ink(text)
    text.resize(hint + QSize(0, 40))

    assert _ink(text) == tight


def _ink(text: Text) -> int:
    image = _shown(text)
    ground = image.pixelColor(image.width() - 1, 0).rgb()
    return sum(image.pixelColor(x, y).rgb() != ground for x in range(image.width()) for y in range(image.height()))


# Buttons


def test_enter_presses_a_button_once(kit: Kit, qtbot: QtBot) -> None:
    button = Button(kit, NOW, key="F5")
    qtbot.addWidget(button)
    pressed: list[str] = []
    button.clicked.connect(lambda: pressed.append("pressed"))
    button.show()

    QTest.keyClick(button, Qt.Key.Key_Return)
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", autorep=True)
    QApplication.sendEvent(button, held)

    assert len(pressed) == 1
    assert button.toolTip() == "F5"


def test_an_ampersand_is_no_shortcut(kit: Kit, qtbot: QtBot) -> None:
    button = Button(kit, Message.of("clock.left", span="A & B"))
    qtbot.addWidget(button)

    assert button.text() == "A && B left"
    assert button.accessibleName() == "A & B left"


def test_the_primary_button_shows_its_key_beside_the_words(kit: Kit, qtbot: QtBot) -> None:
    bare, keyed = PrimaryButton(kit, NOW), PrimaryButton(kit, NOW, key="Enter")
    for button in (bare, keyed):
        qtbot.addWidget(button)
        button.show()
    room = keyed.minimumSizeHint().width() - bare.minimumSizeHint().width()

    assert room >= 2 * keyed.fontMetrics().horizontalAdvance("Enter")
    bare.resize(keyed.minimumSizeHint())
    keyed.resize(keyed.minimumSizeHint())
    assert _shown(bare) != _shown(keyed)


# Chips


@pytest.mark.parametrize("looks", [VISIT_LOOKS, STEP_LOOKS, RECORD_LOOKS])
def test_chips_say_what_they_show(kit: Kit, qtbot: QtBot, looks: dict[str, object]) -> None:
    for look in {**VISIT_LOOKS, **STEP_LOOKS, **RECORD_LOOKS}.values():
        chip = Chip(kit, look)
        qtbot.addWidget(chip)
        assert chip.accessibleName() == kit.words.t(look.key)
    assert looks


def test_states_of_domain_and_desk_all_have_a_look() -> None:
    from vaccinator_app.desk.visit_view import StepState
    from vaccinator_app.domain.visits import VisitState

    assert {str(state) for state in VisitState} <= set(VISIT_LOOKS)
    assert {str(state) for state in StepState} <= set(STEP_LOOKS)


def test_states_differ_without_colour(kit: Kit) -> None:
    for looks in (VISIT_LOOKS, STEP_LOOKS, RECORD_LOOKS):
        drawn: list[QImage] = []
        for look in looks.values():
            image = QImage(240, 36, QImage.Format.Format_ARGB32)
            image.fill(kit.theme.color("surface"))
            painter = QPainter(image)
            paint_chip(painter, QRectF(0, 0, 240, 36), kit, look)
            painter.end()
            drawn.append(image.convertToFormat(QImage.Format.Format_Mono))
        assert all(one != other for place, one in enumerate(drawn) for other in drawn[:place])


def test_a_chip_keeps_to_its_box(kit: Kit) -> None:
    look = RECORD_LOOKS["confirmed"]
    image = QImage(200, 36, QImage.Format.Format_ARGB32)
    image.fill(kit.theme.color("surface"))
    painter = QPainter(image)
    whole = paint_chip(painter, QRectF(0, 0, 400, 36), kit, look)
    image.fill(kit.theme.color("surface"))
    narrow = paint_chip(painter, QRectF(4, 0, 100, 36), kit, look)
    painter.end()

    assert whole.size().toSize() == chip_size(kit, look)
    assert narrow.right() <= 104
    assert all(
        image.pixelColor(x, y) == kit.theme.color("surface") for x in range(105, 200) for y in range(image.height())
    )
    assert narrow.center().y() == pytest.approx(18, abs=1)


def test_a_chip_shows_another_state(kit: Kit, qtbot: QtBot) -> None:
    chip = Chip(kit, RECORD_LOOKS["saved"])
    qtbot.addWidget(chip)
    chip.show()
    saved = _shown(chip)
    chip.show_look(RECORD_LOOKS["confirmed"])
    chip.adjustSize()

    assert _shown(chip) != saved
    assert chip.accessibleName() == "Confirmed by central"


# Steps, clocks, the rest


def test_a_step_says_number_name_state_and_why(kit: Kit, qtbot: QtBot) -> None:
    step = StepRow(kit, 3, Message.of("chip.saved"))
    qtbot.addWidget(step)
    step.show()
    assert step.accessibleName() == "Saved on this desk. Later"
    assert not step._why.isVisible()

    step.show_state("now", Message.of("code.does_not_match", n=1))

    why = "Code does not match. Ask to see the SMS or slip again. 1 try left"
    assert step.accessibleName() == f"Saved on this desk. Now. {why}"
    assert step._why.isVisible()
    assert step.state == "now"
    kit.words.set_language("hi")
    assert step.accessibleName().startswith("इस डेस्क पर सहेजा गया. अभी. कोड मेल नहीं खाता")


@pytest.mark.parametrize(
    ("state", "tone", "expected"),
    [("passed", "", "quiet"), ("stopped", "", "stop"), ("attention", "", "attention"), ("now", "stop", "stop")],
)
def test_the_sentence_of_a_step_takes_the_colour_of_its_weight(
    kit: Kit, qtbot: QtBot, state: str, tone: str, expected: str
) -> None:
    step = StepRow(kit, 1, NOW)
    qtbot.addWidget(step)
    step.show_state(state, SAVED, tone=tone)

    assert step._why.property("tone") == expected


def test_a_step_holds_its_controls_under_its_name(kit: Kit, qtbot: QtBot) -> None:
    step, field = StepRow(kit, 3, NOW), CodeField(kit)
    qtbot.addWidget(step)
    step.set_controls(field)
    step.resize(480, step.sizeHint().height())
    step.show()

    assert field.x() == step._name.x()
    assert field.y() > step._name.y()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(minutes=30), "30 min left"),
        (timedelta(minutes=12, seconds=1), "13 min left"),
        (timedelta(seconds=1), "1 min left"),
        (timedelta(0), "30 minutes over. May go."),
        (timedelta(seconds=-90), "30 minutes over. May go."),
    ],
)
def test_nobody_is_let_go_early(kit: Kit, qtbot: QtBot, left: timedelta, said: str) -> None:
    clock = ObservationClock(kit)
    qtbot.addWidget(clock)
    clock.set_left(left)

    assert clock.accessibleName() == said
    assert kit.words.say(remaining(left)) == said


def test_the_ring_shows_how_much_is_left(kit: Kit) -> None:
    drawn = []
    for minutes in (30, 20, 10, 0):
        image = QImage(48, 48, QImage.Format.Format_ARGB32)
        image.fill(kit.theme.color("surface"))
        painter = QPainter(image)
        paint_ring(painter, QRectF(0, 0, 48, 48), kit, timedelta(minutes=minutes))
        painter.end()
        text = kit.theme.color("text").name()
        drawn.append(sum(image.pixelColor(x, y).name() == text for x in range(48) for y in range(48)))

    assert drawn[0] > drawn[1] > drawn[2] > 0


def test_an_empty_state_says_what_will_appear(kit: Kit, qtbot: QtBot) -> None:
    empty = EmptyState(kit, "queue", SAVED, Button(kit, NOW))
    qtbot.addWidget(empty)
    empty.resize(500, 400)
    empty.show()
    words = empty.findChild(Text)

    assert words is not None
    assert words.text() == "Saved on this desk, not yet confirmed by central."
    empty.say(NOW)
    assert words.text() == "Now"
    assert empty.findChildren(IconMark)


def test_an_error_stands_under_its_field_until_the_field_is_edited(kit: Kit, qtbot: QtBot) -> None:
    field = Field(kit, NOW)
    qtbot.addWidget(field)
    field.show()
    field.editor.setFocus()
    assert not field._sentence.isVisible()

    field.set_error(SAVED)
    assert field._sentence.isVisible()
    assert field.editor.accessibleDescription() == kit.words.say(SAVED)
    assert field.editor.property("wrong") is True

    QTest.keyClicks(field.editor, " 1968 ")
    assert field.error is None
    assert not field._sentence.isVisible()
    assert field.editor.accessibleDescription() == ""
    assert field.text == "1968"
    assert field._label.buddy() is field.editor


def test_a_field_takes_another_editor(kit: Kit, qtbot: QtBot) -> None:
    editor = QLineEdit()
    field = Field(kit, NOW, editor=editor)
    qtbot.addWidget(field)

    assert field.editor is editor
    assert editor.accessibleName() == "Now"


def test_a_choice_keeps_its_value_when_the_language_changes(kit: Kit, qtbot: QtBot) -> None:
    choice = Choice(kit, NOW, [("a", SAVED), ("b", Message.of("chip.done")), ("c", "4121Z025")])
    qtbot.addWidget(choice)
    assert choice.value == "a"

    choice.choose("b")
    kit.words.set_language("hi")

    assert choice.value == "b"
    assert [choice.itemText(n) for n in (1, 2)] == ["पूरा", "4121Z025"]
    assert choice.accessibleName() == "अभी"
    with pytest.raises(ValueError, match="not in list"):
        choice.choose("z")


def test_the_status_strip_says_everything_and_never_jumps(kit: Kit, qtbot: QtBot) -> None:
    strip = StatusStrip(kit, Button(kit, NOW, key="F5"))
    qtbot.addWidget(strip)
    strip.resize(1366, strip.sizeHint().height())
    strip.show_status("offline", "attention", [SAVED, NOW, "Batch 4"])
    strip.show()
    said = "Saved on this desk, not yet confirmed by central. · Now · Batch 4"
    height = strip.sizeHint().height()
    assert strip.accessibleName() == strip._words.text() == said

    strip.set_progress(120, 500)
    assert (strip._progress.value(), strip._progress.maximum()) == (120, 500)
    assert strip._progress.isVisible()
    assert strip.sizeHint().height() == height
    assert strip._progress.focusPolicy() is Qt.FocusPolicy.NoFocus

    strip.set_progress(0, 0)
    assert not strip._progress.isVisible()
    assert strip.sizeHint().height() == height
    kit.words.set_language("hi")
    assert strip.accessibleName().endswith("· अभी · Batch 4")


def test_long_words_in_the_strip_take_a_second_line(kit: Kit, qtbot: QtBot) -> None:
    strip = StatusStrip(kit, Button(kit, NOW))
    qtbot.addWidget(strip)
    strip.show_status("offline", "attention", [SAVED] * 8)
    strip.show()

    assert strip.heightForWidth(500) > strip.heightForWidth(2500)
    assert strip._words.text().count("·") == 7


@pytest.mark.parametrize("mode", Mode)
def test_every_part_is_drawn_in_every_mode(kit: Kit, qtbot: QtBot, qapp: QApplication, mode: Mode) -> None:
    parts: list[QWidget] = [
        Text(kit, NOW), Button(kit, NOW, icon="lock"), Button(kit, NOW, plain=True), PrimaryButton(kit, NOW),
        Chip(kit, STEP_LOOKS["stopped"]), CodeField(kit), StepRow(kit, 1, NOW), EmptyState(kit, "queue", SAVED),
        Field(kit, NOW), ObservationClock(kit), StatusStrip(kit, Button(kit, NOW)), Choice(kit, NOW, [(1, SAVED)]),
    ]  # fmt: skip
    kit.theme.apply(qapp, mode)
    for part in parts:
        qtbot.addWidget(part)
        if isinstance(part, StatusStrip):
            part.show_status("online", "text", [SAVED])
        part.show()
        image = _shown(part)
        colours = {
            image.pixelColor(x, y).name(QColor.NameFormat.HexArgb)
            for x in range(image.width())
            for y in range(image.height())
        }
        assert len(colours) > 1, part
        named = [part, *part.findChildren(QLineEdit), *part.findChildren(Button)]
        if not isinstance(part, EmptyState | Field):
            assert all(widget.accessibleName() for widget in named), part
