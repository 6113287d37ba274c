"""The close by keys: count, look, sign; what is typed is never lost, and nothing is signed twice (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from tests.central.support import TODAY
from tests.gui.evening import Evening, computed, count_all, count_rows, reconcile, sign, start_close
from tests.support.window import Hands
from tests.whole.script import walk_in
from vaccinator_app.desk.stock import Stock
from vaccinator_app.domain.closing_events import DayClosed, VarianceReason
from vaccinator_app.domain.counts import BatchCount
from vaccinator_app.gui.screens.closing_count import CountList
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.protocol.records import read_event


def closes(hands: Hands) -> list[DayClosed]:
    """What stands signed in this machine's ledger."""
    bodies = [read_event(record.payload).read_body() for record in hands.place.vault.ledger.records()]
    return [body for body in bodies if isinstance(body, DayClosed)]


def go_on(hands: Hands) -> None:
    """Enter on the last button, and wait for what comes of it."""
    hands.enter()
    hands.settle()


def test_the_day_is_closed_by_keys_alone_and_central_counts_the_same(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    assert in_charge.focused() == "count-37F21"
    assert "13 exceptions are open. You may close all the same: they are signed as open." in in_charge.seen()
    assert "Desk 2 is counted up to 16:45" in in_charge.seen()

    count_all(in_charge)
    assert in_charge.focused() == "close-next"
    go_on(in_charge)
    assert "You sign:" in in_charge.seen()
    assert "Booked 60, Walk-ins 3, Arrived 56, Given 53, Deferred 2 and No-show 7." in in_charge.seen()
    assert "3 batches counted.\nAll as recorded." in in_charge.seen()
    assert "13 are left open." in in_charge.seen()
    go_on(in_charge)

    assert in_charge.shown("charts")
    (body,) = closes(in_charge)
    assert (body.amendment, len(body.open_exceptions), len(body.heads)) == (0, 13, 2)
    in_charge.until(lambda: "Central counts the same." in in_charge.said("day-state"))
    assert in_charge.said("day-state").startswith("Closed by R. Sharma at Sat 21 Nov 16:45.")


def test_a_count_that_differs_asks_why_and_only_then(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    first, second, _ = count_rows(in_charge)
    in_charge.write(str(computed(in_charge)[0]))
    assert not first.choice.isVisible()
    in_charge.enter()
    assert in_charge.focused() == "count-4121Z025"

    in_charge.write(str(computed(in_charge)[1] - 1))
    assert second.choice.isVisible()
    in_charge.enter()
    assert in_charge.focused() == "why-4121Z025"
    in_charge.enter()
    in_charge.write(str(computed(in_charge)[2]))
    in_charge.enter()
    go_on(in_charge)
    assert "Batch 4121Z025: 43 vials counted, 44 expected. Say why." in in_charge.seen()
    assert in_charge.focused() == "why-4121Z025"
    assert closes(in_charge) == []

    in_charge.press(Qt.Key.Key_Down)
    in_charge.find(QWidget, "close-next").setFocus()
    go_on(in_charge)
    assert "4121Z025: 43 counted, 44 by the records. Vials broke and nobody recorded it." in in_charge.seen()
    go_on(in_charge)
    (body,) = closes(in_charge)
    counted = next(one for one in body.counted if one.batch == "4121Z025")
    assert (counted.counted, counted.computed, counted.reason) == (43, 44, VarianceReason.BROKEN_UNRECORDED)


def test_what_is_no_number_is_marked_and_said(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    in_charge.write("-3")
    in_charge.enter()
    in_charge.write("१२")
    in_charge.find(QWidget, "close-next").setFocus()
    go_on(in_charge)

    assert in_charge.shown("close-notice")
    assert in_charge.focused() == "count-37F21"
    rows = count_rows(in_charge)
    assert [bool(row.field.property("wrong")) for row in rows] == [True, False, True]
    assert closes(in_charge) == []


def test_escape_goes_back_a_step_and_loses_nothing(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    count_all(in_charge)
    go_on(in_charge)
    assert "You sign:" in in_charge.seen()

    in_charge.escape()
    assert "You sign:" not in in_charge.seen()
    typed = [row.typed for row in count_rows(in_charge)]
    in_charge.escape()
    assert in_charge.shown("charts")
    start_close(in_charge)
    assert [row.typed for row in count_rows(in_charge)] == typed
    assert in_charge.focused() == "close-next"
    assert closes(in_charge) == []


def test_something_recorded_after_the_look_stops_the_signature(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    count_all(in_charge)
    go_on(in_charge)
    Stock(in_charge.place).open_vial("covishield", "4121Z025")
    go_on(in_charge)

    assert "Something was recorded on this desk since you looked." in in_charge.seen()
    assert closes(in_charge) == []
    assert [row.typed for row in count_rows(in_charge)] == ["13", "44", "22"]


def test_a_second_enter_signs_no_second_time(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    count_all(in_charge)
    go_on(in_charge)
    button = in_charge.find(QWidget, "close-next")
    for _ in range(3):
        QTest.keyClick(button, Qt.Key.Key_Return)
    in_charge.settle()
    assert len(closes(in_charge)) == 1


def test_the_second_of_two_quick_presses_signs_nothing_that_nobody_has_read(in_charge: Hands) -> None:
    QApplication.setDoubleClickInterval(60_000)
    reconcile(in_charge)
    start_close(in_charge)
    count_all(in_charge)
    go_on(in_charge)
    assert "You sign:" in in_charge.seen()
    go_on(in_charge)

    assert closes(in_charge) == []
    assert "You sign:" in in_charge.seen()
    QApplication.setDoubleClickInterval(0)
    go_on(in_charge)
    assert len(closes(in_charge)) == 1


def test_closing_again_without_anything_new_says_so(in_charge: Hands) -> None:
    reconcile(in_charge)
    sign(in_charge)
    in_charge.until(lambda: "Closed by" in in_charge.said("day-state"))
    start_close(in_charge)
    assert "Amendment 1 to Sat 21 Nov" in in_charge.seen()
    count_all(in_charge)
    go_on(in_charge)

    assert "The day is closed, and nothing has changed since." in in_charge.seen()
    assert len(closes(in_charge)) == 1


def test_records_of_the_other_machine_that_come_late_make_an_amendment(evening: Evening, in_charge: Hands) -> None:
    reconcile(in_charge)
    sign(in_charge)
    in_charge.until(lambda: "Central counts the same." in in_charge.said("day-state"))
    second = evening.second()
    evening.day.pass_time(timedelta(minutes=3))
    evening.clocks[1].pass_time(timedelta(minutes=3))
    walk_in(second, 777)
    second.sync()
    second.place.vault.close()
    in_charge.press(Qt.Key.Key_F5)
    in_charge.until(lambda: "came after the close" in in_charge.said("day-state"))
    assert in_charge.said("close-day") == "Close again (amendment 1)…"
    sign(in_charge)

    assert [body.amendment for body in closes(in_charge)] == [0, 1]
    in_charge.until(lambda: "amendment 1. Central counts the same." in in_charge.said("day-state"))


def test_a_lock_loses_nothing_that_was_counted(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    in_charge.write("12")
    in_charge.enter()
    in_charge.press(Qt.Key.Key_Down)
    in_charge.enter()
    in_charge.write("44")

    in_charge.window.lock(idle=True)
    in_charge.until(lambda: in_charge.window.locked)
    in_charge.unlock()
    reconcile(in_charge)
    in_charge.until(lambda: in_charge.find(QWidget, "close-day").isEnabled())
    start_close(in_charge)

    rows = count_rows(in_charge)
    assert [row.typed for row in rows] == ["12", "44", ""]
    assert rows[0].reason is VarianceReason.BROKEN_UNRECORDED
    assert in_charge.focused() == "count-4121Z077"


def test_midnight_does_not_take_away_the_day_that_is_being_closed(evening: Evening, in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    in_charge.write("13")
    evening.day.pass_time(timedelta(hours=8))
    in_charge.press(Qt.Key.Key_F5)
    in_charge.until(lambda: "· today" not in in_charge.seen())
    in_charge.settle()

    assert "Close Sat 21 Nov" in in_charge.seen()
    assert [row.typed for row in count_rows(in_charge)] == ["13", "", ""]
    for vials in ("", "44", "22"):
        in_charge.write(vials)
        in_charge.enter()
    go_on(in_charge)
    go_on(in_charge)
    assert [body.day for body in closes(in_charge)] == [TODAY]


def test_a_second_batch_in_another_language_keeps_what_was_typed(in_charge: Hands) -> None:
    reconcile(in_charge)
    start_close(in_charge)
    in_charge.write("12")
    in_charge.enter()
    why = in_charge.find(QComboBox, "why-37F21")
    why.setCurrentIndex(2)
    in_charge.press(Qt.Key.Key_F9)

    assert count_rows(in_charge)[0].typed == "12"
    assert why.currentIndex() == 2
    assert "रिकॉर्ड से 13 बंद शीशियाँ" in in_charge.seen()


_COUNTS = st.lists(st.tuples(st.sampled_from("ABCDE"), st.integers(-2, 30)), max_size=5, unique_by=lambda c: c[0])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(refreshes=st.lists(_COUNTS, max_size=6), typed=st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 40)))
def test_no_refresh_loses_what_was_typed(
    kit: Kit, refreshes: list[list[tuple[str, int]]], typed: dict[str, int]
) -> None:
    """Whatever comes in meanwhile: a batch that stays in the list keeps its field, and the field what was typed."""
    whole = [(name, 9) for name in "ABCDE"]
    counts = CountList(kit, {})
    counts.show_counts(_batches(whole))
    for row in counts.rows:
        if row.name[1] in typed:
            row.field.setText(str(typed[row.name[1]]))
    kept = {row.name[1]: row for row in counts.rows}
    for refresh in refreshes:
        here = sorted(refresh)
        counts.show_counts(_batches(here))
        assert [row.name[1] for row in counts.rows] == [name for name, _ in here]
        kept = {name: row for name, row in kept.items() if name in dict(here)}
        for row in counts.rows:
            name = row.name[1]
            if name in kept:
                assert row is kept[name]
                assert row.typed == str(typed.get(name, ""))
            assert row.computed == dict(here)[name]
    counts.deleteLater()


def _batches(counts: list[tuple[str, int]]) -> list[BatchCount]:
    return [BatchCount(vaccine="covishield", batch=name, doses_per_vial=10, at_start=n) for name, n in counts]
