"""Which day is looked at: today, or one before."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_DAY = timedelta(days=1)


class _Arrow(Button):
    """A sign; its words are its name and its tooltip."""

    def _speak(self) -> None:
        super()._speak()
        self.setToolTip(f"{self.accessibleName()} ({self._tip})")
        self.setText("")

    def __init__(self, kit: Kit, what: Message, icon: str, key: str) -> None:
        self._tip = key
        super().__init__(kit, what, plain=True, icon=icon, key=key)
        self._speak()


class DayChooser(QWidget):
    """The day between a button for the day before and one for the day after; Page Up and Page Down do the same."""

    chosen = Signal(object)
    """The `date` asked for."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._day: date | None = None
        self.before = _Arrow(kit, Message.of("day.before"), "before", "Page Up")
        self._after = _Arrow(kit, Message.of("day.after"), "after", "Page Down")
        for button, name, by in ((self.before, "day-before", -1), (self._after, "day-after", 1)):
            button.setObjectName(name)
            button.clicked.connect(lambda _=False, by=by: self.step(by))
        self._said = Text(kit, strong=True, elide=True)
        self._said.setObjectName("day")
        self._said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(kit.theme.step // 2)
        row.addWidget(self.before)
        row.addWidget(self._said)
        row.addWidget(self._after)

    def show_day(self, day: date, *, today: bool) -> None:
        """Say ``day``; there is none after ``today``."""
        self._day = day
        self._said.say(Message.of("day.today", day=day) if today else Message.of("day.other", day=day))
        self._after.setEnabled(not today)

    def step(self, by: int) -> None:
        """Ask for the day so many days on."""
        if self._day is not None and (by < 0 or self._after.isEnabled()):
            self.chosen.emit(self._day + by * _DAY)
