"""The Audit screen by keys: a day, a kind, one person, who looked people up, the list as a file (DESIGN 5.5)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QListView

from tests.gui.steps import open_person
from tests.gui.test_other_screens import listed
from tests.support.window import Day, Hands
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.staff_events import AuditExported
from vaccinator_app.gui.screens.audit import AuditScreen

CTRL = Qt.KeyboardModifier.ControlModifier


def to_audit(hands: Hands) -> AuditScreen:
    hands.press(Qt.Key.Key_F12, CTRL)
    hands.until(lambda: hands.shown("audit-list"))
    (screen,) = hands.window.findChildren(AuditScreen)
    return screen


def rows(hands: Hands, name: str = "audit-list") -> int:
    return hands.find(QListView, name).model().rowCount()


def click(hands: Hands, name: str) -> None:
    hands.find(QAbstractButton, name).click()


def test_a_day_one_person_and_the_way_to_their_sheet(day: Day, hands: Hands) -> None:
    open_person(hands, "iye")
    hands.escape()
    hands.settle()
    open_person(hands, str(day.booked["Ram Prasad"].token))
    hands.enter()
    hands.settle()
    hands.escape()
    hands.settle()

    to_audit(hands)

    first = listed(hands, "audit-list")[0]
    assert first.startswith("10:00, Arrival noted, R. Sharma, 2  Ram P•, no. ")
    assert "Lakshmi I•" in listed(hands, "audit-list")[1]
    hands.press(Qt.Key.Key_Down)
    assert hands.said("audit-whom") == f"{day.booked['Lakshmi Iyer'].token}  Lakshmi I•"
    assert hands.said("audit-what") == "Details opened, no visit followed"
    click(hands, "audit-only")
    hands.until(lambda: hands.shown("audit-all") and rows(hands) == 1)
    assert "Sat 21 Nov 10:00" in listed(hands, "audit-list")[0]
    hands.escape()
    hands.until(lambda: rows(hands) > 1)
    hands.press(Qt.Key.Key_PageUp)
    hands.until(lambda: "Nothing of this kind" in hands.seen())
    hands.press(Qt.Key.Key_PageDown)
    hands.until(lambda: hands.shown("audit-list"))
    hands.escape()
    assert hands.focused() == "search"
    unusual_look_ups_stand_out_and_lead_to_what_was_seen(day, hands)


def unusual_look_ups_stand_out_and_lead_to_what_was_seen(day: Day, hands: Hands) -> None:
    people = [booked.reference for booked in day.booked.values()] * 4
    place = hands.place
    place.record(*[RecordViewed(appointment=f"{at:012d}") for at in range(20)])
    place.record(*[RecordViewed(appointment=appointment) for appointment in people])
    to_audit(hands)
    hands.until(lambda: "Look-ups (one unusual)" in hands.seen())
    hands.press(Qt.Key.Key_Right)
    (hour,) = listed(hands, "audit-hours")
    assert hour.startswith("10:00–11:00, R. Sharma: 28 people, 28 people without a visit")
    hands.enter()
    hands.until(lambda: hands.shown("audit-list") and rows(hands) == 21 + len(people))


def test_the_list_as_a_file_is_on_record_before_it_is_there(day: Day, hands: Hands, tmp_path: Path) -> None:
    screen = to_audit(hands)
    out = tmp_path / "audit.csv"
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return str(out)

    screen.ask_file = ask
    lines = rows(hands)
    hands.press(Qt.Key.Key_S, CTRL)
    hands.until(lambda: "That it was written is on record" in hands.seen())
    assert asked == ["audit-2026-11-21.csv"]
    assert out.stat().st_mode & 0o077 == 0
    assert out.read_text("utf-8-sig").count("\n") == lines + 1
    exported = [b for _, _, _, b in hands.place.vault.ledger.events() if isinstance(b, AuditExported)]
    assert [one.entries for one in exported] == [lines]
    hands.press(Qt.Key.Key_S, CTRL)
    hands.until(lambda: "is there already" in hands.seen())
    assert hands.kinds().count("audit_exported") == 1

    folder = tmp_path / "no such folder" / "audit.csv"
    screen.ask_file = lambda _: str(folder)
    hands.press(Qt.Key.Key_S, CTRL)
    hands.until(lambda: "could not be written" in hands.seen())
    # the record comes first, so that no file is without one
    assert hands.kinds().count("audit_exported") == 2
