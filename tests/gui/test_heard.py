"""What central says is shown soon after it, and costs the window's thread little, however often it says something."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, get_ident

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from tests.gui.evening import exceptions, reconcile
from tests.support.window import Day, Hands
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.queue import Queue
from vaccinator_app.desk.syncing import Syncing
from vaccinator_app.gui import session as room
from vaccinator_app.gui.models import day_reader
from vaccinator_app.gui.models.asked import Asked
from vaccinator_app.gui.models.day_reader import DayReader, Seen
from vaccinator_app.gui.screens.reconcile_numbers import Numbers
from vaccinator_app.gui.session import Session


def quiet(hands: Hands) -> Session:
    """Central was heard, what it said is shown, and the day is read."""
    session = hands.window._session
    assert session is not None
    reader = DayReader.of(session)
    hands.until(lambda: not (session.syncing or session._settle.isActive() or reader.reading or reader._again))
    hands.settle()
    return session


@pytest.fixture
def session(hands: Hands) -> Session:
    return quiet(hands)


def reader(hands: Hands) -> DayReader:
    assert hands.window._session is not None
    return DayReader.of(hands.window._session)


def threads(monkeypatch: pytest.MonkeyPatch, kind: type, question: str) -> set[int]:
    """On which threads ``question`` is asked from here on."""
    found: set[int] = set()
    real: Callable[..., object] = getattr(kind, question)

    def asked(*args: object) -> object:
        found.add(get_ident())
        return real(*args)

    monkeypatch.setattr(kind, question, asked)
    return found


def test_a_run_of_many_steps_is_shown_twice_a_second(
    hands: Hands, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room._STEP_MS == 500
    # so long that no slow machine is through with it
    monkeypatch.setattr(room, "_STEP_MS", 500_000)
    session._since.invalidate()
    heard: list[int] = []
    session.heard.connect(lambda: heard.append(1))
    for _ in range(50):
        session._stepped.emit()
    hands.until(lambda: heard)
    session._stepped.emit()
    hands.until(session._settle.isActive)
    assert heard == [1]
    assert session._settle.interval() > 400_000

    session._settle.setInterval(0)
    hands.until(lambda: len(heard) == 2)


@pytest.mark.parametrize(("kind", "question"), [(Queue, "counts"), (Queue, "lines"), (Observation, "counts")])
def test_lists_are_counted_beside_the_window_when_central_was_heard_and_at_once_after_an_act(
    hands: Hands, session: Session, monkeypatch: pytest.MonkeyPatch, kind: type, question: str
) -> None:
    found = threads(monkeypatch, kind, question)
    session.heard.emit()
    hands.until(lambda: found)
    hands.settle()
    assert get_ident() not in found

    session.moved.emit()
    assert get_ident() in found


def test_the_sync_screen_asks_beside_the_window_too(
    hands: Hands, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.press(Qt.Key.Key_F6)
    hands.settle()
    found = threads(monkeypatch, Queue, "lines")
    session.heard.emit()
    hands.until(lambda: found)
    hands.settle()
    assert get_ident() not in found


def test_an_answer_from_before_an_act_is_not_shown_after_it(hands: Hands, session: Session) -> None:
    go_on, begun, shown, answers = Event(), Event(), list[int](), iter((1, 2))

    def ask() -> int:
        begun.set()
        assert go_on.wait(10)
        return next(answers)

    asked = Asked(session, lambda: ask, shown.append)
    session.heard.emit()
    hands.until(begun.is_set)
    asked.here()
    go_on.set()
    hands.settle()
    assert shown == []

    session.heard.emit()
    hands.settle()
    assert shown == [2]


def test_one_question_at_a_time_and_the_last_wish_is_heard(hands: Hands, session: Session) -> None:
    go_on, inside, most, shown = Event(), list[int](), list[int](), list[int]()

    def ask() -> int:
        inside.append(1)
        most.append(len(inside))
        assert go_on.wait(10)
        inside.pop()
        return len(most)

    asked = Asked(session, lambda: ask, shown.append)
    for _ in range(20):
        asked.again()
    go_on.set()
    hands.settle()
    assert most == [1, 1]
    assert shown == [1, 2]


def test_what_central_says_of_the_list_is_shown_without_an_act(day: Day, hands: Hands, session: Session) -> None:
    before = hands.said("pile-expected")
    day.book("Late Comer")
    session.sync_now()
    hands.until(lambda: hands.said("pile-expected") != before)
    assert before == "Expected: 6"
    assert hands.said("pile-expected") == "Expected: 7"


def test_nobody_waits_for_a_day_that_nobody_looks_at(in_charge: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run confirms batch after batch: the day is read now and then, and at once when somebody comes to look."""
    session = quiet(in_charge)
    monkeypatch.setattr(Syncing, "running", True)
    before = reader(in_charge)._turn
    session.heard.emit()
    in_charge.settle()
    assert reader(in_charge)._turn == before
    assert not reader(in_charge)._again

    # an act of somebody here is read as ever
    session.moved.emit()
    in_charge.until(lambda: reader(in_charge)._turn > before)
    in_charge.settle()
    session.heard.emit()
    before = reader(in_charge)._turn
    reconcile(in_charge)
    in_charge.until(lambda: reader(in_charge)._turn > before)
    # and while somebody looks, each time
    before = reader(in_charge)._turn
    session.heard.emit()
    in_charge.until(lambda: reader(in_charge)._turn > before)


def test_a_long_run_does_not_put_the_day_off_for_ever(in_charge: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    session = quiet(in_charge)
    monkeypatch.setattr(Syncing, "running", True)
    monkeypatch.setattr(day_reader, "_UNSEEN_MS", 0)
    before = reader(in_charge)._turn
    session.heard.emit()
    in_charge.until(lambda: reader(in_charge)._turn > before)


def test_numbers_are_made_for_who_sees_them(in_charge: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    show = Numbers.show_day

    def shown(self: Numbers, seen: Seen) -> None:
        made.append(seen)
        show(self, seen)

    monkeypatch.setattr(Numbers, "show_day", shown)
    exceptions(in_charge)
    in_charge.until(lambda: not reader(in_charge).reading)
    read = reader(in_charge)._turn
    reader(in_charge).refresh(at_once=True)
    in_charge.until(lambda: reader(in_charge).seen.turn > read)  # type: ignore[union-attr]
    in_charge.settle()
    assert made == []
    assert "13" in in_charge.find(QWidget, "screen-exceptions").accessibleName()

    reconcile(in_charge)
    assert made[-1] is reader(in_charge).seen


def test_nothing_is_asked_once_the_desk_locks(hands: Hands, session: Session) -> None:
    asked, begun = Asked(session, lambda: lambda: begun.append(1), lambda _: None), list[int]()
    hands.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    hands.until(lambda: hands.window.locked)
    hands.settle()
    asked.again()
    hands.settle()
    assert begun == []
