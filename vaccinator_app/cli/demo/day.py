"""The script of the day, done through the window by keys: who comes, who does not, and what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QWidget

from vaccinator_app.cli.demo.bookings import Booked
from vaccinator_app.cli.demo.first_run import Newcomers, add_colleague, enrol
from vaccinator_app.cli.demo.hands import Hands
from vaccinator_app.cli.demo.in_charge import close_the_day, count_in
from vaccinator_app.cli.demo.line import Line
from vaccinator_app.cli.speech import words
from vaccinator_app.gui.models.lines import LINE

_ENTER, _ESC, _UP, _DOWN = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Up, Qt.Key.Key_Down
_FIRST_DEFER_REASON = "choice-1"
_NO_SHOWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The in-charge, who stands first on the unlock screen, and the vaccinator, who is second; where pictures go, and
    how many of the booked are left for whoever watches.
    """

    newcomers: Newcomers
    pictures: Path
    today: date
    leave: int


class Day:
    """One vaccinator's day at one desk."""

    def __init__(self, hands: Hands, line: Line, people: Sequence[Booked], cast: Cast) -> None:
        self._hands = hands
        self._line = line
        self._people = people
        self._cast = cast
        self._shots = 0

    def run(self) -> None:
        """The whole day. Raises ``NothingHappened`` where the window does not do its part."""
        coming = self._people[: max(1, len(self._people) - _NO_SHOWS - self._cast.leave)]
        enrol(self._hands, self._cast.newcomers, self._picture)
        add_colleague(self._hands, self._cast.newcomers, self._picture)
        self._hands.press(Qt.Key.Key_F3)
        self._hands.until(self._roster_is_there, "the roster did not come")
        count_in(self._hands, self._picture)
        self._lock()
        self._picture_unlock()
        self._sign_in()
        self._picture("queue")
        self._cut_the_line()
        half = len(coming) // 2
        for place, person in enumerate(coming[:half]):
            self._visit(place, person)
        self._walk_in()
        self._switch_language()
        self._picture("queue-hindi")
        for place, person in enumerate(coming[half:], half):
            self._visit(place, person)
        self._picture_each_screen("hindi")
        self._switch_language()
        self._picture_each_screen("english")
        self._mend_the_line()
        self._picture("confirmed")
        if not self._cast.leave:
            self._lock()
            self._sign_in(in_charge=True)
            close_the_day(self._hands, self._picture)

    # Coming and going

    def _picture_unlock(self) -> None:
        self._hands.until(lambda: self._hands.sees("passphrase"), "the unlock screen did not come")
        self._picture("unlock")

    def _sign_in(self, *, in_charge: bool = False) -> None:
        hands = self._hands
        hands.until(lambda: hands.sees("passphrase"), "the unlock screen did not come")
        hands.press(_UP if in_charge else _DOWN)
        who = self._cast.newcomers
        hands.write(who.in_charge_passphrase if in_charge else who.passphrase)
        hands.press(_ENTER)
        hands.until(lambda: hands.sees("search"), "the desk did not unlock")

    def _lock(self) -> None:
        self._hands.press(Qt.Key.Key_L, control=True)

    def _lock_and_return(self) -> None:
        self._lock()
        self._sign_in()

    def _roster_is_there(self) -> bool:
        return self._hands.sees("queue-list")

    def _cut_the_line(self) -> None:
        self._line.cut()
        self._hands.press(Qt.Key.Key_F5)
        self._hands.until(lambda: self._foot_says("sync.could_not_reach"), "the desk did not notice the cut line")

    def _mend_the_line(self) -> None:
        self._line.mend()
        self._hands.press(Qt.Key.Key_F5)
        self._hands.until(lambda: self._foot_says("status.all_confirmed"), "central did not confirm every record")

    def _foot_says(self, key: str) -> bool:
        return words().t(key) in self._hands.find(QWidget, "status").accessibleName()

    # One person

    def _visit(self, place: int, person: Booked) -> None:
        self._open(person, by_slip=place % 3 == 2)
        self._hands.press(_ENTER)  # the photo ID was looked at
        if place == 6:
            self._lock_and_return()
        if place == 5:
            self._defer()
            return
        if self._hands.sees("previous-date"):
            self._hands.write(f"{self._cast.today - timedelta(days=120):%d %m %Y}")
            self._hands.press(_ENTER)
        if self._hands.sees("code") and not self._code(place, person):
            return
        if not self._hands.sees("batch"):
            self._defer()  # the sheet says why no dose may be given
            return
        self._hands.press(_ENTER)
        if place == 4:
            self._correct(person)

    def _open(self, person: Booked, *, by_slip: bool) -> None:
        hands = self._hands
        if by_slip:
            hands.write(person.slip)
            hands.press(_ENTER)
        else:
            hands.write(person.name[:3])
            row = self._row_of(person.reference)
            hands.press(_DOWN, times=max(0, row - self._list().currentIndex().row()))
            hands.press(_ENTER)
        hands.until(lambda: hands.sees("visit"), "the person's sheet did not open")

    def _code(self, place: int, person: Booked) -> bool:
        """The code as the person reads it out, with the slips of the tongue that happen. False when none is left."""
        wrong = _one_digit_off(person.code)
        tries = {1: [wrong], 3: [wrong] * 3}.get(place, [])
        for typed in tries:
            self._hands.write(typed)
            self._hands.press(_ENTER)
            self._picture("wrong-code" if len(tries) == 1 else "code-closed")
        if len(tries) == 3:
            self._hands.press(_ESC)
            return False
        self._hands.write(person.code)
        if place == 0:
            self._picture("code")
        self._hands.press(_ENTER)
        if place == 0:
            self._picture("dose")
        return True

    def _defer(self) -> None:
        self._hands.click("defer")
        self._picture("defer")
        self._hands.read()
        self._hands.click(_FIRST_DEFER_REASON)

    def _correct(self, person: Booked) -> None:
        """The dose was of the other batch: one answer, and its record takes the place of the first."""
        self._open(person, by_slip=False)
        self._hands.click("correct")
        self._picture("correct")
        self._hands.write("1")
        self._picture("correct-batch")
        self._hands.press(_ENTER)

    def _walk_in(self) -> None:
        hands = self._hands
        hands.press(Qt.Key.Key_F2)
        for name, text in (("name", "Ramesh Chand"), ("year_of_birth", "1957"), ("photo_id_last4", "7731")):
            hands.find(QWidget, f"walk-in-{name}").setFocus()
            hands.write(text)
        self._picture("walk-in")
        hands.click("walk-in-register")
        hands.until(lambda: hands.sees("visit"), "the walk-in was not registered")
        hands.press(_ENTER)
        hands.press(_ENTER)

    # Looking

    def _row_of(self, reference: str) -> int:
        model = self._list().model()
        for row in range(model.rowCount()):
            line = model.index(row, 0).data(LINE)
            if line is not None and line.row.appointment == reference:
                return row
        return 0

    def _list(self) -> QAbstractItemView:
        return self._hands.find(QAbstractItemView, "queue-list")

    def _switch_language(self) -> None:
        self._hands.click("language")

    def _picture_each_screen(self, language: str) -> None:
        keys = {"observation": Qt.Key.Key_F4, "stock": Qt.Key.Key_F10, "sync": Qt.Key.Key_F6, "queue": Qt.Key.Key_F3}
        for name, key in keys.items():
            self._hands.press(key)
            self._picture(f"{name}-{language}")

    def _picture(self, name: str) -> None:
        self._shots += 1
        self._hands.picture(self._cast.pictures / f"{self._shots:02d}-{name}.png")


def _one_digit_off(code: str) -> str:
    return f"{(int(code[0]) + 1) % 10}{code[1:]}"
