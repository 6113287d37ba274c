"""The first run in the window: what is done at each step (DESIGN 5.2, 9.5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from vaccinator_app.desk.first_run import Expected, FirstRun, Step
from vaccinator_app.desk.unlock import Opened
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.first_run_sheet import Acts, FirstRunSheet
from vaccinator_app.gui.sentences import sentence
from vaccinator_app.gui.tasks import Progress, Task, Tasks
from vaccinator_app.gui.widgets.kit import Kit

T = TypeVar("T")

_LOOK_MS = 2000
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class FirstRunScreen(FirstRunSheet):
    """Only one thing is under way at a time; whatever it is, Stop or Esc ends the wait for it."""

    opened = Signal(object, bool)
    """The `Opened` desk, and whether colleagues are to be added next."""
    signed_in = Signal()
    """From here on somebody's desk is open behind this screen."""

    def __init__(self, kit: Kit, run: FirstRun, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(kit, run, tasks, parent)
        self._tasks = tasks
        self._task: Task | None = None
        self._dialog: QFileDialog | None = None
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_MS)
        self._looking.timeout.connect(self._look)
        self._go.clicked.connect(self._next)
        self._file.taken.connect(self.take)
        self._file.choose.clicked.connect(self._choose)
        for page in self._pages.values():
            page.go.connect(self._next)
        if run.notice is not None:
            self._notice.say(run.notice, "attention")
        self._show(keep=True)

    # What the window asks

    def take(self, path: Path) -> None:
        """Go by the file at ``path``, if the first step is still before us."""
        if self._run.step is not Step.FILE or self._task is not None:
            return
        self._do(lambda _: self._run.take(path), lambda _: self._taken(None), self._taken_not)

    def say(self, what: Message) -> None:
        """A sentence from outside."""
        self._notice.say(what)

    def take_focus(self) -> None:
        """To what the present step asks for, else to its button."""
        if not self._pages[self._run.step].take_focus():
            self._go.setFocus()

    def end(self, *, idle: bool = False) -> None:
        """Forget what was typed; lock what was opened. Nothing may be under way any more."""
        self._looking.stop()
        self._people.passphrase.clear()
        self._enrolling.passphrase.editor.clear()
        self._run.close(idle=idle)

    def back(self) -> None:
        """Esc: stop what is under way, else one step back."""
        if self._task is not None:
            self._stop()
        elif self._run.may_go_back:
            if self._run.step is Step.PEOPLE:
                self._run.name(self._people.machine.text, self._people.in_charge.text)
            self._run.back()
            self._show()

    # Steps

    def _next(self) -> None:
        if self._task is not None or not self.isVisible():
            return
        match self._run.step:
            case Step.CONNECTION if self._run.why_not() is not None:
                self._check()
            case Step.PEOPLE:
                self._named()
            case Step.RECOVERY:
                self._run.acknowledged = self._recovery.read.isChecked()
                self._on()
            case Step.ENROLLING if self._run.asks_passphrase:
                self._go_on_with(self._enrolling.passphrase.editor.text())
            case Step.ENROLLING:
                self._enrol()
            case Step.ROSTER if self._run.expected is None:
                self._fetch()
            case Step.ROSTER:
                self._leave(colleagues=True)
            case _:
                self._on()

    def _on(self) -> None:
        why = self._run.why_not()
        if why is not None:
            self._notice.say(why, "attention")
            self.take_focus()
            return
        self._run.next()
        self._show()
        if self._run.step is Step.CONNECTION and self._run.why_not() is not None:
            self._check()
        elif self._run.step is Step.ENROLLING:
            self._enrol()
        elif self._run.step is Step.ROSTER:
            self._fetch()

    def _look(self) -> None:
        if self._run.step is Step.FILE and self.isVisible() and self._task is None:
            self._tasks.run(
                lambda _: self._run.look(), owner=self, done=self._file.offer, failed=lambda _: None, latest="look"
            )

    def _choose(self) -> None:
        words = self._kit.words
        self._dialog = QFileDialog(self, words.t("first_run.step_file"), str(Path.home()), words.t("first_run.kind"))
        self._dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.fileSelected.connect(lambda path: self.take(Path(path)))
        self._dialog.open()

    def _taken(self, why: Message | None) -> None:
        self._file.show_file(self._run.about)
        self._show(keep=why is not None)
        if why is not None:
            self._notice.say(why)

    def _taken_not(self, error: Exception) -> None:
        self._taken(sentence(error))

    def _check(self) -> None:
        about = self._run.about
        assert about is not None
        self._connection.working(Message.of("first_run.asking", host=about.host))
        self._do(lambda task: partial(self._run.heard, self._run.check(task.check)), self._checked)

    def _checked(self, take: Callable[[], None]) -> None:
        take()
        self._show()

    def _named(self) -> None:
        page, run = self._people, self._run
        wrong = run.name(page.machine.text, page.in_charge.text)
        for field, what in ((page.in_charge, "in_charge"), (page.machine, "machine")):
            if what in wrong:
                field.set_error(wrong[what])
                field.editor.setFocus()
        if wrong:
            return
        page.passphrase.set_about((*self._centre(), run.device_name, run.in_charge_name))
        passphrase = page.passphrase.take()
        if passphrase is not None:
            run.choose(passphrase)
            self._on()

    def _go_on_with(self, passphrase: str) -> None:
        if not passphrase:
            self._notice.say(Message.of("unlock.nothing_typed"), "attention")
            return
        self._enrolling.passphrase.editor.clear()
        self._enrolling.working(Message.of("first_run.opening"))
        self._do(lambda _: self._run.go_on_with(passphrase), lambda _: self._enrol_begun())

    def _enrol_begun(self) -> None:
        self._show()
        self._enrol()

    def _enrol(self) -> None:
        self._enrolling.working(Message.of("first_run.enrolling"))
        self._do(lambda task: self._run.enrol(task.check), lambda _: self._on(), stopped=_kept)

    def _fetch(self) -> None:
        self._roster.working(Message.of("first_run.fetching"))
        self._do(
            lambda task: self._run.fetch(task.report, task.check),
            self._fetched,
            progress=lambda come: self._roster.come(come.done, come.total),
            stopped=lambda: Message.of("first_run.roster_later"),
        )
        self.signed_in.emit()

    def _fetched(self, expected: Expected) -> None:
        self._show()

    def _leave(self, *, colleagues: bool = False) -> None:
        """To the desk, whether the list is here or not."""
        if self._task is None:
            self._do(lambda _: self._run.open(), lambda opened: self._opened(opened, colleagues=colleagues))

    def _opened(self, opened: Opened, *, colleagues: bool) -> None:
        self._looking.stop()
        self.opened.emit(opened, colleagues)

    def _begin_anew(self) -> None:
        if self._task is None:
            self._do(lambda _: self._run.begin_anew(), lambda _: self._taken(None))

    # One thing at a time

    def _do(
        self,
        work: Callable[[Task], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        stopped: Callable[[], Message | None] = lambda: None,
    ) -> None:
        heard: list[bool] = []

        def ended() -> None:
            self._task = None

        def well(result: T) -> None:
            heard.append(True)
            ended()
            done(result)

        def badly(error: Exception) -> None:
            heard.append(True)
            ended()
            (failed or self._failed)(error)

        def over() -> None:
            if not heard:
                ended()
                self._show()
                what = stopped()
                if what is not None:
                    self._notice.say(what, "quiet")

        self._notice.say(None)
        self._task = self._tasks.run(work, owner=self, done=well, failed=badly, progress=progress, ended=over)
        # an Enter too many meanwhile presses nothing, and Esc stops
        self.setFocus()
        self._offer_acts()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _failed(self, error: Exception) -> None:
        self._file.show_file(self._run.about)
        self._show()
        self._notice.say(sentence(error))

    # What is seen

    def _acts(self) -> Acts:
        return (
            ("back", "first_run.back", "Esc", self.back),
            ("stop", "first_run.stop", "Esc", self._stop),
            ("open", "first_run.open", "", self._leave),
            ("without", "first_run.without", "", self._leave),
            ("anew", "first_run.anew", "", self._begin_anew),
        )

    def _show(self, *, keep: bool = False) -> None:
        """The present step as the machine has it. ``keep`` lets the notice stand."""
        run, step = self._run, self._run.step
        page = self._pages[step]
        if not keep:
            self._notice.say(None)
        if self._stack.currentWidget() is not self._scrolled[step]:
            self._begin(step)
            self._stack.setCurrentWidget(self._scrolled[step])
        if step is Step.ENROLLING:
            self._enrolling.begin(self._begun_words() if run.asks_passphrase else None)
        for working in (self._connection, self._enrolling, self._roster):
            working.working(None)
        self._roster.show_expected(run.expected)
        self._title.say(self._title_words())
        self._looking.start() if step is Step.FILE else self._looking.stop()
        self._show_rows()
        if step is Step.CONNECTION and run.checked is not None:
            self._say_checked(run.checked.why)
        self._offer_acts()
        if not page.take_focus():
            self._go.setFocus()

    def _begin(self, step: Step) -> None:
        run = self._run
        if step is Step.PEOPLE:
            self._people.begin(run.device_name, run.in_charge_name, self._centre())
        elif step is Step.ROSTER:
            self._roster.begin(run.device_name, "".join(self._centre()))
        elif step is Step.FILE:
            self._file.show_file(run.about)
            self._look()

    def _offer_acts(self) -> None:
        """What may be pressed now."""
        run, busy = self._run, self._task is not None
        step = run.step
        self._go.say(self._go_words())
        self._go.setEnabled(not busy and (step is not Step.FILE or run.file is not None))
        long = step in (Step.CONNECTION, Step.ENROLLING, Step.ROSTER)
        kept = step is Step.ENROLLING and not run.may_go_back and run.enrolled is None
        shown = {
            "back": not busy and run.may_go_back,
            "stop": busy and long,
            "open": not busy and step is Step.ROSTER and run.expected is not None,
            "without": not busy and step is Step.ROSTER and run.expected is None,
            "anew": not busy and kept,
        }
        for name, button in self._more.items():
            button.setVisible(shown[name])
        self._plain.updateGeometry()

    # Keys and files from outside

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()
        self.take_focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, Esc stops or goes back, from wherever the focus is."""
        if event.key() in _ENTER:
            if not event.isAutoRepeat():
                self._next()
        elif event.key() == Qt.Key.Key_Escape:
            self.back()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._run.step is Step.FILE and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.take(Path(files[0]))


def _kept() -> Message:
    return Message.of("first_run.stopped")
