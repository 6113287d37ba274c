"""Whose keys are taken back while they sit at the desk (P.18.13)."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.support.window import COLLEAGUE, COLLEAGUES_PASSPHRASE, Day, Hands
from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.vault.slots import Slots


def test_the_desk_locks_with_one_sentence_and_the_next_person_goes_on(day: Day, locked: Hands) -> None:
    colleague = next(member for member in Slots.read(day.home).people() if member.name == COLLEAGUE)
    locked.press(Qt.Key.Key_Down)
    locked.unlock(COLLEAGUES_PASSPHRASE)
    assert locked.place.staff.staff == colleague.staff
    revoke_staff(day.world.home, "100001", colleague.staff, clock=day.world.clock)
    assert locked.window._session is not None
    locked.window._session.sync_now()
    locked.until(lambda: locked.window.locked)
    assert "Your keys for this desk were taken back" in locked.seen()
    locked.press(Qt.Key.Key_Up)
    locked.unlock()
    assert locked.place.staff.name == "R. Sharma"
    assert locked.kinds().count("vault_rekeyed") == 1
    assert [member.name for member in Slots.read(day.home).people()] == ["R. Sharma"]
