"""The in-charge's day: what everything adds up to, and its close (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.help import RECONCILE
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text


class ReconcileScreen(Screen):
    """Only made for an in-charge."""

    left = Signal()
    """Esc: back to the queue."""
    opened = Signal(str)
    """Show this `appointment`'s sheet."""
    stock_asked = Signal()
    exceptions_asked = Signal()
    sync_asked = Signal()
    counted = Signal(int)
    """How many exceptions are open, once that is known."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.reconcile"), RECONCILE, parent)
        self._session = session
        step = kit.theme.step
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(*(2 * step,) * 4)
        column.setSpacing(step)
        column.addWidget(Text(kit, Message.of("screen.reconcile"), size=Size.LEAD, strong=True))
        column.addWidget(EmptyState(kit, "reconcile", Message.of("reconcile.nothing_yet")), 1)
        sheet = QFrame()
        sheet.setProperty("part", "sheet")
        self.set_columns(left, [sheet])

    def back(self) -> None:
        """Out of help, back to the queue."""
        if not self.close_help():
            self.left.emit()
