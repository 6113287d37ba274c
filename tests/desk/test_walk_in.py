"""Somebody without a booking (DESIGN 4.6, 5.5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.desk import CentralSide
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.queue import Pile, Queue
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, view
from vaccinator_app.desk.walk_in import WalkInForm, clean_mobile, clean_name, problems, register
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DoseGiven, ProofKind, WalkInRegistered
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.protocol.people import read_details
from vaccinator_app.trust import seal

FORM = WalkInForm(
    name="  कमला   देवी ",
    year_of_birth="१९५९",
    gender=Gender.WOMAN,
    photo_id=PhotoId.VOTER_ID,
    photo_id_last4="12ab",
    mobile="+91 98765 43210",
    vaccine="covishield",
    dose=1,
)


def test_a_walk_in_joins_the_queue_and_needs_no_code(place: Workplace, central: CentralSide) -> None:
    appointment = register(FORM, place)
    assert [line.row.appointment for line in Queue(place).lines(Pile.ARRIVED)] == [appointment]
    desk = VisitDesk(place, appointment)
    desk.confirm_identity()
    assert view(desk, place).now is Step.DOSE
    with pytest.raises(CannotDo) as problem:
        desk.type_code("1234")
    assert problem.value.message.key == "code.walk_in"
    desk.record_dose()
    dose = list(place.vault.ledger.events())[-1][3]
    assert isinstance(dose, DoseGiven)
    assert dose.proof.how is ProofKind.NONE


def test_the_whole_mobile_is_sealed_to_central_and_stays_nowhere_here(
    place: Workplace, central: CentralSide, tmp_path: Path
) -> None:
    appointment = register(FORM, place)
    (_, _, _, event) = next(iter(place.vault.ledger.events()))
    assert isinstance(event, WalkInRegistered)
    info = seal.person_binding(appointment, place.vault.identity.device)
    details = read_details(seal.open_for_decades(event.sealed, central.people, info))
    assert (details.name, details.mobile, details.year_of_birth) == ("कमला देवी", "9876543210", 1959)
    (record,) = place.vault.ledger.records()
    assert "कमला".encode() not in record.payload
    assert b"9876543210" not in record.payload
    kept = place.vault.roster.appointment(appointment)
    assert kept is not None
    assert kept.beneficiary.mobile_last4 == "3210"
    assert kept.beneficiary.photo_id_last4 == "12AB"


def test_tokens_go_on_from_the_bookings(place: Workplace) -> None:
    first, second = register(FORM, place), register(replace(FORM, photo_id_last4="9999"), place)
    rows = {line.row.appointment: line.row.token for line in Queue(place).lines(Pile.ARRIVED)}
    assert (rows[first], rows[second]) == (4, 5)


@pytest.mark.parametrize(
    ("change", "field", "key"),
    [
        ({"name": "  "}, "name", "walk_in.name_missing"),
        ({"name": "x" * 101}, "name", "walk_in.name_long"),
        ({"year_of_birth": "12-03-1959"}, "year_of_birth", "walk_in.year_shape"),
        ({"year_of_birth": "59"}, "year_of_birth", "walk_in.year_shape"),
        ({"year_of_birth": "2027"}, "year_of_birth", "walk_in.year_range"),
        ({"year_of_birth": "1850"}, "year_of_birth", "walk_in.year_range"),
        ({"photo_id_last4": "123"}, "photo_id_last4", "walk_in.last4_shape"),
        ({"photo_id_last4": "12345"}, "photo_id_last4", "walk_in.last4_shape"),
        ({"photo_id_last4": "12-4"}, "photo_id_last4", "walk_in.last4_shape"),
        ({"mobile": "12345"}, "mobile", "walk_in.mobile_shape"),
        ({"mobile": "1234567890"}, "mobile", "walk_in.mobile_shape"),
        ({"vaccine": "moonshot"}, "vaccine", "walk_in.vaccine_missing"),
        ({"dose": 3}, "dose", "eligible.no_such_dose"),
    ],
)
def test_a_bad_field_is_told_and_nothing_is_recorded(
    place: Workplace, change: dict[str, object], field: str, key: str
) -> None:
    form = replace(FORM, **change)  # type: ignore[arg-type]
    assert {name: message.key for name, message in problems(form, place).items()} == {field: key}
    with pytest.raises(CannotDo):
        register(form, place)
    assert place.vault.ledger.head().seq == 0


def test_no_mobile_is_no_problem(place: Workplace) -> None:
    assert not problems(replace(FORM, mobile=""), place)


def test_names_keep_their_script_and_lose_what_is_unseen() -> None:
    assert clean_name("عبد الرحمن") == "عبد الرحمن"
    assert clean_name("a\u202eb\x00c\n d") == "abc d"
    assert clean_name("क\u094d\u200dष") == "क\u094d\u200dष"
    assert clean_name("e\u0301") == "\u00e9"


def test_mobiles() -> None:
    assert clean_mobile("098765 43210") == "9876543210"
    assert clean_mobile("98765") is None
    assert clean_mobile("919876543210") == "9876543210"
    assert clean_mobile("९८७६५४३२१०") == "9876543210"
