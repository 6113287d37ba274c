"""Room for what may grow higher than the sheet: large text, long sentences."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.gui.widgets.kit import Kit


class Scrolled(QScrollArea):
    """Scrolls ``inside`` up and down, never sideways, and follows the focus. No box of its own.

    A strip of one step at its right is the scroll bar's; `sheet_column` takes that from the sheet's margin, so that
    what scrolls ends at the same edge as what does not.
    """

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalScrollBar().rangeChanged.connect(self._leave_strip)
        self._part: QWidget | None = None
        self._leaving = False
        self._leave_strip()
        # the sheet's own ground shows through
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)

    def bring(self, part: QWidget) -> None:
        """Scroll so that ``part`` is seen whole, once the layout has settled and whenever it changes."""
        self._part = part
        QTimer.singleShot(0, self, self._show_part)

    def _leave_strip(self) -> None:
        if self._leaving:
            # what is as high as its width makes it may ask again and again
            return
        self._leaving = True
        # asked for anew: kept, it may be gone before this is
        bar = self.verticalScrollBar()
        self.setViewportMargins(0, 0, 0 if bar.maximum() > 0 else bar.sizeHint().width(), 0)
        self._leaving = False
        QTimer.singleShot(0, self, self._show_part)

    def _show_part(self) -> None:
        if self._part is not None:
            self.ensureWidgetVisible(self._part, 0, 0)


def share_width(*parts: QWidget) -> None:
    """Let ``parts`` stand side by side by their shares alone, whatever their contents would like."""
    for part in parts:
        part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)


def sheet_column(
    sheet: QWidget, kit: Kit, above: Sequence[QWidget], scrolled: QWidget, below: Sequence[QWidget]
) -> None:
    """Set a sheet: what stands ``above``, what may scroll (a `Scrolled`, or a stack of them), what stands ``below``."""
    step = kit.theme.step
    column = QVBoxLayout(sheet)
    column.setContentsMargins(3 * step, 2 * step, 2 * step, 2 * step)
    column.setSpacing(step)
    for part in (*above, scrolled, *below):
        if part is not scrolled:
            part.setContentsMargins(0, 0, step, 0)
        column.addWidget(part, 1 if part is scrolled else 0)
