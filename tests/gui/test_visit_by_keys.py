"""A day's visits through the real window, by keys alone (DESIGN 9.1; SCREENS, moments that must be right)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QListView, QWidget

from tests.gui.pictures import other_code, wrong_code
from tests.support.window import Day, Hands
from vaccinator_app.domain.events import DoseGiven, IdentityMethod, ProofKind, Site
from vaccinator_app.protocol.records import read_event


def open_person(hands: Hands, typed: str) -> None:
    """Find somebody by what is typed, and open the sheet."""
    hands.write(typed)
    hands.enter()
    hands.settle()
    assert hands.shown("visit")


def to_code(hands: Hands, typed: str) -> None:
    """As far as the code."""
    open_person(hands, typed)
    hands.enter()
    hands.settle()
    assert hands.focused() == "code"


def type_code(hands: Hands, code: str) -> None:
    hands.write(code)
    hands.enter()
    hands.settle()


def scan(hands: Hands, digits: str) -> None:
    """As a scanner types: all at once, then Enter."""
    hands.write(digits)
    hands.enter()
    hands.settle()


def dose(hands: Hands) -> DoseGiven:
    """The dose recorded last."""
    bodies = [read_event(record.payload).read_body() for record in hands.place.vault.ledger.records()]
    return [body for body in bodies if isinstance(body, DoseGiven)][-1]


def test_a_booked_person_from_first_letter_to_recorded_dose(day: Day, hands: Hands) -> None:
    hands.write("sun")
    hands.settle()
    hands.presses = 0

    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    hands.write(day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()

    assert hands.presses <= 12
    assert hands.kinds() == ["arrived", "vial_opened", "dose_given"]
    assert dose(hands).appointment == day.booked["Sunita Kumari"].reference
    assert dose(hands).proof.how is ProofKind.CODE
    assert "Sunita K•: dose recorded" in hands.seen()
    assert "Stays until 10:30." in hands.seen()
    assert hands.focused() == "search"
    hands.until(lambda: "Confirmed by central at 10:00." in hands.seen())


def test_keys_typed_ahead_wait_for_what_is_being_saved(day: Day, hands: Hands) -> None:
    """A quick hand does not wait for the disk between two steps; no digit is lost, and no dose is recorded blind."""
    hands.write("sun")
    hands.enter()
    hands.enter()
    hands.write(day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.enter()
    hands.settle()

    assert hands.kinds() == ["arrived"]
    assert hands.focused() == "primary"
    assert "The code matches." in hands.seen()
    hands.enter()
    hands.settle()
    assert hands.kinds()[-1] == "dose_given"


def test_a_code_may_be_typed_in_the_digits_of_another_script(day: Day, hands: Hands) -> None:
    to_code(hands, "राम")
    code = day.booked["राम प्रसाद"].code

    type_code(hands, "".join(chr(ord("०") + int(digit)) for digit in code))

    assert "The code matches." in hands.seen()


@pytest.mark.parametrize("typed", ["482", "48215"])
def test_three_or_five_digits_cost_no_try(hands: Hands, typed: str) -> None:
    to_code(hands, "sun")

    type_code(hands, typed)

    assert "The code has 4 digits." in hands.seen()
    assert hands.kinds() == ["arrived"]
    assert hands.focused() == "code"


def test_three_wrong_codes_close_the_step_and_the_queue_goes_on(day: Day, hands: Hands) -> None:
    wrong = wrong_code(day.booked["Sunita Kumari"])
    to_code(hands, "sun")

    type_code(hands, wrong)
    assert "Code does not match. Ask to see the SMS or slip again. 2 tries left." in hands.seen()
    type_code(hands, wrong)
    assert "1 try left." in hands.seen()
    type_code(hands, wrong)

    assert "Three codes did not match. Ask the in-charge" in hands.seen()
    assert not hands.shown("code")
    assert hands.kinds() == ["arrived", *["code_refused"] * 3]
    assert hands.said("pile-attention") == "Needs attention: 1"
    hands.enter()
    hands.settle()
    to_code(hands, "pras")


def test_tries_are_not_forgotten_by_a_lock(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, wrong_code(day.booked["Sunita Kumari"]))

    hands.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    hands.until(lambda: hands.window.locked)
    hands.unlock()
    hands.until(lambda: hands.shown("visit"))

    assert hands.focused() == "code"
    assert "2 tries left." in hands.seen()


def test_a_scan_of_ones_own_slip_passes_the_code_step(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Sunita Kumari"].slip)

    assert hands.said("person-name") == "Sunita Kumari"
    assert "The slip was scanned and matches." in hands.seen()
    assert hands.focused() == "primary"
    assert hands.said("primary") == "Photo ID seen"
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    assert dose(hands).proof.how is ProofKind.SLIP
    assert dose(hands).identity is IdentityMethod.SLIP_AND_PHOTO_ID


def test_a_slip_scanned_into_the_code_field_is_not_taken_for_a_code(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")

    scan(hands, day.booked["Sunita Kumari"].slip)

    assert "The slip was scanned and matches." in hands.seen()
    assert "code_refused" not in hands.kinds()
    assert hands.said("primary") == "Record dose given"


def test_another_persons_slip_opens_that_person_and_keeps_the_first_ones_steps(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")

    scan(hands, day.booked["Ram Prasad"].slip)

    assert hands.said("person-name") == "Ram Prasad"
    hands.escape()
    hands.settle()
    open_person(hands, "sun")
    assert hands.focused() == "code"


def test_a_slip_of_another_centre(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Bhojpur Singh"].slip)

    assert "This slip is for CHC Bhojpur, 21 Nov." in hands.seen()
    assert not hands.shown("visit")


def test_a_slip_of_another_day(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Tomorrow Singh"].slip)

    assert "This slip is for Sun 22 Nov." in hands.seen()


def test_a_broken_scan_says_so_also_from_the_code_field(day: Day, hands: Hands) -> None:
    slip = day.booked["Sunita Kumari"].slip
    scan(hands, slip[:-2] + "00")
    assert "The slip could not be read." in hands.seen()

    to_code(hands, "sun")
    scan(hands, slip[:40])

    assert "The slip could not be read." in hands.seen()
    assert hands.kinds() == ["arrived"]
    assert hands.focused() == "code"


def test_a_later_dose_within_what_central_knows(hands: Hands) -> None:
    open_person(hands, "iye")

    assert "92 days after dose 1 (at least 84)." in hands.seen()


def test_the_date_of_a_dose_that_central_does_not_know_is_asked_for(day: Day, hands: Hands) -> None:
    open_person(hands, "thang")
    hands.enter()
    hands.settle()
    assert hands.focused() == "previous-date"

    hands.write("31 02 2026")
    hands.enter()
    assert "Type day, month and year" in hands.seen()
    hands.find(QLineEdit, "previous-date").clear()
    hands.write("01 12 2026")
    hands.enter()
    hands.settle()
    assert "still to come" in hands.seen() or "future" in hands.seen()
    hands.find(QLineEdit, "previous-date").clear()
    hands.write("२१-०८-२०२६")
    hands.enter()
    hands.settle()

    assert "92 days after dose 1 (at least 84)." in hands.seen()
    type_code(hands, day.booked["Thangaraj Subramanian"].code)
    hands.enter()
    hands.settle()
    assert dose(hands).eligibility.from_certificate


def test_too_early_says_from_when_and_enter_offers_to_defer(hands: Hands) -> None:
    open_person(hands, "thang")
    hands.enter()
    hands.settle()
    hands.write("21 10 2026")
    hands.enter()
    hands.settle()
    assert "Allowed from 13 Jan 2027." in hands.seen()
    assert hands.said("primary") == "Defer…"
    assert hands.shown("primary")

    hands.enter()
    assert hands.shown("choice-7")
    hands.write("4")
    hands.settle()

    assert hands.kinds() == ["arrived", "dose_deferred"]
    assert "Thangaraj S•: no dose today" in hands.seen()


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
    assert hands.focused() == "void"
    hands.enter()
    hands.write("1")
    hands.settle()

    assert hands.kinds()[-1] == "voided"
    assert hands.said("pile-arrived") == "Arrived: 1"
    assert "Sunita K•: record voided" in hands.seen()


def test_another_batch_and_site_are_chosen_before_the_dose(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    assert "batch 4121Z025" in hands.seen()

    hands.find(QComboBox, "site").setFocus()
    hands.press(Qt.Key.Key_Down)
    assert hands.focused() == "primary"
    hands.enter()
    hands.settle()

    assert dose(hands).site is Site.RIGHT_ARM


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
    hands.until(lambda: "could not reach central" in hands.said("status"))
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
    assert "are still left. Press Enter again" in hands.seen()
    hands.escape()
    assert "Press Enter again" not in hands.seen()

    day.pass_time(timedelta(minutes=20))
    hands.until(lambda: "30 minutes over. May go." in hands.seen())
    hands.enter()
    hands.settle()
    assert hands.kinds()[-1] == "observation_ended"
    assert "Nobody is under observation." in hands.seen()
