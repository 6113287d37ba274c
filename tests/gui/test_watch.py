"""The watch on every screen, who leaves early, and the report of an adverse event, by keys on a real vault."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QListView, QPlainTextEdit, QWidget

from tests.gui.steps import open_person, to_code, type_code
from tests.gui.test_stock import bodies
from tests.support.window import Day, Hands
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.events import EarlyReason, ObservationEnded, ObservationOutcome

CONTROL = Qt.KeyboardModifier.ControlModifier


def give(day: Day, hands: Hands, typed: str, name: str) -> None:
    """A whole visit."""
    to_code(hands, typed)
    type_code(hands, day.booked[name].code)
    hands.enter()
    hands.settle()


def to_report(day: Day, hands: Hands) -> None:
    """Somebody is watched, and the form is open for her."""
    give(day, hands, "sun", "Sunita Kumari")
    day.pass_time(timedelta(minutes=10))
    hands.press(Qt.Key.Key_F4)
    hands.press(Qt.Key.Key_R, CONTROL)
    assert hands.shown("aefi")


def to(hands: Hands, name: str) -> None:
    """With Enter from field to field."""
    for _ in range(14):
        if hands.focused() == name:
            return
        hands.enter()
    raise AssertionError(f"{name} is not on the way of Enter")


def test_more_people_than_the_list_shows_are_counted_all_the_same(
    day: Day, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaccinator_app.desk.observe.MOST", 1)
    for typed, name in (("sun", "Sunita Kumari"), ("ra", "Ram Prasad")):
        give(day, hands, typed, name)
    day.pass_time(timedelta(minutes=30))
    hands.until(lambda: hands.said("session") == "30 minutes over: 2 may go")
    hands.press(Qt.Key.Key_F4)
    assert hands.find(QListView, "observation-list").model().rowCount() == 1


def test_who_may_go_is_said_on_every_screen_and_takes_no_focus(day: Day, hands: Hands) -> None:
    give(day, hands, "sun", "Sunita Kumari")
    hands.write("ra")
    assert "may go" not in hands.said("session")

    day.pass_time(timedelta(minutes=30))

    hands.until(lambda: hands.said("session") == "30 minutes over: 1 may go")
    assert hands.said("screen-observation") == "Observation: 1. 30 minutes over: 1 may go"
    assert hands.focused() == "search"
    assert hands.find(QLineEdit, "search").text() == "ra"
    for key in (Qt.Key.Key_F10, Qt.Key.Key_F6, Qt.Key.Key_F4):
        hands.press(key)
        assert hands.said("session") == "30 minutes over: 1 may go"

    hands.enter()
    hands.settle()

    assert bodies(hands, ObservationEnded)[0].outcome is ObservationOutcome.WELL
    assert "may go" not in hands.said("session")
    assert hands.said("screen-observation") == "Observation: 0"


def test_the_beep_is_off_until_it_is_ticked_and_then_remembered(day: Day, hands: Hands) -> None:
    hands.press(Qt.Key.Key_F4)
    box = hands.find(QCheckBox, "observe-sound")
    assert not box.isChecked()
    box.setFocus()
    hands.press(Qt.Key.Key_Space)

    assert box.isChecked()
    assert '"sound": true' in (day.home / "settings.json").read_text()
    hands.press(Qt.Key.Key_F8)
    assert '"sound": true' in (day.home / "settings.json").read_text()


def test_whoever_leaves_early_leaves_with_a_reason_in_one_key(day: Day, hands: Hands) -> None:
    give(day, hands, "sun", "Sunita Kumari")
    day.pass_time(timedelta(minutes=12))
    hands.press(Qt.Key.Key_F4)
    hands.enter()
    assert "18 min are still left." in hands.seen()

    hands.write("2")
    hands.settle()

    (ended,) = bodies(hands, ObservationEnded)
    assert (ended.outcome, ended.reason) == (ObservationOutcome.LEFT_EARLY, EarlyReason.TRANSPORT)
    assert "Sunita K• left early" in hands.seen()


def test_an_adverse_event_is_reported_by_keys(day: Day, hands: Hands) -> None:
    to_report(day, hands)
    assert "Token 1 · Sunita K• · Covishield, dose 1 · given 10:00" in hands.seen()
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Space)
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    assert hands.focused() == "aefi-onset"
    hands.write("1005")
    to(hands, "aefi-outcome")
    hands.press(Qt.Key.Key_Down)
    to(hands, "aefi-serious")
    hands.press(Qt.Key.Key_Down)
    to(hands, "aefi-story")
    hands.write("Hot and dizzy")
    to(hands, "aefi-go")
    hands.enter()
    hands.settle()

    (told,) = bodies(hands, AefiReported)
    assert told.signs == (AefiSign.FEVER, AefiSign.FAINTING)
    assert told.seriousness is Seriousness.NOT_SERIOUS
    assert told.outcome is AefiOutcome.RECOVERED
    assert f"{told.onset:%H:%M}" == "10:05"
    assert b"dizzy" not in told.sealed
    assert "Adverse event saved on this desk." in hands.seen()
    assert not bodies(hands, ObservationEnded)


def test_what_is_missing_is_said_at_its_field_and_nothing_is_recorded(day: Day, hands: Hands) -> None:
    to_report(day, hands)
    go = hands.find(QWidget, "aefi-go")

    def save() -> None:
        go.setFocus()
        hands.enter()
        hands.settle()

    save()
    assert "Tick at least one thing that was seen." in hands.seen()
    hands.press(Qt.Key.Key_Space)
    save()
    assert "Say whether it is serious, and why." in hands.seen()
    assert hands.focused() == "aefi-serious"
    assert hands.find(QComboBox, "aefi-serious").currentText() == "Choose", "it is never a default"
    hands.press(Qt.Key.Key_Down)
    onset = hands.find(QLineEdit, "aefi-onset")
    for typed in ("", "2561", "0930", "2300"):
        onset.setText(typed)
        save()
        assert onset.accessibleDescription().startswith("It began after the dose, which was at 10:00")
        assert hands.focused() == "aefi-onset"
    assert bodies(hands, AefiReported) == []

    hands.escape()
    hands.press(Qt.Key.Key_R, CONTROL)
    assert onset.text() == "2300", "nothing typed is lost by Esc"


def test_a_serious_one_says_at_once_what_to_do_and_ends_the_watch_when_referred(day: Day, hands: Hands) -> None:
    to_report(day, hands)
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    hands.write("1008")
    to(hands, "aefi-serious")
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Down)
    hands.find(QCheckBox, "aefi-referred").setFocus()
    hands.press(Qt.Key.Key_Space)
    to(hands, "aefi-go")
    hands.enter()
    hands.settle()

    assert bodies(hands, AefiReported)[0].seriousness is Seriousness.HOSPITALISATION
    assert bodies(hands, ObservationEnded)[0].outcome is ObservationOutcome.REFERRED
    assert "Phone the district immunisation officer now" in hands.seen()
    assert "Nobody is under observation." in hands.seen()


def fill_in(hands: Hands) -> None:
    """A report that wants nothing more; the focus is on its button."""
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    hands.write("1008")
    to(hands, "aefi-serious")
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Down)
    to(hands, "aefi-go")


def test_an_enter_too_many_on_the_report_ends_nobodys_watch(day: Day, hands: Hands) -> None:
    QApplication.setDoubleClickInterval(0)
    to_report(day, hands)
    day.pass_time(timedelta(minutes=30))
    fill_in(hands)
    for _ in range(3):
        # while the report is being saved
        hands.enter()
    hands.settle()

    assert len(bodies(hands, AefiReported)) == 1
    assert bodies(hands, ObservationEnded) == []
    assert "Phone the district immunisation officer now" in hands.seen()
    hands.enter()
    hands.settle()
    assert len(bodies(hands, ObservationEnded)) == 1


def test_the_second_of_two_quick_presses_on_the_report_ends_nobodys_watch(day: Day, hands: Hands) -> None:
    QApplication.setDoubleClickInterval(60_000)
    to_report(day, hands)
    day.pass_time(timedelta(minutes=30))
    fill_in(hands)
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()

    assert bodies(hands, ObservationEnded) == []
    assert "Phone the district immunisation officer now" in hands.seen()


def test_an_enter_held_down_ends_nobodys_watch(day: Day, hands: Hands) -> None:
    """Some keyboards send a held key as one press after the other."""
    QApplication.setDoubleClickInterval(60_000)
    for typed, name in (("sun", "Sunita Kumari"), ("irf", "Mohd. Irfan")):
        give(day, hands, typed, name)
    hands.press(Qt.Key.Key_F4)
    for _ in range(5):
        hands.enter()
        hands.settle()
    assert hands.shown("choice-1")
    assert bodies(hands, ObservationEnded) == []
    hands.write("1")
    hands.settle()
    assert len(bodies(hands, ObservationEnded)) == 1

    day.pass_time(timedelta(minutes=31))
    hands.enter()
    hands.settle()
    assert len(bodies(hands, ObservationEnded)) == 1
    QApplication.setDoubleClickInterval(0)
    hands.enter()
    hands.settle()
    assert len(bodies(hands, ObservationEnded)) == 2


def test_an_enter_that_the_keyboard_repeats_ends_nobodys_watch_however_it_comes(day: Day, hands: Hands) -> None:
    give(day, hands, "sun", "Sunita Kumari")
    hands.press(Qt.Key.Key_F4)
    press, release = QEvent.Type.KeyPress, QEvent.Type.KeyRelease

    def send(kind: QEvent.Type, moment: int, *, repeats: bool = False) -> None:
        event = QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", repeats)
        event.setTimestamp(moment)
        QApplication.sendEvent(hands.window.windowHandle(), event)
        hands.settle()

    send(press, 1000)
    assert hands.shown("choice-1")
    for moment in (1660, 1700):
        send(release, moment, repeats=True)
        send(press, moment, repeats=True)
    # one that was not seen to be a repetition
    send(release, 1740)
    send(press, 1740)
    assert bodies(hands, ObservationEnded) == []

    send(release, 1800)
    send(press, 2400)
    assert len(bodies(hands, ObservationEnded)) == 1


def test_from_the_sheet_of_somebody_who_went_home_and_back_there(day: Day, hands: Hands) -> None:
    give(day, hands, "sun", "Sunita Kumari")
    day.pass_time(timedelta(minutes=30))
    hands.press(Qt.Key.Key_F4)
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F3)
    open_person(hands, "sun")

    hands.find(QWidget, "report-aefi").setFocus()
    hands.enter()
    hands.settle()
    assert hands.shown("aefi")
    assert not hands.shown("aefi-referred"), "whoever went home is not sent from here"
    hands.escape()
    assert hands.shown("visit")

    hands.find(QWidget, "report-aefi").setFocus()
    hands.enter()
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    hands.write("1020")
    to(hands, "aefi-serious")
    hands.press(Qt.Key.Key_Down)
    to(hands, "aefi-go")
    hands.enter()
    hands.settle()
    assert len(bodies(hands, AefiReported)) == 1
    assert "Adverse event saved on this desk." in hands.seen()


def test_letters_stay_in_the_form(day: Day, hands: Hands) -> None:
    to_report(day, hands)
    hands.write("q")
    assert hands.shown("aefi")
    assert hands.find(QLineEdit, "search").text() == ""
    story = hands.find(QPlainTextEdit, "aefi-story")
    story.setFocus()
    hands.write("ab")
    hands.enter()
    assert story.toPlainText() == "ab", "Enter goes on to the next field"
    assert hands.focused() == "aefi-history"
    assert hands.find(QListView, "observation-list").currentIndex().row() == 0


def test_what_has_the_focus_is_seen(day: Day, hands: Hands) -> None:
    hands.window.resize(1024, 640)
    to_report(day, hands)
    hands.enter()
    to(hands, "aefi-history")
    box = hands.find(QPlainTextEdit, "aefi-history")
    hands.until(lambda: box.visibleRegion().boundingRect().height() == box.height())

    hands.find(QWidget, "aefi-go").setFocus()
    hands.enter()
    hands.settle()

    first = hands.find(QWidget, "aefi").findChildren(QCheckBox)[0]
    assert first.hasFocus()
    hands.until(lambda: first.visibleRegion().boundingRect().height() == first.height())
