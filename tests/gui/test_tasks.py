"""The task runner: off the window's thread, told on it, never to a widget that is gone."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vaccinator_app.gui import collecting
from vaccinator_app.gui.tasks import Progress, Task, Tasks

LONG = 5.0
"""Seconds after which a test that waits for a thread has failed."""


@pytest.fixture
def failures() -> list[Exception]:
    """What the failure handler of the runner heard."""
    return []


@pytest.fixture
def tasks(qtbot: QtBot, failures: list[Exception]) -> Iterator[Tasks]:
    runner = Tasks(failures.append)
    yield runner
    runner.close()


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def _destroy(widget: QWidget) -> None:
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete.value)


def _settle(qtbot: QtBot, tasks: Tasks) -> None:
    """Wait for the threads, then let what they posted arrive."""
    tasks._pool.waitForDone()
    QCoreApplication.processEvents()


def test_work_runs_elsewhere_and_its_result_arrives_on_the_windows_thread(
    qtbot: QtBot, tasks: Tasks, owner: QWidget, failures: list[Exception]
) -> None:
    threads: list[int] = []
    results: list[str] = []

    def work(task: Task) -> str:
        threads.append(threading.get_ident())
        return "saved"

    def done(result: str) -> None:
        threads.append(threading.get_ident())
        results.append(result)

    tasks.run(work, owner=owner, done=done, ended=lambda: results.append("ended"))
    assert results == []
    assert not tasks.idle
    qtbot.waitUntil(lambda: tasks.idle)

    assert results == ["saved", "ended"]
    assert threads[0] != threads[1] == threading.get_ident()
    assert failures == []


def test_a_failure_goes_to_whoever_asked(qtbot: QtBot, tasks: Tasks, owner: QWidget, failures: list[Exception]) -> None:
    heard: list[object] = []

    def work(task: Task) -> None:
        raise OSError("no space")

    tasks.run(work, owner=owner, done=heard.append, failed=heard.append, ended=lambda: heard.append("ended"))
    qtbot.waitUntil(lambda: tasks.idle)

    assert [str(what) for what in heard] == ["no space", "ended"]
    assert failures == []


def test_a_failure_nobody_handles_goes_to_the_handler_of_the_window(
    qtbot: QtBot, tasks: Tasks, owner: QWidget, failures: list[Exception]
) -> None:
    def work(task: Task) -> None:
        raise OSError("no space")

    tasks.run(work, owner=owner, done=lambda _: None)
    qtbot.waitUntil(lambda: tasks.idle)

    assert [str(failure) for failure in failures] == ["no space"]


def test_progress_arrives_in_order_and_ends_with_the_last(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    seen: list[Progress] = []

    def work(task: Task) -> None:
        for done in range(1, 10_001):
            task.report(done, 10_000)

    tasks.run(work, owner=owner, done=lambda _: None, progress=seen.append)
    _settle(qtbot, tasks)
    qtbot.waitUntil(lambda: tasks.idle)

    assert seen[-1] == Progress(10_000, 10_000)
    assert seen == sorted(seen, key=lambda progress: progress.done)
    assert len(seen) < 100, "the window would drown in reports"


def test_cancelled_work_stops_at_its_next_check(
    qtbot: QtBot, tasks: Tasks, owner: QWidget, failures: list[Exception]
) -> None:
    heard: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(task: Task) -> None:
        begun.set()
        assert go_on.wait(LONG)
        task.check()
        heard.append("went on")

    task = tasks.run(work, owner=owner, done=lambda _: heard.append("done"), ended=lambda: heard.append("ended"))
    assert begun.wait(LONG)
    task.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: tasks.idle)

    assert heard == ["ended"]
    assert task.cancelled
    assert failures == []


def test_what_happened_in_spite_of_cancel_is_told(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    heard: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(task: Task) -> str:
        begun.set()
        assert go_on.wait(LONG)
        return "recorded"

    task = tasks.run(work, owner=owner, done=heard.append)
    assert begun.wait(LONG)
    task.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: tasks.idle)

    assert heard == ["recorded"]


def test_work_cancelled_before_its_turn_never_begins(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    begun: list[str] = []
    go_on = threading.Event()
    tasks._pool.setMaxThreadCount(1)
    tasks.run(lambda task: go_on.wait(LONG), owner=owner, done=lambda _: None)

    waiting = tasks.run(lambda task: begun.append("begun"), owner=owner, done=lambda _: None)
    waiting.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: tasks.idle)

    assert begun == []


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_delivered_to_a_widget_that_is_gone(
    qtbot: QtBot, tasks: Tasks, failures: list[Exception], fails: bool
) -> None:
    owner = QWidget()
    heard: list[object] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(task: Task) -> str:
        task.report(1, 2)
        begun.set()
        assert go_on.wait(LONG)
        if fails:
            raise OSError("no space")
        return "result"

    task = tasks.run(
        work, owner=owner, done=heard.append, failed=heard.append, progress=heard.append,
        ended=lambda: heard.append("ended"),
    )  # fmt: skip
    assert begun.wait(LONG)
    _destroy(owner)
    assert task.cancelled
    go_on.set()
    _settle(qtbot, tasks)
    qtbot.waitUntil(lambda: tasks.idle)

    assert heard == []
    assert failures == []


def test_only_the_latest_of_a_kind_is_heard_of(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    heard: list[str] = []
    first_goes_on = threading.Event()

    def slow(task: Task) -> str:
        assert first_goes_on.wait(LONG)
        return "su"

    tasks.run(slow, owner=owner, done=heard.append, ended=lambda: heard.append("ended"), latest="search")
    tasks.run(lambda task: "sun", owner=owner, done=heard.append, latest="search")
    qtbot.waitUntil(lambda: "sun" in heard)
    first_goes_on.set()
    _settle(qtbot, tasks)

    assert heard == ["sun"]
    assert tasks._places == {}


def test_two_owners_do_not_replace_each_others_work(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    heard: list[str] = []

    tasks.run(lambda task: "one", owner=owner, done=heard.append, latest="search")
    tasks.run(lambda task: "two", owner=other, done=heard.append, latest="search")
    qtbot.waitUntil(lambda: tasks.idle)

    assert sorted(heard) == ["one", "two"]


def test_the_watch_on_the_owner_goes_with_the_task(qtbot: QtBot, tasks: Tasks) -> None:
    owner = QWidget()
    replaced = tasks.run(lambda task: None, owner=owner, done=lambda _: None, latest="search")
    last = tasks.run(lambda task: None, owner=owner, done=lambda _: None, latest="search")
    qtbot.waitUntil(lambda: tasks.idle)

    _destroy(owner)

    assert replaced.cancelled
    assert not last.cancelled


def test_ended_comes_even_when_the_callback_fails(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    heard: list[str] = []

    def done(_: object) -> None:
        raise ValueError("a fault in the screen")

    with qtbot.captureExceptions() as raised:
        tasks.run(lambda task: None, owner=owner, done=done, ended=lambda: heard.append("ended"))
        qtbot.waitUntil(lambda: bool(heard))

    assert heard == ["ended"]
    assert [str(value) for _, value, _ in raised] == ["a fault in the screen"]


def test_closing_waits_for_what_is_under_way_and_delivers_nothing(qtbot: QtBot, owner: QWidget) -> None:
    tasks = Tasks(lambda failure: None)
    heard: list[str] = []
    begun = threading.Event()

    def work(task: Task) -> str:
        begun.set()
        while not task.cancelled:
            pass
        heard.append("left tidily")
        return "result"

    tasks.run(work, owner=owner, done=heard.append)
    assert begun.wait(LONG)
    tasks.close()

    assert heard == ["left tidily"]
    QCoreApplication.processEvents()
    assert heard == ["left tidily"]
    assert tasks.idle


def test_once_closed_nothing_is_begun(qtbot: QtBot, owner: QWidget) -> None:
    """A screen that goes with its window may still ask for something."""
    tasks = Tasks(lambda failure: None)
    tasks.close()
    begun = threading.Event()
    task = tasks.run(lambda _: begun.set(), owner=owner, done=lambda _: None)
    assert task.cancelled
    assert tasks.idle
    tasks.close()
    assert not begun.is_set()


class _Screen:
    """Stands for whatever a caller gave: it says on which thread it went."""

    def __init__(self, went: list[int]) -> None:
        weakref.finalize(self, lambda: went.append(threading.get_ident()))
        self.told: list[object] = []

    def done(self, result: object) -> None:
        self.told.append(result)


def test_what_nobody_wants_any_more_goes_on_the_windows_thread(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    """A screen that dies on another thread takes PySide's table of connections, and the program, with it."""
    went: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(screen: _Screen) -> None:
        begun.set()
        assert go_on.wait(LONG)

    screen = _Screen(went)
    tasks.run(lambda _, mine=screen: work(mine), owner=owner, done=screen.done, latest="search")  # type: ignore[misc]
    del screen
    assert begun.wait(LONG)
    tasks.run(lambda _: None, owner=owner, done=lambda _: None, latest="search")
    go_on.set()
    tasks._pool.waitForDone()
    assert went == []
    qtbot.waitUntil(lambda: bool(went))
    assert went == [threading.get_ident()]


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_delivered_goes_on_the_windows_thread(
    qtbot: QtBot, tasks: Tasks, owner: QWidget, failures: list[Exception], fails: bool
) -> None:
    went: list[int] = []

    def work(_: _Screen) -> None:
        if fails:
            raise OSError("no space")

    for _ in range(100):
        screen = _Screen(went)
        tasks.run(lambda _, mine=screen: work(mine), owner=owner, done=screen.done)  # type: ignore[misc]
        del screen
    qtbot.waitUntil(lambda: tasks.idle)
    failures.clear()
    assert went == [threading.get_ident()] * 100


def test_a_task_is_nobodys_receiver(qtbot: QtBot, tasks: Tasks, owner: QWidget) -> None:
    """It dies on its work's thread now and then, and PySide watches receivers by a weak reference."""
    over: list[Task] = []
    for _ in range(3):
        over.append(tasks.run(lambda _: None, owner=owner, done=lambda _: None))
        assert weakref.getweakrefcount(over[-1]) == 0
    qtbot.waitUntil(lambda: tasks.idle)
    went: list[int] = []
    for task in over:
        weakref.finalize(task, lambda: went.append(threading.get_ident()))
    del over, task
    tasks._pool.waitForDone()
    assert len(went) == 3, "and nothing else holds on to it"


def test_what_work_held_behind_its_owners_end_is_looked_for(qtbot: QtBot, tasks: Tasks) -> None:
    """Rings of it, which the look at the owner's end could not find."""
    owner, go_on = QWidget(), threading.Event()
    tasks.run(lambda _: go_on.wait(LONG), owner=owner, done=lambda _: None)
    collecting._AFRESH.clear()
    _destroy(owner)
    assert not collecting._AFRESH.is_set()
    go_on.set()
    qtbot.waitUntil(lambda: tasks.idle)
    assert collecting._AFRESH.is_set()
