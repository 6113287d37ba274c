"""Reconcile over a day of 100,000 events: how long the window ever keeps its person waiting while the day is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from tests.benchmarks.beats import Beats, until
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

EVENTS, QUICK_EVENTS = 100_000, 10_000
STALL_MS, FRAME_MS = 50.0, 16.0
REFRESHES = 5
_PROOF = Proof(how=ProofKind.CODE, seq=1, key="k", sealed=b"x" * 52)


class _Nobody:
    """A central that cannot be reached."""

    def push(self, _: bytes) -> bytes:
        raise Unreachable(Message.of("sync.could_not_reach"))

    pull = confirm = history = deliver = push

    def close(self) -> None:
        """Nothing is open."""


def reconcile(folder: Path, quick: bool) -> list[Row]:
    """The longest gap between two beats of the window's own loop, and the 99th percentile of the gaps, while the day is
    read for the first time and five times again behind a new record each."""
    events = QUICK_EVENTS if quick else EVENTS
    place = _day(folder, events)
    app = QApplication.instance() or make_application("bench")
    assert isinstance(app, QApplication)
    kit = Kit.load(resources_folder(), font_files())
    kit.theme.apply(app, Mode.LIGHT)
    window = QWidget()
    tasks = Tasks(lambda _: None, window)
    opened = Opened(place=place, resume=None)
    session = Session(opened, _connect, tasks, window)
    screen = ReconcileScreen(kit, session)
    kit.theme.dress(screen)
    screen.resize(1150, 640)
    screen.show()
    reader = DayReader.of(session)
    # the window stands; what follows is the read of a large day
    until(lambda: reader.reading)
    gaps = Beats(window)
    until(lambda: reader.seen is not None)
    for more in range(REFRESHES):
        place.record(CodeRefused(appointment=_name(more), attempt=1, proof=_PROOF))
        turn = reader.refresh(at_once=True)
        until(lambda turn=turn: reader.seen is not None and reader.seen.turn >= turn)  # type: ignore[misc]
    found = gaps.stop()
    screen.deleteLater()
    tasks.close()
    place.vault.close()
    size = f"{events:,} events"
    return [
        Row.against(f"reconcile refresh, longest window stall, {size}", "ms", [max(found)], STALL_MS),
        Row.against(f"reconcile refresh, p99 window stall, {size}", "ms", [worst_of_hundred(found)], FRAME_MS),
    ]


def _connect(_: Vault) -> _Nobody:
    return _Nobody()


def _day(folder: Path, events: int) -> Workplace:
    """Everybody on the roster arrived, was given a dose and was watched for half an hour."""
    people_in_all = events * 10 // 31
    central = CentralSide()
    place = make_place(folder, central, [])
    for cursor, start in enumerate(range(0, people_in_all, PAGE), 1):
        people = roster_of(central, start, min(people_in_all, start + PAGE))
        place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=cursor))
    place.vault.indexing.settle()
    bodies: list[Body] = []
    for number in range(people_in_all):
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
