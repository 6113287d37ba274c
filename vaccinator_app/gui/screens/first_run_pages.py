"""What stands on the sheet at each step of the first run. Pages show and are asked; `first_run` does (DESIGN 9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.desk.first_run import About, Expected, about_of
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.new_passphrase import NewPassphrase
from vaccinator_app.gui.widgets.text import Text
from vaccinator_app.gui.widgets.ticks import Tick

if TYPE_CHECKING:
    from vaccinator_app.desk.enrolment_files import Found

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Page(QWidget):
    """A column of parts, from the top. ``go`` is Enter in its last field."""

    go = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self.kit = kit
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2 * kit.theme.step)

    def add(self, *parts: QWidget) -> None:
        """One under the other, and nothing below them."""
        for part in parts:
            self.column.addWidget(part)
        self.column.addStretch(1)

    def take_focus(self) -> bool:
        """Whether something here wants the next key; else it is the button's."""
        return False


class FilePage(Page):
    """Files that lie about, a button for any other, and what the one that was taken says."""

    taken = Signal(object)
    """The path of the file that somebody pointed at."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._found: list[Found] = []
        self._about: About | None = None
        self._heading = Text(kit, strong=True)
        self._offers = QWidget()
        self._list = QVBoxLayout(self._offers)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(kit.theme.step)
        self.choose = Button(kit, Message.of("first_run.choose"))
        self.choose.setObjectName("first-run-choose")
        drop = Text(kit, Message.of("first_run.or_drop"), tone="quiet")
        self._row = QWidget()
        row = QGridLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(2 * kit.theme.step)
        row.addWidget(self.choose, 0, 0)
        row.addWidget(drop, 0, 1)
        row.setColumnStretch(1, 1)
        self._facts = _Facts(kit, ("first_run.centre", "first_run.until", "first_run.central"))
        self._facts.setObjectName("first-run-facts")
        about = Text(kit, Message.of("first_run.about_file"), tone="quiet", wrap=True)
        self.add(about, self._facts, self._heading, self._offers, self._row)
        self.offer([])
        self.show_file(None)

    def offer(self, found: Sequence[Found]) -> None:
        """These lie about. What has the focus keeps it while the same ones are there."""
        if list(found) == self._found and self._list.count():
            return
        self._found = list(found)
        # what will have the focus once the window is in front, too
        focused = self.window().focusWidget() in (*self._buttons(), self.choose)
        for button in self._buttons():
            self._list.removeWidget(button)
            button.setParent(None)
            button.deleteLater()
        for number, one in enumerate(found):
            button = _Offer(self.kit, _words(one))
            button.setObjectName(f"first-run-found-{number}")
            button.clicked.connect(lambda _=False, path=one.path: self.taken.emit(path))
            self._list.addWidget(button)
        self._offers.setVisible(bool(found))
        self._heading.say(Message.of("first_run.found" if found else "first_run.none_found"))
        if focused:
            self.take_focus()

    def show_file(self, about: About | None) -> None:
        """Whose file was taken, until when it is good, and where its central is."""
        self._about = about
        self._facts.setVisible(about is not None)
        if about is not None:
            self._facts.say(
                Message.of("first_run.centre_of", name=about.centre_name, centre=about.centre),
                Message.of("first_run.until_when", until=about.until),
                about.host,
            )

    def take_focus(self) -> bool:
        """To the first file found, as long as none was taken."""
        if self._about is not None:
            return False
        next(iter((*self._buttons(), self.choose))).setFocus()
        return True

    def _buttons(self) -> list[Button]:
        parts = (self._list.itemAt(place) for place in range(self._list.count()))
        widgets = (part.widget() for part in parts if part is not None)
        return [widget for widget in widgets if isinstance(widget, Button)]


class ConnectionPage(Page):
    """That central is asked; the answer stands in the notice at the foot."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._asking = _Working(kit, "first-run-asking")
        self.add(Text(kit, Message.of("first_run.about_connection"), tone="quiet", wrap=True), self._asking)

    def working(self, what: Message | None) -> None:
        """What is being done, or None."""
        self._asking.say(what)


