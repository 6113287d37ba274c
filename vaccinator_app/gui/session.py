"""One person's time at the desk: what the screens ask, and the one line their acts wait in (DESIGN 9.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import date
from functools import cached_property
from threading import Condition
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from vaccinator_app.desk.half_typed import Unkept
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.queue import Queue
from vaccinator_app.desk.status import SyncWords
from vaccinator_app.desk.stock import Stock
from vaccinator_app.desk.syncing import Connect, Syncing
from vaccinator_app.desk.unlock import Opened, lock
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.sentences import sentence
from vaccinator_app.gui.tasks import Cancelled, Progress, Task, Tasks

if TYPE_CHECKING:
    from vaccinator_app.desk.history import TakenBack
    from vaccinator_app.desk.reconcile import Reconcile
    from vaccinator_app.desk.staff import Staff
    from vaccinator_app.gui.screens.closing_count import Kept

T = TypeVar("T")

_SETTLE_MS = 100
_STEP_MS = 500
"""What central says is shown so soon after it, and while it goes on to say more, only so often: whoever reads the
numbers sees no more of them."""


PATIENCE = 2.0
"""Seconds that a lock waits for long reads to notice that nobody wants them any more."""


def _nothing(_: object) -> None:
    """For acts after which nothing needs doing."""


class Session(QObject):
    """From unlock to lock. Acts (whatever writes) run one after another off the window's thread; reading is quick
    and never waits for a writer, so screens read where they stand.
    """

    moved = Signal()
    """An act has changed what the vault says: ask again, at once."""
    heard = Signal()
    """Central may have: ask again, beside the window's thread if it takes long (`gui.models.asked`)."""
    busy = Signal(bool)
    """An act begins, or the last one in line has ended."""
    failed = Signal(object)
    """The `Message` for an act whose caller does not say it itself."""
    locked_out = Signal(object)
    """The `Message` with which the desk is to be locked at once."""
    _stepped = Signal()

    def __init__(self, opened: Opened, connect: Connect, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self.place = opened.place
        self.resume = opened.resume
        self.counted: dict[date, Kept] = {}
        """Vials counted by hand for a close not signed yet, by day; the `Window` keeps it through a lock."""
        self.unkept = Unkept()
        """Forms that the vault did not take; the `Window` keeps it through a lock."""
        self.queue = Queue(opened.place)
        self.observation = Observation(opened.place)
        self.stock = Stock(opened.place)
        self._connect = connect
        self._tasks = tasks
        self._reads = _Reads()
        self._line: deque[Callable[[], None]] = deque()
        self._running = False
        self._ended = False
        self._unsaid: Message | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._hear)
        self._since = QElapsedTimer()
        self._stepped.connect(self._soon, Qt.ConnectionType.QueuedConnection)
        self._syncing = Syncing(opened.place, connect, self._stepped.emit)

    @property
    def connect(self) -> Connect:  # type: ignore[override]
        """The way to central, for what is asked of it beside the syncing. Shadows a method of QObject not used here."""
        return self._connect

    @cached_property
    def reconcile(self) -> Reconcile:
        """The in-charge's day; what it stands on is loaded when an in-charge first looks at it."""
        from vaccinator_app.desk.reconcile import Reconcile

        return Reconcile(self.place)

    @cached_property
    def staff(self) -> Staff:
        """Who works at this centre; loaded when an in-charge first looks at it."""
        from vaccinator_app.desk.staff import Staff

        return Staff(self.place)

    @property
    def tasks(self) -> Tasks:
        """For work beside the vault: the hint at a passphrase, say."""
        return self._tasks

    def start(self) -> None:
        """Begin to sync, once the screens listen."""
        self._syncing.start()

    def words(self) -> SyncWords:
        """The status bar as it stands."""
        return self._syncing.words()

    @property
    def over(self) -> bool:
        """The desk is being locked, or is."""
        return self._ended

    @property
    def syncing(self) -> bool:
        """A run goes on."""
        return self._syncing.running

    def sync_now(self) -> None:
        """Try central now."""
        self._syncing.now()

    def take_back(self, done: Callable[[TakenBack], None], failed: Callable[[Message], None]) -> None:
        """Recover the ledger from central, while no other run goes on."""
        from vaccinator_app.desk.history import take_back

        def work() -> TakenBack:
            with self._syncing.alone():
                return take_back(self.place, self._connect)

        self.act(work, done, failed)

    def act(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] = _nothing,
        failed: Callable[[Message], None] | None = None,
    ) -> None:
        """Put ``work`` in line. Then, on the window's thread, ``done`` with its result or ``failed`` with words.

        Lists are told to ask again before either. Nothing is taken once the session is ending, and nothing called: the
        screens that asked are gone by then. What failed meanwhile is said when the desk is locked.
        """
        say = failed or self.failed.emit

        def told(result: T) -> None:
            if not self._ended:
                done(result)

        def refused(what: Message) -> None:
            if self._ended:
                self._unsaid = what
            else:
                say(what)

        if not self._ended:
            self._put(work, told, refused)

    def record(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] = _nothing,
        failed: Callable[[Message], None] | None = None,
    ) -> None:
        """The same for an act that central should soon hear of."""

        def told(result: T) -> None:
            self._syncing.now()
            done(result)

        self.act(work, told, failed)

    def read(
        self,
        work: Callable[[Task], T],
        done: Callable[[T], None],
        failed: Callable[[Message], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Task:
        """Read what takes long, beside the line of acts: nobody's keys wait for it. Keep the `Task` to cancel it.

        Then, on the window's thread, ``done`` with the result or ``failed`` with words; neither once it was cancelled
        or the session ends. ``work`` calls `Task.check` now and then, and `Task.report` to be heard by ``progress``.
        """
        tell = failed or self.failed.emit

        def refused(error: Exception) -> None:
            if not self.lock_if_due():
                tell(sentence(error))

        task = self._tasks.run(
            self._reads.guard(work),
            owner=self,
            done=done,
            failed=refused,
            progress=progress,
            ended=lambda: self._reads.drop(task),
        )
        self._reads.keep(task)
        return task

    def lock_if_due(self) -> bool:
        """Ask for the lock when nobody can go on here: after an act, a read that failed, whenever central was heard.
        False when nothing speaks against going on, or the desk is being locked already.
        """
        why = None if self._ended else self._syncing.locks
        if why is not None:
            self.locked_out.emit(why)
        return why is not None

    def end(self, before: Callable[[], object], idle: bool, done: Callable[[Message | None], None]) -> None:
        """Lock behind the acts in line: ``before``, then sign out and close the vault. Syncing stops at its next step.

        ``done`` gets the sentence of what went wrong, if anything; the vault is closed either way.
        """
        self._ended = True
        self._settle.stop()
        self._reads.abandon()

        def work() -> None:
            self._reads.wait(PATIENCE)
            self._syncing.stop()
            try:
                before()
            finally:
                lock(self.place, idle=idle)

        self._put(work, lambda _: done(self._unsaid), done)

    def _put(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Message], None]) -> None:
        def told(result: T) -> None:
            self.lock_if_due()
            self._moved()
            done(result)

        def refused(error: Exception) -> None:
            self.lock_if_due()
            self._moved()
            failed(sentence(error))

        def start() -> None:
            self._tasks.run(lambda _: work(), owner=self, done=told, failed=refused, ended=self._next)

        self._line.append(start)
        if not self._running:
            self._running = True
            self.busy.emit(True)
            self._line.popleft()()

    def _next(self) -> None:
        if self._line:
            self._line.popleft()()
            return
        self._running = False
        self.busy.emit(False)

    def _moved(self) -> None:
        if not self._ended:
            # what an act changed is shown with the act, and central hears of it soon
            self.moved.emit()

    def _soon(self) -> None:
        self.lock_if_due()
        if not self._ended and not self._settle.isActive():
            passed = self._since.elapsed() if self._since.isValid() else _STEP_MS
            self._settle.start(max(_SETTLE_MS, _STEP_MS - passed))

    def _hear(self) -> None:
        self._since.start()
        if not self.lock_if_due():
            self.heard.emit()


class _Reads:
    """The long reads of one session. None begins, and none is waited for in vain, once they were abandoned."""

    def __init__(self) -> None:
        self._still = Condition()
        self._under_way = 0
        self._over = False
        self._tasks: set[Task] = set()

    def guard(self, work: Callable[[Task], T]) -> Callable[[Task], T]:
        def guarded(task: Task) -> T:
            with self._still:
                if self._over:
                    raise Cancelled
                self._under_way += 1
            try:
                return work(task)
            finally:
                with self._still:
                    self._under_way -= 1
                    self._still.notify_all()

        return guarded

    def keep(self, task: Task) -> None:
        self._tasks.add(task)
        if self._over:
            task.abandon()

    def drop(self, task: Task) -> None:
        self._tasks.discard(task)

    def abandon(self) -> None:
        with self._still:
            self._over = True
        for task in self._tasks:
            task.abandon()

    def wait(self, patience: float) -> None:
        with self._still:
            self._still.wait_for(lambda: self._under_way == 0, patience)
