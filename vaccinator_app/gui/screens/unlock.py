"""Who is at the desk, and their passphrase (DESIGN 5.1)."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.gui import qt_numbers
from vaccinator_app.gui.sentences import sentence
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.text import Text

if TYPE_CHECKING:
    from vaccinator_app.desk.unlock import Opened

_WIDTH = 440
_MOST_ROWS = 6
_LOOK_MS = 500
_ROLES: dict[Role, str] = {role: f"role.{role.value}" for role in Role}


class _Passphrase(QLineEdit):
    """Shows dots. Up and Down go to the list of staff above, so that the hands stay where they are."""

    moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setProperty("contextMenuPolicy", qt_numbers.NO_CONTEXT_MENU)
        self.setObjectName("passphrase")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (qt_numbers.UP, qt_numbers.DOWN):
            self.moved.emit(1 if event.key() == qt_numbers.DOWN else -1)
        else:
            super().keyPressEvent(event)


class UnlockScreen(QWidget):
    """Nothing of the day is here: only who has a key on this machine."""

    opened = Signal(object)
    """The `Opened` desk."""
    recovery_asked = Signal()
    """Nobody remembers a passphrase."""

    def __init__(self, kit: Kit, unlock: Unlock, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._unlock = unlock
        self._tasks = tasks
        self._people: list[StaffMember] = []
        self._busy = False
        self._wait = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._ask_wait)
        self._who = Text(kit, Message.of("unlock.who"), tone="quiet")
        self._staff = QListWidget()
        self._staff.setObjectName("staff")
        self._staff.setProperty("horizontalScrollBarPolicy", qt_numbers.SCROLL_BAR_OFF)
        self._typed = _Passphrase()
        self._field = Field(kit, Message.of("unlock.passphrase"), editor=self._typed)
        self._notice = Notice(kit)
        self._notice.setObjectName("unlock-notice")
        self._go = PrimaryButton(kit, Message.of("unlock.open"), key="Enter")
        self._go.setObjectName("unlock")
        self._again = Button(kit, Message.of("unlock.look_again"))
        self._again.setObjectName("look-again")
        self._forgotten = Button(kit, Message.of("unlock.forgotten"), plain=True)
        self._forgotten.setObjectName("forgotten")
        self._lay_out()
        self._staff.currentRowChanged.connect(self._ask_wait)
        self._typed.moved.connect(self._move)
        self._typed.textEdited.connect(self._typing)
        self._typed.returnPressed.connect(self._open)
        self._go.clicked.connect(self._open)
        self._again.clicked.connect(self.look)
        self._forgotten.clicked.connect(self.recovery_asked)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._measure)
        self._speak()

    def look(self) -> None:
        """See who may unlock; a vault that cannot be read says so, with one button that looks again."""
        chosen = self._member
        try:
            self._people = self._unlock.people()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the files, it is said here
            self._people = []
            self._notice.say(sentence(error))
        else:
            self._notice.say(None)
        self._staff.blockSignals(True)
        self._staff.clear()
        for _ in self._people:
            QListWidgetItem(self._staff)
        self._staff.setCurrentRow(self._people.index(chosen) if chosen in self._people else 0)
        self._staff.blockSignals(False)
        there = bool(self._people)
        for widget in (self._who, self._staff, self._field, self._go, self._forgotten):
            widget.setVisible(there)
        self._forgotten.say(Message.of("unlock.recovering" if self._unlock.recovering else "unlock.forgotten"))
        self._again.setVisible(not there)
        self._speak()
        self._measure()
        self._ask_wait()
        (self._typed if there else self._again).setFocus()

    def choose(self, staff: str) -> None:
        """Somebody is about to type their passphrase; whoever is not here leaves the choice as it is."""
        row = next((row for row, member in enumerate(self._people) if member.staff == staff), -1)
        if row >= 0:
            self._staff.setCurrentRow(row)
            self._typed.setFocus()

    def say(self, what: Message | None) -> None:
        """A sentence from outside: why the desk was locked, or what went wrong when it was."""
        self._notice.say(what, "attention")

    def hold(self, held: bool) -> None:
        """While the last session is still being closed nobody can open the next."""
        self._set_busy(held, Message.of("unlock.closing"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._typed.clear()
        self.look()

    @property
    def _member(self) -> StaffMember | None:
        row = self._staff.currentRow()
        return self._people[row] if 0 <= row < len(self._people) else None

    def _open(self) -> None:
        member, passphrase = self._member, self._typed.text()
        if member is None or self._busy or self._wait > 0:
            return
        if not passphrase:
            self._notice.say(Message.of("unlock.nothing_typed"), "attention")
            return
        self._typed.clear()
        self._set_busy(True, Message.of("unlock.opening"))
        self._tasks.run(
            lambda _: self._unlock.open(member.staff, passphrase),
            owner=self,
            done=self._done,
            failed=self._refused,
        )

    def _done(self, opened: Opened) -> None:
        self._set_busy(False)
        self._notice.say(None)
        self.opened.emit(opened)

    def _refused(self, error: Exception) -> None:
        self._set_busy(False)
        self._notice.say(sentence(error))
        self._ask_wait()
        self._typed.setFocus()

    def _ask_wait(self) -> None:
        """How long this person still has to wait after wrong passphrases."""
        member = self._member
        if member is None:
            return
        try:
            self._wait = ceil(self._unlock.retry_after(member.staff))
        except Exception as error:  # noqa: BLE001 - the file of staff may have gone since
            self._wait = 0
            self._notice.say(sentence(error))
        self._timer.start() if self._wait else self._timer.stop()
        self._say_wait()

    def _say_wait(self) -> None:
        if self._wait:
            span = timedelta(seconds=self._wait)
            self._notice.say(Message.of("unlock.wait", span=span))
        elif self._notice.what is not None and self._notice.what.key == "unlock.wait":
            self._notice.say(Message.of("unlock.try_again"), "quiet")
        self._go.setEnabled(not self._busy and not self._wait)

    def _typing(self) -> None:
        if not self._wait:
            self._notice.say(None)

    def _move(self, by: int) -> None:
        row = self._staff.currentRow() + by
        if 0 <= row < len(self._people):
            self._staff.setCurrentRow(row)

    def _set_busy(self, busy: bool, why: Message | None = None) -> None:
        self._busy = busy
        self._go.say(why if why is not None and busy else Message.of("unlock.open"))
        self._go.setEnabled(not busy and not self._wait)

    def _speak(self) -> None:
        words = self._kit.words
        self._staff.setAccessibleName(words.t("unlock.who"))
        for row, member in enumerate(self._people):
            self._staff.item(row).setText(
                words.t("unlock.member", name=member.name, role=Message.of(_ROLES[member.role]))
            )

    def _measure(self) -> None:
        theme = self._kit.theme
        self._staff.setFont(theme.font())
        for row in range(self._staff.count()):
            self._staff.item(row).setSizeHint(QSize(0, theme.row))
        rows = min(_MOST_ROWS, max(1, self._staff.count()))
        self._staff.setFixedHeight(rows * theme.row + 2 * self._staff.frameWidth() + 4)
        self._sheet.setFixedWidth(theme.px(_WIDTH))

    def _lay_out(self) -> None:
        kit, step = self._kit, self._kit.theme.step
        self._sheet = QFrame()
        self._sheet.setProperty("part", "sheet")
        inner = QVBoxLayout(self._sheet)
        inner.setContentsMargins(*(4 * step,) * 4)
        inner.setSpacing(2 * step)
        inner.addWidget(Text(kit, Message.of("unlock.title"), size=Size.TITLE, strong=True))
        for widget in (self._who, self._staff, self._field, self._notice, self._go, self._again):
            inner.addWidget(widget)
        inner.addWidget(Flow(kit, [self._forgotten]))
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._sheet)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle)
        outer.addStretch(3)