class PeoplePage(Page):
    """Names of machine and in-charge, and the passphrase, which is gone when the page is."""

    def __init__(self, kit: Kit, tasks: Tasks) -> None:
        super().__init__(kit)
        such_as = Message.of("first_run.machine_hint")
        self.machine = Field(kit, Message.of("first_run.machine"), editor=_named("first-run-machine"), hint=such_as)
        self.in_charge = Field(kit, Message.of("first_run.in_charge"), editor=_named("first-run-in-charge"))
        self.passphrase = NewPassphrase(kit, tasks, names="first-run-passphrase")
        about = Text(kit, Message.of("first_run.about_people"), tone="quiet", wrap=True)
        self.add(self.machine, self.in_charge, about, self.passphrase)
        self.machine.editor.returnPressed.connect(self.in_charge.editor.setFocus)
        self.in_charge.editor.returnPressed.connect(self.passphrase.take_focus)
        self.passphrase.entered.connect(self.go)

    def begin(self, machine: str, in_charge: str, about: Sequence[str]) -> None:
        """As it was left, without the passphrase."""
        self.machine.editor.setText(machine)
        self.in_charge.editor.setText(in_charge)
        self.passphrase.begin((*about, machine, in_charge))

    def take_focus(self) -> bool:
        """To what is still to be said."""
        if self.in_charge.text and self.machine.text:
            self.passphrase.take_focus()
        else:
            (self.in_charge if self.machine.text else self.machine).editor.setFocus()
        return True


class RecoveryPage(Page):
    """Three sentences, and a tick under them."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        keys = ("first_run.recovery_one", "first_run.recovery_two", "first_run.recovery_three")
        self.read = _ReadTick(kit, Message.of("first_run.read"))
        self.read.setObjectName("first-run-read")
        self.read.entered.connect(self.go)
        self.add(*(Text(kit, Message(key), size=Size.LEAD, wrap=True) for key in keys), self.read)

    def take_focus(self) -> bool:
        self.read.setFocus()
        return True


class EnrollingPage(Page):
    """Central is asked to take the machine in; or what was cut off is gone on with, for its passphrase."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._about = Text(kit, tone="quiet", wrap=True)
        typed = _named("first-run-begun")
        typed.setEchoMode(QLineEdit.EchoMode.Password)
        typed.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        typed.returnPressed.connect(self.go)
        self.passphrase = Field(kit, Message.of("unlock.passphrase"), editor=typed)
        self._asking = _Working(kit, "first-run-enrolling")
        self.add(self._about, self.passphrase, self._asking)

    def begin(self, begun: Message | None) -> None:
        """``begun`` says whose enrolment was cut off, when it was."""
        self._about.say(begun or Message.of("first_run.about_enrolling"))
        self._about.set_tone("text" if begun is not None else "quiet")
        self.passphrase.setVisible(begun is not None)
        self.passphrase.editor.clear()

    def working(self, what: Message | None) -> None:
        """What is being done, or None."""
        self._asking.say(what)

    def take_focus(self) -> bool:
        if self.passphrase.isVisibleTo(self):
            self.passphrase.editor.setFocus()
            return True
        return False


