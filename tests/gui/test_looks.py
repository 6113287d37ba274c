"""Every way to a person's details leaves a record, and nothing shows them before (DESIGN 5.5, 9.4)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from tests.gui.pictures import other_code
from tests.gui.steps import scan, to_code, type_code
from tests.gui.test_other_screens import listed
from tests.support.window import Day, Hands
from vaccinator_app.domain.events import RecordViewed, WalkInRegistered
from vaccinator_app.gui.screens.rail import Place
from vaccinator_app.gui.screens.visit import VisitPanel

WHOLE = ("Kumari", "Prasad", "प्रसाद", "Irfan", "Iyer", "Subramanian", "Singh")
"""A word of each person's name that a list hides; of nobody of the staff."""

_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.EditRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.StatusTipRole,
    Qt.ItemDataRole.WhatsThisRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


def everything(hands: Hands) -> str:
    """Whatever the window can say to anybody or any program, seen or not: words, tips, names for screen readers, all
    rows of all lists, its title, the clipboard."""
    window = hands.window
    said = [window.windowTitle(), QGuiApplication.clipboard().text()]
    for widget in [window, *window.findChildren(QWidget)]:
        said += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip(), widget.statusTip()]
        said += [widget.whatsThis(), widget.windowTitle()]
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            said.append(widget.text())
        elif isinstance(widget, QPlainTextEdit):
            said.append(widget.toPlainText())
        elif isinstance(widget, QComboBox):
            said += [widget.itemText(at) for at in range(widget.count())]
        elif isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
            columns = model.columnCount() if isinstance(model, QAbstractTableModel) else 1
            for row in range(model.rowCount()):
                for column in range(columns):
                    said += [str(model.index(row, column).data(role) or "") for role in _ROLES]
    return "\n".join(said)


def shown_whole(hands: Hands) -> set[str]:
    """The names that stand anywhere whole."""
    text = everything(hands)
    return {name for name in WHOLE if name in text}


def views(hands: Hands) -> list[str]:
    """Whom the ledger says somebody looked at, in its order."""
    return [b.appointment for _, _, _, b in hands.place.vault.ledger.events() if isinstance(b, RecordViewed)]


def to(hands: Hands, place: Place) -> None:
    key = place.key.rpartition("+")[2]
    modifier = Qt.KeyboardModifier.ControlModifier if "+" in place.key else Qt.KeyboardModifier.NoModifier
    hands.press(getattr(Qt.Key, f"Key_{key}"), modifier)
    hands.settle()
    hands.until(
        lambda: hands.shown({Place.AUDIT: "audit-list", Place.EXCEPTIONS: "exceptions-list"}.get(place, "status"))
    )


def from_the_list(day: Day, hands: Hands) -> None:
    hands.press(Qt.Key.Key_Down)
    hands.enter()


def by_searching(day: Day, hands: Hands) -> None:
    hands.write("iye")
    hands.enter()


def by_the_slip(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Sunita Kumari"].slip)


def by_the_token(day: Day, hands: Hands) -> None:
    hands.write(str(day.booked["Ram Prasad"].token))
    hands.enter()


def from_sync(day: Day, hands: Hands) -> None:
    to(hands, Place.SYNC)
    hands.enter()


def from_exceptions(day: Day, hands: Hands) -> None:
    to(hands, Place.EXCEPTIONS)
    rows = listed(hands, "exceptions-list")
    hands.press(Qt.Key.Key_Home)
    for _ in range(next(at for at, said in enumerate(rows) if "Mohd. I•" in said)):
        hands.press(Qt.Key.Key_Down)
    acts = [button for button in hands.window.findChildren(QAbstractButton) if button.isVisible()]
    next(act for act in acts if act.accessibleName().startswith("Open the")).click()


def from_the_audit(day: Day, hands: Hands) -> None:
    to(hands, Place.AUDIT)
    while hands.said("audit-whom") == "":
        hands.press(Qt.Key.Key_Down)
    hands.enter()


def a_walk_in_found_again(day: Day, hands: Hands) -> None:
    hands.write("kamala")
    hands.enter()


WAYS: list[Callable[[Day, Hands], None]] = [
    from_the_list,
    by_searching,
    by_the_slip,
    by_the_token,
    from_sync,
    from_exceptions,
    from_the_audit,
    a_walk_in_found_again,
]


def somebody_held(day: Day, hands: Hands) -> None:
    """A dose that central held, so that Sync and Exceptions have somebody to open; and a walk-in."""
    booked = day.booked["Mohd. Irfan"]
    to_code(hands, str(booked.token))
    type_code(hands, other_code(booked))
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "All records confirmed" in hands.seen() or "confirmed by central" in hands.said("status"))
    hands.press(Qt.Key.Key_F2)
    hands.write("Kamala Singh")
    while hands.focused() != "walk-in-register":
        for name, typed in (("year_of_birth", "1971"), ("photo_id_last4", "7788")):
            if hands.focused() == f"walk-in-{name}":
                hands.write(typed)
        hands.enter()
    hands.enter()
    hands.settle()
    hands.escape()
    hands.settle()


def test_every_way_to_a_sheet_leaves_a_record_before_anything_is_shown(day: Day, hands: Hands) -> None:
    somebody_held(day, hands)
    assert hands.shown("ready")
    for way in WAYS:
        before = len(views(hands))
        assert shown_whole(hands) == set(), way
        way(day, hands)
        hands.until(lambda: hands.shown("visit"), seconds=3)
        hands.settle()
        # the trace is on the disk already, should the power go now
        traces = [sheet.appointment for sheet in hands.place.vault.audit.sheets()]
        sheet = hands.window.findChildren(VisitPanel)[0].desk
        assert sheet is not None
        open_now = sheet.appointment
        assert traces == [open_now.appointment], way
        assert shown_whole(hands) == {open_now.beneficiary.name.split()[-1]}, way
        hands.escape()
        hands.settle()
        assert views(hands)[before:] == [open_now.appointment], way
    assert hands.kinds().count(WalkInRegistered.KIND) == 1
