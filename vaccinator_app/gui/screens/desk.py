"""The window while somebody is signed in: bar, rail, the screen in front, the line at the foot (SCREENS)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.desk import half_typed, noticing
from vaccinator_app.desk.heading import heading
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.screens.audit import AuditScreen
from vaccinator_app.gui.screens.exceptions import ExceptionsScreen
from vaccinator_app.gui.screens.help import SWITCH
from vaccinator_app.gui.screens.observation import ObservationScreen
from vaccinator_app.gui.screens.queue import QueueScreen
from vaccinator_app.gui.screens.rail import Place, Rail
from vaccinator_app.gui.screens.reconcile import ReconcileScreen
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.screens.staff import StaffScreen
from vaccinator_app.gui.screens.stock import StockScreen
from vaccinator_app.gui.screens.sync import SyncScreen
from vaccinator_app.gui.screens.top_bar import TopBar
from vaccinator_app.gui.screens.visit_foot import Go
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.status_strip import StatusStrip

_MINUTE_MS = 60_000
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class DeskScreen(QWidget):
    """Made when somebody unlocks, gone when the desk locks: no name stays behind in a hidden widget."""

    lock_asked = Signal()

    def __init__(self, kit: Kit, session: Session, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._may_go = 0
        self.top = TopBar(kit, settings)
        self.queue = QueueScreen(kit, session)
        self._observation = ObservationScreen(kit, session)
        self._stock = StockScreen(kit, session)
        self._sync = SyncScreen(kit, session)
        self._screens: dict[Place, Screen] = {
            Place.QUEUE: self.queue,
            Place.OBSERVATION: self._observation,
            Place.STOCK: self._stock,
            **self._for_in_charge(kit, session),
            Place.SYNC: self._sync,
        }
        self._later: dict[Place, Callable[[], Screen]] = self._rarely_seen(kit, session)
        self._rail = Rail(kit, [place for place in Place if place in self._screens or place in self._later])
        self._front = Stack()
        now = Button(kit, Message.of("status.sync_now"), icon="sync", key="F5")
        now.setObjectName("sync-now")
        now.clicked.connect(session.sync_now)
        now.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._strip = StatusStrip(kit, now)
        self._strip.setObjectName("status")
        self._lay_out(kit)
        self._wire()
        self._bind_keys()
        self._minute = QTimer(self)
        self._minute.setInterval(_MINUTE_MS)
        self._minute.timeout.connect(self._refresh)
        self._minute.timeout.connect(self._look_at_clock)
        self._minute.start()
        kit.words.zone = session.place.now().tzinfo
        self._refresh()

    def begin(self) -> None:
        """The screens are in place: return to what was half done, or to the search field, and begin to sync."""
        self._session.start()
        if self._session.place.may(Power.MANAGE_STAFF):
            self._ending(len(self._session.staff.ending()))
        front = self._give_back()
        if self._session.resume is not None:
            self.queue.open(self._session.resume)
        elif front is not None:
            self.show_place(front)
        else:
            self.queue.take_focus()

    def unwanted(self, event: QKeyEvent) -> bool:
        """An Enter that was pressed before the dose step could be seen records no dose, and ends nobody's watch."""
        if event.key() not in _ENTER:
            return False
        if self._screen is self._observation:
            return self._observation.asks
        return self._screen is self.queue and self.queue.visit.due is Go.DOSE

    def leave(self) -> Callable[[], object]:
        """What is still to be written: that the sheet that is open was looked at, if it was no more; forms that were
        filled in half."""
        # the vault is closed before the last of this screen is gone
        self._minute.stop()
        self._observation.leave()
        desk, place = self.queue.visit.forget(), self._session.place
        found = [screen.half_typed() for screen in (self._observation, self._stock)]
        forms, unkept = [one for one in found if one is not None], self._session.unkept

        def write() -> None:
            unkept.keep(place, forms)
            if desk is not None and desk.draft.looking_since is not None:
                desk.close()

        return write

    def say(self, what: Message) -> None:
        """A sentence that no screen says itself."""
        self.show_place(Place.QUEUE)
        self.queue.say(what)

    def show_place(self, place: Place) -> None:
        """Bring a screen to the front."""
        if place in self._later:
            self._screens[place] = self._later.pop(place)()
            self._front.addWidget(self._screens[place])
        self._rail.choose(place)
        self._front.setCurrentWidget(self._screens[place])
        self._screen.take_focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What no field took: Esc goes back, letters and digits go to search or code from wherever the focus is."""
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if event.key() == Qt.Key.Key_Escape:
            self._screen.back()
        elif event.text().isprintable() and event.text().strip() and not held:
            if self._screen is not self.queue:
                self.show_place(Place.QUEUE)
            self.queue.type_ahead(event)
        else:
            super().keyPressEvent(event)

    @property
    def _screen(self) -> Screen:
        return self._screens[self._place]

    @property
    def _place(self) -> Place:
        shown = self._front.currentWidget()
        return next(place for place, screen in self._screens.items() if screen is shown)

    def _give_back(self) -> Place | None:
        """What this person had typed when the desk locked stands there again; which screen was in front with it."""
        front: Place | None = None
        given, unkept, desk = [], self._session.unkept, self._session.place
        for half in unkept.given_back(desk):
            place = {half_typed.Form.AEFI: Place.OBSERVATION, half_typed.Form.RECEIVE: Place.STOCK}[half.form]
            screen = self._observation if place is Place.OBSERVATION else self._stock
            if screen.give_back(half):
                given.append(half)
                front = place if half.front else front
        if unkept.forms:
            # also of these nothing is lost with the power
            self._session.act(lambda: unkept.keep(desk, given))
        return front

    def _help(self) -> None:
        self._screen.toggle_help()

    def _walk_in(self) -> None:
        self.show_place(Place.QUEUE)
        self.queue.start_walk_in()

    def _open_held(self, appointment: str) -> None:
        self.show_place(Place.QUEUE)
        self.queue.open(appointment)

    def _opened(self) -> None:
        if self._screen is not self.queue:
            self.show_place(Place.QUEUE)

    def _report_on(self, appointment: str) -> None:
        self.show_place(Place.OBSERVATION)
        self._observation.report_on(appointment)

    def _watched(self, watched: int, over: int) -> None:
        """Whoever may go is said on every screen; nothing comes in front and nothing takes the focus."""
        news = Message.of("observe.may_go", n=over) if over else None
        self._rail.show_count(Place.OBSERVATION, watched, news)
        self.top.alert(news)
        if over > self._may_go and self.top.look.settings.sound:
            QApplication.beep()
        self._may_go = over

    def _refresh(self) -> None:
        """Heading, counts and the line at the foot."""
        self.top.show_heading(heading(self._session.place))
        place = self._session.place
        stopped = place.vault.standing.stopped() is not None
        self.top.show_stopped(Message.of("stopped.short") if stopped else place.disagreement)
        self.top.show_warning(place.clock_words or place.file_words or place.rekey_waits)
        found = self._session.words()
        self._rail.show_count(Place.SYNC, found.unconfirmed)
        parts: list[Message | str] = list(found.parts)
        moving = found.running and found.of > 0
        if moving:
            parts.append(Message.of("status.progress", done=found.done, of=found.of))
        if found.failure is not None:
            look = ("offline", "attention")
        elif found.online:
            look = ("confirmed", "confirmed") if found.unconfirmed == 0 else ("online", "text")
        else:
            look = ("offline", "quiet")
        self._strip.show_status(*look, parts)
        self._strip.set_progress(found.done, found.of if moving else 0)

    def _look_at_clock(self) -> None:
        place = self._session.place
        if noticing.clock_changed(place):
            self._session.record(lambda: noticing.look(place))

    def _wire(self) -> None:
        self._rail.chosen.connect(self.show_place)
        self.top.lock_asked.connect(self.lock_asked)
        self.top.help_asked.connect(self._help)
        self.queue.opened.connect(self._opened)
        for screen in (self._observation, self._stock, self._sync):
            screen.left.connect(lambda: self.show_place(Place.QUEUE))
        self._sync.opened.connect(self._open_held)
        self.queue.aefi_asked.connect(self._report_on)
        self._observation.counted.connect(self._watched)
        self._observation.sound_asked.connect(self.top.look.set_sound)
        self._observation.show_sound(self.top.look.settings.sound)
        self._observation.tell()
        self._session.moved.connect(self._refresh)
        self._session.heard.connect(self._refresh)
        self._session.failed.connect(self.say)

    def _for_in_charge(self, kit: Kit, session: Session) -> dict[Place, Screen]:
        """What only an in-charge sees; for others there is neither the screen nor its key."""
        if not session.place.may(Power.SETTLE):
            return {}
        reconcile, exceptions = ReconcileScreen(kit, session), ExceptionsScreen(kit, session)
        for screen in (reconcile, exceptions):
            screen.left.connect(lambda: self.show_place(Place.QUEUE))
            screen.opened.connect(self._open_held)
            screen.stock_asked.connect(lambda: self.show_place(Place.STOCK))
            screen.sync_asked.connect(session.sync_now)
            screen.counted.connect(lambda n: self._rail.show_count(Place.EXCEPTIONS, n))
        reconcile.exceptions_asked.connect(lambda: self.show_place(Place.EXCEPTIONS))
        exceptions.reconcile_asked.connect(lambda: self.show_place(Place.RECONCILE))
        exceptions.observation_asked.connect(lambda: self.show_place(Place.OBSERVATION))
        return {Place.RECONCILE: reconcile, Place.EXCEPTIONS: exceptions}

    def _rarely_seen(self, kit: Kit, session: Session) -> dict[Place, Callable[[], Screen]]:
        """Screens that are made when they are first asked for: nobody's unlocking waits for them."""

        def staff() -> Screen:
            screen = StaffScreen(kit, session)
            screen.left.connect(lambda: self.show_place(Place.QUEUE))
            screen.counted.connect(self._ending)
            return screen

        def audit() -> Screen:
            screen = AuditScreen(kit, session)
            screen.left.connect(lambda: self.show_place(Place.QUEUE))
            screen.opened.connect(self._open_held)
            return screen

        found: dict[Place, Callable[[], Screen]] = {}
        if session.place.may(Power.MANAGE_STAFF):
            found[Place.STAFF] = staff
        if session.place.may(Power.AUDIT):
            found[Place.AUDIT] = audit
        return found

    def _ending(self, certificates: int) -> None:
        """Certificates run out soon: said on the rail until somebody renews them."""
        news = Message.of("staff.ending_count", n=certificates) if certificates else None
        self._rail.show_count(Place.STAFF, certificates, news)

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "F1": self._help,
            "F2": self._walk_in,
            "F5": self._session.sync_now,
            "Ctrl+L": self.lock_asked.emit,
            SWITCH: self.top.who.open,
        }
        for place in (*self._screens, *self._later):
            keys[place.key] = lambda place=place: self.show_place(place)  # type: ignore[misc]
        for key, act in keys.items():
            QShortcut(QKeySequence(key), self, act)
        self.top.look.bind_keys(self)

    def _lay_out(self, kit: Kit) -> None:
        for screen in self._screens.values():
            self._front.addWidget(screen)
        # the rail keeps its words, whatever a screen would like to have
        self._front.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self._rail)
        middle.addWidget(self._front, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addLayout(middle, 1)
        column.addWidget(self._strip)
