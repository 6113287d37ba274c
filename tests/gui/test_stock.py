"""The stock screen by keys, on a real vault: what is counted in, opened, thrown away, handed over; what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QListView, QWidget

from tests.gui.steps import to_code, type_code
from tests.gui.stock_tour import allot, receive
from tests.support.window import COLLEAGUES_PASSPHRASE, Day, Hands
from vaccinator_app.domain.events import Body
from vaccinator_app.domain.stock_events import (
    DiscardReason,
    StockReceived,
    StockTransferred,
    VialDiscarded,
    VialOpened,
    VvmStage,
)
from vaccinator_app.gui.screens.people_column import PeopleColumn
from vaccinator_app.protocol.records import read_event

B = TypeVar("B", bound=Body)
BATCH = "4121Z025"


def bodies(hands: Hands, kind: type[B]) -> list[B]:
    """What was recorded of one kind, in order."""
    found = (read_event(record.payload).read_body() for record in hands.place.vault.ledger.records())
    return [body for body in found if isinstance(body, kind)]


def to_stock(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F10)
    hands.settle()
    assert hands.focused() == "stock-list"


def row(hands: Hands) -> str:
    """What a screen reader says of the row chosen."""
    index = hands.find(QListView, "stock-list").currentIndex()
    return str(index.data(Qt.ItemDataRole.AccessibleTextRole))


def press_button(hands: Hands, name: str) -> None:
    """With Right and arrows, as there is no letter for it."""
    hands.find(QListView, "stock-list").setFocus()
    hands.press(Qt.Key.Key_Right)
    for _ in range(8):
        if hands.focused() == name:
            break
        hands.press(Qt.Key.Key_Down)
    assert hands.focused() == name
    hands.enter()
    hands.settle()


def test_three_batches_are_counted_in_with_an_enter_a_number_and_an_enter_each(day: Day, hands: Hands) -> None:
    allot(day)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: len(hands.place.vault.roster.batches()) == 5)
    hands.presses = 0

    to_stock(hands)
    for vials in ("40", "12", "9"):
        receive(hands, vials)

    assert hands.presses == 1 + 4 + 4 + 3
    received = bodies(hands, StockReceived)
    assert [(one.batch, one.vials) for one in received] == [("4121Z901", 40), ("4121Z026", 12), (BATCH, 9)]
    assert received[0] == StockReceived(
        vaccine="covaxin", batch="4121Z901", expiry=date(2027, 5, 31), vials=40, doses_per_vial=20, vvm=VvmStage.NONE
    )
    assert hands.said("stock-saved") == f"9 vials of batch {BATCH} counted in"
    assert "Saved on this desk" in hands.seen() or "Confirmed by central" in hands.seen()
    assert "4121Z031" in row(hands), "the next that is not counted in is chosen"


def test_an_expired_batch_waits_for_nobody_to_count_it_in(day: Day, hands: Hands) -> None:
    allot(day)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: len(hands.place.vault.roster.batches()) == 5)

    to_stock(hands)

    shown = hands.find(QListView, "stock-list").model()
    said = [str(shown.index(place, 0).data(Qt.ItemDataRole.AccessibleTextRole)) for place in range(shown.rowCount())]
    assert not any("4121Z955" in text for text in said)
    assert said[0] == "Covaxin"
    hands.press(Qt.Key.Key_Home)
    assert "4121Z901" in row(hands), "a heading is never chosen"
    hands.press(Qt.Key.Key_Down)
    assert "4121Z026" in row(hands)


def test_what_cannot_be_received_is_said_at_its_field_and_nothing_is_recorded(hands: Hands) -> None:
    to_stock(hands)
    hands.enter()
    assert hands.focused() == "receive-vials"
    hands.write("0")
    hands.enter()
    hands.settle()
    vials = hands.find(QLineEdit, "receive-vials")
    assert vials.accessibleDescription() == "Type how many vials, from 1 to 10000."
    assert hands.focused() == "receive-vials"

    vials.clear()
    hands.write("-3")
    hands.enter()
    hands.settle()
    assert vials.accessibleDescription().startswith("Type how many vials")

    vials.clear()
    hands.write("5")
    expiry = hands.find(QLineEdit, "receive-expiry")
    for typed, sentence in (
        ("01 01 2028", f"Batch {BATCH} is known to expire on 31 Mar"),
        ("31 13 2027", "Type day, month and year"),
    ):
        expiry.setText(typed)
        hands.enter()
        hands.settle()
        assert expiry.accessibleDescription().startswith(sentence)
        assert hands.focused() == "receive-expiry"
        vials.setFocus()
    expiry.setText("31 03 2027")
    hands.find(QComboBox, "receive-vvm").setCurrentIndex(3)
    hands.enter()
    hands.settle()
    assert "The vial monitor shows stage 3" in hands.seen()
    assert hands.focused() == "receive-vvm"
    assert bodies(hands, StockReceived) == []

    hands.find(QComboBox, "receive-vvm").setCurrentIndex(1)
    vials.setFocus()
    hands.enter()
    hands.settle()
    assert [(one.vials, one.vvm) for one in bodies(hands, StockReceived)] == [(5, VvmStage.STAGE_1)]


def test_a_batch_that_nobody_allotted_is_named_with_its_expiry(hands: Hands) -> None:
    to_stock(hands)
    hands.press(Qt.Key.Key_Insert)
    assert hands.focused() == "receive-vaccine"
    hands.enter()
    assert hands.focused() == "receive-batch"
    hands.enter()
    assert hands.focused() == "receive-new-batch"
    hands.write("ab 12")
    hands.enter()
    hands.write("31 12 2026")
    hands.enter()
    hands.enter()
    hands.write("7")
    hands.enter()
    hands.settle()
    assert hands.find(QLineEdit, "receive-new-batch").accessibleDescription().startswith("The batch number has 1 to 32")
    assert hands.focused() == "receive-new-batch"

    hands.find(QLineEdit, "receive-new-batch").clear()
    hands.write("ab12")
    hands.find(QLineEdit, "receive-vials").setFocus()
    hands.enter()
    hands.settle()

    (received,) = bodies(hands, StockReceived)
    assert (received.batch, received.expiry, received.vials) == ("AB12", date(2026, 12, 31), 7)


def test_an_open_vial_is_thrown_away_with_a_reason(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    to_stock(hands)
    assert "9 doses" in hands.seen()

    hands.press(Qt.Key.Key_Right)
    assert hands.focused() == "discard-vial-1"
    hands.enter()
    assert "Why is vial 1 discarded?" in hands.seen()
    hands.write("3")
    hands.settle()

    (thrown,) = bodies(hands, VialDiscarded)
    assert (thrown.batch, thrown.vial, thrown.doses, thrown.reason) == (BATCH, 1, 9, DiscardReason.BROKEN)
    assert hands.said("stock-saved") == f"Vial 1 of batch {BATCH} discarded"
    assert hands.focused() == "stock-list"
    assert "No vial of this batch is open." in hands.seen()


def test_a_vial_whose_time_is_over_is_what_enter_is_for(day: Day, hands: Hands) -> None:
    to_stock(hands)
    receive(hands, "4")
    press_button(hands, "stock-open")
    assert [one.vial for one in bodies(hands, VialOpened)] == [1]
    assert not hands.find(QWidget, "stock-open").isVisible(), "a good vial is open already"

    day.pass_time(timedelta(hours=4))
    hands.press(Qt.Key.Key_F3)
    to_stock(hands)

    assert hands.said("stock-primary") == "Discard vial 1…"
    assert "The open-vial time is over" in hands.seen()
    hands.enter()
    hands.enter()
    hands.settle()
    (thrown,) = bodies(hands, VialDiscarded)
    assert (thrown.doses, thrown.reason) == (10, DiscardReason.OPEN_VIAL_TIME_OVER)


def test_unopened_vials_are_thrown_away_but_not_more_than_there_are(hands: Hands) -> None:
    to_stock(hands)
    receive(hands, "4")
    hands.press(Qt.Key.Key_Delete)
    assert not hands.shown("choice-6"), "open-vial time is for open vials"
    hands.write("2")
    assert hands.focused() == "discard-vials"
    hands.write("5")
    hands.enter()
    hands.settle()
    field = hands.find(QLineEdit, "discard-vials")
    assert field.accessibleDescription().startswith(f"Only 4 unopened vials of batch {BATCH} are here.")
    assert bodies(hands, VialDiscarded) == []

    field.clear()
    hands.write("1")
    hands.enter()
    hands.settle()

    (thrown,) = bodies(hands, VialDiscarded)
    assert (thrown.vials, thrown.doses, thrown.reason) == (1, 10, DiscardReason.VVM)
    assert hands.said("stock-saved") == f"1 unopened vial of batch {BATCH} discarded"


def test_vials_are_handed_over_by_the_in_charge(hands: Hands) -> None:
    to_stock(hands)
    receive(hands, "4")
    press_button(hands, "stock-transfer")
    hands.write("3")
    hands.enter()
    hands.enter()
    hands.settle()
    assert hands.find(QLineEdit, "transfer-to").accessibleDescription().startswith("Say where the vials go")
    hands.write("Desk 1")
    hands.enter()
    hands.settle()

    (moved,) = bodies(hands, StockTransferred)
    assert (moved.vials, moved.to) == (3, "Desk 1")


def test_only_an_in_charge_sees_transfer_reconcile_and_exceptions(locked: Hands) -> None:
    locked.press(Qt.Key.Key_Down)
    locked.press(Qt.Key.Key_Down)
    locked.unlock(COLLEAGUES_PASSPHRASE)
    for key in (Qt.Key.Key_F11, Qt.Key.Key_F12):
        locked.press(key)
        assert locked.focused() == "search"
    assert not locked.window.findChildren(QWidget, "screen-reconcile")
    assert not locked.window.findChildren(QWidget, "screen-exceptions")

    to_stock(locked)
    receive(locked, "4")

    assert locked.shown("stock-discard-unopened")
    assert not locked.shown("stock-transfer")


def test_esc_goes_back_a_step_at_a_time_and_letters_find_somebody(hands: Hands) -> None:
    to_stock(hands)
    hands.enter()
    hands.write("x")
    assert hands.find(QLineEdit, "receive-vials").text() == "x", "a field keeps its letters"
    hands.escape()
    assert hands.focused() == "stock-list"
    hands.press(Qt.Key.Key_Right)
    hands.escape()
    assert hands.focused() == "stock-list"
    hands.write("s")
    assert hands.focused() == "search"
    to_stock(hands)
    hands.escape()
    assert hands.focused() == "search"
    assert hands.kinds() == []


def test_the_rail_brings_the_screen_by_mouse_and_a_row_its_batch(hands: Hands) -> None:
    QTest.mouseClick(hands.find(QWidget, "screen-stock"), Qt.MouseButton.LeftButton)
    hands.settle()
    assert hands.shown("stock-list")
    assert hands.said("batch-name") == BATCH
    QTest.mouseClick(hands.find(QWidget, "stock-primary"), Qt.MouseButton.LeftButton)
    assert hands.focused() == "receive-vials"


def test_columns_keep_their_shares_and_the_rail_its_words_in_a_small_window(hands: Hands) -> None:
    for size in ((1366, 768), (1024, 640)):
        hands.window.resize(*size)
        hands.settle()
        people, ready = hands.find(PeopleColumn, ""), hands.find(QWidget, "ready")
        assert abs(people.width() - ready.width()) <= 1
        rail = hands.find(QWidget, "screen-stock")
        assert rail.width() >= rail.sizeHint().width()


def test_what_is_thrown_away_is_of_the_batch_the_form_was_opened_for(day: Day, hands: Hands) -> None:
    allot(day)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: len(hands.place.vault.roster.batches()) == 5)
    to_stock(hands)
    for vials in ("40", "12", "9"):
        receive(hands, vials)
    hands.press(Qt.Key.Key_Home)
    assert "4121Z901" in row(hands)
    hands.press(Qt.Key.Key_Delete)
    hands.write("3")
    hands.write("2")

    hands.find(QListView, "stock-list").setFocus()
    hands.press(Qt.Key.Key_Down)
    assert "4121Z026" in row(hands)
    hands.find(QWidget, "discard-go").setFocus()
    hands.enter()
    hands.settle()

    assert [(one.batch, one.vials) for one in bodies(hands, VialDiscarded)] == [("4121Z901", 2)]
    assert "4121Z901" in hands.said("stock-saved")
