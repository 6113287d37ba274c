"""Unlocking and locking, by hand, when idle and on closing; and what happens when something goes wrong."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QWidget

from tests.support.central import PASSPHRASE
from tests.support.window import COLLEAGUE, COLLEAGUES_PASSPHRASE, Day, Hands, put_away, show_window
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.sentences import catch_unforeseen, sentence
from vaccinator_app.gui.settings import Settings, SettingsFile
from vaccinator_app.gui.theme import Mode
from vaccinator_app.vault.errors import VaultFull

CONTROL = Qt.KeyboardModifier.ControlModifier


def lock(hands: Hands) -> None:
    """Ctrl+L, until the vault is closed."""
    hands.press(Qt.Key.Key_L, CONTROL)
    hands.until(lambda: hands.window.locked)


def test_the_right_passphrase_opens_the_desk(locked: Hands) -> None:
    assert locked.focused() == "passphrase"
    assert locked.find(QLineEdit, "passphrase").echoMode() is QLineEdit.EchoMode.Password

    locked.unlock(PASSPHRASE)

    assert locked.said("signed-in") == "R. Sharma"
    assert locked.focused() == "search"
    assert "PHC Rampur · Desk 2" in locked.seen()
    assert "Sat 21 Nov · Covishield" in locked.seen()


def test_up_and_down_choose_who_from_the_passphrase_field(locked: Hands) -> None:
    locked.press(Qt.Key.Key_Down)
    locked.press(Qt.Key.Key_Down)
    assert locked.find(QListWidget, "staff").currentRow() == 1

    locked.unlock(COLLEAGUES_PASSPHRASE)

    assert locked.said("signed-in") == COLLEAGUE


def test_a_wrong_passphrase_is_one_sentence_and_the_seconds_count_down(locked: Hands) -> None:
    for _ in range(2):
        locked.write("wrong again")
        locked.enter()
        locked.settle()
    assert "The passphrase is not right." in locked.seen()
    assert locked.find(QWidget, "unlock").isEnabled()

    locked.write("wrong again")
    locked.enter()
    locked.settle()

    assert "Try again in 2 s." in locked.seen()
    assert not locked.find(QWidget, "unlock").isEnabled()
    locked.write(PASSPHRASE)
    locked.enter()
    assert locked.window.locked
    assert not locked.window.busy
    locked.until(lambda: "Try again in 1 s." in locked.seen())
    locked.until(lambda: "Try again now." in locked.seen())
    locked.enter()
    locked.until(lambda: locked.shown("search"))


def test_nothing_typed_says_so(locked: Hands) -> None:
    locked.enter()

    assert "Type your passphrase" in locked.seen()


def test_locking_shows_nothing_of_the_day_and_records_who_went(hands: Hands) -> None:
    hands.write("sun")
    hands.enter()
    hands.settle()
    assert "Sunita" in hands.seen()
    hands.press(Qt.Key.Key_L, CONTROL)

    assert "Sunita" not in hands.seen()
    assert hands.shown("passphrase")
    assert hands.window.findChildren(QWidget, "person-name") == [], "a name stays behind in a hidden widget"
    hands.until(lambda: hands.window.locked)
    hands.unlock()
    kinds = [json.loads(record.payload)["kind"] for record in hands.place.vault.ledger.records()]
    assert kinds[-3:] == ["record_viewed", "signed_out", "signed_in"]


def test_a_visit_half_done_waits_for_the_same_person_and_for_nobody_else(day: Day, hands: Hands) -> None:
    hands.write("sun")
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    hands.write(day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    lock(hands)

    hands.press(Qt.Key.Key_Down)
    hands.unlock(COLLEAGUES_PASSPHRASE)
    assert not hands.shown("visit")
    lock(hands)
    hands.press(Qt.Key.Key_Up)
    hands.unlock(PASSPHRASE)
    hands.until(lambda: hands.shown("visit"))
    hands.settle()

    assert hands.said("person-name") == "Sunita Kumari"
    assert hands.said("primary") == "Record dose given"
    assert hands.focused() == "primary"
    hands.enter()
    hands.settle()
    assert hands.kinds()[-1] == "dose_given"


def test_a_network_that_hangs_keeps_nobody_from_the_desk(day: Day, hands: Hands) -> None:
    hangs, reached = Event(), Event()

    def hang() -> None:
        reached.set()
        hangs.wait(30)

    day.simulator.before = hang
    hands.press(Qt.Key.Key_F5)
    assert reached.wait(5)

    hands.press(Qt.Key.Key_L, CONTROL)
    hands.write(COLLEAGUES_PASSPHRASE)
    hands.until(lambda: hands.window.locked)
    day.simulator.before = lambda: None
    assert hands.find(QLineEdit, "passphrase").text() == COLLEAGUES_PASSPHRASE
    hands.find(QLineEdit, "passphrase").clear()
    hands.unlock()
    hangs.set()
    hands.until(lambda: "All records confirmed" in hands.said("status"))


def test_an_idle_desk_warns_and_then_locks(day: Day, qapp: QApplication) -> None:
    hands = show_window(day, idle_seconds=2.5)
    hands.unlock()
    hands.until(lambda: "Locks in 1 second. Any key keeps it open." in hands.seen())

    window = hands.window.windowHandle()
    QTest.keyClick(window, Qt.Key.Key_Shift)
    assert "Any key keeps it open." not in hands.seen()
    hands.until(lambda: "Locks in 2 seconds." in hands.seen())

    hands.until(lambda: hands.window.locked)
    assert "Nobody used the desk for five minutes" in hands.seen()
    put_away(hands)
    opened = day.unlock.open(day.unlock.people()[0].staff, PASSPHRASE)
    payloads = [json.loads(record.payload) for record in opened.place.vault.ledger.records()]
    opened.place.vault.close()
    assert [p["body"] for p in payloads if p["kind"] == "signed_out"][-1] == {"idle": True}


def test_closing_the_window_locks_first(day: Day, qapp: QApplication) -> None:
    hands = show_window(day)
    hands.unlock()

    put_away(hands)

    opened = day.unlock.open(day.unlock.people()[0].staff, PASSPHRASE)
    kinds = [json.loads(record.payload)["kind"] for record in opened.place.vault.ledger.records()]
    opened.place.vault.close()
    assert kinds[-2:] == ["signed_out", "signed_in"]


def test_a_home_without_a_vault_says_what_to_do_and_looks_again(day: Day, qapp: QApplication) -> None:
    aside = day.home.with_name("aside")
    day.home.rename(aside)
    hands = show_window(day)
    assert "This machine is not enrolled yet." in hands.seen()
    assert not hands.shown("passphrase")
    assert "Who is at the desk?" not in hands.seen()
    assert hands.focused() == "look-again"

    aside.rename(day.home)
    hands.enter()

    assert hands.focused() == "passphrase"
    put_away(hands)


def test_a_damaged_vault_is_one_sentence_and_is_kept(day: Day, locked: Hands) -> None:
    path = day.home / "vault.db"
    damaged = bytearray(path.read_bytes())
    damaged[:64] = bytes(64)
    path.write_bytes(damaged)

    locked.write(PASSPHRASE)
    locked.enter()
    locked.settle()

    assert "ask for help" in locked.seen()
    assert locked.window.locked
    assert path.read_bytes() == bytes(damaged)


def test_a_full_disk_is_one_sentence_in_the_sheet_and_the_step_stays(hands: Hands) -> None:
    hands.write("sun")
    hands.enter()
    hands.settle()
    database = hands.place.vault._database
    ((pages,),) = database.read("PRAGMA page_count")
    database.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}"))
    while "disk" not in hands.seen():
        hands.enter()
        hands.settle()
        hands.write("0000")
        hands.enter()
        hands.settle()

    assert "The disk is full." in hands.seen()
    assert hands.shown("visit")
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 1073741823"))
    hands.escape()
    hands.settle()
    assert hands.focused() == "search"


def test_every_error_of_ours_brings_its_sentence_and_others_only_their_kind(caplog: pytest.LogCaptureFixture) -> None:
    assert sentence(CannotDo(Message.of("code.closed"))) == Message.of("code.closed")
    assert sentence(VaultFull()) == Message.of("vault.full")

    with caplog.at_level(logging.ERROR):
        try:
            raise ValueError("Sunita Kumari")
        except ValueError as error:
            found = sentence(error)

    assert found == Message.of("fault.unforeseen")
    assert "ValueError" in caplog.text
    assert "Sunita" not in caplog.text
    assert "test_window" in caplog.text


@pytest.fixture
def hook() -> Iterator[None]:
    before = sys.excepthook
    yield
    sys.excepthook = before


def test_an_exception_that_leaves_a_slot_becomes_a_sentence(hands: Hands, hook: None) -> None:
    catch_unforeseen(hands.window.say)

    sys.excepthook(ValueError, ValueError("Sunita Kumari"), None)

    assert "Something went wrong that this program did not foresee." in hands.seen()
    assert "Sunita" not in hands.seen()


def test_the_look_is_remembered_and_holds_nothing_else(day: Day, hands: Hands) -> None:
    hands.press(Qt.Key.Key_F9)
    hands.press(Qt.Key.Key_F8)
    hands.press(Qt.Key.Key_F7)

    kept = SettingsFile(day.home / "settings.json").read()

    assert kept == Settings(language="hi", mode=Mode.DARK, large=True)
    assert "कतार" in hands.seen()
    assert set(json.loads((day.home / "settings.json").read_text())) == {"language", "mode", "large", "sound"}
    hands.window.apply(Settings())


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[" * 9000, '{"language": "xx", "mode": "light", "large": false}', '{"mode": 7}']
)
def test_settings_that_make_no_sense_are_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)

    assert SettingsFile(path).read() == Settings()


def test_settings_never_make_the_home(tmp_path: Path) -> None:
    SettingsFile(tmp_path / "home" / "settings.json").write(Settings(large=True))

    assert not (tmp_path / "home").exists()
