"""Recording stopped because central holds more: the top says so, Sync has one button, and the desk goes on (7.4)."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from tests.gui.steps import open_person, to_code, type_code
from tests.support.window import Day, Hands
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.views import rebuild

GUARD = "ledger_is_never_shortened"


def roll_back(hands: Hands) -> None:
    """The vault is as it was before the first record was confirmed."""
    vault = hands.place.vault
    zone = hands.place.clock.now().tzinfo
    guard = vault._database.read("SELECT sql FROM sqlite_schema WHERE name = ?", (GUARD,))[0][0]

    def work(connection: Connection) -> None:
        for sql in ("DELETE FROM confirmation", "DELETE FROM receipts", f"DROP TRIGGER {GUARD}"):
            connection.execute(sql)
        connection.execute("DELETE FROM ledger WHERE seq > 1")
        connection.execute(guard)
        rebuild(connection, zone)  # type: ignore[arg-type]

    vault._database.write(work)


def test_the_in_charge_takes_the_ledger_back_with_one_button_of_the_sync_screen(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()
    hands.until(lambda: "All records confirmed" in hands.said("status"))
    before = hands.place.vault.ledger.head()
    roll_back(hands)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "Recording has stopped" in hands.said("session"))
    open_person(hands, "pras")
    assert hands.said("primary") == "Back to the queue"

    hands.press(Qt.Key.Key_F6)
    hands.until(lambda: hands.shown("take-back"))
    assert not hands.shown("sync-now-here")
    assert "chooses Recover from central" in hands.seen()
    QTest.mouseClick(hands.find(QWidget, "take-back"), Qt.MouseButton.LeftButton)
    hands.until(lambda: hands.place.disagreement is None)
    hands.settle()

    vault = hands.place.vault
    assert vault.ledger.hash_at(before.seq) == before.hash
    assert "came back from central" in hands.seen()
    assert "stopped" not in hands.said("session")
    assert not hands.shown("take-back")
    assert hands.shown("sync-now-here")


def test_a_clock_that_was_set_stands_at_the_top_until_it_is_right(day: Day, hands: Hands) -> None:
    hands.until(lambda: "All records confirmed" in hands.said("status"))
    day.clock.moment += timedelta(hours=2)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "Set the clock of this machine" in hands.said("session"))
    assert "12:00" in hands.said("session")
    assert "10:00" in hands.said("session")
    day.clock.moment -= timedelta(hours=2)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "Set the clock" not in hands.said("session"))
