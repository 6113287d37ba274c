"""The Staff screen by keys alone, without the network; what each role sees; the desk handed from one to the next."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QWidget

from tests.gui.staff_tour import WORDS, disable, fill_in, to_staff, type_twice
from tests.gui.steps import open_person, scan, to_code, type_code
from tests.support.central import PASSPHRASE
from tests.support.window import COLLEAGUE, COLLEAGUES_PASSPHRASE, Day, Hands, put_away, show_window
from vaccinator_app.desk.staff import VALID
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason, StaffRemoved
from vaccinator_app.gui.settings import Settings
from vaccinator_app.protocol.records import read_event
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.attempts import Attempts

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def lock(hands: Hands) -> None:
    hands.press(Qt.Key.Key_L, CONTROL)
    hands.until(lambda: hands.window.locked)


def sign_in(hands: Hands, name: str, passphrase: str) -> None:
    """Choose a name on the locked screen, type, and be there."""
    shown = hands.find(QListWidget, "staff")
    row = next(row for row in range(shown.count()) if shown.item(row).text().startswith(name))
    shown.setCurrentRow(row)
    hands.unlock(passphrase)


def menu(hands: Hands) -> QWidget:
    """The colleagues that are offered."""
    hands.press(Qt.Key.Key_L, CONTROL | SHIFT)
    opened = QApplication.activePopupWidget()
    assert opened is not None
    assert opened.objectName() == "colleagues"
    return opened


def choose_colleague(hands: Hands) -> None:
    """The last in the list: who gives doses at this desk, not the in-charge of the same name at the other one."""
    hands.press(Qt.Key.Key_End)
    assert hands.said("colleague-name") == COLLEAGUE
    assert "Vaccinator: " in hands.seen()


@pytest.fixture
def door(day: Day) -> Day:
    """The same day; a verifier works at this desk too."""
    opened = day.unlock.open(day.unlock.people()[0].staff, PASSPHRASE)
    from vaccinator_app.desk.staff import Staff
    from vaccinator_app.desk.unlock import lock as close

    Staff(opened.place).add("Meena Kumari", Role.VERIFIER, WORDS, FLOOR)
    close(opened.place)
    return day


def test_somebody_new_is_added_by_keys_and_signs_in(day: Day, hands: Hands) -> None:
    day.cut()
    to_staff(hands)
    hands.press(Qt.Key.Key_Insert)
    fill_in(hands, "r. sharma", WORDS)
    hands.settle()
    assert "There is a R. Sharma on this desk already." in hands.seen()
    assert hands.focused() == "add-name"
    hands.find(QLineEdit, "add-name").clear()
    hands.write("Meena Kumari")
    hands.enter()
    hands.press(Qt.Key.Key_Down)
    for _ in range(3):
        hands.enter()
    hands.settle()

    assert "Meena Kumari can unlock this desk now." in hands.seen()
    assert hands.said("colleague-name") == "Meena Kumari"
    assert "Verifier: checks who comes" in hands.seen()
    lock(hands)
    sign_in(hands, "Meena Kumari", WORDS)
    assert hands.said("signed-in") == "Meena Kumari"


def test_disabling_is_asked_twice_and_says_what_happens(day: Day, hands: Hands) -> None:
    day.cut()
    to_staff(hands)
    choose_colleague(hands)
    hands.press(Qt.Key.Key_Delete)
    assert "Why can S. Devi no longer work here?" in hands.seen()
    hands.write("2")
    for said in (
        "The records they signed stay.",
        "From now on their passphrase opens nothing here.",
        "The database gets a new key, this takes some seconds.",
    ):
        assert said in hands.seen()
    hands.write("1")
    hands.settle()
    assert hands.place.vault.certificates.removed() == {}

    disable(hands, why="2")

    assert "S. Devi can no longer unlock this desk." in hands.seen()
    assert "the log-in was lent" in hands.said("colleague-passphrase")
    removals = [read_event(r.payload) for r in hands.place.vault.ledger.records()]
    body = next(event.read_body() for event in removals if event.kind == "staff_removed")
    assert isinstance(body, StaffRemoved)
    assert body.reason is RemovalReason.LENT
    lock(hands)
    assert "S. Devi" not in hands.find(QListWidget, "staff").item(0).text()
    assert hands.find(QListWidget, "staff").count() == 1
    hands.unlock(PASSPHRASE)


def test_a_new_passphrase_opens_and_the_old_one_does_not(day: Day, hands: Hands) -> None:
    to_staff(hands)
    choose_colleague(hands)
    hands.press(Qt.Key.Key_Right)
    while hands.focused() != "staff-reset":
        hands.press(Qt.Key.Key_Right)
    hands.enter()
    assert "A new passphrase for S. Devi" in hands.seen()
    type_twice(hands, WORDS)
    hands.settle()
    assert "S. Devi has a new passphrase." in hands.seen()

    lock(hands)
    shown = hands.find(QListWidget, "staff")
    shown.setCurrentRow(1)
    hands.write(COLLEAGUES_PASSPHRASE)
    hands.enter()
    hands.settle()
    assert "The passphrase is not right." in hands.seen()
    sign_in(hands, COLLEAGUE, WORDS)


def test_nobody_disables_themselves_or_the_last_in_charge(hands: Hands) -> None:
    to_staff(hands)
    hands.press(Qt.Key.Key_Delete)

    assert "This is the only in-charge of this machine." in hands.seen()
    assert hands.shown("colleague")


def test_a_certificate_that_runs_out_is_said_a_month_before_and_renewed(day: Day, locked: Hands) -> None:
    day.pass_time(VALID - timedelta(days=20))
    locked.unlock()
    assert "1 certificate runs out soon" in locked.said("screen-staff")
    to_staff(locked)
    choose_colleague(locked)
    assert "runs out on" in locked.seen()
    locked.enter()
    locked.settle()

    assert "The certificate of S. Devi is good for another year." in locked.seen()
    assert "runs out" not in locked.said("screen-staff")


# What each may do, and no key that does more


def test_a_verifier_has_no_code_no_dose_no_vials_whatever_key_is_pressed(door: Day, locked: Hands) -> None:
    sign_in(locked, "Meena Kumari", WORDS)
    # the slip finds the person; whether it fits is for whoever gives the dose
    scan(locked, door.booked["Sunita Kumari"].slip)
    assert locked.said("person-name") == "Sunita Kumari"
    assert not locked.shown("visit-notice")
    locked.enter()
    locked.settle()

    assert "A vaccinator goes on here. Hand over the desk with Ctrl+Shift+L" in locked.seen()
    for name in ("code", "override", "correct", "void", "batch"):
        assert not locked.shown(name), name
    locked.write(door.booked["Sunita Kumari"].code)
    locked.settle()
    locked.escape()
    locked.press(Qt.Key.Key_F10)
    locked.settle()
    assert "A vaccinator counts, opens and discards vials." in locked.seen()
    assert not any(locked.shown(name) for name in ("stock-primary", "stock-receive-other"))
    before = locked.kinds()
    every_key(locked)
    assert set(locked.kinds()) - set(before) <= {"record_viewed", "arrived"}
    assert "dose_given" not in locked.kinds()
    assert not any(locked.shown(f"screen-{name}") for name in ("reconcile", "exceptions", "staff", "audit"))


def every_key(hands: Hands) -> None:
    """Whatever a key is bound to in this window, but for locking and the look, and what lists and forms take, on each
    screen that is there."""
    bound = {shortcut.key().toString() for shortcut in hands.window.findChildren(QShortcut)}
    bound -= {"Ctrl+L", "Ctrl+Shift+L", "F7", "F8", "F9"}
    assert len(bound) >= 6
    for screen in (Qt.Key.Key_F3, Qt.Key.Key_F10):
        for key in sorted(bound | {"Ins", "Del", "Return", "Space", "1", "Right"}):
            hands.press(screen)
            QTest.keySequence(hands.target, key)
            hands.enter()
            hands.settle()
            hands.escape()


# From one to the next


def test_the_desk_is_handed_over_in_one_step_and_nothing_of_the_visit_goes_along(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    code = day.booked["Sunita Kumari"].code
    hands.write(code[:2])

    offered = menu(hands)
    QTest.keyClick(offered, Qt.Key.Key_1)
    hands.until(lambda: hands.window.locked and hands.focused() == "passphrase")

    assert hands.find(QListWidget, "staff").currentItem().text().startswith(COLLEAGUE)
    assert "Sunita" not in hands.seen()
    hands.unlock(COLLEAGUES_PASSPHRASE)
    assert hands.said("signed-in") == COLLEAGUE
    assert hands.focused() == "search"
    assert not hands.shown("visit")
    # the person came, as the ledger says; that the ID was seen was the other's to say
    open_person(hands, "sun")
    assert hands.said("primary") == "Photo ID seen"
    hands.enter()
    hands.settle()
    type_code(hands, code)
    hands.enter()
    hands.settle()
    dose = [r for r in hands.place.vault.ledger.records() if read_event(r.payload).kind == "dose_given"][-1]
    assert read_event(dose.payload).staff == hands.place.staff.staff

    QTest.keyClick(menu(hands), Qt.Key.Key_Escape)
    assert not hands.window.locked
    hands.until(lambda: hands.focused() == "search")


def test_the_countdown_is_whole_in_the_smallest_window_with_large_words(hands: Hands) -> None:
    hands.window.resize(1024, 640)
    hands.press(Qt.Key.Key_F11, CONTROL)
    hands.press(Qt.Key.Key_Insert)
    for language in ("en", "hi"):
        hands.window.apply(Settings(language=language, large=True))
        hands.window._idle.warned.emit(30)
        for _ in range(3):
            QApplication.processEvents()

        shown = hands.find(QLabel, "session")
        assert shown.isVisible()
        assert "30" in shown.text()
        assert "…" not in shown.text()
        hands.window._idle.warned.emit(-1)
        assert hands.shown("language")


def test_the_wait_after_wrong_passphrases_outlives_the_window(day: Day, qapp: QApplication) -> None:
    hands = show_window(day)
    for _ in range(3):
        hands.write("wrong again")
        hands.enter()
        hands.settle()
    attempts = Attempts(day.home, time.time)
    for _ in range(4):
        # more of them, without sitting the waits out
        attempts.count(day.unlock.people()[0].staff)
    put_away(hands)

    again = show_window(day)
    assert "The passphrase was not right. Try again in" in again.seen()
    assert not again.find(QWidget, "unlock").isEnabled()
    again.write(PASSPHRASE)
    again.enter()
    assert not again.window.busy
    put_away(again)
