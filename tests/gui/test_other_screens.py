"""Walk-in, search and piles, sync, help; and what the mouse can do that keys do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QListView, QWidget

from tests.gui.pictures import other_code, wrong_code
from tests.gui.steps import open_person, to_code, type_code
from tests.support.window import Day, Hands
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.errors import LedgerDisagrees


def fill(hands: Hands, **fields: str) -> None:
    """Type into the form's fields, one after the other, by Enter alone."""
    while hands.focused() != "walk-in-register":
        name = hands.focused().removeprefix("walk-in-")
        if name in fields:
            hands.find(QLineEdit, f"walk-in-{name}").clear()
            hands.write(fields[name])
        hands.enter()


def click(hands: Hands, name: str) -> None:
    QTest.mouseClick(hands.find(QWidget, name), Qt.MouseButton.LeftButton)


def listed(hands: Hands, name: str = "queue-list") -> list[str]:
    """What a screen reader says of each row."""
    model = hands.find(QListView, name).model()
    role = Qt.ItemDataRole.AccessibleTextRole
    return [str(model.index(row, 0).data(role)) for row in range(model.rowCount())]


def test_a_walk_in_is_registered_by_keys_and_opened(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F2)
    assert hands.focused() == "walk-in-name"

    fill(hands, name="कमला देवी", year_of_birth="१९७१", photo_id_last4="77ab", mobile="98765 43210")
    hands.enter()
    hands.settle()

    assert hands.said("person-name") == "कमला देवी"
    assert "Walk-in: there is no code." in hands.seen()
    assert hands.kinds() == ["walk_in_registered"]
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    assert hands.kinds()[-1] == "dose_given"
    hands.press(Qt.Key.Key_F2)
    assert hands.find(QLineEdit, "walk-in-name").text() == ""


def test_each_field_says_what_is_wrong_with_it_and_nothing_typed_is_lost(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F2)
    fill(hands, name="Kamala", year_of_birth="21-08-1971", photo_id_last4="7", mobile="12345")
    hands.enter()

    assert hands.shown("walk-in")
    assert "Type only the year of birth, four digits" in hands.seen()
    assert "Type the last 4" in hands.seen()
    assert hands.focused() == "walk-in-year_of_birth"
    assert hands.kinds() == []

    hands.escape()
    assert hands.focused() == "search"
    hands.press(Qt.Key.Key_F2)
    assert hands.find(QLineEdit, "walk-in-name").text() == "Kamala"
    fill(hands, year_of_birth="1971", photo_id_last4="7788", mobile="")
    hands.enter()
    hands.settle()
    assert hands.said("person-name") == "Kamala"


def test_the_doses_offered_are_those_of_the_vaccine(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F2)

    assert hands.find(QComboBox, "walk-in-vaccine").currentText() == "Covishield"
    assert hands.find(QComboBox, "walk-in-dose").count() == 2


def test_the_walk_in_form_opens_from_a_search_that_finds_nobody(hands: Hands) -> None:
    hands.write("zzz")
    assert "Nobody is found by this." in hands.seen()

    hands.press(Qt.Key.Key_F2)

    assert hands.shown("walk-in")


