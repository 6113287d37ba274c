"""Words on the screen: they follow language, theme and size, and a name stays a name."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QImage,
)
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.theme import Mode, Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.chip import VISIT_LOOKS, Chip
from vaccinator_app.gui.widgets.code_field import CodeField
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

NOW = Message.of("chip.now")
SAVED = Message.of("record.saved")


def _shown(widget: QWidget) -> QImage:
    return widget.grab().toImage()


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
