"""Past the stock and the watch, in every state worth a look: a part of the tour in `pictures`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListView, QWidget

from tests.central.support import RAMPUR
from tests.support.window import Day, Hands
from vaccinator_app.central.operations import admin
from vaccinator_app.domain.stock import Batch

Stop = Callable[[str], None]

ALLOTTED = (
    ("covishield", "4121Z026", date(2026, 11, 30), 10),
    ("covishield", "4121Z031", date(2027, 6, 30), 10),
    ("covaxin", "4121Z901", date(2027, 5, 31), 20),
    ("corbevax", "4121Z955", date(2026, 10, 31), 20),
)
"""Besides the one of the day: vaccine, batch, expiry, doses a vial."""


def allot(day: Day) -> None:
    """More batches for the centre; they come with the next sync."""
    for vaccine, batch, expiry, doses in ALLOTTED:
        made = Batch(vaccine=vaccine, batch=batch, expiry=expiry, doses_per_vial=doses)
        admin.allot_batch(day.world.home, RAMPUR, made)


def listed(hands: Hands) -> str:
    """What the list of batches says."""
    model = hands.find(QListView, "stock-list").model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    return " ".join(str(row.data(Qt.ItemDataRole.AccessibleTextRole)) for row in rows)


def receive(hands: Hands, vials: str) -> None:
    """Count in the batch that is chosen."""
    hands.enter()
    hands.write(vials)
    hands.enter()
    hands.settle()


def stock(day: Day, hands: Hands, stop: Stop) -> None:
    """The carrier: nothing counted in, the form, what goes wrong, open vials, what is thrown away."""
    day.mend()
    allot(day)
    hands.press(Qt.Key.Key_F5)
    hands.press(Qt.Key.Key_F10)
    hands.until(lambda: ALLOTTED[0][1] in listed(hands))
    hands.settle()
    stop("stock-morning")
    hands.enter()
    stop("stock-receive")
    hands.write("0")
    hands.enter()
    hands.settle()
    stop("stock-receive-wrong")
    hands.escape()
    for vials in ("12", "40", "6", "9"):
        receive(hands, vials)
    stop("stock-received")
    hands.press(Qt.Key.Key_Insert)
    stop("stock-receive-other")
    hands.escape()
    hands.press(Qt.Key.Key_Home)
    hands.press(Qt.Key.Key_Right)
    stop("stock-open")
    hands.press(Qt.Key.Key_Left)
    hands.press(Qt.Key.Key_Delete)
    stop("stock-discard-why")
    hands.write("3")
    hands.write("400")
    hands.enter()
    hands.settle()
    stop("stock-discard-too-many")
    hands.escape()
    day.pass_time(timedelta(hours=4))
    hands.press(Qt.Key.Key_F3)
    hands.press(Qt.Key.Key_F10)
    hands.settle()
    for _ in range(2):
        hands.press(Qt.Key.Key_Down)
    stop("stock-time-over")
    hands.enter()
    stop("stock-discard-vial")
    hands.write("1")
    hands.settle()
    stop("stock-discarded")
    hands.press(Qt.Key.Key_F1)
    stop("stock-help")
    hands.escape()


def watch(day: Day, hands: Hands, stop: Stop) -> None:
    """The watch: somebody may go, somebody leaves early, something happened."""
    hands.press(Qt.Key.Key_F3)
    stop("somebody-may-go")
    hands.press(Qt.Key.Key_F4)
    hands.press(Qt.Key.Key_End)
    stop("watch")
    hands.enter()
    stop("watch-early")
    hands.escape()
    hands.press(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    stop("aefi")
    hands.find(QWidget, "aefi-go").setFocus()
    hands.enter()
    hands.settle()
    stop("aefi-nothing-seen")
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Space)
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Space)
    hands.enter()
    hands.write(f"{hands.place.now():%H%M}")
    hands.find(QWidget, "aefi-go").setFocus()
    hands.enter()
    hands.settle()
    stop("aefi-serious-or-not")
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Down)
    while hands.focused() != "aefi-story":
        hands.enter()
    hands.write("Dizzy, then fainted for a minute while sitting. Laid down, legs up; came round by herself.")
    stop("aefi-story")
    hands.find(QWidget, "aefi-go").setFocus()
    hands.enter()
    hands.settle()
    stop("aefi-saved")
    hands.press(Qt.Key.Key_F1)
    stop("watch-help")
    hands.escape()
