"""Past every screen, in both languages: nothing cut off, nothing left in the other language, everything has a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QWidget,
)

from tests.gui.pictures import full_day, tour
from tests.support.window import Day, Hands, put_away, show_window
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.text import Text
from vaccinator_app.gui.window import SIZE

# what is written in Latin letters in the middle of Hindi too: names, vaccines, keys, and the other language's own name
_LATIN = {
    *("Covishield", "Covaxin", "Corbevax", "PHC", "Rampur", "CHC", "Bhojpur", "Desk", "Sharma", "Devi", "English"),
    *("SMS", "OTP", "Enter", "Esc", "Ctrl", "Caps", "Lock", "QR", "ID", "A", "Z", "L", "R", "S", "Kumar"),
    *("Insert", "Delete", "Space", "Shift", "Asha", "Rani", "Meena", "Kumari"),
}
_TWO_LINES = {"audit-list": 52, "audit-hours": 52}
"""Lists whose rows say more than one line can."""
_TAKES_FOCUS = (QAbstractButton, QLineEdit, QComboBox, QListView)


def widgets(hands: Hands) -> list[QWidget]:
    """All that can be seen."""
    return [widget for widget in hands.window.findChildren(QWidget) if widget.isVisible()]


def faulty(hands: Hands) -> set[str]:
    """What is wrong with this screen, in whatever language it is in."""
    seen = widgets(hands)
    return nameless(seen) | cut_off(seen, hands.window) | wrong_heights(seen)


def spoken(hands: Hands) -> Iterator[str]:
    """All that can be read, pointed at, or heard."""
    for widget in widgets(hands):
        yield from (widget.accessibleName(), widget.accessibleDescription(), widget.toolTip())
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText()
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(index) for index in range(widget.count()))
        if isinstance(widget, QListView):
            model = widget.model()
            for row in range(model.rowCount()):
                yield str(model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) or "")
    yield hands.window.windowTitle()


def english_left(day: Day, hands: Hands) -> set[str]:
    """Latin words that are nobody's name."""
    known = _LATIN | {word for name in day.booked for word in re.findall("[A-Za-z]+", name)}
    found = set()
    for text in spoken(hands):
        for word in re.findall(r"[A-Za-z][A-Za-z0-9]*|\d+[A-Z]\w+", text):
            known_initial = len(word) == 1 and word.isupper()
            if word not in known and not known_initial and not re.fullmatch(r"F\d+|4121Z\d+|W[0-9a-f]{16}", word):
                found.add(f"{word!r} in {text!r}")
    return found


def nameless(seen: Sequence[QWidget]) -> set[str]:
    """What takes the focus and has no name for a screen reader."""
    return {
        f"{type(widget).__name__} {widget.objectName()!r}"
        for widget in seen
        if isinstance(widget, _TAKES_FOCUS)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not widget.accessibleName()
    }


def cut_off(seen: Sequence[QWidget], window: QWidget) -> set[str]:
    """Words that have less room than they need, and what stands outside the window."""
    found = set()
    for widget in seen:
        text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""
        metrics = QFontMetrics(widget.font())
        if isinstance(widget, Text) and text.endswith("…") and not widget.accessibleName().endswith("…"):
            found.add(f"shortened: {text!r}")
        elif isinstance(widget, QLabel) and text and widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height():
                found.add(f"too low for its lines: {text!r}")
        elif isinstance(widget, QLabel) and text and metrics.horizontalAdvance(text) > widget.width():
            found.add(f"too narrow: {text!r}")
        elif isinstance(widget, QAbstractButton) and text:
            icon = widget.iconSize().width() if not widget.icon().isNull() else 0
            if metrics.horizontalAdvance(text.replace("&&", "&")) + icon > widget.width():
                found.add(f"too narrow: {text!r}")
        if isinstance(widget, QLineEdit) and metrics.horizontalAdvance(widget.placeholderText()) > widget.width():
            found.add(f"too narrow: {widget.placeholderText()!r}")
        corner = widget.mapTo(window, widget.rect().bottomRight())
        if corner.x() >= window.width() and not isinstance(widget, QListView) and not widget.isWindow():
            found.add(f"outside: {type(widget).__name__} {text!r}")
    return found


def wrong_heights(seen: Sequence[QWidget]) -> set[str]:
    """Rows and things to press that are not of the heights of SCREENS."""
    found = set()
    for widget in seen:
        if isinstance(widget, QListView) and widget.model().rowCount():
            height, right = widget.sizeHintForRow(0), _TWO_LINES.get(widget.objectName(), 36)
            if height != right or (
                not isinstance(widget, QListWidget) and widget.visualRect(widget.model().index(0, 0)).height() != right
            ):
                found.add(f"{widget.objectName()}: a row of {height}")
        if isinstance(widget, QAbstractButton | QLineEdit | QComboBox) and widget.height() < 32:
            found.add(f"{widget.objectName()}: {widget.height()} high")
    return found


@pytest.mark.slow
def test_every_screen_in_both_languages(tmp_path: Path, qapp: QApplication) -> None:
    day = full_day(tmp_path)
    hands = show_window(day, collects=True)
    faults: set[str] = set()
    stops: list[str] = []

    def stop(name: str) -> None:
        stops.append(name)
        focused = hands.focused()
        for language, settings in (("hi", Settings(language="hi")), ("en", Settings())):
            hands.window.apply(settings)
            for _ in range(8):
                QApplication.processEvents()
            left = english_left(day, hands) if language == "hi" else set()
            for fault in left | faulty(hands):
                faults.add(f"{name}, {language}: {fault}")
            assert (hands.window.width(), hands.window.height()) == SIZE
        assert hands.focused() == focused, "a switch of language took the focus away"

    tour(day, hands, stop)
    put_away(hands)
    day.world.home.database.close()

    assert len(stops) > 20
    assert faults == set()


def test_large_text_and_every_look_fit_the_window(hands: Hands) -> None:
    hands.write("sun")
    hands.enter()
    hands.settle()
    for mode in Mode:
        for language in ("en", "hi"):
            hands.window.apply(Settings(language=language, mode=mode, large=True))
            for _ in range(8):
                QApplication.processEvents()
            assert cut_off(widgets(hands), hands.window) == set()
    hands.window.apply(Settings())
