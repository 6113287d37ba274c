"""Reconcile over a day of 100,000 events: how long the window ever keeps its person waiting while the day is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests.benchmarks.rows import Row, worst_of_hundred
from tests.benchmarks.search import PAGE, roster_of
from tests.support.desk import CentralSide, make_place
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.desk.unlock import Opened
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    ObservationEnded,
    ObservationOutcome,
    Proof,
    ProofKind,
    Site,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import VialOpened
from vaccinator_app.gui.app import make_application
from vaccinator_app.gui.models.day_reader import DayReader
from vaccinator_app.gui.screens.reconcile import ReconcileScreen
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.vault.vault import Vault

EVENTS = 100_000
PEOPLE = EVENTS * 10 // 31
STALL_MS, FRAME_MS = 50.0, 16.0
REFRESHES = 5
_BEAT_MS = 1
_PROOF = Proof(how=ProofKind.CODE, seq=1, key="k", sealed=b"x" * 52)


class _Nobody:
    """A central that cannot be reached."""

    def push(self, _: bytes) -> bytes:
        raise Unreachable(Message.of("sync.could_not_reach"))

    pull = confirm = history = deliver = push

    def close(self) -> None:
        """Nothing is open."""


def reconcile(folder: Path) -> list[Row]:
    """The longest gap between two beats of the window's own loop, and the 99th percentile of the gaps, while the day is
    read for the first time and five times again behind a new record each."""
    place = _day(folder)
    app = QApplication.instance() or make_application("bench")
    assert isinstance(app, QApplication)
    kit = Kit.load(resources_folder(), font_files())
    kit.theme.apply(app, Mode.LIGHT)
    window = QWidget()
    tasks = Tasks(lambda _: None, window)
    opened = Opened(place=place, resume=None)
    session = Session(opened, _connect, tasks, window)
    screen = ReconcileScreen(kit, session)
    screen.resize(1150, 640)
    screen.show()
    reader = DayReader.of(session)
    # the window stands; what follows is the read of a large day
    _until(lambda: reader.reading)
    gaps = _Beats(window)
    _until(lambda: reader.seen is not None)
    for more in range(REFRESHES):
        place.record(CodeRefused(appointment=_name(more), attempt=1, proof=_PROOF))
        turn = reader.refresh(at_once=True)
        _until(lambda turn=turn: reader.seen is not None and reader.seen.turn >= turn)  # type: ignore[misc]
    found = gaps.stop()
    screen.deleteLater()
    tasks.close()
    place.vault.close()
    return [
        Row(
            row="reconcile refresh, longest window stall, 100,000 events",
            unit="ms",
            ours=max(found),
            reference=STALL_MS,
            budget=1.0,
        ),
        Row(
            row="reconcile refresh, p99 window stall, 100,000 events",
            unit="ms",
            ours=worst_of_hundred(found),
            reference=FRAME_MS,
            budget=1.0,
        ),
    ]


class _Beats(QObject):
    """Milliseconds from one beat of the loop to the next, less what the beat itself is."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def stop(self) -> list[float]:
        self._timer.stop()
        return self._gaps

    def _beat(self) -> None:
        now = time.perf_counter()
        self._gaps.append(max(0.0, 1e3 * (now - self._last) - _BEAT_MS))
        self._last = now


def _connect(_: Vault) -> _Nobody:
    return _Nobody()


def _until(so: Callable[[], bool]) -> None:
    loop = QEventLoop()
    while not so():
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)


def _day(folder: Path) -> Workplace:
    """Everybody on the roster arrived, was given a dose and was watched for half an hour."""
    central = CentralSide()
    place = make_place(folder, central, [])
    for cursor, start in enumerate(range(0, PEOPLE, PAGE), 1):
        people = roster_of(central, start, min(PEOPLE, start + PAGE))
        place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=cursor))
    place.vault.indexing.settle()
    bodies: list[Body] = []
    for number in range(PEOPLE):
        bodies += _visit(number)
        if len(bodies) >= 3_000:
            place.record(*bodies)
            bodies = []
    place.record(*bodies)
    return place


def _name(number: int) -> str:
    return f"{number + 1:012d}"


def _visit(number: int) -> list[Body]:
    person, vial = _name(number), number // 10 + 1
    opened = [] if number % 10 else [VialOpened(vaccine="covishield", batch="4121Z025", vial=vial, doses=10)]
    return [
        *opened,
        Arrived(appointment=person),
        DoseGiven(
            appointment=person,
            identity=IdentityMethod.PHOTO_ID,
            eligibility=EligibilityShown(rule="eligible.first_dose"),
            proof=_PROOF,
            vaccine="covishield",
            dose=1,
            batch="4121Z025",
            expiry=date(2027, 3, 31),
            vial=vial,
            site=Site.LEFT_ARM,
        ),
        ObservationEnded(appointment=person, outcome=ObservationOutcome.WELL),
    ]
