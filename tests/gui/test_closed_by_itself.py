"""The vault's file does not open again under its new key: the desk locks at once, says why, and nothing is lost.

The failure is a real one: the moment the new file is in its place, a folder stands where its log has to be made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from tests.gui.staff_tour import disable, to_staff
from tests.gui.steps import to_code, type_code
from tests.gui.test_half_typed import AGAIN, begin_report, unlock
from tests.gui.test_stock import bodies
from tests.support.central import PASSPHRASE
from tests.support.window import COLLEAGUE, Day, Hands
from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason, StaffRemoved
from vaccinator_app.gui.sentences import catch_unforeseen
from vaccinator_app.gui.session import Session
from vaccinator_app.vault.errors import VaultClosed, VaultDisk
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import Slots

WHY = (
    "This desk's file could not be opened again while its key was being changed, so the desk locked. "
    "What was saved before is safe. Unlock to go on."
)
pytestmark = pytest.mark.qt_no_exception_capture
CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps the new file from being opened."""

    folder: Path

    def over(self) -> None:
        self.folder.rmdir()


@pytest.fixture
def trouble(day: Day, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    made = Trouble(day.home / (DATABASE + "-wal"))
    replace = Path.replace

    def then_no_more(self: Path, target: str | os.PathLike[str]) -> Path:
        found = replace(self, target)
        if Path(target).name == DATABASE:
            made.folder.mkdir()
            monkeypatch.undo()
        return found

    monkeypatch.setattr(Path, "replace", then_no_more)
    yield made
    if made.folder.is_dir():
        made.over()


@pytest.fixture(autouse=True)
def met(locked: Hands) -> Iterator[list[BaseException]]:
    """What left a slot. It is said, as in the program: a screen may be the first that meets it."""
    before, met = sys.excepthook, list[BaseException]()
    catch_unforeseen(locked.window.say)
    said = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        met.append(error)
        said(kind, error, trace)

    sys.excepthook = hook
    yield met
    sys.excepthook = before
    assert [error for error in met if not isinstance(error, VaultClosed)] == []


def locked_with_why(hands: Hands) -> None:
    hands.until(lambda: hands.window.locked)
    assert WHY in hands.seen().splitlines()
    assert hands.focused() == "passphrase"


def closes_over_a_report(day: Day, hands: Hands) -> None:
    """A report is half typed as a colleague is removed, and the database gets a new key."""
    day.cut()
    begin_report(day, hands)
    to_staff(hands)
    hands.press(Qt.Key.Key_End)
    assert hands.said("colleague-name") == COLLEAGUE
    disable(hands)
    locked_with_why(hands)


def closes_unheard(hands: Hands) -> None:
    """Nobody at the window hears of it."""
    place = hands.place
    with pytest.raises(VaultDisk):
        place.vault.rekey(bytes(32))
    assert place.vault.closed


def quiet(hands: Hands) -> Session:
    """Central was heard, that is shown, and it is not asked again: nothing else makes a screen ask the vault."""
    session = hands.window._session
    assert session is not None
    session._syncing._driver.stop()
    QApplication.processEvents()
    waiting = [timer for timer in hands.window.findChildren(QTimer) if timer.isSingleShot()]
    hands.until(lambda: not hands.window.busy and not any(timer.isActive() for timer in waiting))
    return session


def test_an_act_that_meets_it_locks_the_desk_and_a_report_half_typed_is_there_again(
    day: Day, hands: Hands, trouble: Trouble
) -> None:
    closes_over_a_report(day, hands)
    assert "Hot and dizzy" not in hands.seen()

    hands.write(PASSPHRASE)
    hands.enter()
    hands.settle()
    assert hands.window.locked
    assert "The disk did not take what was to be saved." in hands.seen()
    trouble.over()
    unlock(hands)
    assert WHY not in hands.seen()
    hands.press(Qt.Key.Key_F4)
    assert AGAIN in hands.seen()
    assert hands.find(QPlainTextEdit, "aefi-story").toPlainText() == "Hot and dizzy"
    place = hands.place
    assert [one.form for one in place.vault.forms.of(place.staff.staff)] == ["aefi"], "a kill would take it"
    assert len(bodies(hands, StaffRemoved)) == 1
    assert hands.kinds().count("vault_rekeyed") == 1
    assert place.rekey_waits is None
    assert [member.name for member in Slots.read(day.home).people()] == ["R. Sharma"]
    hands.press(Qt.Key.Key_L, CONTROL)
    hands.until(lambda: hands.window.locked)
    assert WHY not in hands.seen()
    assert hands.window._unkept[place.staff.staff].forms == [], "what the vault has is kept twice"
    unlock(hands)


def test_what_is_about_somebody_whose_details_left_meanwhile_is_not_kept_again(
    day: Day, hands: Hands, trouble: Trouble
) -> None:
    closes_over_a_report(day, hands)
    trouble.over()
    day.pass_time(timedelta(hours=1))
    (me,) = day.unlock.people()
    place = day.unlock.open(me.staff, PASSPHRASE).place
    place.record(DetailsPurged(day=place.today(), people=6, reason=PurgeReason.CLOSED))
    lock(place)
    hands.unlock()
    place = hands.place
    assert place.vault.forms.of(me.staff) == {}
    hands.press(Qt.Key.Key_F4)
    assert not hands.shown("aefi")
    assert "Hot and dizzy" not in hands.seen()


def test_a_run_of_the_syncing_that_meets_it_locks_the_desk_and_the_visit_goes_on(
    day: Day, hands: Hands, trouble: Trouble
) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    assert hands.place.vault.drafts.of(hands.place.staff.staff)
    colleague = next(member for member in Slots.read(day.home).people() if member.name == COLLEAGUE)
    revoke_staff(day.world.home, "100001", colleague.staff, clock=day.world.clock)
    hands.press(Qt.Key.Key_F5)
    locked_with_why(hands)
    assert "Sunita" not in hands.seen()

    trouble.over()
    hands.write(PASSPHRASE)
    hands.enter()
    hands.until(lambda: hands.shown("visit"))
    hands.settle()
    assert "Sunita Kumari" in hands.seen()
    assert hands.focused() != "code", "the code was right, and is asked for again"
    hands.enter()
    hands.settle()
    assert len(bodies(hands, DoseGiven)) == 1
    assert hands.kinds().count("vault_rekeyed") == 1


@pytest.mark.parametrize("well", [True, False])
def test_no_screen_asks_the_closed_vault_after_an_act(
    hands: Hands, trouble: Trouble, met: list[BaseException], well: bool
) -> None:
    session, place = quiet(hands), hands.place
    said: list[object] = []

    def act() -> None:
        with suppress(VaultDisk) if well else nullcontext():
            place.vault.rekey(bytes(32))

    session.act(act, said.append, said.append)
    locked_with_why(hands)
    assert (met, said) == ([], [])


def test_no_screen_asks_it_because_central_was_heard(hands: Hands, trouble: Trouble, met: list[BaseException]) -> None:
    session = quiet(hands)
    session._soon()
    closes_unheard(hands)
    locked_with_why(hands)
    assert met == []


def test_a_screen_that_meets_it_first_locks_the_desk(hands: Hands, trouble: Trouble, met: list[BaseException]) -> None:
    quiet(hands)
    closes_unheard(hands)
    hands.press(Qt.Key.Key_F4)
    assert hands.shown("passphrase"), "it stays as if it were unlocked"
    locked_with_why(hands)
    assert len(met) == 1


def test_a_long_read_that_meets_it_locks_the_desk(hands: Hands, trouble: Trouble) -> None:
    session, place = quiet(hands), hands.place
    closes_unheard(hands)
    said: list[object] = []
    session.read(lambda _: place.vault.queue.counts(place.today()), said.append, said.append)
    locked_with_why(hands)
    assert said == []


def test_who_locks_before_anybody_heard_of_it_is_told_as_well(hands: Hands, trouble: Trouble) -> None:
    quiet(hands)
    closes_unheard(hands)
    hands.press(Qt.Key.Key_L, CONTROL)
    locked_with_why(hands)
