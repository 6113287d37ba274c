"""The sheet beside the numbers: three charts, the report and the close."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_figures import Figures
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.charts import HoursChart, RunningChart, VaccinesChart
from vaccinator_app.gui.widgets.foot_row import FootRow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column

CLOSE_KEY = "Ctrl+Enter"
"""As it stands on a keyboard; Qt calls it Ctrl+Return."""


class ChartsSheet(QFrame):
    """What a person looks at before closing."""

    report_asked = Signal()
    close_asked = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self.setProperty("part", "sheet")
        self.setObjectName("charts")
        self._hours = HoursChart(kit)
        self._vaccines = VaccinesChart(kit)
        self._running = RunningChart(kit)
        for chart, name in ((self._hours, "hours"), (self._vaccines, "vaccines"), (self._running, "running")):
            chart.setObjectName(f"chart-{name}")
        self.notice = Notice(kit)
        self.notice.setObjectName("reconcile-notice")
        self.report = Button(kit, Message.of("reconcile.report"), key="Ctrl+P")
        self.report.setObjectName("day-report")
        self.report.clicked.connect(self.report_asked)
        self.close_day = PrimaryButton(kit, Message.of("close.open"))
        self.close_day.setToolTip(CLOSE_KEY)
        self.close_day.setObjectName("close-day")
        self.close_day.clicked.connect(self.close_asked)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * kit.theme.step)
        column.addWidget(self._hours, 1)
        column.addWidget(self._running, 1)
        column.addWidget(self._vaccines)
        foot = FootRow(kit, [self.report], self.close_day)
        sheet_column(self, kit, [], Scrolled(inside), [self.notice, foot])

    def show_figures(self, figures: Figures) -> None:
        """Other numbers."""
        self._hours.show_hours(figures.hours)
        self._vaccines.show_vaccines(figures.vaccines)
        self._running.show_curve(figures.curve)

    def show_close(self, amendment: int) -> None:
        """What the button does: the first close, or amendment ``amendment``."""
        again = Message.of("close.open_amendment", number=amendment)
        self.close_day.say(again if amendment else Message.of("close.open"))
