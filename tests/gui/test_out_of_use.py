"""A machine that central took out of use says so on every screen, and shows nobody any more (P.21)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListView

from tests.support.window import Day, Hands
from vaccinator_app.central.operations.lost_device import revoke_device


def test_it_says_so_at_the_top_and_shows_nobody(day: Day, hands: Hands) -> None:
    world, device = day.world, hands.place.vault.identity.device
    hands.write("sunita")
    found = hands.find(QListView, "queue-list")
    assert found.model().rowCount() == 1
    hands.escape()
    revoke_device(world.home, device, world.clock())
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "out of use" in hands.said("session"))
    exchange = hands.place.vault.exchange
    hands.until(lambda: hands.place.vault.purge.is_empty() and exchange.pending().count == 0)
    hands.write("sunita")
    assert found.model().rowCount() == 0

    hands.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    hands.until(lambda: hands.window.locked)
    hands.unlock()
    assert "out of use" in hands.said("session")
