"""Rings of objects die on the window's thread, whoever makes the most; none while somebody asked for rest."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vaccinator_app.gui.collecting import Collector, afresh, held


@pytest.fixture(autouse=True)
def collector(qapp: QObject) -> Iterator[Collector]:
    """As a program has it that just began; afterwards as it was before."""
    enabled = gc.isenabled()
    gc.collect()
    parent = QObject()
    yield Collector(parent)
    del parent
    if enabled:
        gc.enable()


class _Ring:
    def __init__(self) -> None:
        self.itself = self


def _ring(went: list[int]) -> None:
    """Something that holds itself and that nobody else does; ``went`` hears on which thread it died."""
    weakref.finalize(_Ring(), lambda: went.append(threading.get_ident()))


def _elsewhere(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def _make_many() -> None:
    kept: list[list[int]] = [[] for _ in range(100_000)]
    assert kept


def test_what_another_thread_makes_has_nothing_collected_there(qtbot: QtBot) -> None:
    went: list[int] = []
    _ring(went)
    _elsewhere(_make_many)
    assert went == []
    kept: list[list[int]] = [[] for _ in range(10_000)]
    qtbot.waitUntil(lambda: bool(went))
    assert went == [threading.get_ident()]
    del kept


def test_all_generations_are_passed_over_in_time(collector: Collector) -> None:
    """What outlived a pass or two goes as well."""
    went: list[int] = []
    ring = _Ring()
    weakref.finalize(ring, lambda: went.append(threading.get_ident()))
    gc.collect(0)
    gc.collect(1)
    del ring
    kept: list[list[int]] = []
    for _ in range(200):
        kept += ([] for _ in range(2_500))
        collector._look()
    assert went == [threading.get_ident()]


def test_nothing_is_collected_while_somebody_makes_much(collector: Collector) -> None:
    went: list[int] = []
    with held():
        _ring(went)
        kept: list[list[int]] = [[] for _ in range(10_000)]
        collector._look()
        assert went == []
    collector._look()
    assert went == [], "what was made meanwhile is passed by"
    afresh()
    collector._look()
    assert went == [threading.get_ident()]
    del kept


@pytest.mark.parametrize("enabled", [False, True])
def test_rest_ends_as_it_began(enabled: bool) -> None:
    seen: list[bool] = []

    def work() -> None:
        with held():
            seen.append(gc.isenabled())
            raise ZeroDivisionError

    (gc.enable if enabled else gc.disable)()
    with pytest.raises(ZeroDivisionError):
        work()
    assert (seen, gc.isenabled()) == ([False], enabled)
    gc.disable()


def test_what_the_program_is_made_of_is_passed_by(collector: Collector) -> None:
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    afresh()
    collector._look()
    assert gc.get_freeze_count() > 10_000