class RosterPage(Page):
    """The first list as it comes, then who is expected and what is next."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._about = Text(kit, tone="quiet", wrap=True)
        self._asking = _Working(kit, "first-run-fetching")
        self._count = Text(kit, tone="quiet")
        self._expected = Text(kit, size=Size.TITLE, strong=True, wrap=True)
        self._expected.setObjectName("first-run-expected")
        self._received = Text(kit, tone="quiet", wrap=True)
        self._next = Text(kit, Message.of("first_run.next"), wrap=True)
        self.add(self._about, self._asking, self._count, self._expected, self._received, self._next)
        self.show_expected(None)

    def begin(self, machine: str, centre: str) -> None:
        """What this machine is now."""
        self._about.say(Message.of("first_run.about_roster", machine=machine, centre=centre))

    def working(self, what: Message | None) -> None:
        """What is being done, or None."""
        self._asking.say(what)
        self._count.setVisible(False)

    def come(self, done: int, total: int) -> None:
        """So many are here."""
        self._asking.show_part(done, total)
        self._count.setVisible(total > 0)
        self._count.say(Message.of("first_run.fetched", done=done, of=total))

    def show_expected(self, expected: Expected | None) -> None:
        """Who comes today."""
        for part in (self._expected, self._received, self._next):
            part.setVisible(expected is not None)
        if expected is None:
            return
        today = Message.of("first_run.expected", n=expected.today, day=expected.day)
        self._expected.say(today if expected.today else Message.of("first_run.nobody", day=expected.day))
        self._received.say(Message.of("first_run.received", n=expected.received))


class _Offer(Button):
    """As wide as its place: a file's name may be longer, and is shortened then."""

    def __init__(self, kit: Kit, what: Message) -> None:
        super().__init__(kit, what)
        self.setProperty("kind", "answer")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _speak(self) -> None:
        super()._speak()
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 5 * self._kit.theme.step
        self.setText(self.fontMetrics().elidedText(self.accessibleName(), Qt.TextElideMode.ElideMiddle, room))


class _Facts(QWidget):
    """Names at the left, what they are at the right."""

    def __init__(self, kit: Kit, names: Sequence[str]) -> None:
        super().__init__()
        self._said = [Text(kit, wrap=True, strong=number == 0) for number in range(len(names))]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * kit.theme.step)
        grid.setVerticalSpacing(kit.theme.step // 2)
        grid.setColumnStretch(1, 1)
        for row, key in enumerate(names):
            grid.addWidget(Text(kit, Message(key), tone="quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._said[row], row, 1, Qt.AlignmentFlag.AlignTop)

    def say(self, *what: Message | str) -> None:
        for text, one in zip(self._said, what, strict=True):
            text.say(one)


class _Working(QWidget):
    """That something is being done, and how far it is, if that is known."""

    def __init__(self, kit: Kit, name: str) -> None:
        super().__init__()
        self._words = Text(kit, wrap=True)
        self._words.setObjectName(name)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step)
        column.addWidget(self._words)
        column.addWidget(self._bar)
        self.say(None)

    def say(self, what: Message | None) -> None:
        self.setVisible(what is not None)
        self._words.say(what or "")
        self._bar.setAccessibleName(self._words.accessibleName())
        # nobody knows how long a network takes
        self._bar.setRange(0, 0)

    def show_part(self, done: int, total: int) -> None:
        self._bar.setRange(0, max(1, total) if total else 0)
        self._bar.setValue(done)


class _ReadTick(Tick):
    """Enter in it goes on, or says that it is not ticked yet."""

    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if not event.isAutoRepeat():
                self.entered.emit()
        else:
            super().keyPressEvent(event)


def _named(name: str) -> QLineEdit:
    editor = QLineEdit()
    editor.setObjectName(name)
    return editor


def _words(found: Found) -> Message:
    about = about_of(found.file)
    return Message.of(
        "first_run.found_one", centre=about.centre_name, until=about.until, name=found.path.name, folder=found.folder
    )


def foot(kit: Kit, names: Sequence[tuple[str, str, str, Callable[[], object]]]) -> tuple[Flow, dict[str, Button]]:
    """Plain buttons for the foot of the sheet: name, key of the words, key on the keyboard, what it does."""
    made = {}
    for name, key, press, act in names:
        button = made[name] = Button(kit, Message(key), plain=True, key=press)
        button.setObjectName(f"first-run-{name}")
        button.clicked.connect(lambda _=False, act=act: act())
    return Flow(kit, list(made.values())), made
