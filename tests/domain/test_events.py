"""Each kind has one name, and what is about a person says whom."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.domain.given import WHO, dose_given
from vaccinator_app.domain.events import BODIES, PRESENT, VOIDABLE, Body, SignedIn, appointment_of
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import VialOpened


def test_every_body_has_its_kind_and_no_two_share_one() -> None:
    assert set(BODIES.values()) == set(get_args(Body))
    assert all(kind == body.KIND for kind, body in BODIES.items())
    assert len(BODIES) == len(get_args(Body))


def test_the_kinds_are_those_of_the_design() -> None:
    """Names on the wire, in ledgers that are kept: none may go (DESIGN 3.5)."""
    assert set(BODIES) >= {
        *("arrived", "code_refused", "dose_given", "dose_deferred", "walk_in_registered", "observation_ended"),
        *("voided", "vial_opened", "staff_added", "signed_in", "signed_out", "record_viewed"),
        *("stock_received", "stock_transferred", "vial_discarded", "aefi_reported", "override_granted"),
        *("exception_settled", "day_closed"),
    }


def test_appointments_of_events() -> None:
    assert appointment_of(dose_given()) == WHO
    assert appointment_of(SignedIn()) is None
    assert appointment_of(VialOpened(vaccine="two", batch="a", vial=1, doses=10)) is None


@pytest.mark.parametrize("kind", dict.fromkeys((*PRESENT, *VOIDABLE)))
def test_kinds_that_show_a_person_name_one(kind: type[Body]) -> None:
    assert "appointment" in kind.__dataclass_fields__


def test_a_message_is_a_key_and_what_fills_it() -> None:
    assert Message.of("key", dose=1) == Message("key", {"dose": 1})
    assert Message.of("key") == Message("key")