def test_piles_change_with_left_and_right_while_nothing_is_typed(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    hands.escape()
    hands.settle()
    hands.press(Qt.Key.Key_Right)
    assert listed(hands) == ["Token 1, Sunita K•, 10:00, Covishield, Dose 1, Arrived"]
    hands.press(Qt.Key.Key_Right)
    assert "Nobody is under observation." in hands.seen()
    hands.press(Qt.Key.Key_Left)
    hands.press(Qt.Key.Key_Left)
    hands.press(Qt.Key.Key_Left)
    assert [line.split(",")[0] for line in listed(hands)] == ["Token 2", "Token 3", "Token 4", "Token 5", "Token 6"]

    hands.write("su")
    hands.press(Qt.Key.Key_Left)
    hands.write("x")
    assert hands.find(QLineEdit, "search").text() == "sxu"


def test_piles_and_screens_are_reached_with_the_mouse(hands: Hands) -> None:
    click(hands, "pile-done")
    assert "Nobody is done yet." in hands.seen()
    click(hands, "screen-observation")
    assert "Nobody is under observation." in hands.seen()
    click(hands, "screen-sync")
    assert "Central holds no record of this desk" in hands.seen()
    click(hands, "screen-queue")
    click(hands, "pile-expected")
    people = hands.find(QListView, "queue-list")
    spot = people.visualRect(people.model().index(0, 0)).center()
    QTest.mouseClick(people.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseDClick(people.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    hands.settle()
    assert hands.said("person-name") == "Sunita Kumari"
    click(hands, "primary")
    hands.settle()
    assert hands.focused() == "code"


@pytest.mark.parametrize(
    ("typed", "found"), [("1", "Sunita K•"), ("0005", "Mohd. I•"), ("kum sun", "Sunita K•"), ("प्र", "राम प्र•")]
)
def test_people_are_found_by_token_last_four_and_any_word(hands: Hands, typed: str, found: str) -> None:
    hands.write(typed)

    assert found in listed(hands)[0]


def test_a_person_of_another_day_can_be_seen_but_not_dosed(hands: Hands) -> None:
    open_person(hands, "tomo")
    hands.enter()
    hands.settle()

    assert "The appointment is for Sun 22 Nov, not today." in hands.seen()
    assert hands.said("primary") == "Defer…"


def test_the_sync_screen_says_what_waits_why_and_when_it_is_tried_again(day: Day, hands: Hands) -> None:
    hands.until(lambda: "All records confirmed" in hands.said("status"))
    day.cut()
    to_code(hands, "sun")
    day.pass_time(timedelta(minutes=5))
    hands.press(Qt.Key.Key_F6)
    hands.until(lambda: "Could not reach central" in hands.said("sync-failure"))

    assert hands.said("sync-unconfirmed") == "1 record"
    assert hands.said("sync-oldest") == "5 min, since 10:00"
    assert hands.said("sync-contact") == "Sat 21 Nov 10:00"
    assert hands.said("sync-next").startswith("by itself in")

    day.mend()
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: hands.said("sync-unconfirmed") == "All records confirmed by central")
    hands.until(lambda: hands.said("sync-failure") == "went well")


def test_a_held_record_is_listed_in_words_and_opened_with_enter(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, other_code(day.booked["Sunita Kumari"]))
    hands.enter()
    hands.settle()
    to_code(hands, "pras")
    for _ in range(3):
        type_code(hands, wrong_code(day.booked["Ram Prasad"]))
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F6)
    hands.until(lambda: len(listed(hands, "held-list")) == 2)

    assert "The code was not the one on the person's slip." in listed(hands, "held-list")[0]
    assert "Three codes did not match." in listed(hands, "held-list")[1]
    hands.enter()
    hands.settle()
    assert hands.said("person-name") == "Sunita Kumari"


def test_another_history_at_central_stops_recording_in_words(day: Day, hands: Hands) -> None:
    hands.until(lambda: "All records confirmed" in hands.said("status"))

    def disagree() -> None:
        raise LedgerDisagrees(Message.of("sync.forked", seq=7))

    day.simulator.before = disagree
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: hands.place.disagreement is not None)
    open_person(hands, "sun")

    assert hands.said("primary") == "Back to the queue"
    assert hands.kinds() == []
    hands.enter()
    hands.settle()
    assert hands.focused() == "search"
    day.simulator.before = lambda: None


def test_help_comes_beside_the_work_and_goes_with_escape(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    assert not hands.window.findChildren(QWidget, "help"), "half the words of the window, made before anybody asked"
    hands.press(Qt.Key.Key_F1)
    assert hands.shown("help")
    assert not hands.shown("visit")

    hands.escape()

    assert hands.shown("visit")
    assert hands.focused() == "code"
    for key, sentence in ((Qt.Key.Key_F4, "Everybody stays 30 minutes"), (Qt.Key.Key_F6, "Everything is saved")):
        hands.press(key)
        hands.press(Qt.Key.Key_F1)
        assert sentence in hands.seen()
        hands.press(Qt.Key.Key_F1)
        assert sentence not in hands.seen()
    hands.escape()
    assert hands.focused() == "code"


def test_a_switch_of_language_keeps_everything_that_was_typed(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    hands.write("48")
    field = hands.find(QWidget, "code")

    hands.press(Qt.Key.Key_F9)

    assert hands.find(QWidget, "code") is field
    assert hands.said("code") == "सुरक्षा कोड, 4 में से 2 अंक"
    assert hands.focused() == "code"
    assert "पहचान" in hands.seen()
    hands.press(Qt.Key.Key_F9)
    hands.write(day.booked["Sunita Kumari"].code[2:])
    assert hands.said("code") == "Security code, 4 of 4 digits"
