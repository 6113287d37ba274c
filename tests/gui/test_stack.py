"""A stack is as high and as wide as Qt's own, and asks each of its pages once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QLabel, QStackedWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.gui.widgets.stack import Stack

WORDS = "Ask for the slip of paper, and type the four digits that stand below the square. "
WIDTHS = (90, 200, 333, 700)


class Asked(QWidget):
    """Its height follows from its width, and it counts who wants to know."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        self.times += 1
        return 5000 // max(1, width)

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(self.width()))


def _page(*parts: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    for part in parts:
        column.addWidget(part)
    return page


def _label(words: str) -> QLabel:
    label = QLabel(words)
    label.setWordWrap(True)
    return label


def _deep(make: Callable[[], Stack | QStackedWidget], leaf: QWidget, changing: QLabel, depth: int = 4) -> QWidget:
    """Stacks within stacks, ``leaf`` on a page behind at the bottom, ``changing`` on the page in front of them all."""
    inner = _page(leaf)
    for level in range(depth):
        stack = make()
        stack.addWidget(_page(_label(WORDS * (level + 1)), *([changing] if level == depth - 1 else [])))
        stack.addWidget(inner)
        inner = _page(stack)
    return inner


def _measures(window: QWidget) -> list[object]:
    QApplication.processEvents()
    layout = window.layout()
    assert layout is not None
    found: list[object] = [layout.totalHeightForWidth(width) for width in WIDTHS]
    return [*found, layout.totalSizeHint(), layout.totalMinimumSize(), window.size()]


@pytest.fixture
def pair(qtbot: QtBot) -> list[tuple[QWidget, QLabel, Asked]]:
    """The same window twice: with Qt's own stacks, and with ours."""
    made = []
    for make in (QStackedWidget, Stack):
        changing, leaf = _label("Code"), Asked()
        window = _deep(make, leaf, changing)
        qtbot.addWidget(window)
        window.resize(500, 400)
        window.show()
        made.append((window, changing, leaf))
    return made


def test_it_measures_as_qts_own_whatever_changes(pair: list[tuple[QWidget, QLabel, Asked]]) -> None:
    (theirs, their_words, _), (ours, our_words, _) = pair
    seen = []
    for words in ("Code", WORDS * 7, "", WORDS * 2):
        their_words.setText(words)
        our_words.setText(words)
        seen.append(_measures(theirs))
        assert _measures(ours) == seen[-1]
    for label in (their_words, our_words):
        label.hide()
    assert _measures(ours) == _measures(theirs)
    assert seen[0] != seen[1] != seen[2]


def test_a_page_behind_measures_anew_when_it_comes_to_the_front(qtbot: QtBot) -> None:
    seen = []
    for make in (QStackedWidget, Stack):
        stack, words = make(), _label("Code")
        front, behind = _page(_label("Dose")), _page(words)
        stack.addWidget(front)
        stack.addWidget(behind)
        window = _page(stack)
        qtbot.addWidget(window)
        window.show()
        measured = [_measures(window)]
        words.setText(WORDS * 9)
        stack.setCurrentWidget(behind)
        assert stack.currentWidget() is behind
        measured.append(_measures(window))
        stack.setCurrentIndex(0)
        assert (stack.currentIndex(), stack.count()) == (0, 2)
        measured.append(_measures(window))
        seen.append(measured)
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[0][1]


def test_a_page_deep_down_is_asked_once_for_each_width(pair: list[tuple[QWidget, QLabel, Asked]]) -> None:
    asked = []
    for window, changing, leaf in pair:
        _measures(window)
        leaf.times = 0
        changing.setText(WORDS * 3)
        _measures(window)
        asked.append(leaf.times)
    theirs, ours = asked
    assert theirs > 10 * len(WIDTHS), "Qt has learnt it: use QStackedWidget again"
    assert ours <= 2 * len(WIDTHS)
