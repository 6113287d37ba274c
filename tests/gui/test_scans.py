"""Slips scanned into the search field and into the code field (DESIGN 4.5; SCREENS, moments)."""

from __future__ import annotations

from tests.gui.steps import dose, open_person, scan, to_code
from tests.support.window import Day, Hands
from vaccinator_app.domain.events import IdentityMethod, ProofKind


def test_a_scan_of_ones_own_slip_passes_the_code_step(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Sunita Kumari"].slip)

    assert hands.said("person-name") == "Sunita Kumari"
    assert "The slip was scanned and matches." in hands.seen()
    assert hands.focused() == "primary"
    assert hands.said("primary") == "Photo ID seen"
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()
    assert dose(hands).proof.how is ProofKind.SLIP
    assert dose(hands).identity is IdentityMethod.SLIP_AND_PHOTO_ID


def test_a_slip_scanned_into_the_code_field_is_not_taken_for_a_code(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")

    scan(hands, day.booked["Sunita Kumari"].slip)

    assert "The slip was scanned and matches." in hands.seen()
    assert "code_refused" not in hands.kinds()
    assert hands.said("primary") == "Record dose given"


def test_another_persons_slip_opens_that_person_and_keeps_the_first_ones_steps(day: Day, hands: Hands) -> None:
    to_code(hands, "sun")

    scan(hands, day.booked["Ram Prasad"].slip)

    assert hands.said("person-name") == "Ram Prasad"
    hands.escape()
    hands.settle()
    open_person(hands, "sun")
    assert hands.focused() == "code"


def test_a_slip_of_another_centre(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Bhojpur Singh"].slip)

    assert "This slip is for CHC Bhojpur, 21 Nov." in hands.seen()
    assert not hands.shown("visit")


def test_a_slip_of_another_day(day: Day, hands: Hands) -> None:
    scan(hands, day.booked["Tomorrow Singh"].slip)

    assert "This slip is for Sun 22 Nov." in hands.seen()


def test_a_broken_scan_says_so_also_from_the_code_field(day: Day, hands: Hands) -> None:
    slip = day.booked["Sunita Kumari"].slip
    scan(hands, slip[:-2] + "00")
    assert "The slip could not be read." in hands.seen()

    to_code(hands, "sun")
    scan(hands, slip[:40])

    assert "The slip could not be read." in hands.seen()
    assert hands.kinds() == ["arrived"]
    assert hands.focused() == "code"
