"""The real window on a real vault, with central's own request handling behind the port, worked by keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from tests.central.support import RAMPUR, World
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.gui.app import make_window
from vaccinator_app.gui.collecting import Collector
from vaccinator_app.gui.models.day_reader import DayReader
from vaccinator_app.gui.settings import SettingsFile
from vaccinator_app.gui.window import Window
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.records import read_event
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.trust.keyslot import FLOOR

W = TypeVar("W", bound=QWidget)

COLLEAGUE = "S. Devi"
COLLEAGUES_PASSPHRASE = "twelve mangoes"


def enrol_desk(world: World, home: Path) -> None:
    """A desk of PHC Rampur in ``home``: its in-charge R. Sharma, and a colleague."""
    simulator, clock = Simulator(world.api), ToldClock()
    file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
    desk = NewDesk(device_name="Desk 2", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
    enrol(home, file, desk, lambda _: simulator, clock.now())
    unlock = Unlock(home, vaccines(), lambda _: clock)
    opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
    Staff(opened.place).add(COLLEAGUE, Role.VACCINATOR, COLLEAGUES_PASSPHRASE, FLOOR)
    lock(opened.place)


@dataclass(slots=True)
class Day:
    """A central with people booked at PHC Rampur, and one desk enrolled there. It is ten in the morning."""

    world: World
    home: Path
    booked: dict[str, Booked] = field(default_factory=dict)
    clock: ToldClock = field(default_factory=ToldClock)
    simulator: Simulator = field(init=False)
    unlock: Unlock = field(init=False)

    def __post_init__(self) -> None:
        self.simulator = Simulator(self.world.api)
        self.unlock = Unlock(self.home, vaccines(), lambda _: self.clock)

    def book(self, name: str, slot: str = "10:00", mobile: str | None = None, **changes: object) -> Booked:
        """One more person; the code and the slip are in what comes back, and under the name in ``booked``."""
        made = self.world.book(mobile, name=name, slot=slot, **changes)
        self.booked[name] = made
        return made

    def pull(self) -> None:
        """Let the desk hear of them, before anybody sits down at it."""
        opened = self.unlock.open(self.unlock.people()[0].staff, PASSPHRASE)
        Engine(desk_of(opened.place.vault), opened.place.vault.exchange, self.simulator).run()
        lock(opened.place)

    def pass_time(self, span: timedelta) -> None:
        """On the desk and at central."""
        self.clock.pass_time(span)
        self.world.clock.now = self.clock.moment.astimezone(UTC)

    def cut(self) -> None:
        """No network."""

        def nothing() -> None:
            raise Unreachable(Message.of("sync.could_not_reach"))

        self.simulator.before = nothing

    def mend(self) -> None:
        """The network is back."""
        self.simulator.before = lambda: None


@dataclass(slots=True)
class Hands:
    """Somebody at the keyboard. ``presses`` counts the keys."""

    window: Window
    presses: int = 0

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """One key, to whatever has the focus."""
        self.presses += 1
        QTest.keyClick(self.target, key, modifier)

    def write(self, text: str) -> None:
        """Characters, one key each. Upper-case letters and other scripts come as a keyboard layout gives them."""
        for character in text:
            self.presses += 1
            key = Qt.Key(ord(character.upper())) if character.isascii() else Qt.Key.Key_unknown
            QTest.sendKeyEvent(QTest.KeyAction.Click, self.target, key, character, Qt.KeyboardModifier.NoModifier)

    @property
    def target(self) -> QWidget:
        """Where a key goes."""
        return QApplication.focusWidget() or self.window

    def enter(self) -> None:
        self.press(Qt.Key.Key_Return)

    def escape(self) -> None:
        self.press(Qt.Key.Key_Escape)

    def find(self, kind: type[W], name: str) -> W:
        """The widget of this object name; the one that can be seen, if several screens have one."""
        found = self.window.findChildren(kind, name)
        assert found, name
        return next((widget for widget in found if widget.isVisible()), found[0])

    def shown(self, name: str) -> bool:
        """Whether the widget of this name is there to be seen."""
        return any(widget.isVisible() for widget in self.window.findChildren(QWidget, name))

    def until(self, so: Callable[[], object], *, seconds: int = 20) -> None:
        """Let the window work until something is so."""
        loop = QEventLoop()
        deadline = QDeadlineTimer(1000 * seconds)
        # with a limit of its own processEvents would not wait but spin, and hold up the threads it waits for
        tick = QTimer()
        tick.start(10)
        while not so():
            assert not deadline.hasExpired(), "waited in vain"
            loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def settle(self) -> None:
        """Wait until every act has been done and shown, and the in-charge's day was read: behind a long read the next
        begins a moment later, and until then nothing is busy."""
        self.until(lambda: not self.window.busy and not any(r.reading for r in self.window.findChildren(DayReader)))

    def focused(self) -> str:
        """The name of what has the focus."""
        widget = QApplication.focusWidget()
        return "" if widget is None else widget.objectName()

    @property
    def place(self) -> Workplace:
        """The desk that is open."""
        assert self.window._session is not None
        return self.window._session.place

    def kinds(self) -> list[str]:
        """What stands in the ledger, by kind, besides who came and went."""
        events = [read_event(record.payload).kind for record in self.place.vault.ledger.records()]
        return [kind for kind in events if kind not in ("signed_in", "signed_out", "staff_added")]

    def said(self, name: str) -> str:
        """What a screen reader says of a widget."""
        return self.find(QWidget, name).accessibleName()

    def seen(self) -> str:
        """Every word that can be read now, line by line."""
        labels = [w for w in self.window.findChildren(QLabel) if w.isVisible()]
        buttons = [w for w in self.window.findChildren(QAbstractButton) if w.isVisible()]
        return "\n".join([w.text() for w in labels] + [w.accessibleName() for w in buttons])

    def unlock(self, passphrase: str = PASSPHRASE) -> None:
        """Type a passphrase; returns once the desk is open."""
        self.write(passphrase)
        self.enter()
        self.until(lambda: self.shown("search"))
        self.settle()


def show_window(day: Day, *, idle_seconds: float = 300, collects: bool = False) -> Hands:
    """The window of ``day``, locked, in front, with the focus.

    ``collects``: rings of objects are looked for while it stands, as in the program. Most stand for a second, and one
    look goes through all tests of all rooms: then they are looked for between two tests (``tests/conftest.py``).
    """
    settings = SettingsFile(day.home / "settings.json")
    window = make_window(
        resources_folder(),
        font_files(),
        day.unlock,
        lambda _: day.simulator,
        settings,
        idle_seconds=idle_seconds,
        strict=True,
    )
    if not collects:
        collector = window.findChild(Collector)
        assert collector is not None
        for timer in collector.findChildren(QTimer):
            timer.stop()
    # these hands never press twice by mistake, and wait for nothing
    QApplication.setDoubleClickInterval(0)
    window.show()
    window.activateWindow()
    hands = Hands(window)
    hands.until(lambda: QApplication.focusWidget() is not None)
    return hands


def put_away(hands: Hands) -> None:
    """Lock and close, and wait until that is done."""
    closed: list[bool] = []
    hands.window.closed.connect(lambda: closed.append(True))
    hands.window.close()
    hands.until(lambda: closed)
    hands.window.deleteLater()
    # of all of them: a desk that a test itself locked waits for a loop that never runs, and slows whatever comes after
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
