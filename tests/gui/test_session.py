"""Long reads beside the line of acts: heard, watched, cancelled, and over before the vault is closed."""

from __future__ import annotations

from threading import Event, get_ident

import pytest
from PySide6.QtCore import Qt

from tests.support.window import Hands
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.gui import session as room
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Progress, Task
from vaccinator_app.vault.errors import VaultError

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def session(hands: Hands) -> Session:
    assert hands.window._session is not None
    return hands.window._session


def lock(hands: Hands) -> None:
    hands.press(Qt.Key.Key_L, CONTROL)
    hands.until(lambda: hands.window.locked)


def test_a_read_runs_beside_the_acts_and_tells_how_far_it_is(hands: Hands, session: Session) -> None:
    go_on, found, moved, acted = Event(), list[int](), list[Progress](), list[int]()

    def work(task: Task) -> int:
        task.report(1, 2)
        assert go_on.wait(10)
        return get_ident()

    session.read(work, found.append, progress=moved.append)
    session.act(lambda: 1, acted.append)

    hands.until(lambda: acted and moved)
    assert found == []
    assert moved == [Progress(1, 2)]
    go_on.set()
    hands.until(lambda: found)
    assert found != [get_ident()]


def test_a_read_that_fails_says_why_in_words(hands: Hands, session: Session) -> None:
    said = list[Message]()

    def work(_: Task) -> None:
        raise CannotDo(Message.of("reconcile.only_in_charge"))

    session.read(work, lambda _: None, said.append)
    hands.until(lambda: said)
    assert said == [Message.of("reconcile.only_in_charge")]


def test_a_cancelled_read_is_not_heard_of(hands: Hands, session: Session) -> None:
    begun, heard = Event(), list[object]()

    def work(task: Task) -> int:
        begun.set()
        while True:
            task.check()

    task = session.read(work, heard.append, heard.append)
    hands.until(begun.is_set)
    task.cancel()
    hands.settle()
    assert heard == []


def test_a_lock_waits_until_a_read_under_way_has_noticed(hands: Hands, session: Session) -> None:
    begun, heard, last = Event(), list[object](), list[str]()
    vault = session.place.vault

    def work(task: Task) -> None:
        try:
            while True:
                # far longer from one check to the next than it takes to sign out
                for _ in range(3000):
                    vault.stock.shelves()
                    begun.set()
                task.check()
        except VaultError:
            last.append("read a closed vault")
            raise
        finally:
            last.append("over")

    session.read(work, heard.append, heard.append)
    hands.until(begun.is_set)
    lock(hands)

    assert last == ["over"]
    assert heard == []


def test_a_read_that_notices_nothing_holds_nobody_up_for_long(
    hands: Hands, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.01)
    begun, go_on, heard = Event(), Event(), list[object]()

    def work(_: Task) -> None:
        begun.set()
        assert go_on.wait(10)

    session.read(work, heard.append, heard.append)
    hands.until(begun.is_set)
    lock(hands)
    go_on.set()
    hands.settle()
    assert heard == []


def test_no_read_begins_once_the_desk_locks(hands: Hands, session: Session) -> None:
    begun = list[int]()
    hands.press(Qt.Key.Key_L, CONTROL)
    session.read(lambda _: begun.append(1), lambda _: None)
    hands.until(lambda: hands.window.locked)
    hands.settle()
    assert begun == []


def test_an_act_that_a_lock_overtakes_calls_no_screen_that_is_gone(hands: Hands) -> None:
    session, gate = hands.window._session, Event()
    assert session is not None
    called: list[object] = []

    def fails() -> None:
        raise CannotDo(Message.of("visit.not_on_roster"))

    session.act(lambda: gate.wait(5), called.append, called.append)
    session.act(fails, called.append, called.append)
    hands.window.lock()
    gate.set()
    hands.until(lambda: hands.window.locked)
    assert called == []
    assert hands.window._kit.words.t("visit.not_on_roster") in hands.seen()
