"""Exceptions by keys: what is the matter, what led here, and each act that fits (DESIGN 4.4, 7.3)."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView, QWidget

from tests.gui.evening import Evening, choose, exceptions, listed
from tests.support.window import Hands
from vaccinator_app.desk.settle import settle
from vaccinator_app.domain.closing_events import ExceptionSettled, Settlement, SettleReason
from vaccinator_app.domain.exceptions import Act
from vaccinator_app.gui.screens.exceptions_settle import CONFIRM_STATES
from vaccinator_app.gui.screens.exceptions_sheet import ExceptionSheet
from vaccinator_app.protocol.messages import ConfirmState
from vaccinator_app.protocol.records import read_event


def settlements(hands: Hands) -> list[ExceptionSettled]:
    bodies = [read_event(record.payload).read_body() for record in hands.place.vault.ledger.records()]
    return [body for body in bodies if isinstance(body, ExceptionSettled)]


def otp(evening: Evening) -> str:
    """The six digits that the person is asked to read out; nobody else was sent such a text."""
    world = evening.day.world
    world.drain.run()
    texts = [text for file in (world.folder / "sms").glob("*.jsonl") for text in world.inbox(file.stem)]
    (asked,) = [found for text in texts if (found := re.search(r"tell them this number: (\d{6})", text))]
    return asked.group(1)


def test_the_gravest_stands_first_and_names_are_masked(in_charge: Hands) -> None:
    exceptions(in_charge)

    found = listed(in_charge)
    assert [said.split(",")[0] for said in found[:3]] == ["Adverse event", "Held", "No code left"]
    assert len(found) == 13
    assert all("Kumari" not in said for said in found)
    assert found[0].endswith("14:59, S. Devi")
    assert in_charge.focused() == "exceptions-list"


def test_the_sheet_tells_what_led_here(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Twice")

    seen = in_charge.seen()
    assert "This dose was recorded already at 13:10." in seen
    assert "Recorded by M. Khan at Sat 21 Nov 13:13, Desk 2" in seen
    assert "Dose 1 of Covishield recorded: batch 4121Z077, vial 1." in seen
    assert "13:10 · S. Devi" in seen


def test_one_is_let_stand_with_a_reason_and_a_note_by_keys(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Thrown away")
    in_charge.enter()
    assert "Why may it stand?" in in_charge.seen()
    in_charge.write("8")
    assert in_charge.focused() == "settle-note"

    in_charge.enter()
    in_charge.settle()
    assert "With the reason «other», write a few words why." in in_charge.seen()
    in_charge.write("mobile 98123 45678")
    in_charge.enter()
    in_charge.settle()
    assert "Write no mobile or ID numbers into the note" in in_charge.seen()
    assert settlements(in_charge) == []

    in_charge.find(QLineEdit, "settle-note").clear()
    in_charge.write("fell off the table")
    in_charge.enter()
    in_charge.settle()
    (one,) = settlements(in_charge)
    assert (one.how, one.reason, one.note) == (Settlement.EXPLAINED, SettleReason.OTHER, "fell off the table")
    assert len(listed(in_charge)) == 12
    assert in_charge.focused() == "exceptions-list"
    assert in_charge.said("screen-exceptions") == "Exceptions: 12"

    in_charge.press(Qt.Key.Key_Right)
    assert [said.split(",")[0] for said in listed(in_charge)] == ["Thrown away"]
    assert "Explained: another reason. R. Sharma, Sat 21 Nov 16:45. «fell off the table»" in in_charge.seen()
    assert not in_charge.shown("exception-act")
    in_charge.press(Qt.Key.Key_Left)
    assert len(listed(in_charge)) == 12


def test_one_is_handed_on_with_the_district_first(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Clock")
    in_charge.find(QWidget, "exception-act-2").setFocus()
    in_charge.enter()
    assert "1  the district knows" in in_charge.seen()
    in_charge.write("1")
    in_charge.enter()
    in_charge.settle()

    (one,) = settlements(in_charge)
    assert (one.how, one.reason) == (Settlement.ESCALATED, SettleReason.DISTRICT_INFORMED)


def test_escape_leaves_question_after_question(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Thrown away")
    in_charge.enter()
    in_charge.write("1")
    in_charge.escape()
    assert in_charge.focused() == "choice-1"
    in_charge.escape()
    assert in_charge.focused() == "exceptions-list"
    assert settlements(in_charge) == []
    in_charge.escape()
    assert in_charge.focused() == "search"


def test_a_dose_without_code_is_confirmed_by_the_persons_otp(evening: Evening, in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Without code")
    in_charge.enter()
    assert in_charge.focused() == "otp-go"
    in_charge.enter()
    in_charge.settle()
    assert "The OTP is on its way" in in_charge.seen()
    right = otp(evening)

    in_charge.write(f"{(int(right) + 1) % 1_000_000:06d}")
    in_charge.enter()
    in_charge.settle()
    assert "The OTP does not match." in in_charge.seen()
    in_charge.write("12")
    in_charge.enter()
    in_charge.settle()
    assert "The OTP has 6 digits." in in_charge.seen()
    in_charge.find(QLineEdit, "otp").clear()
    in_charge.write(right)
    in_charge.enter()
    in_charge.until(lambda: settlements(in_charge))
    in_charge.settle()

    (one,) = settlements(in_charge)
    assert one.how is Settlement.CONFIRMED
    assert not any(said.startswith("Without code") for said in listed(in_charge))


def test_without_a_network_the_otp_says_so_and_may_be_tried_again(evening: Evening, in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Without code")
    evening.day.cut()
    in_charge.enter()
    in_charge.enter()
    in_charge.settle()
    assert in_charge.shown("otp-notice")
    assert not in_charge.find(QLineEdit, "otp").isVisible()

    evening.day.mend()
    in_charge.enter()
    in_charge.settle()
    assert in_charge.focused() == "otp"


def test_every_answer_of_central_has_words() -> None:
    assert set(CONFIRM_STATES) == {state.value for state in ConfirmState}


def test_acts_lead_to_the_screens_where_they_are_done(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Corrected")
    in_charge.find(QWidget, "exception-act-2").setFocus()
    in_charge.enter()
    in_charge.settle()
    assert in_charge.shown("visit")

    exceptions(in_charge)
    choose(in_charge, "Observation")
    in_charge.enter()
    assert in_charge.shown("observation-list")

    exceptions(in_charge)
    choose(in_charge, "Thrown away")
    assert in_charge.said("exception-act-2") == "Go to the stock"
    QTest.mouseClick(in_charge.find(QWidget, "exception-act-2"), Qt.MouseButton.LeftButton)
    assert in_charge.said("screen-stock").startswith("Stock")
    assert not in_charge.shown("exceptions-list")


def test_a_refresh_takes_no_open_question_away(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Thrown away")
    in_charge.enter()
    in_charge.write("1")
    in_charge.write("half a")
    in_charge.press(Qt.Key.Key_F5)
    in_charge.window._session.moved.emit()  # type: ignore[union-attr]
    in_charge.settle()
    in_charge.write(" note")

    assert in_charge.find(QLineEdit, "settle-note").text() == "half a note"
    assert in_charge.focused() == "settle-note"


def test_what_was_settled_meanwhile_leaves_the_question_and_says_so(in_charge: Hands) -> None:
    exceptions(in_charge)
    choose(in_charge, "Thrown away")
    (sheet,) = in_charge.window.findChildren(ExceptionSheet)
    one = sheet.one
    assert one is not None
    in_charge.enter()
    settle(in_charge.place, one, Act.EXPLAIN, SettleReason.COUNTED_AGAIN)
    in_charge.window._session.moved.emit()  # type: ignore[union-attr]
    in_charge.until(lambda: len(listed(in_charge)) == 12)

    # the answer is to the question that was asked, whatever the list has chosen since
    in_charge.write("1")
    assert in_charge.focused() == "settle-note"
    in_charge.enter()
    in_charge.settle()
    assert "This was settled already." in in_charge.seen()
    assert len(settlements(in_charge)) == 1


def test_whoever_is_not_on_this_desks_roster_is_told_by_reference(in_charge: Hands) -> None:
    exceptions(in_charge)
    from vaccinator_app.gui.models.exceptions import Exceptions, whom

    model = in_charge.find(QListView, "exceptions-list").model()
    assert isinstance(model, Exceptions)
    one = model.one(0)
    assert one is not None
    message = whom(one, {})
    assert not isinstance(message, str)
    assert message.params == {"reference": one.appointment}
