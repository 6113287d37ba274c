"""The sheet of the first run: where one stands at the left, one step at the right, one button (SCREENS)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.desk.first_run import FirstRun, Step
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.first_run_pages import (
    ConnectionPage,
    EnrollingPage,
    FilePage,
    Page,
    PeoplePage,
    RecoveryPage,
    RosterPage,
    foot,
)
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import PrimaryButton
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.step_row import StepRow
from vaccinator_app.gui.widgets.text import Text

Acts: TypeAlias = Sequence[tuple[str, str, str, Callable[[], object]]]
"""Plain buttons at the foot: name, key of the words, key on the keyboard, what it does."""

_WIDTH, _HEIGHT, _RAIL = 980, 672, 288
_NAMES: dict[Step, str] = {
    Step.FILE: "first_run.step_file",
    Step.CONNECTION: "first_run.step_connection",
    Step.PEOPLE: "first_run.step_people",
    Step.RECOVERY: "first_run.step_recovery",
    Step.ENROLLING: "first_run.step_enrolling",
    Step.ROSTER: "first_run.step_roster",
}
_TITLES: dict[Step, str] = {
    Step.FILE: "first_run.title_file",
    Step.CONNECTION: "first_run.title_connection",
    Step.PEOPLE: "first_run.title_people",
    Step.RECOVERY: "first_run.title_recovery",
    Step.ENROLLING: "first_run.title_enrolling",
    Step.ROSTER: "first_run.title_roster",
}


class FirstRunSheet(QWidget):
    """Says how the machine stands; what is done is the screen's own affair."""

    def __init__(self, kit: Kit, run: FirstRun, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("first-run")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._kit = kit
        self._run = run
        self._file = FilePage(kit)
        self._connection = ConnectionPage(kit)
        self._people = PeoplePage(kit, tasks)
        self._recovery = RecoveryPage(kit)
        self._enrolling = EnrollingPage(kit)
        self._roster = RosterPage(kit)
        self._pages: dict[Step, Page] = {
            Step.FILE: self._file,
            Step.CONNECTION: self._connection,
            Step.PEOPLE: self._people,
            Step.RECOVERY: self._recovery,
            Step.ENROLLING: self._enrolling,
            Step.ROSTER: self._roster,
        }
        self._rows = {step: StepRow(kit, number, Message(key)) for number, (step, key) in enumerate(_NAMES.items(), 1)}
        self._title = Text(kit, size=Size.TITLE, strong=True, wrap=True)
        self._title.setObjectName("first-run-title")
        self._notice = Notice(kit)
        self._notice.setObjectName("first-run-notice")
        self._go = PrimaryButton(kit, Message.of("first_run.continue"), key="Enter")
        self._go.setObjectName("first-run-go")
        self._plain, self._more = foot(kit, self._acts())
        self._lay_out()
        kit.theme.changed.connect(self._measure)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)
        self._measure()

    def _acts(self) -> Acts:
        """The screen's own; Qt's metaclass rules out ABC."""
        raise NotImplementedError

    def _show_rows(self) -> None:
        run, steps = self._run, list(Step)
        here = steps.index(run.step)
        known = {
            Step.FILE: "".join(self._centre()),
            Step.CONNECTION: run.about.host if run.about is not None else "",
            Step.PEOPLE: f"{run.device_name} · {run.in_charge_name}",
        }
        done = run.expected is not None
        for place, (step, row) in enumerate(self._rows.items()):
            passed = place < here or done
            row.show_state("passed" if passed else "now" if place == here else "later", known.get(step, "") * passed)

    def _say_checked(self, why: Message | None) -> None:
        about = self._run.about
        if why is not None:
            self._notice.say(why)
        elif about is not None:
            self._notice.say(Message.of("first_run.reached", host=about.host), "text", "online")

    def _go_words(self) -> Message:
        run = self._run
        match run.step:
            case Step.CONNECTION if run.checked is not None and run.checked.why is not None:
                return Message.of("first_run.again")
            case Step.RECOVERY:
                return Message.of("first_run.enrol")
            case Step.ENROLLING:
                return Message.of("first_run.go_on" if run.asks_passphrase else "first_run.again")
            case Step.ROSTER:
                return Message.of("first_run.colleagues" if run.expected is not None else "first_run.again")
        return Message.of("first_run.continue")

    def _title_words(self) -> Message:
        if self._run.step is Step.ENROLLING and self._run.asks_passphrase:
            return Message.of("first_run.title_begun")
        if self._run.step is Step.ROSTER and self._run.expected is not None:
            return Message.of("first_run.title_done")
        return Message(_TITLES[self._run.step])

    def _begun_words(self) -> Message:
        run = self._run
        centre = "".join(self._centre())
        return Message.of("first_run.about_begun", name=run.in_charge_name, machine=run.device_name, centre=centre)

    def _centre(self) -> tuple[str, ...]:
        about = self._run.about
        return () if about is None else (about.centre_name,)

    def _follow(self, _: QWidget | None, now: QWidget | None) -> None:
        """Only Tab scrolls by itself; what has the focus is seen, with what is said under it."""
        scrolled = self._scrolled[self._run.step]
        if now is not None and scrolled.isAncestorOf(now):
            under = 12 * self._kit.theme.step
            QTimer.singleShot(0, now, lambda: scrolled.ensureWidgetVisible(now, 0, under))

    def _measure(self) -> None:
        theme = self._kit.theme
        self._sheet.setMaximumSize(theme.px(_WIDTH), theme.px(_HEIGHT))
        self._rail.setFixedWidth(theme.px(_RAIL))

    def _lay_out(self) -> None:
        kit, step = self._kit, self._kit.theme.step
        self._rail = QWidget()
        rows = QVBoxLayout(self._rail)
        rows.setContentsMargins(3 * step, 2 * step, 2 * step, 2 * step)
        rows.setSpacing(step)
        for row in self._rows.values():
            rows.addWidget(row)
        rows.addStretch(1)
        self._stack = Stack()
        self._scrolled = {one: Scrolled(page) for one, page in self._pages.items()}
        for scrolled in self._scrolled.values():
            self._stack.addWidget(scrolled)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        for widget in (self._notice, self._go, self._plain):
            column.addWidget(widget)
        inner = QWidget()
        sheet_column(inner, kit, [self._title], self._stack, [below])
        line = QFrame()
        line.setFixedWidth(1)
        line.setProperty("part", "divider")
        self._sheet = QFrame()
        self._sheet.setProperty("part", "sheet")
        across = QHBoxLayout(self._sheet)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self._rail)
        across.addWidget(line)
        across.addWidget(inner, 1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._sheet, 1000)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 2 * step)
        outer.addStretch(2)
        outer.addLayout(middle, 1000)
        outer.addStretch(3)
