"""A day's visits through the real window, by keys alone (DESIGN 9.1; SCREENS, moments that must be right)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit

from tests.gui.pictures import wrong_code
from tests.gui.steps import dose, open_person, to_code, type_code
from tests.support.window import Day, Hands
from vaccinator_app.domain.events import ProofKind, Site


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

    assert "Three codes did not match. You may let this visit go on" in hands.seen()
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
