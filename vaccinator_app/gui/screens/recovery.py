"""Nobody remembers a passphrase: one sheet in the place of the locked desk's (DESIGN 5.4; docs/recovery.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.desk.recovery import Asked, Recovery
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.recovery_forms import BeginForm, WaitForm
from vaccinator_app.gui.sentences import sentence
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.stack import Stack

_SIZE = (640, 640)
REQUEST = "recovery-{device}.request"


class RecoveryScreen(QWidget):
    """First who will be in charge, with a new passphrase; then the wait for central's answer."""

    opened = Signal(object)
    """The `Opened` desk."""
    left = Signal()

    def __init__(self, kit: Kit, recovery: Recovery, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recovery")
        self._kit = kit
        self._recovery = recovery
        self._tasks = tasks
        self._asked: Asked | None = None
        self._begin = BeginForm(kit, tasks)
        self._wait = WaitForm(kit)
        self._stack = Stack()
        self._lay_out()
        self._begin.go.clicked.connect(self._make)
        self._begin.left.connect(self.left)
        self._wait.go.clicked.connect(self._open)
        self._wait.left.connect(self.left)
        self._wait.save.clicked.connect(self._choose_where)
        self._wait.choose.clicked.connect(self._choose_answer)
        self._wait.anew.clicked.connect(self._drop)
        kit.theme.changed.connect(self._measure)
        self._measure()

    def look(self) -> None:
        """Show how far it is."""
        try:
            self._asked = self._recovery.asked()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the file, it is said here
            self._asked = None
            self._stack.setCurrentWidget(self._wait)
            self._wait.show_asked(None)
            self._wait.notice.say(sentence(error))
            return
        if self._asked is None:
            self._stack.setCurrentWidget(self._begin)
            self._begin.begin()
        else:
            self._stack.setCurrentWidget(self._wait)
            self._wait.show_asked(self._asked)

    def save_to(self, path: Path) -> None:
        """Write the request into a new file."""
        said = Message.of("recovery.saved", name=path.name)
        self._do(lambda: self._recovery.save(path), lambda _: self._wait.notice.say(said, "text"))

    def take(self, path: Path) -> None:
        """Go by central's answer in this file."""
        self._wait.show_answer(path)

    def _make(self) -> None:
        taken = self._begin.take()
        if taken is not None:
            name, passphrase = taken
            self._do(lambda: self._recovery.begin(name, passphrase), lambda _: self.look(), self._begin.refuse)

    def _open(self) -> None:
        taken = self._wait.take()
        if taken is not None:
            path, passphrase = taken
            self._do(lambda: self._recovery.answer_in(path, passphrase), self.opened.emit, self._wait.refuse)

    def _drop(self) -> None:
        if self._wait.sure():
            self._do(self._recovery.drop, lambda _: self.look())

    def _do(
        self,
        work: Callable[[], object],
        done: Callable[[object], None],
        refuse: Callable[[Message], None] | None = None,
    ) -> None:
        """Off this thread: a key derivation takes a while, and so may a stick."""
        say = refuse or self._wait.notice.say

        focus = QApplication.focusWidget()

        def again() -> None:
            self.setEnabled(True)
            if focus is not None and self.isAncestorOf(focus):
                focus.setFocus()

        def well(found: object) -> None:
            again()
            done(found)

        def refused(error: Exception) -> None:
            again()
            say(sentence(error))

        self.setEnabled(False)
        self._tasks.run(lambda _: work(), owner=self, done=well, failed=refused)

    def _choose_where(self) -> None:
        if self._asked is None:
            return
        name = REQUEST.format(device=self._asked.device)
        # what is there already is refused in words, not written over at the press of a second button
        options = QFileDialog.Option.DontConfirmOverwrite
        title = self._kit.words.t("recovery.save")
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / name), options=options)
        if chosen:
            self.save_to(Path(chosen))

    def _choose_answer(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self._kit.words.t("recovery.choose"), str(Path.home()))
        if chosen:
            self.take(Path(chosen))

    def _lay_out(self) -> None:
        for form in (self._begin, self._wait):
            self._stack.addWidget(form)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._stack)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle, 20)
        outer.addStretch(3)

    def _measure(self) -> None:
        theme = self._kit.theme
        self._stack.setFixedWidth(theme.px(_SIZE[0]))
        self._stack.setMaximumHeight(theme.px(_SIZE[1]))
