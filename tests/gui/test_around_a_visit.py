"""Leaving a visit, taking a dose back, who is next, and what central says of it afterwards."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QWidget

from tests.gui.pictures import other_code
from tests.gui.steps import open_person, to_code, type_code
from tests.support.window import Day, Hands


def test_not_this_person_forgets_the_steps_but_not_that_it_was_opened(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)

    hands.find(QWidget, "not-this-person").setFocus()
    hands.enter()
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Up)
    hands.enter()
    hands.settle()

    assert hands.kinds() == ["arrived", "record_viewed"]
    open_person(hands, "sun")
    assert hands.said("primary") == "Photo ID seen"


def test_a_dose_is_voided_with_a_reason_and_the_person_waits_again(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()

    open_person(hands, "sun")
    assert not hands.shown("defer")
    hands.press(Qt.Key.Key_Tab)
    hands.press(Qt.Key.Key_Tab)
    assert hands.focused() == "void"
    hands.enter()
    hands.write("3")
    hands.settle()

    assert hands.kinds()[-1] == "voided"
    assert hands.said("pile-arrived") == "Arrived: 1"
    assert "Sunita K•: record voided" in hands.seen()


def test_the_next_person_who_waits_is_one_enter_away(day: Day, hands: Hands) -> None:
    to_code(hands, "pras")
    hands.escape()
    hands.settle()
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    assert "Ram P•" in hands.said("next")

    hands.enter()
    hands.settle()

    assert hands.said("person-name") == "Ram Prasad"
    assert hands.focused() == "code"


def test_a_code_that_central_finds_wrong_needs_attention_and_says_why(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, other_code(day.booked["Sunita Kumari"]))
    hands.enter()
    hands.settle()

    hands.until(lambda: hands.said("pile-attention") == "Needs attention: 1")
    open_person(hands, "sun")

    assert "Central has this record and holds it: The code was not the one on the person's slip." in hands.seen()


def test_escape_goes_back_one_step_at_a_time_and_loses_nothing(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.find(QWidget, "defer").setFocus()
    hands.enter()
    assert hands.shown("choice-1")

    hands.escape()
    assert hands.focused() == "primary"
    hands.escape()
    hands.settle()
    assert hands.focused() == "search"
    open_person(hands, "sun")

    assert hands.said("primary") == "Record dose given"


def test_a_mere_look_is_recorded(hands: Hands) -> None:
    open_person(hands, "sun")
    hands.escape()
    hands.settle()

    assert hands.kinds() == ["record_viewed"]


def test_letters_and_digits_find_their_field_from_anywhere(day: Day, hands: Hands) -> None:
    hands.find(QWidget, "sync-now").setFocus()
    hands.write("su")
    assert hands.focused() == "search"
    assert hands.find(QLineEdit, "search").text() == "su"
    hands.escape()
    hands.find(QListView, "queue-list").setFocus()
    hands.write("/s")
    assert hands.find(QLineEdit, "search").text() == "s"
    hands.escape()

    to_code(hands, "sun")
    hands.find(QWidget, "defer").setFocus()
    hands.write(day.booked["Sunita Kumari"].code[0])
    assert hands.focused() == "code"
    hands.find(QWidget, "primary").setFocus()
    hands.press(Qt.Key.Key_F4)
    hands.write("m")
    assert hands.find(QLineEdit, "search").text() == "m"


def test_central_confirming_steals_no_focus_and_moves_no_row(day: Day, hands: Hands) -> None:
    day.cut()
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    hands.until(lambda: "Could not reach central" in hands.said("status"))
    hands.write("su")
    hands.press(Qt.Key.Key_Down)
    people = hands.find(QListView, "queue-list")
    assert (people.currentIndex().row(), people.currentIndex().data()) == (1, "Thangaraj S•")
    day.book("Suresh Babu", slot="10:00")

    day.mend()
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "All records confirmed by central" in hands.said("status"))
    hands.until(lambda: people.model().rowCount() == 3)

    assert hands.focused() == "search"
    assert hands.find(QLineEdit, "search").text() == "su"
    assert (people.currentIndex().row(), people.currentIndex().data()) == (2, "Thangaraj S•")


def test_observation_ends_with_enter_and_asks_once_before_the_time(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F4)
    assert QApplication.focusWidget() is hands.find(QListView, "observation-list")

    day.pass_time(timedelta(minutes=10))
    hands.enter()
    hands.settle()
    assert "observation_ended" not in hands.kinds()
    assert "Why does the person leave early?" in hands.seen()
    assert "20 min are still left." in hands.seen()
    hands.escape()
    assert "Why does the person leave early?" not in hands.seen()

    day.pass_time(timedelta(minutes=20))
    hands.until(lambda: "30 minutes over. May go." in hands.seen())
    hands.enter()
    hands.settle()
    assert hands.kinds()[-1] == "observation_ended"
    assert "Nobody is under observation." in hands.seen()
