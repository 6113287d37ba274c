"""What the in-charge does at the window: vials counted in before the day, the day reconciled and closed after it."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QWidget

from vaccinator_app.cli.demo.hands import Hands, NothingHappened
from vaccinator_app.cli.speech import words

_ENTER = Qt.Key.Key_Return
_VIALS = "20"
_BATCHES = 2 * 3
"""Two of each vaccine, as central allotted them."""

Picture = Callable[[str], None]


def count_in(hands: Hands, picture: Picture) -> None:
    """Stock: each batch that nobody counted in yet, from the top; the next one is chosen by itself."""
    hands.press(Qt.Key.Key_F10)
    hands.until(lambda: _rows(hands, "stock-list") >= _BATCHES, "the batches did not come")
    for number in range(_BATCHES):
        hands.press(_ENTER)
        hands.until(lambda: hands.sees("receive-vials"), "the form for vials did not open")
        hands.write(_VIALS)
        if number == 0:
            picture("receive")
        hands.press(_ENTER)
        hands.until(lambda: not hands.sees("receive-vials"), "the vials were not received")
    picture("stock")


def close_the_day(hands: Hands, picture: Picture) -> None:
    """Exceptions and Reconcile looked at, every batch counted, the day signed, and central's own count waited for."""
    hands.press(Qt.Key.Key_F11)
    hands.until(lambda: hands.sees("people"), "the day's numbers did not come")
    hands.press(Qt.Key.Key_F12)
    hands.until(lambda: _rows(hands, "exceptions-list") > 0, "the exceptions did not come")
    picture("exceptions")
    hands.press(Qt.Key.Key_F11)
    picture("reconcile")
    hands.press(_ENTER, control=True)
    hands.until(lambda: hands.sees("close-next"), "the close did not begin")
    _count(hands, picture)
    hands.press(_ENTER)
    hands.until(lambda: hands.sees("sign-people"), "the second step of the close did not come")
    picture("sign")
    hands.read()
    hands.press(_ENTER)
    hands.until(lambda: not hands.sees("close-next"), "the day was not closed")
    agrees = words().t("close.central_agrees")
    hands.until(lambda: agrees in hands.find(QWidget, "day-state").accessibleName(), "central did not count the same")
    picture("closed")


def _count(hands: Hands, picture: Picture) -> None:
    """The vials that lie in the carrier: in a demo as many as the records say."""
    first = True
    while isinstance(field := hands.focused(), QLineEdit) and field.objectName().startswith("count-"):
        said = re.findall(r"\d+", field.accessibleDescription())
        if not said:
            raise NothingHappened("a batch to be counted does not say how many there should be")
        hands.write(said[0])
        if first:
            picture("count")
            first = False
        hands.press(_ENTER)


def _rows(hands: Hands, name: str) -> int:
    return hands.find(QAbstractItemView, name).model().rowCount() if hands.sees(name) else 0
