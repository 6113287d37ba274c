"""Weeks later: by the number on the slip to what is kept, and from there to a report or a void, by keys."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt

from tests.gui.test_stock import bodies
from tests.gui.test_watch import give, to
from tests.support.window import Day, Hands
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.events import Voided, VoidReason
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason


def weeks_later(day: Day, hands: Hands) -> str:
    """Sunita has her dose, and her details have left; the number of her appointment."""
    give(day, hands, "sun", "Sunita Kumari")
    place = hands.place
    place.record(DetailsPurged(day=place.today(), people=6, reason=PurgeReason.CLOSED))
    return day.booked["Sunita Kumari"].reference


def search(hands: Hands, number: str) -> None:
    hands.press(Qt.Key.Key_Escape)
    hands.write(number)
    hands.enter()
    hands.settle()


def test_a_late_report_and_a_void_by_the_number(day: Day, hands: Hands) -> None:
    number = weeks_later(day, hands)
    search(hands, number)
    assert f"Appointment {number}" in hands.seen()
    assert "The details of this person left this machine" in hands.seen()
    assert "Covishield, dose 1, given" in hands.seen()
    assert "Sunita" not in hands.seen()

    hands.write("1")
    assert hands.shown("aefi")
    assert f"Appointment {number} · Covishield, dose 1" in hands.seen()
    hands.press(Qt.Key.Key_Space)
    day.pass_time(timedelta(days=1))
    hands.enter()
    hands.write(f"{date(2026, 11, 22):%d %m} 09:30")
    to(hands, "aefi-serious")
    hands.press(Qt.Key.Key_Down)
    to(hands, "aefi-go")
    hands.enter()
    hands.settle()
    (told,) = bodies(hands, AefiReported)
    assert (told.appointment, told.onset.date()) == (number, date(2026, 11, 22))

    hands.press(Qt.Key.Key_F3)
    search(hands, number)
    hands.write("2")
    assert "Why does the record not stand?" in hands.seen()
    hands.write("2")
    hands.settle()
    (voided,) = bodies(hands, Voided)
    assert (voided.appointment, voided.reason) == (number, VoidReason.NEVER_CAME)
    assert f"Appointment {number}: record voided." in hands.seen()


def test_esc_leaves_it_with_nothing_done(day: Day, hands: Hands) -> None:
    number = weeks_later(day, hands)
    search(hands, number)
    assert hands.shown("gone")
    before = hands.place.vault.ledger.head()
    hands.press(Qt.Key.Key_Escape)
    assert not hands.shown("gone")
    assert hands.focused() == "search"
    assert hands.place.vault.ledger.head() == before
