"""The day report as it will be printed, and the ways it leaves the window: print, PDF, CSV, FHIR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout

from vaccinator_app.desk.new_file import write_new
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_reader import DayReader, Seen
from vaccinator_app.gui.screens.preview_files import PRINT_PPI, CannotSave, make_printer, print_pages
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Task
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.foot_row import FootRow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.page_view import PageView
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text
from vaccinator_app.gui.words import Words
from vaccinator_app.reports.day import DayReport
from vaccinator_app.reports.materials import Materials, ReportFailed

_PPI = 144
"""Of the pages on the screen: sharp up to one and a half times their size."""

Render = Callable[[DayReport, Materials], bytes]


@dataclass(frozen=True, slots=True)
class _Made:
    report: DayReport
    pages: list[QImage]


def _pdf(report: DayReport, materials: Materials) -> bytes:
    from vaccinator_app.reports.pdf import render

    return render(report, materials)


def _csv(report: DayReport, _: Materials) -> bytes:
    from vaccinator_app.reports.csv import render

    return render(report)


def _fhir(report: DayReport, materials: Materials) -> bytes:
    from vaccinator_app.reports.fhir import render

    return render(report, materials)


_FORMS: dict[str, tuple[str, Render]] = {
    "pdf": ("report.save_pdf", _pdf),
    "csv": ("report.save_csv", _csv),
    "json": ("report.save_fhir", _fhir),
}
"""By the ending of the file."""


class PreviewSheet(QFrame):
    """Made anew each time it is asked for, and when the language changes. The day is the one Reconcile shows."""

    left = Signal()

    def __init__(self, kit: Kit, session: Session, reader: DayReader) -> None:
        super().__init__()
        self.setProperty("part", "sheet")
        self.setObjectName("preview")
        self._kit = kit
        self._session = session
        self._reader = reader
        self._materials = Materials(kit.resources, kit.font_files)
        self._made: _Made | None = None
        self._turn = 0
        self._number = 0
        self.ask_file: Callable[[str], str] = self._ask_file
        """Where a report of this suggested name is to be saved; empty for nowhere."""
        self._title = Text(kit, Message.of("report.title"), size=Size.TITLE, strong=True)
        self._which = Text(kit, tone="quiet")
        self._which.setObjectName("page-number")
        self._view = PageView(kit)
        self._view.setObjectName("page")
        self._wait = EmptyState(kit, "reconcile", Message.of("report.being_made"))
        self._notice = Notice(kit)
        self._notice.setObjectName("report-notice")
        self._buttons: dict[str, Button] = {}
        self.print_button = PrimaryButton(kit, Message.of("report.print"), key="Ctrl+P")
        self._stack = Stack()
        self._lay_out()
        kit.words.changed.connect(self._respeak)

    def begin(self) -> None:
        """Set the pages of the day that is shown."""
        self._notice.say(None)
        self._made = None
        self._stack.setCurrentWidget(self._wait)
        self._wait.say(Message.of("report.being_made"))
        self._enable()
        seen = self._reader.seen
        if seen is not None:
            self._make(seen)

    def take_focus(self) -> None:
        """To the page."""
        (self._view if self._made is not None else self._buttons["back"]).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
        zoom = {"+": 1, "-": -1, "=": 1}.get(event.text())
        if by is not None:
            self._turn_page(by)
        elif zoom is not None:
            self._view.zoom(zoom)
        else:
            super().keyPressEvent(event)

    def _make(self, seen: Seen) -> None:
        self._turn += 1
        turn, language, zone = self._turn, self._kit.words.language, self._kit.words.zone

        def work(task: Task) -> _Made:
            # its own words: those of the window may change language meanwhile
            words = Words(self._kit.resources, language)
            words.zone = zone
            report = self._report(seen, language, words)
            task.check()
            return _Made(report, _images(report, self._materials, _PPI))

        self._session.read(work, lambda made: self._show(turn, made), lambda why: self._failed(turn, why))

    def _report(self, seen: Seen, language: str, words: Words) -> DayReport:
        """On another thread: a large day has many lines."""
        from vaccinator_app.reports.from_daybook import Centre, report_of

        identity, overview = self._session.place.vault.identity, seen.overview
        return report_of(
            overview.book,
            overview.tally,
            overview.exceptions,
            close=overview.close,
            agreed=overview.agreed,
            centre=Centre(id=identity.centre, name=identity.centre_name, time_zone=identity.time_zone),
            language=language,
            say=words.say,
        )

    def _show(self, turn: int, made: _Made) -> None:
        if turn != self._turn:
            return
        self._made = made
        self._number = min(self._number, len(made.pages) - 1)
        self._stack.setCurrentWidget(self._view)
        self._enable()
        self._turn_page(0)
        if self.isVisible():
            self._view.setFocus()

    def _failed(self, turn: int, why: Message) -> None:
        if turn == self._turn:
            self._wait.say(why)

    def _turn_page(self, by: int) -> None:
        if self._made is None:
            return
        count = len(self._made.pages)
        self._number = min(count - 1, max(0, self._number + by))
        self._view.show_page(self._made.pages[self._number])
        which = Message.of("report.page", number=self._number + 1, of=count)
        self._which.say(which)
        self._view.setAccessibleName(self._kit.words.say(which))
        self._buttons["before"].setEnabled(self._number > 0)
        self._buttons["after"].setEnabled(self._number < count - 1)

    def _save(self, ending: str) -> None:
        made = self._made
        if made is None:
            return
        chosen = self.ask_file(f"day-report-{made.report.day.isoformat()}.{ending}")
        if not chosen:
            return
        path = Path(chosen)
        render = _FORMS[ending][1]

        def work(_: Task) -> str:
            write_new(path, _rendered(render, made.report, self._materials))
            return path.name

        self._session.read(work, self._saved, self._notice.say)

    def _saved(self, name: str) -> None:
        self._notice.say(Message.of("report.saved", name=name), "text")

    def print_report(self) -> None:
        """Ask for a printer, then print every page."""
        from PySide6.QtPrintSupport import QPrintDialog

        made = self._made
        if made is None:
            return
        printer = make_printer()
        if QPrintDialog(printer, self).exec() != QPrintDialog.DialogCode.Accepted:
            return

        def work(_: Task) -> None:
            print_pages(printer, _images(made.report, self._materials, PRINT_PPI))

        self._session.read(work, lambda _: self._notice.say(Message.of("report.printed"), "text"), self._notice.say)

    def _ask_file(self, name: str) -> str:
        # what is there already is refused in words, not written over at the press of a second button
        options = QFileDialog.Option.DontConfirmOverwrite
        title = self._kit.words.t("report.title")
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / name), options=options)
        return chosen

    def _respeak(self) -> None:
        if self._made is not None or self._stack.currentWidget() is self._wait:
            if self.isVisible():
                self.begin()
            else:
                self._made = None

    def _enable(self) -> None:
        for name, button in self._buttons.items():
            if name != "back":
                button.setEnabled(self._made is not None)

    def _lay_out(self) -> None:
        step = self._kit.theme.step
        acts: dict[str, tuple[Button, Callable[[], object]]] = {
            "back": (Button(self._kit, Message.of("choices.back"), key="Esc"), self.left.emit),
            "before": (self._plain("report.before", "before", "Page Up"), lambda: self._turn_page(-1)),
            "after": (self._plain("report.after", "after", "Page Down"), lambda: self._turn_page(1)),
            "smaller": (self._plain("report.smaller", "", "−"), lambda: self._view.zoom(-1)),
            "larger": (self._plain("report.larger", "", "+"), lambda: self._view.zoom(1)),
            **{e: (Button(self._kit, Message(key)), lambda e=e: self._save(e)) for e, (key, _) in _FORMS.items()},  # type: ignore[misc]
            "print": (self.print_button, self.print_report),
        }
        for name, (button, act) in acts.items():
            button.setObjectName(f"report-{name}")
            button.clicked.connect(lambda _=False, act=act: act())
            self._buttons[name] = button
        head = QHBoxLayout()
        head.setSpacing(step)
        head.addWidget(self._title)
        head.addStretch(1)
        for widget in (self._buttons["before"], self._which, self._buttons["after"]):
            head.addWidget(widget)
        for name in ("smaller", "larger"):
            head.addWidget(self._buttons[name])
        others = [self._buttons[name] for name in ("back", *_FORMS)]
        foot = FootRow(self._kit, others, self.print_button)
        for part in (self._wait, self._view):
            self._stack.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * step, 2 * step, 3 * step, 2 * step)
        column.setSpacing(step)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addWidget(self._notice)
        column.addWidget(foot)
        here = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence("Ctrl+S"), self, lambda: self._save("pdf"), context=here)
        self._enable()

    def _plain(self, word: str, icon: str, key: str) -> Button:
        return Button(self._kit, Message(word), plain=True, icon=icon, key=key)


def _images(report: DayReport, materials: Materials, ppi: int) -> list[QImage]:
    from vaccinator_app.reports.pdf import pages

    try:
        return [QImage.fromData(page) for page in pages(report, materials, ppi)]
    except ReportFailed:
        raise CannotSave(Message.of("report.failed")) from None


def _rendered(render: Render, report: DayReport, materials: Materials) -> bytes:
    try:
        return render(report, materials)
    except ReportFailed:
        raise CannotSave(Message.of("report.failed")) from None
