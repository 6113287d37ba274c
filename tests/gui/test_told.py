"""What became of the certificate and the SMS, while the window is open (DESIGN 7.5, 8.3, 8.4)."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.gui.network import Network, drain_to
from tests.gui.steps import open_person, to_code, type_code
from tests.support.window import Day, Hands
from vaccinator_app.gui.settings import Settings


def give(day: Day, hands: Hands) -> None:
    """Sunita's dose, from the first letter to the record."""
    to_code(hands, "sun")
    type_code(hands, day.booked["Sunita Kumari"].code)
    hands.enter()
    hands.settle()


def sync(hands: Hands) -> None:
    hands.press(Qt.Key.Key_F5)


def test_the_last_dose_says_what_became_of_its_certificate_and_sms(day: Day, hands: Hands) -> None:
    give(day, hands)
    hands.until(lambda: "Certificate issued · SMS waits at central" in hands.seen())
    assert "Confirmed by central at 10:00." in hands.seen()

    day.world.drain.run()
    sync(hands)
    hands.until(lambda: "Certificate issued · SMS reached the phone" in hands.seen())
    assert hands.focused() == "search"


def test_the_open_sheet_hears_that_the_network_has_it_in_hindi_too(day: Day, hands: Hands) -> None:
    give(day, hands)
    hands.until(lambda: "SMS waits at central" in hands.seen())
    open_person(hands, "sun")
    assert "Certificate issued · SMS waits at central" in hands.seen()

    drain_to(day, Network(takes=True))
    sync(hands)
    hands.until(lambda: "Certificate issued · SMS handed to the telephone network" in hands.seen())

    hands.window.apply(Settings(language="hi"))
    assert "प्रमाणपत्र बन गया · SMS टेलीफ़ोन नेटवर्क को सौंपा गया" in hands.seen()


def test_a_number_that_nobody_has_needs_somebody(day: Day, hands: Hands) -> None:
    give(day, hands)
    hands.until(lambda: "SMS waits at central" in hands.seen())
    drain_to(day, Network(takes=False))
    open_person(hands, "sun")
    sync(hands)
    hands.until(lambda: "did not reach the phone: the number may be wrong. Tell the person." in hands.seen())


def test_sync_says_how_many_were_reached(day: Day, hands: Hands) -> None:
    hands.press(Qt.Key.Key_F6)
    assert hands.said("sync-messages") == "None yet"
    hands.press(Qt.Key.Key_F3)
    give(day, hands)
    hands.until(lambda: "SMS waits at central" in hands.seen())
    hands.press(Qt.Key.Key_F6)
    hands.until(lambda: hands.said("sync-messages") == "1 waiting at central")
    drain_to(day, Network(takes=False))
    sync(hands)
    hands.until(lambda: hands.said("sync-messages") == "1 did not reach the phone")
