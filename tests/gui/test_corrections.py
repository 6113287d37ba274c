"""What goes wrong with a record, put right by keys: corrected, voided, let go on without a code (DESIGN 3.1, 4.4)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from tests.gui.pictures import wrong_code
from tests.gui.steps import dose, open_person, to_code, type_code
from tests.gui.visit_tour import as_colleague, press
from tests.support.window import COLLEAGUE, Day, Hands
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.domain.events import OverrideGranted, ProofKind, Voided, VoidReason
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.gui.screens.queue import QueueScreen
from vaccinator_app.protocol.records import read_event


def give(day: Day, hands: Hands, name: str = "Sunita Kumari") -> None:
    to_code(hands, str(day.booked[name].token))
    type_code(hands, day.booked[name].code)
    hands.enter()
    hands.settle()


SECOND = ReceiveForm(vaccine="covishield", batch="4121Z026", expiry=date(2027, 6, 30), vials="2")


def voids(hands: Hands) -> list[Voided]:
    bodies = [read_event(record.payload).read_body() for record in hands.place.vault.ledger.records()]
    return [body for body in bodies if isinstance(body, Voided)]


def test_the_ordinary_dose_costs_eight_keys_after_the_name(day: Day, hands: Hands) -> None:
    hands.write("sun")
    hands.settle()
    hands.presses = 0
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    assert (hands.kinds()[-1], hands.presses) == ("dose_given", 8)


def test_the_wrong_batch_in_three_steps(day: Day, hands: Hands) -> None:
    Stock(hands.place).receive(SECOND)
    give(day, hands)
    day.pass_time(timedelta(minutes=6))
    open_person(hands, "sun")
    assert "Given at 10:00: batch 4121Z025, vial 1." in hands.seen()

    press(hands, "correct")
    assert "What was different?" in hands.seen()
    assert "On record: Covishield, dose 1, batch 4121Z025, at 10:00." in hands.seen()
    hands.write("1")
    assert "Which batch was it?" in hands.seen()
    hands.enter()
    hands.settle()

    assert hands.kinds()[-3:] == ["voided", "vial_opened", "dose_given"]
    assert (dose(hands).batch, dose(hands).corrects) == ("4121Z026", voids(hands)[-1].seq)
    assert voids(hands)[-1].reason is VoidReason.WRONG_BATCH
    assert "Sunita K•: record corrected" in hands.seen()
    assert "Stays until 10:30." in hands.seen()
    hands.until(lambda: "Confirmed by central at 10:06." in hands.seen())
    open_person(hands, "sun")
    assert "Given at 10:00: batch 4121Z026, vial 1." in hands.seen()


def test_the_wrong_dose_number(day: Day, hands: Hands) -> None:
    give(day, hands)
    open_person(hands, "sun")
    press(hands, "correct")
    hands.write("3")
    assert hands.said("choice-1") == "1  Dose 2"
    hands.write("1")
    hands.settle()
    assert (dose(hands).dose, voids(hands)[-1].reason) == (2, VoidReason.WRONG_DOSE)


def test_the_wrong_vaccine_and_its_batch_are_one_answer(day: Day, hands: Hands) -> None:
    give(day, hands)
    open_person(hands, "sun")
    press(hands, "correct")
    hands.write("2")
    assert "This desk knows no other one." in hands.seen()
    assert hands.focused() == "choices-back"
    hands.escape()
    received = ReceiveForm(vaccine="covaxin", batch="37F21", expiry=dose(hands).expiry, vials="2")
    Stock(hands.place).receive(received)

    press(hands, "correct")
    hands.write("2")
    assert hands.said("choice-1") == "1  Covaxin · 37F21 · Mar 2027"
    hands.enter()
    hands.settle()
    assert (dose(hands).vaccine, voids(hands)[-1].reason) == ("covaxin", VoidReason.WRONG_VACCINE)


@pytest.mark.parametrize(("button", "answer"), [("correct", "4"), ("void", "1")])
def test_another_person_leads_back_to_the_search(day: Day, hands: Hands, button: str, answer: str) -> None:
    to_code(hands, "pras")
    hands.escape()
    hands.settle()
    give(day, hands)
    open_person(hands, "sun")

    press(hands, button)
    hands.write(answer)
    hands.settle()

    assert voids(hands)[-1].reason is VoidReason.WRONG_PERSON
    assert "Sunita K•: record voided. Now open the person who got it." in hands.seen()
    assert hands.focused() == "search"
    assert not hands.shown("next")


def test_who_never_came_is_expected_again(day: Day, hands: Hands) -> None:
    before = hands.said("pile-expected")
    give(day, hands)
    open_person(hands, "sun")

    press(hands, "correct")
    hands.write("6")
    hands.settle()

    assert voids(hands)[-1].reason is VoidReason.NEVER_CAME
    assert hands.said("pile-expected") == before
    assert hands.said("pile-arrived") == "Arrived: 0"


def test_escape_leaves_the_record_as_it_is(day: Day, hands: Hands) -> None:
    give(day, hands)
    open_person(hands, "sun")
    press(hands, "correct")
    hands.write("1")
    hands.escape()
    assert hands.focused() == "primary"
    assert voids(hands) == []


def test_a_colleague_sees_whose_record_it_is(day: Day, hands: Hands) -> None:
    give(day, hands)
    as_colleague(hands)
    assert hands.place.staff.name == COLLEAGUE
    open_person(hands, "sun")

    for button in ("correct", "void"):
        press(hands, button)
        assert "R. Sharma recorded this dose. They or the in-charge may take it back." in hands.seen()
        assert not hands.shown("choice-1")
        for key in (Qt.Key.Key_Down, Qt.Key.Key_1):
            hands.press(key)
        hands.enter()
        assert hands.focused() == "primary"
    assert voids(hands) == []


def test_the_in_charge_lets_somebody_go_on_whose_codes_ran_out(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    for _ in range(3):
        type_code(hands, wrong_code(day.booked["Sunita Kumari"]))
    assert "You may let this visit go on without the code." in hands.seen()
    assert hands.said("override") == "Let go on without code…"

    press(hands, "override")
    assert "Why without the code?" in hands.seen()
    hands.write("2")
    hands.settle()

    assert "The in-charge let this visit go on without the code." in hands.seen()
    assert hands.focused() == "primary"
    assert not hands.shown("override")
    hands.enter()
    hands.settle()
    assert dose(hands).proof.how is ProofKind.OVERRIDE
    granted = [read_event(r.payload).read_body() for r in hands.place.vault.ledger.records()]
    assert [body.reason.value for body in granted if isinstance(body, OverrideGranted)] == ["slip_lost"]
    assert hands.said("pile-attention") == "Needs attention: 0"


def test_a_vaccinator_asks_the_in_charge_and_goes_on_afterwards(day: Day, hands: Hands) -> None:
    as_colleague(hands)
    to_code(hands, "sun")
    assert hands.said("override") == "No code…"

    press(hands, "override")
    assert "Ask the in-charge" in hands.seen()
    assert "They unlock this desk under their own name" in hands.seen()
    hands.escape()
    assert hands.focused() == "code"


def test_a_dose_without_a_code_waits_for_the_person(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    press(hands, "override")
    hands.write("1")
    hands.settle()
    hands.enter()
    hands.settle()

    hands.until(lambda: "the certificate waits until the person confirms." in hands.seen())
    open_person(hands, "sun")
    assert "Confirmed by central at 10:00; the certificate waits until the person confirms." in hands.seen()


def test_an_adverse_event_is_asked_for_by_appointment(day: Day, hands: Hands) -> None:
    asked: list[str] = []
    hands.window.findChildren(QueueScreen)[0].aefi_asked.connect(asked.append)
    open_person(hands, "sun")
    assert not hands.shown("report-aefi")
    hands.escape()
    hands.settle()
    give(day, hands)
    open_person(hands, "sun")

    press(hands, "report-aefi")

    assert asked == [day.booked["Sunita Kumari"].reference]


def test_the_open_batch_stands_first_and_what_is_used_up_is_said_before_the_needle(day: Day, hands: Hands) -> None:
    stock = Stock(hands.place)
    stock.receive(SECOND)
    stock.receive(ReceiveForm(vaccine="covishield", batch="4121Z025", expiry=None, vials="1"))
    stock.open_vial("covishield", "4121Z025")
    stock.discard_open("covishield", "4121Z025", 1, DiscardReason.BROKEN)
    stock.open_vial("covishield", "4121Z026")

    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)

    lines = [label.text() for label in hands.window.findChildren(QLabel, "batch-closed") if label.isVisible()]
    assert lines == [
        "Batch 4121Z025 is used up: no unopened vial of it is left here. Take another one, or receive more at Stock."
    ]
    batch = hands.find(QWidget, "batch")
    assert batch.itemText(0) == "4121Z026 · open · Jun 2027"  # type: ignore[attr-defined]
