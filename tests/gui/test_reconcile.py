"""Reconcile: the day at one glance, its table, its charts; a refresh takes nothing away (DESIGN 9.2, 9.5)."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.evening import Evening, count_rows, exceptions, reconcile, start_close
from tests.support.central import PASSPHRASE
from tests.support.window import Hands, put_away, show_window
from vaccinator_app.desk.stock import Stock
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import DiscardReason, VialDiscarded
from vaccinator_app.gui.collecting import Collector
from vaccinator_app.gui.models import day_reader
from vaccinator_app.gui.models.day_reader import DayReader
from vaccinator_app.gui.screens.reconcile import ReconcileScreen
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.table_view import TableView
from vaccinator_app.gui.window import Window


def screen(hands: Hands) -> ReconcileScreen:
    (found,) = hands.window.findChildren(ReconcileScreen)
    return found


def reader(hands: Hands) -> DayReader:
    (found,) = hands.window.findChildren(DayReader)
    return found


def table(hands: Hands) -> list[list[str]]:
    """Every cell, its words."""
    model = hands.find(TableView, "day-table").model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def head(hands: Hands) -> list[str]:
    model = hands.find(TableView, "day-table").model()
    return [str(model.headerData(at, Qt.Orientation.Horizontal)) for at in range(model.columnCount())]


def test_the_day_at_one_glance(in_charge: Hands) -> None:
    reconcile(in_charge)

    people = in_charge.said("people")
    assert people == "Booked: 60, Walk-ins: 3, Arrived: 56, Given: 53, Deferred: 2, No-show: 7"
    assert in_charge.said("doses") == "In opened vials: 110, Given: 54, Wasted: 56, Left: 0"
    assert in_charge.said("variance") == "Given, wasted and left agree with the vials."
    assert in_charge.said("open-exceptions") == "13 exceptions are open."
    assert in_charge.said("day-state") == "Open: the day is not closed yet."
    assert "code 49, in-charge allowed it 1, photo ID alone 3 and codes refused 3" in in_charge.said("checks")
    assert "Fever or unwell today 1" in in_charge.said("deferrals")
    assert in_charge.said("screen-exceptions") == "Exceptions: 13"


def test_the_table_is_switched_by_keys_and_adds_up(in_charge: Hands) -> None:
    reconcile(in_charge)
    assert in_charge.focused() == "day-table"
    assert head(in_charge) == ["Session", "Booked", "Walk-ins", "Arrived", "Given", "Deferred", "No-show"]
    assert [row[0] for row in table(in_charge)] == ["1 · 10:00", "2 · 14:00", "Together"]
    assert table(in_charge)[-1][1:] == ["60", "3", "56", "53", "2", "7"]

    firsts = []
    for _ in range(5):
        in_charge.press(Qt.Key.Key_Right)
        rows = table(in_charge)
        firsts.append([row[0] for row in rows])
        for column in range(1, len(rows[0])):
            assert sum(int(row[column]) for row in rows[:-1]) == int(rows[-1][column])

    assert firsts[0] == ["Covaxin", "Covishield", "Together"]
    assert firsts[1] == ["37F21 Covaxin", "4121Z025 Covishield", "4121Z077 Covishield", "Together"]
    assert sorted(firsts[2]) == ["M. Khan", "S. Devi", "Together"]
    assert firsts[3] == firsts[4] == ["Online", "Walk-in", "Together"]
    in_charge.press(Qt.Key.Key_Left)
    assert head(in_charge)[0] == "Staff"


def test_numbers_are_right_aligned_and_every_line_is_told_whole(in_charge: Hands) -> None:
    reconcile(in_charge)
    model = in_charge.find(TableView, "day-table").model()

    assert Qt.AlignmentFlag(model.index(0, 1).data(Qt.ItemDataRole.TextAlignmentRole)) & Qt.AlignmentFlag.AlignRight
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == (
        "1 · 10:00, Booked 30, Walk-ins 2, Arrived 32, Given 29, Deferred 2, No-show 0"
    )


def test_missing_doses_are_said_in_words(evening: Evening, in_charge: Hands) -> None:
    stock = Stock(in_charge.place)
    stock.open_vial("covishield", "4121Z025")
    vial = in_charge.place.vault.stock.newest_vial("4121Z025")
    assert vial is not None
    # somebody says that less was thrown away than was in it
    in_charge.place.record(_thrown_away(vial.vial, 8))
    in_charge.press(Qt.Key.Key_F5)
    reconcile(in_charge)
    in_charge.until(lambda: in_charge.said("variance") == "2 doses are missing.")

    in_charge.press(Qt.Key.Key_Right)
    in_charge.press(Qt.Key.Key_Right)
    row = next(row for row in table(in_charge) if row[0].startswith("4121Z025"))
    assert row[5] == "−2"


def _thrown_away(vial: int, doses: int) -> VialDiscarded:
    return VialDiscarded(
        vaccine="covishield", batch="4121Z025", reason=DiscardReason.BROKEN, doses=doses, vial=vial, vials=0
    )


def test_charts_say_their_numbers_as_words(in_charge: Hands) -> None:
    reconcile(in_charge)

    hours = in_charge.find(QWidget, "chart-hours").accessibleDescription()
    assert hours.startswith("10:00: 9 arrived, 9 doses given")
    assert hours.count("arrived") == 6
    assert in_charge.find(QWidget, "chart-vaccines").accessibleDescription() == "Covishield: 44; Covaxin: 9"
    assert in_charge.find(QWidget, "chart-running").accessibleDescription().endswith("by 16:00: 53 given of 60 booked")


def test_days_before_are_reached_by_page_up_and_none_after_today(evening: Evening, in_charge: Hands) -> None:
    reconcile(in_charge)
    in_charge.press(Qt.Key.Key_PageDown)
    in_charge.settle()
    assert in_charge.said("day") == "Sat 21 Nov · today"

    # as on a busy machine: the next read waits for the picture of this one
    reader(in_charge)._took_ms = 5_000
    in_charge.press(Qt.Key.Key_PageUp)
    in_charge.settle()
    assert in_charge.said("day") == "Fri 20 Nov"
    assert "Nobody was booked for this day and nothing was recorded." in in_charge.seen()
    assert not in_charge.find(QWidget, "day-report").isEnabled()
    assert not in_charge.find(QWidget, "close-day").isEnabled()
    in_charge.press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert in_charge.shown("charts")
    # what waits today still stands at the rail
    assert in_charge.said("screen-exceptions") == "Exceptions: 13"

    in_charge.press(Qt.Key.Key_PageUp)
    in_charge.settle()
    in_charge.press(Qt.Key.Key_PageDown)
    in_charge.settle()
    assert in_charge.said("day") == "Fri 20 Nov"
    QTest.mouseClick(in_charge.find(QWidget, "day-after"), Qt.MouseButton.LeftButton)
    in_charge.settle()
    assert in_charge.said("people").startswith("Booked: 60")
    evening.day.pass_time(timedelta(hours=9))
    reader(in_charge).refresh()
    in_charge.settle()
    assert in_charge.said("day") == "Sun 22 Nov · today"


def test_a_refresh_leaves_scroll_selection_and_focus_where_they_are(evening: Evening, in_charge: Hands) -> None:
    reconcile(in_charge)
    in_charge.press(Qt.Key.Key_Down)
    view = in_charge.find(TableView, "day-table")
    chosen, place = view.key, screen(in_charge).numbers.verticalScrollBar().value()
    assert chosen is not None
    turn = reader(in_charge).refresh()

    Stock(in_charge.place).open_vial("covishield", "4121Z025")
    in_charge.press(Qt.Key.Key_F5)
    in_charge.until(lambda: "120" in in_charge.said("doses"))

    seen = reader(in_charge).seen
    assert seen is not None
    assert seen.turn >= turn
    assert view.key == chosen
    assert in_charge.focused() == "day-table"
    assert screen(in_charge).numbers.verticalScrollBar().value() == place


def test_reads_never_run_two_at_a_time_and_the_last_wish_is_heard(
    in_charge: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile(in_charge)
    reconciling = in_charge.window._session.reconcile  # type: ignore[union-attr]
    inside: list[int] = []
    most: list[int] = []
    overview = type(reconciling).overview

    def counted(*args: object, **more: object) -> object:
        inside.append(1)
        most.append(len(inside))
        try:
            return overview(*args, **more)  # type: ignore[arg-type]
        finally:
            inside.pop()

    monkeypatch.setattr(type(reconciling), "overview", counted)
    reader(in_charge).refresh(at_once=True)
    assert reader(in_charge).reading
    for _ in range(20):
        in_charge.window._session.moved.emit()  # type: ignore[union-attr]
    last = reader(in_charge).refresh(at_once=True)
    in_charge.until(lambda: reader(in_charge).seen.turn >= last)  # type: ignore[union-attr]
    in_charge.settle()

    assert max(most) == 1
    assert len(most) <= 3


def test_a_long_read_begins_once_the_last_one_is_painted(in_charge: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    reconcile(in_charge)
    in_charge.settle()
    day = reader(in_charge)
    # on a day of a hundred thousand records; here every one is long
    monkeypatch.setattr(day_reader, "_LONG_MS", 0)
    last = day.refresh(at_once=True)
    assert day.reading
    assert not in_charge.window.busy, "nothing works beside the picture yet"
    in_charge.until(lambda: day.seen is not None and day.seen.turn >= last)


def test_a_long_read_shows_how_far_it_is_and_can_be_stopped(
    evening: Evening, in_charge: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile(in_charge)
    reconciling = in_charge.window._session.reconcile  # type: ignore[union-attr]

    never = Event()

    def slow(_: object, __: object, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> None:
        report(40, 100)
        while not cancelled():
            never.wait(0.01)

    monkeypatch.setattr(type(reconciling), "overview", slow)
    in_charge.press(Qt.Key.Key_PageUp)
    in_charge.until(lambda: in_charge.said("reading") == "The day is being read: 40 of 100 records.")
    assert in_charge.shown("stop-reading")
    QTest.mouseClick(in_charge.find(QWidget, "stop-reading"), Qt.MouseButton.LeftButton)
    in_charge.until(lambda: in_charge.shown("read-day"))
    assert "The day was not read to its end." in in_charge.seen()

    monkeypatch.undo()
    QTest.mouseClick(in_charge.find(QWidget, "read-day"), Qt.MouseButton.LeftButton)
    in_charge.settle()
    assert "nothing was recorded" in in_charge.seen()


def test_a_vaccinator_has_neither_screen_nor_key(evening: Evening, qapp: QApplication) -> None:
    hands = show_window(evening.day)
    hands.press(Qt.Key.Key_Down)
    hands.write(PASSPHRASE)
    hands.enter()
    hands.until(lambda: hands.shown("search"))
    hands.press(Qt.Key.Key_F11)
    assert not hands.window.findChildren(ReconcileScreen)
    put_away(hands)


def test_a_lock_ends_a_read_and_forgets_the_day(in_charge: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    # as in the program: the one that the window has rests in tests
    collector, ended = Collector(in_charge.window), Window._ended

    def ended_and_looked(window: Window, *told: Message | None, idle: bool) -> None:
        # while the session still stands, as may happen: that is not the last look
        ended(window, *told, idle=idle)
        collector._look()

    monkeypatch.setattr(Window, "_ended", ended_and_looked)
    reconcile(in_charge)
    in_charge.settle()
    assert reader(in_charge).seen is not None
    shown = _shown(in_charge)
    reader(in_charge).refresh()
    in_charge.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    in_charge.until(lambda: in_charge.window.locked)
    in_charge.until(lambda: not in_charge.window.findChildren(DayReader))
    # what a read put out of the collector's sight is in it again: no screen of the last person stays in memory
    in_charge.until(lambda: [one() for one in shown] == [None, None])


def _shown(hands: Hands) -> list[weakref.ref[object]]:
    return [weakref.ref(reader(hands)), weakref.ref(hands.window._desk)]


def test_the_way_to_the_exceptions_and_back(in_charge: Hands) -> None:
    reconcile(in_charge)
    QTest.mouseClick(in_charge.find(QWidget, "to-exceptions"), Qt.MouseButton.LeftButton)
    assert in_charge.shown("exceptions-list")
    in_charge.escape()
    assert in_charge.focused() == "search"


def test_help_tells_the_keys_of_both_screens(in_charge: Hands) -> None:
    for go, sentence in ((reconcile, "Count the vials and close the day"), (exceptions, "Do what the button says")):
        go(in_charge)
        in_charge.press(Qt.Key.Key_F1)
        assert sentence in in_charge.seen()
        in_charge.escape()
        assert sentence not in in_charge.seen()


def test_the_table_follows_language_and_size(in_charge: Hands) -> None:
    reconcile(in_charge)
    view = in_charge.find(TableView, "day-table")
    for settings in (
        Settings(language="hi"),
        Settings(large=True),
        Settings(language="hi", large=True, mode=Mode.DARK),
        Settings(),
    ):
        in_charge.window.apply(settings)
        in_charge.settle()
        assert view.verticalScrollBar().maximum() == 0
        assert view.horizontalScrollBar().maximum() == 0
    assert head(in_charge)[1] == "Booked"


def test_typing_a_count_survives_a_refresh_and_a_look_elsewhere(evening: Evening, in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    rows = count_rows(in_charge)
    in_charge.write("1")
    Stock(in_charge.place).open_vial("covishield", "4121Z025")
    in_charge.press(Qt.Key.Key_F5)
    in_charge.until(lambda: "43 unopened vials by the records" in in_charge.seen())
    in_charge.write("3")

    assert in_charge.focused() == "count-37F21"
    assert rows[0].typed == "13"
    exceptions(in_charge)
    reconcile(in_charge)
    assert count_rows(in_charge) == rows
    assert rows[0].typed == "13"
    assert in_charge.focused() == "count-4121Z025"


def test_words_over_the_columns_are_whole_in_hindi(in_charge: Hands) -> None:
    """Two lines of Devanagari are higher than two of the font's own."""
    reconcile(in_charge)
    view = in_charge.find(TableView, "day-table")
    view.setFocus()
    for large in (False, True):
        in_charge.window.apply(Settings(language="hi", large=large))
        in_charge.settle()
        for _ in range(5):
            height = view.horizontalHeader().height()
            for at in range(1, view.model().columnCount()):
                if view.isColumnHidden(at):
                    continue
                words = view.model().headerData(at, Qt.Orientation.Horizontal)
                step = in_charge.window._kit.theme.step
                room = QRect(0, 0, view.columnWidth(at) - step - 2, 1000)
                metrics = QFontMetrics(in_charge.window._kit.theme.font())
                needed = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap.value, str(words)).height()
                assert height - step // 2 >= needed, words
            in_charge.press(Qt.Key.Key_Right)
    in_charge.window.apply(Settings())
