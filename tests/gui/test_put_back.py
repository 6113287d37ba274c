"""A desk that was put back from a backup: what its window says until central was asked, and after that (DESIGN 7.4)."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.support.window import Day, Hands
from vaccinator_app.desk import noticing
from vaccinator_app.vault.file_seal import FileFound, FileState

MADE = "2026-11-21 18:30"


def test_the_window_says_what_a_backup_means_and_goes_on_once_central_was_asked(day: Day, hands: Hands) -> None:
    hands.until(lambda: "All records confirmed" in hands.said("status"))
    place = hands.place
    place.vault.standing.file_is(FileFound(FileState.RESTORED, made=MADE))
    noticing.at_unlock(place)
    assert place.disagreement is not None
    hands.press(Qt.Key.Key_F6)
    hands.until(lambda: f"put back from a backup of {MADE}" in hands.seen())
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: place.disagreement is None)
    hands.until(lambda: "later records may be gone" in hands.said("session"))
    assert "stopped" not in hands.said("session")
