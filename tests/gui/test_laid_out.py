"""The window is laid out anew when something needs other room, and not whenever a word or a number changes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.desk.queue import Pile
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.piles import Piles
from vaccinator_app.gui.screens.rail import Place, Rail
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.status_strip import StatusStrip
from vaccinator_app.gui.widgets.text import Text

NOW = Message.of("chip.now")
SAVED = Message.of("record.saved")


class Requests(QObject):
    """How often the widgets it watches were to be laid out anew."""

    seen = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.seen += event.type() == QEvent.Type.LayoutRequest
        return False


def in_a_window(qtbot: QtBot, part: QWidget) -> tuple[QWidget, Requests]:
    """``part`` in a window that is shown, and who hears of it when that is laid out anew."""
    window, requests = QWidget(), Requests()
    column = QVBoxLayout(window)
    column.addWidget(part)
    column.addStretch(1)
    qtbot.addWidget(window)
    window.show()
    settle()
    window.installEventFilter(requests)
    return window, requests


def settle() -> None:
    """A layout tells the one around it, one round of events after the other."""
    for _ in range(4):
        QApplication.processEvents()


def test_progress_that_comes_and_goes_sets_nothing_of_the_window_anew(kit: Kit, qtbot: QtBot) -> None:
    """Where a layout heard of it, a whole desk was laid out at the beginning and the end of each sync."""
    strip = StatusStrip(kit, Button(kit, NOW))
    _window, requests = in_a_window(qtbot, strip)
    strip.installEventFilter(requests)
    for done, total in ((120, 500), (0, 0)):
        strip.set_progress(done, total)
        QApplication.processEvents()
    assert requests.seen == 0
    assert strip._progress.width() == strip.width()


def test_other_words_in_the_strip_set_nothing_anew_until_they_need_another_line(kit: Kit, qtbot: QtBot) -> None:
    strip = StatusStrip(kit, Button(kit, NOW))
    window, requests = in_a_window(qtbot, strip)
    window.resize(600, 400)
    strip.show_status("online", "text", ["1 waits"])
    settle()
    requests.seen = 0
    low = strip._words.height()
    for number in range(2, 9):
        strip.show_status("online", "text", [f"{number} wait"])
        settle()
    assert requests.seen == 0
    assert strip._words.text() == "8 wait"

    for parts, high in (([SAVED] * 8, True), (["none"], False)):
        strip.show_status("online", "text", parts)
        settle()
        assert (strip._words.height() > low) is high
        assert strip._words.height() >= strip._words.heightForWidth(strip._words.width())
    assert requests.seen > 0


def test_words_in_the_strip_have_their_lines_at_a_width_they_had_before(kit: Kit, qtbot: QtBot) -> None:
    """A layout remembers how high a part is at a width; it was of other words."""
    strip = StatusStrip(kit, Button(kit, NOW))
    window, _requests = in_a_window(qtbot, strip)
    long, short = "much to say of what waits here and since when and why that is", "little"
    for width, words in ((500, short), (900, short), (900, long), (500, long), (900, short), (500, short)):
        strip.show_status("online", "text", [words])
        window.resize(width, 400)
        settle()
        assert strip._words.height() >= strip._words.heightForWidth(strip._words.width())


@pytest.mark.parametrize("elide", [False, True])
def test_what_is_said_again_sets_nothing_anew(kit: Kit, qtbot: QtBot, elide: bool) -> None:
    text = Text(kit, SAVED, elide=elide)
    _window, requests = in_a_window(qtbot, text)
    text.say(SAVED)
    settle()
    assert requests.seen == 0
    text.say(NOW)
    settle()
    assert requests.seen > 0


@pytest.mark.parametrize("count", [1, 88])
def test_a_count_sets_nothing_anew(kit: Kit, qtbot: QtBot, count: int) -> None:
    piles, rail = Piles(kit), Rail(kit, Place)
    both = QWidget()
    column = QVBoxLayout(both)
    for part in (piles, rail):
        column.addWidget(part)
    _window, requests = in_a_window(qtbot, both)
    piles.show_counts({Pile.ARRIVED: count})
    rail.show_count(Place.SYNC, count)
    settle()
    assert requests.seen == 0
    assert str(count) in rail.findChild(QWidget, "screen-sync").accessibleName()  # type: ignore[union-attr]
