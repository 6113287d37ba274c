"""The one way the window does work that takes time: off its thread, with callbacks on it (DESIGN 9.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot
from shiboken6 import isValid

from vaccinator_app.gui.collecting import afresh

T = TypeVar("T")

_THREADS = 4


class Cancelled(Exception):
    """Raised inside work by `Task.check` after somebody asked it to stop."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far work has come: ``done`` of ``total`` things. ``total`` is 0 while it is unknown."""

    done: int
    total: int


class Task:
    """One piece of work under way. The window keeps it to cancel; the work gets it to report and to ask.

    ``cancel`` asks. Work that had already come to its end is delivered as done, because it did happen.
    """

    def __init__(self, moved: Callable[[Task], None]) -> None:
        self._moved = moved
        self._lock = Lock()
        self._latest = Progress(0, 0)
        self._told = True
        self._cancelled = False
        self.outcome: object = None
        """What the work gave, or the exception that ended it; None when it was cancelled."""
        self.wanted = True
        """False once nobody is left to hear of it: its owner is gone or a later task took its place."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the work to stop."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the work to stop at its next `check`. Work not yet begun never begins."""
        self._cancelled = True

    def abandon(self) -> None:
        """Ask the work to stop, and deliver nothing of it."""
        self.wanted = False
        self.cancel()

    def check(self) -> None:
        """For the work, between two steps: raises `Cancelled` when somebody asked it to stop."""
        if self._cancelled:
            raise Cancelled

    def report(self, done: int, total: int) -> None:
        """For the work: it has come so far. Cheap to call often; the window hears only the latest."""
        with self._lock:
            self._latest = Progress(done, total)
            waiting, self._told = not self._told, False
        if not waiting:
            self._moved(self)

    def take(self) -> Progress:
        """For the runner: the latest report, now told."""
        with self._lock:
            self._told = True
            return self._latest


@dataclass(frozen=True, slots=True)
class _Result:
    """What work gave, which may be an exception too, or None."""

    value: Any


@dataclass(slots=True)
class _Call:
    """What is asked of a task, and who hears of it on the window's thread."""

    owner: QObject
    work: Callable[[Task], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[Progress], None] | None
    ended: Callable[[], None] | None
    place: tuple[int, str] | None
    gone: Callable[[], None]
    """What is connected to the owner's end."""
    heard: bool = True
    """False once a later task took its place, or the runner was closed."""


class Tasks(QObject):
    """Runs work on threads of its own and tells the window, on the window's thread, what became of it.

    ``on_failure`` hears each failure that a caller does not handle itself. Make one for the window; `close` it
    before the window goes.

    Whatever a caller gave lives here until the work is over, and goes on the window's thread: a work's own thread must
    not be the last to let go of a screen (`gui.collecting` says why).
    """

    _over = Signal(object)
    _moved = Signal(object)

    def __init__(self, on_failure: Callable[[Exception], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on_failure = on_failure
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(_THREADS)
        self._calls: dict[Task, _Call] = {}
        self._places: dict[tuple[int, str], Task] = {}
        self._closed = False
        # both are said on the work's thread, so that Qt queues them for this one
        self._over.connect(self._deliver)
        self._moved.connect(self._tell)

    def run(
        self,
        work: Callable[[Task], T],
        *,
        owner: QObject,
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
        ended: Callable[[], None] | None = None,
        latest: str = "",
    ) -> Task:
        """Start ``work`` on another thread and return at once. Call on the window's thread.

        ``work`` gets the `Task` and touches no widget. Then, on the window's thread: ``done`` with its result,
        or ``failed`` with its exception (without one, the failure handler of the runner), or neither when it was
        cancelled; after each of these ``ended``. Nothing is called once ``owner``, the widget that asked, is gone.
        Tasks of one owner with the same ``latest`` name replace each other: only the last one is heard of.
        """
        task = Task(self._moved.emit)
        if self._closed:
            # A screen that goes with the window may still ask; its answer would find no runner any more.
            task.abandon()
            return task
        place = (id(owner), latest) if latest else None
        if place is not None:
            if (before := self._places.get(place)) is not None:
                self._drop(before)
            self._places[place] = task

        # Not the task's own method: a task may die on its work's thread, and what PySide knows as a receiver must not.
        def gone() -> None:
            task.abandon()

        owner.destroyed.connect(gone)
        self._calls[task] = _Call(owner, work, done, failed or self._on_failure, progress, ended, place, gone)
        self._pool.start(lambda: self._work(task))
        return task

    @property
    def idle(self) -> bool:
        """Whether nothing that somebody waits for is under way."""
        return not any(call.heard for call in self._calls.values())

    def close(self) -> None:
        """Ask all work to stop, wait until it has, and deliver nothing more of it.

        Waits as long as the work takes to reach its next `Task.check`: what is being saved is saved. Nothing is started
        any more.
        """
        self._closed = True
        for task in self._calls:
            self._drop(task)
        self._pool.waitForDone()
        for task, call in list(self._calls.items()):
            self._forget(task, call)

    def _work(self, task: Task) -> None:
        # No name here is bound to what the caller gave, or to what came of it.
        try:
            task.check()
            task.outcome = _Result(self._calls[task].work(task))
        except Cancelled:
            pass
        except Exception as failure:  # noqa: BLE001 - whatever it is, the window's thread is told
            task.outcome = failure
        self._over.emit(task)

    @Slot(object)
    def _deliver(self, task: Task) -> None:
        call = self._calls.get(task)
        if call is None:
            return
        self._forget(task, call)
        outcome, task.outcome = task.outcome, None
        if not call.heard or not task.wanted:
            return
        try:
            if isinstance(outcome, _Result):
                call.done(outcome.value)
            elif isinstance(outcome, Exception):
                call.failed(outcome)
        finally:
            if call.ended is not None:
                call.ended()

    @Slot(object)
    def _tell(self, task: Task) -> None:
        latest = task.take()
        call = self._calls.get(task)
        if call is not None and call.heard and task.wanted and call.progress is not None:
            call.progress(latest)

    def _drop(self, task: Task) -> None:
        """Nobody hears of it any more; what it was given stays until its work is over."""
        self._calls[task].heard = False
        task.abandon()

    def _forget(self, task: Task, call: _Call) -> None:
        del self._calls[task]
        if call.place is not None and self._places.get(call.place) is task:
            del self._places[call.place]
        if isValid(call.owner):
            # by its name, not by the connection: only so PySide forgets it too
            call.owner.destroyed.disconnect(call.gone)
        else:
            # what it was given stayed behind its owner, and goes only now
            afresh()
