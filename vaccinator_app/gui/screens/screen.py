"""What all screens share: the list at the left, the sheet at the right, help in the sheet's place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.help import HelpPanel
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.stack import Stack


class Screen(QWidget):
    """Two columns. Subclasses fill them and say what `refresh`, `take_focus` and `back` mean."""

    def __init__(
        self, kit: Kit, about: Message, keys: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.kit = kit
        self.sheets = Stack()
        self._help_says = (about, keys)
        self._help: HelpPanel | None = None
        self._behind_help: QWidget | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(*(2 * kit.theme.step,) * 4)
        self._row.setSpacing(2 * kit.theme.step)

    def set_columns(self, left: QWidget, sheets: Sequence[QWidget], shares: tuple[int, int] = (1, 1)) -> None:
        """``left`` beside the stack of ``sheets``, of which the first is shown; ``shares`` of the width for each."""
        for sheet in sheets:
            self.sheets.addWidget(sheet)
        for column in (left, self.sheets):
            # the shares hold whatever a sheet that is not even shown would like to have
            column.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._row.addWidget(left, shares[0])
        self._row.addWidget(self.sheets, shares[1])

    def toggle_help(self) -> None:
        """Help comes in the place of the sheet, or the sheet comes back as it was."""
        if self.close_help():
            return
        if self._help is None:
            # half the words of a screen are its help: they are not made before somebody asks
            self._help = HelpPanel(self.kit, *self._help_says)
            self.sheets.addWidget(self._help)
        self._behind_help = self.sheets.currentWidget()
        self.sheets.setCurrentWidget(self._help)

    def close_help(self) -> bool:
        """Whether help was there to close."""
        behind, self._behind_help = self._behind_help, None
        if behind is None or self.sheets.currentWidget() is not self._help:
            return False
        self.sheets.setCurrentWidget(behind)
        self.take_focus()
        return True

    def refresh(self) -> None:
        """Ask the session again and show what it says. Focus, selection and place stay."""

    def take_focus(self) -> None:
        """The screen was just brought to the front."""

    def back(self) -> None:
        """What Esc does."""
