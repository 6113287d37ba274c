"""The parts of the screens: words that follow, names for screen readers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.theme import Mode
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


def _shown(widget: QWidget) -> QImage:
    return widget.grab().toImage()


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
