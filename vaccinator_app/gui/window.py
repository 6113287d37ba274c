"""The one window: locked, or somebody's desk."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.collecting import afresh
from vaccinator_app.gui.held import HeldEnter
from vaccinator_app.gui.idle import LIMIT, Idle
from vaccinator_app.gui.screens.look_bar import LookBar
from vaccinator_app.gui.screens.unlock import UnlockScreen
from vaccinator_app.gui.sentences import sentence
from vaccinator_app.gui.settings import Settings, SettingsFile
from vaccinator_app.gui.tasks import Task, Tasks
from vaccinator_app.gui.typeahead import TypeAhead
from vaccinator_app.gui.uncopied import Uncopied
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from vaccinator_app.desk.first_run import FirstRun
    from vaccinator_app.desk.half_typed import Unkept
    from vaccinator_app.desk.syncing import Connect
    from vaccinator_app.desk.unlock import Opened
    from vaccinator_app.gui.screens.closing_count import Kept
    from vaccinator_app.gui.screens.desk import DeskScreen
    from vaccinator_app.gui.screens.first_run import FirstRunScreen
    from vaccinator_app.gui.session import Session

SIZE = (1366, 768)
LEAST = (1024, 640)
_SOON_MS = 50


class Window(QWidget):
    """Closing it locks first: the window hides at once and is gone when the vault is closed.

    ``first_run`` leads a machine that is no desk yet to its first list; without one the desk is locked.
    """

    closed = Signal()

    def __init__(
        self,
        kit: Kit,
        unlock: Unlock,
        connect: Connect,
        settings: SettingsFile,
        *,
        idle_seconds: float = LIMIT,
        first_run: FirstRun | None = None,
    ) -> None:
        super().__init__()
        self._kit = kit
        kit.theme.dress(self)
        self._connect = connect
        self._settings_file = settings
        self._settings = settings.read()
        self._tasks = Tasks(lambda error: self.say(sentence(error)), self)
        self._session: Session | None = None
        self._desk: DeskScreen | None = None
        self._first: FirstRunScreen | None = None
        self._closing = False
        self._counted: dict[str, dict[date, Kept]] = {}
        self._unkept: dict[str, Unkept] = {}
        self._keys = TypeAhead(self)
        self._idle = Idle(self, idle_seconds)
        self._held = HeldEnter(self)
        self._uncopied = Uncopied(self)
        self._way_in = unlock
        self._ready = False
        self._unlock = UnlockScreen(kit, unlock, self._tasks)
        self._look = LookBar(kit, self._settings)
        self._front = Stack()
        self._ways = Stack()
        self._lay_out()
        if first_run is not None:
            self._begin(first_run)
        self._unlock.opened.connect(self._opened)
        self._unlock.recovery_asked.connect(self._recover)
        self._look.asked.connect(self.apply)
        self._idle.over.connect(self._nobody_there)
        kit.words.changed.connect(self._speak)
        self._speak()
        self.resize(*SIZE)

    @property
    def locked(self) -> bool:
        """Nobody is signed in, and nothing of the last session is still being closed."""
        return self._session is None

    @property
    def busy(self) -> bool:
        """Something is still being done for somebody."""
        return not self._tasks.idle

    def lock(self, *, idle: bool = False, why: Message | None = None) -> None:
        """Sign out and close the vault; ``why`` is said then. The screen shows nothing of the day from here on."""
        session, desk = self._session, self._desk
        if session is None or desk is None:
            return
        self._idle.stop()
        # from here on keys are for the next person's passphrase, and wait for nothing
        session.busy.disconnect(self._busy)
        self._keys.drop()
        self._keys.release(lambda _: True)
        before = desk.leave()
        self._desk = None
        self._front.setCurrentWidget(self._locked)
        self._unlock.hold(True)
        desk.setParent(None)
        desk.deleteLater()
        session.end(before, idle, lambda failed: self._ended(why or failed, idle=idle))

    def hand_over(self, staff: str) -> None:
        """Lock, with this colleague's passphrase to be typed next. What is half done waits for whoever did it."""
        self.lock()
        self._unlock.choose(staff)

    def enrol_from(self, file: Path) -> None:
        """Somebody started the program with this enrolment file."""
        if self._first is not None:
            self._first.take(file)

    def say(self, what: Message) -> None:
        """One sentence, wherever somebody is looking."""
        if self._session is not None and self._session.lock_if_due():
            return
        if self._desk is not None:
            self._desk.say(what)
        elif self._first is not None:
            self._first.say(what)
        else:
            self._unlock.say(what)

    def apply(self, settings: Settings) -> None:
        """Switch language, look and size of words where they differ, and remember them. Nothing is built anew."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        before, self._settings = self._settings, settings
        if (settings.mode, settings.large) != (before.mode, before.large):
            self._kit.theme.apply(app, settings.mode, large=settings.large)
        self._kit.words.set_language(settings.language)
        self._settings_file.write(settings)
        self._look.show_settings(settings)
        if self._desk is not None:
            self._desk.top.look.show_settings(settings)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._ready:
            self._ready = True
            # once the first picture stands, not while it is drawn
            QTimer.singleShot(_SOON_MS, self._get_ready)
        handle = self.windowHandle()
        if handle is not None:
            # the filter that was put in last is asked first: a held key is somebody who is there
            self._held.watch(handle)
            self._uncopied.watch(handle)
            self._idle.watch(handle)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._session is not None:
            event.ignore()
            self._closing = True
            self.hide()
            self.lock()
            return
        self._tasks.close()
        if self._first is not None:
            self._first.end()
        event.accept()
        self.closed.emit()

    def _get_ready(self) -> None:
        """Import what the first unlock needs, off this thread, while somebody types (DESIGN 10)."""

        def work(_: Task) -> None:
            self._way_in.get_ready()
            import vaccinator_app.gui.screens.desk  # noqa: F401

        self._tasks.run(work, owner=self, done=lambda _: None)

    def _begin(self, run: FirstRun) -> None:
        from vaccinator_app.gui.screens.first_run import FirstRunScreen

        self._first = FirstRunScreen(self._kit, run, self._tasks)
        self._first.signed_in.connect(self._idle.start)
        self._first.opened.connect(self._first_opened)
        self._ways.addWidget(self._first)
        self._ways.setCurrentWidget(self._first)

    def _first_opened(self, opened: Opened, colleagues: bool) -> None:
        self._end_first()
        self._opened(opened)
        if colleagues and self._desk is not None:
            from vaccinator_app.gui.screens.rail import Place

            self._desk.show_place(Place.STAFF)

    def _end_first(self) -> None:
        """The machine is a desk: from here on there is the way in by passphrase."""
        first, self._first = self._first, None
        if first is not None:
            # there was no folder to keep them in before
            self._settings_file.write(self._settings)
            self._ways.setCurrentWidget(self._unlock)
            first.setParent(None)
            first.deleteLater()

    def _recover(self) -> None:
        """Nobody remembers a passphrase: another sheet in the place of the way in, until that is left."""
        from vaccinator_app.gui.screens.recovery import RecoveryScreen

        screen = RecoveryScreen(self._kit, self._way_in.recovery(), self._tasks)

        def leave() -> None:
            self._ways.setCurrentWidget(self._unlock)
            screen.setParent(None)
            screen.deleteLater()

        def opened(found: Opened) -> None:
            leave()
            self._opened(found)

        screen.left.connect(leave)
        screen.opened.connect(opened)
        self._ways.addWidget(screen)
        self._ways.setCurrentWidget(screen)
        screen.look()

    def _nobody_there(self) -> None:
        if self._first is None:
            self.lock(idle=True)
        elif self._tasks.idle:
            self._first.end(idle=True)
            self._end_first()
            self._unlock.say(Message.of("lock.was_idle"))
        else:
            self._idle.start()

    def _opened(self, opened: Opened) -> None:
        from vaccinator_app.gui.screens.desk import DeskScreen
        from vaccinator_app.gui.session import Session

        session = Session(opened, self._connect, self._tasks, self)
        # who went to count what lies in the carriers comes back to what was typed before the desk locked
        session.counted = self._counted.setdefault(opened.place.staff.staff, {})
        session.unkept = self._unkept.setdefault(opened.place.staff.staff, session.unkept)
        desk = DeskScreen(self._kit, session, self._settings)
        session.busy.connect(self._busy)
        session.locked_out.connect(lambda why: self.lock(why=why))
        desk.lock_asked.connect(self.lock)
        desk.top.look.asked.connect(self.apply)
        me = opened.place.staff.staff
        desk.top.who.offer(lambda: [other for other in self._way_in.people() if other.staff != me])
        desk.top.who.asked.connect(self.hand_over)
        self._idle.warned.connect(desk.top.warn)
        for one in (session, desk):
            # what the last person saw leaves memory with the screens, also what was passed by while they sat here
            one.destroyed.connect(afresh)
        self._session, self._desk = session, desk
        self._front.addWidget(desk)
        self._front.setCurrentWidget(desk)
        self._idle.start()
        desk.begin()

    def _ended(self, failed: Message | None, *, idle: bool) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.deleteLater()
        self._unlock.hold(False)
        if self._closing:
            self.close()
        elif failed is not None:
            self._unlock.say(failed)
        elif idle:
            self._unlock.say(Message.of("lock.was_idle"))

    def _busy(self, busy: bool) -> None:
        self._idle.touch()
        if busy:
            self._keys.hold()
        elif self._desk is not None:
            self._keys.release(self._desk.unwanted)

    def _speak(self) -> None:
        self.setWindowTitle(self._kit.words.t("window.title"))

    def _lay_out(self) -> None:
        step = self._kit.theme.step
        self._locked = QWidget()
        corner = QHBoxLayout()
        corner.addStretch(1)
        corner.addWidget(self._look)
        column = QVBoxLayout(self._locked)
        column.setContentsMargins(2 * step, step, 2 * step, step)
        column.addLayout(corner)
        self._ways.addWidget(self._unlock)
        column.addWidget(self._ways, 1)
        self._look.bind_keys(self._locked)
        self._front.addWidget(self._locked)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._front)
        # words may grow, in another language or larger: what does not fit scrolls, the window stays as it is
        whole.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(*LEAST)
