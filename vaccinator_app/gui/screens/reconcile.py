"""The in-charge's day: what everything adds up to, and its close (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from vaccinator_app.domain.counts import Counts
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_reader import DayReader, Seen
from vaccinator_app.gui.screens.closing import ClosingSheet
from vaccinator_app.gui.screens.closing_state import state_of
from vaccinator_app.gui.screens.help import RECONCILE
from vaccinator_app.gui.screens.preview import PreviewSheet
from vaccinator_app.gui.screens.reconcile_charts import ChartsSheet
from vaccinator_app.gui.screens.reconcile_numbers import Numbers, Verdict
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Progress
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.day_chooser import DayChooser
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import share_width
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

_SHARES = (56, 44)


class _Reading(QWidget):
    """A large day is being read for the first time: how far, and a way out."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._words = Text(kit, Message.of("reconcile.reading"), tone="quiet", wrap=True)
        self._words.setObjectName("reading")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.cancel = Button(kit, Message.of("reconcile.stop_reading"))
        self.cancel.setObjectName("stop-reading")
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(self._words)
        column.addWidget(self._bar)
        column.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(3)

    def show_progress(self, progress: Progress | None) -> None:
        known = progress is not None and progress.total > 0
        what = Message.of("reconcile.reading")
        if progress is not None and known:
            what = Message.of("reconcile.read_so_far", done=progress.done, of=progress.total)
        self._words.say(what)
        self._bar.setAccessibleName(self._words.accessibleName())
        self._bar.setRange(0, progress.total if progress is not None and known else 1)
        self._bar.setValue(progress.done if progress is not None and known else 0)


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
        self._reader = DayReader.of(session, self)
        self._day = DayChooser(kit)
        self._state = Verdict(kit)
        self._state.setObjectName("day-state")
        self.numbers = Numbers(kit)
        self._reading = _Reading(kit)
        self._again = Button(kit, Message.of("reconcile.read"))
        self._again.setObjectName("read-day")
        self._stopped = EmptyState(kit, "reconcile", Message.of("reconcile.stopped"), self._again)
        self._nothing = EmptyState(kit, "reconcile", Message.of("reconcile.nothing"))
        self._pages = Stack()
        self.charts = ChartsSheet(kit)
        self.closing = ClosingSheet(kit, session, self._reader)
        self.preview = PreviewSheet(kit, session, self._reader)
        self._lay_out()
        self._wire(session)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reader.catch_up()
        self._show()

    def refresh(self) -> None:
        """Read again; the numbers come when they are there."""
        self._reader.refresh()

    def take_focus(self) -> None:
        """To what is in front: the sheet that is being filled in, or the table."""
        sheet = self.sheets.currentWidget()
        if sheet is self.closing:
            self.closing.take_focus()
        elif sheet is self.preview:
            self.preview.take_focus()
        elif self._pages.currentWidget() is self.numbers and self.numbers.table.isVisibleTo(self):
            self.numbers.table.setFocus()
        else:
            self._focus_page()

    def back(self) -> None:
        """Out of help, one step back in the close, out of the report, back to the queue."""
        if self.close_help():
            return
        sheet = self.sheets.currentWidget()
        if sheet is self.preview or (sheet is self.closing and not self.closing.back()):
            self._front(self.charts)
        elif sheet is self.charts:
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
        if by is not None and self.sheets.currentWidget() is self.charts:
            self._day.step(by)
        else:
            super().keyPressEvent(event)

    def _focus_page(self) -> None:
        page = self._pages.currentWidget()
        if page is self._reading:
            self._reading.cancel.setFocus()
        else:
            (self._again if page is self._stopped else self._day.before).setFocus()

    def _changed(self) -> None:
        """The numbers are made for who sees them; how much is open is said on every screen."""
        if self.isVisible():
            self._show()
        else:
            self._tell()

    def _tell(self) -> None:
        seen = self._reader.seen
        if seen is not None and self._reader.is_today:
            self.counted.emit(len(seen.overview.open))

    def _show(self) -> None:
        seen = self._reader.seen
        self._day.show_day(self._reader.day, today=self._reader.is_today)
        for button in (self.charts.report, self.charts.close_day):
            button.setEnabled(seen is not None and not _is_empty(seen))
        if seen is None:
            self._state.setVisible(False)
            self._reading.show_progress(None)
            self._page(self._reading)
            return
        state = state_of(seen.overview)
        self._state.say(state.words, state.icon, state.tone)
        self._state.setVisible(True)
        self.charts.show_close(state.amendment)
        if seen.overview.agreed is not None:
            # central has spoken since
            self.charts.notice.say(None)
        self.charts.show_figures(seen.figures)
        self.numbers.show_day(seen)
        self._page(self._nothing if _is_empty(seen) else self.numbers)
        self._tell()

    def _page(self, page: QWidget) -> None:
        before = self._pages.currentWidget()
        if page is before:
            return
        focused = QApplication.focusWidget()
        held = before is not None and focused is not None and before.isAncestorOf(focused)
        self._pages.setCurrentWidget(page)
        if held and self.isVisible():
            self.take_focus()

    def _halt(self) -> None:
        if self._reader.seen is None:
            self._page(self._stopped)

    def _refused(self, why: Message) -> None:
        self._state.say(why, "stop", "stop")
        self._state.setVisible(True)
        self._halt()

    def _front(self, sheet: QWidget) -> None:
        """Bring a sheet to the front; the report has the whole screen."""
        self._column.setVisible(sheet is not self.preview)
        self._reader.stays = sheet is not self.charts
        self.sheets.setCurrentWidget(sheet)
        self.take_focus()

    def _start_close(self) -> None:
        if self.sheets.currentWidget() is self.charts and self.charts.close_day.isEnabled():
            self.charts.notice.say(None)
            self._front(self.closing)
            self.closing.begin()

    def _start_report(self) -> None:
        if self.sheets.currentWidget() is self.preview:
            self.preview.print_report()
        elif self.sheets.currentWidget() is self.charts and self.charts.report.isEnabled():
            self._front(self.preview)
            self.preview.begin()

    def _closed(self, saved: Message) -> None:
        self._front(self.charts)
        self.charts.notice.say(saved, "text")

    def _wire(self, session: Session) -> None:
        self._reader.changed.connect(self._changed)
        self._reader.progressed.connect(self._reading.show_progress)
        self._reader.stopped.connect(self._halt)
        self._reader.failed.connect(self._refused)
        self._reading.cancel.clicked.connect(self._reader.cancel)
        self._again.clicked.connect(self._read_again)
        self._day.chosen.connect(self._reader.show)
        self.numbers.exceptions_asked.connect(self.exceptions_asked)
        self.closing.exceptions_asked.connect(self.exceptions_asked)
        self.closing.closed.connect(self._closed)
        self.charts.close_asked.connect(self._start_close)
        self.charts.report_asked.connect(self._start_report)
        self.closing.left.connect(self.back)
        self.preview.left.connect(self.back)
        here = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence("Ctrl+Return"), self, self._start_close, context=here)
        QShortcut(QKeySequence("Ctrl+P"), self, self._start_report, context=here)
        # after the window stands: the first read is not what unlocking waits for
        QTimer.singleShot(0, self, self._reader.refresh)

    def _read_again(self) -> None:
        self._show()
        self._reader.refresh(at_once=True)

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        for page in (self._reading, self.numbers, self._stopped, self._nothing):
            self._pages.addWidget(page)
        head = QHBoxLayout()
        head.addWidget(Text(self.kit, Message.of("screen.reconcile"), size=Size.LEAD, strong=True))
        head.addStretch(1)
        head.addWidget(self._day)
        self._column = QFrame()
        self._column.setProperty("part", "sheet")
        column = QVBoxLayout(self._column)
        column.setContentsMargins(2 * step, 2 * step, step, 2 * step)
        column.setSpacing(step)
        column.addLayout(head)
        column.addWidget(self._state)
        column.addWidget(self._pages, 1)
        self.set_columns(self._column, [self.charts, self.closing, self.preview], _SHARES)
        share_width(self._column, self.sheets)


def _is_empty(seen: Seen) -> bool:
    """Nobody was booked, and nothing was recorded or lies in stock."""
    tally = seen.overview.tally
    return tally.total == Counts() and not tally.stock and not seen.overview.exceptions
