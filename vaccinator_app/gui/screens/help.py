"""F1: what this screen is for and which keys do what, beside the work, not on top of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

SWITCH = "Ctrl+Shift+L"
"""The key that hands the desk to a colleague."""

EVERYWHERE: Sequence[tuple[str, str]] = (
    ("F1", "help.f1"),
    ("F2", "help.f2"),
    ("F3  F4  F10  F6", "help.screens"),
    ("F11  F12", "help.in_charge_screens"),
    ("Ctrl+F11", "help.staff_screen"),
    ("Ctrl+F12", "help.audit_screen"),
    ("F5", "help.f5"),
    ("F7  F8  F9", "help.look"),
    ("Ctrl+L", "help.lock"),
    (SWITCH, "help.switch"),
)
QUEUE: Sequence[tuple[str, str]] = (
    ("A…Z  /", "help.letters"),
    ("↑  ↓", "help.up_down"),
    ("←  →", "help.left_right"),
    ("Enter", "help.enter"),
    ("0…9", "help.digits"),
    ("Esc", "help.esc"),
)
OBSERVATION: Sequence[tuple[str, str]] = (
    ("↑  ↓", "help.up_down"),
    ("Enter", "help.end_observation"),
    ("Ctrl+R", "help.report_aefi"),
    ("Space", "help.space"),
    ("Esc", "help.esc"),
)
STOCK: Sequence[tuple[str, str]] = (
    ("↑  ↓", "help.up_down"),
    ("Enter", "help.stock_enter"),
    ("Insert", "help.stock_insert"),
    ("Delete", "help.stock_delete"),
    ("→", "help.to_buttons"),
    ("Esc", "help.esc"),
)
STAFF: Sequence[tuple[str, str]] = (
    ("↑  ↓", "help.up_down"),
    ("Enter", "help.stock_enter"),
    ("Insert", "help.staff_insert"),
    ("Delete", "help.staff_delete"),
    ("→", "help.to_buttons"),
    ("Esc", "help.esc"),
)
RECONCILE: Sequence[tuple[str, str]] = (
    ("↑  ↓", "help.up_down"),
    ("←  →", "help.table_by"),
    ("Page Up  Page Down", "help.other_day"),
    ("Ctrl+P", "help.day_report"),
    ("Ctrl+Enter", "help.close_day"),
    ("Esc", "help.esc"),
)
EXCEPTIONS: Sequence[tuple[str, str]] = (
    ("↑  ↓", "help.up_down"),
    ("Enter", "help.best_act"),
    ("Tab", "help.other_acts"),
    ("←  →", "help.open_or_settled"),
    ("Page Up  Page Down", "help.other_day"),
    ("Esc", "help.esc"),
)
AUDIT: Sequence[tuple[str, str]] = (
    ("↑  ↓", "help.up_down"),
    ("Enter", "help.audit_enter"),
    ("Tab", "help.other_acts"),
    ("←  →", "help.audit_sides"),
    ("Page Up  Page Down", "help.other_day"),
    ("Ctrl+S", "audit.save"),
    ("Esc", "help.esc"),
)
SYNC: Sequence[tuple[str, str]] = (("↑  ↓", "help.up_down"), ("Enter", "help.open_held"), ("Esc", "help.esc"))


_LICENCES = Message("help.licences")


class HelpPanel(QFrame):
    """Keys of one screen, then those that work everywhere."""

    def __init__(
        self, kit: Kit, about: Message, keys: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("part", "sheet")
        self.setObjectName("help")
        step = kit.theme.step
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * step)
        column.addWidget(Text(kit, about, wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * step)
        grid.setVerticalSpacing(step // 2)
        grid.setColumnStretch(1, 1)
        for row, (key, what) in enumerate((*keys, *EVERYWHERE)):
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(Text(kit, key, strong=True), row, 0, top)
            grid.addWidget(Text(kit, Message(what), wrap=True), row, 1, top)
        column.addLayout(grid)
        column.addStretch(1)
        title = Text(kit, Message.of("help.title"), size=Size.TITLE, strong=True)
        self._kit = kit
        self._pages = Stack()
        self._pages.addWidget(Scrolled(inside))
        self._other = Button(kit, _LICENCES, plain=True)
        self._other.setObjectName("help-licences")
        self._other.clicked.connect(self._turn)
        sheet_column(self, kit, [title], self._pages, [self._other, Text(kit, Message.of("help.close"), tone="quiet")])

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._pages.setCurrentIndex(0)
        self._other.say(_LICENCES)

    def _turn(self) -> None:
        """From the keys to the licences, and back."""
        if self._pages.count() == 1:
            # what nobody reads on most days is not read with every screen
            from vaccinator_app.gui.screens.licences import LicencesPage

            self._pages.addWidget(LicencesPage(self._kit))
        there = self._pages.currentIndex() == 0
        self._pages.setCurrentIndex(int(there))
        self._other.say(Message.of("help.keys") if there else _LICENCES)
        page = self._pages.currentWidget()
        if there and page is not None:
            page.setFocus()
