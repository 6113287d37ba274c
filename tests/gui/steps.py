"""What people do again and again in these tests, key by key."""

from __future__ import annotations

from tests.support.window import Hands
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.protocol.records import read_event


def open_person(hands: Hands, typed: str) -> None:
    """Find somebody by what is typed, and open the sheet."""
    hands.write(typed)
    hands.enter()
    hands.settle()
    assert hands.shown("visit")


def to_code(hands: Hands, typed: str) -> None:
    """As far as the code."""
    open_person(hands, typed)
    hands.enter()
    hands.settle()
    assert hands.focused() == "code"


def type_code(hands: Hands, code: str) -> None:
    hands.write(code)
    hands.enter()
    hands.settle()


def scan(hands: Hands, digits: str) -> None:
    """As a scanner types: all at once, then Enter."""
    hands.write(digits)
    hands.enter()
    hands.settle()


def dose(hands: Hands) -> DoseGiven:
    """The dose recorded last."""
    bodies = [read_event(record.payload).read_body() for record in hands.place.vault.ledger.records()]
    return [body for body in bodies if isinstance(body, DoseGiven)][-1]
