"""Past what may be put right on a sheet, in every state worth a look: a part of the tour in `pictures`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from tests.support.window import COLLEAGUES_PASSPHRASE, Day, Hands
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.domain.visits import VisitState

Stop = Callable[[str], None]
OTHERS = (("covishield", "4121Z077", date(2027, 6, 30)), ("covaxin", "4121Z903", date(2027, 1, 31)))


def press(hands: Hands, name: str) -> None:
    """By Tab from the primary button, as far as need be, and Enter."""
    hands.find(QWidget, "primary").setFocus()
    for _ in range(5):
        hands.press(Qt.Key.Key_Tab)
        if hands.focused() == name:
            break
    assert hands.focused() == name
    hands.enter()
    hands.settle()


def as_colleague(hands: Hands) -> None:
    """Lock, choose the other name, unlock."""
    hands.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    hands.until(lambda: hands.window.locked)
    hands.press(Qt.Key.Key_Down)
    hands.unlock(COLLEAGUES_PASSPHRASE)


def look_up(hands: Hands, typed: str) -> None:
    """Find somebody and open the sheet."""
    hands.write(typed)
    hands.settle()
    hands.enter()
    hands.settle()
    hands.until(lambda: hands.shown("visit"))


def leave(hands: Hands) -> None:
    """Out of whatever is asked, and out of the sheet."""
    while hands.shown("choices-back"):
        hands.escape()
    hands.escape()
    hands.settle()


def right(day: Day, hands: Hands, stop: Stop) -> None:
    """A dose corrected, somebody let go on without a code, batches that are not to be used; then as a vaccinator.

    The last of the tour, since it ends with somebody else at the desk.
    """
    hands.press(Qt.Key.Key_F3)
    stock = Stock(hands.place)
    for vaccine, batch, expiry in OTHERS:
        stock.receive(ReceiveForm(vaccine=vaccine, batch=batch, expiry=expiry, vials="2"))
    correct(hands, stop)
    without_code(hands, stop)
    stock.receive(ReceiveForm(vaccine="covishield", batch="4121Z099", expiry=date(2027, 6, 30), vials="1"))
    for line in stock.lines():
        for vial in line.vials if line.batch.batch == "4121Z025" else ():
            stock.discard_open("covishield", "4121Z025", vial.vial.vial, DiscardReason.BROKEN)
    stock.open_vial("covishield", "4121Z099")
    stock.discard_open("covishield", "4121Z099", 1, DiscardReason.CONTAMINATED)
    name = "श्रीकांत क्षीरसागर"
    look_up(hands, str(day.booked[name].token))
    hands.write(day.booked[name].code)
    hands.enter()
    hands.settle()
    stop("visit-closed-batches")
    leave(hands)
    colleague(hands, stop)


def correct(hands: Hands, stop: Stop) -> None:
    """What was different, and what it was."""
    look_up(hands, "irfan")
    stop("visit-on-record")
    press(hands, "correct")
    stop("correct")
    hands.write("1")
    stop("correct-batch")
    hands.escape()
    press(hands, "correct")
    hands.write("2")
    stop("correct-vaccine")
    hands.escape()
    press(hands, "correct")
    hands.write("1")
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "Confirmed by central" in hands.seen())
    stop("corrected")
    look_up(hands, "sunita")
    press(hands, "correct")
    hands.write("4")
    hands.settle()
    stop("wrong-person")


def without_code(hands: Hands, stop: Stop) -> None:
    """Somebody whose codes ran out goes on, and is recorded; central waits for their own word."""
    look_up(hands, "savi")
    press(hands, "override")
    stop("override")
    hands.write("2")
    hands.settle()
    stop("visit-override")
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "the certificate waits" in hands.seen())
    stop("awaits-otp")
    look_up(hands, "savi")
    stop("visit-awaits-otp")
    leave(hands)


def colleague(hands: Hands, stop: Stop) -> None:
    """What a vaccinator sees of it."""
    as_colleague(hands)
    look_up(hands, "irfan")
    press(hands, "correct")
    stop("correct-refused")
    leave(hands)
    expected = hands.place.vault.queue.rows(hands.place.today(), VisitState.EXPECTED, 200, 0)
    look_up(hands, str(next(row.token for row in expected if row.dose == 1)))
    hands.enter()
    hands.settle()
    stop("visit-no-code")
    press(hands, "override")
    stop("ask-in-charge")
    leave(hands)
