"""What was being typed when the desk locked is there again for whoever typed it, and for nobody else."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit

from tests.gui.test_session import lock
from tests.gui.test_stock import bodies, to_stock
from tests.gui.test_watch import to, to_report
from tests.support.central import PASSPHRASE
from tests.support.window import Day, Hands
from vaccinator_app.desk import half_typed
from vaccinator_app.domain.aefi import AefiReported, AefiSign
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason
from vaccinator_app.domain.stock_events import StockReceived
from vaccinator_app.gui.screens.aefi import AefiPanel

AGAIN = "What you had typed when the desk locked is here again."


def begin_report(day: Day, hands: Hands) -> None:
    """A sign, and words that nobody wants to type twice."""
    to_report(day, hands)
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    hands.write("1005")
    to(hands, "aefi-serious")
    hands.press(Qt.Key.Key_Down)
    to(hands, "aefi-story")
    hands.write("Hot and dizzy")


def unlock(hands: Hands) -> None:
    """Until whatever stands in front then is there."""
    hands.write(PASSPHRASE)
    hands.enter()
    hands.until(lambda: any(map(hands.shown, ("search", "aefi", "receive"))))
    hands.settle()


def test_a_report_goes_on_where_the_lock_came(day: Day, hands: Hands) -> None:
    begin_report(day, hands)
    lock(hands)
    assert "Hot and dizzy" not in hands.seen()

    unlock(hands)
    assert hands.shown("aefi")
    assert AGAIN in hands.seen()
    assert hands.find(QPlainTextEdit, "aefi-story").toPlainText() == "Hot and dizzy"
    to(hands, "aefi-go")
    hands.enter()
    hands.settle()
    (told,) = bodies(hands, AefiReported)
    assert (told.signs, f"{told.onset:%H:%M}") == ((AefiSign.FEVER,), "10:05")

    lock(hands)
    unlock(hands)
    assert hands.place.vault.forms.of(hands.place.staff.staff) == {}, "what is on record comes back once more"
    assert not hands.shown("aefi")


def test_what_is_about_somebody_goes_with_their_details(day: Day, hands: Hands) -> None:
    begin_report(day, hands)
    place = hands.place
    half = hands.find(AefiPanel, "aefi").half_typed()
    assert half is not None
    half_typed.keep(place, [half, half_typed.HalfTyped(form=half_typed.Form.RECEIVE, fields={"vials": "3"})])
    assert {one.form for one in half_typed.given_back(place)} == set(half_typed.Form)
    place.record(DetailsPurged(day=place.today(), people=1, reason=PurgeReason.CLOSED))
    assert {one.form for one in half_typed.given_back(place)} == {half_typed.Form.RECEIVE}
    place.record(DetailsPurged(day=date(2020, 1, 1), people=0, reason=PurgeReason.REVOKED))
    assert half_typed.given_back(place) == []


def test_nobody_else_is_given_it(day: Day, hands: Hands) -> None:
    begin_report(day, hands)
    lock(hands)
    unlock(hands)
    forms = hands.place.vault.forms
    assert len(forms.of(hands.place.staff.staff)) == 1
    assert forms.of("s-somebody") == {}
    forms.keep("s-somebody", {})
    assert len(forms.of(hands.place.staff.staff)) == 1


def test_vials_that_were_being_counted_in(day: Day, hands: Hands) -> None:
    to_stock(hands)
    hands.press(Qt.Key.Key_Insert)
    hands.find(QLineEdit, "receive-new-batch").setText("4121Z999")
    hands.find(QLineEdit, "receive-expiry").setText("31 05 2027")
    hands.find(QLineEdit, "receive-vials").setText("12")
    lock(hands)

    unlock(hands)
    assert AGAIN in hands.seen()
    assert hands.find(QLineEdit, "receive-new-batch").text() == "4121Z999"
    assert hands.find(QComboBox, "receive-batch").isVisible()
    hands.find(QLineEdit, "receive-vials").setFocus()
    hands.enter()
    hands.settle()
    (came,) = bodies(hands, StockReceived)
    assert (came.batch, came.vials, came.expiry) == ("4121Z999", 12, date(2027, 5, 31))
    assert hands.place.vault.forms.of(hands.place.staff.staff) == {}
