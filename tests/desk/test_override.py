"""An in-charge lets a visit go on without the code (DESIGN 4.4)."""

from __future__ import annotations

import pytest

from tests.support.desk import MORNING
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, view
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import (
    Body,
    DoseGiven,
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.visits import VisitState

SUNITA, RAM, LAKSHMI = "000000000001", "000000000002", "000000000003"


def bodies(place: Workplace) -> list[Body]:
    return [body for _, _, _, body in place.vault.ledger.events()]


def refused(problem: pytest.ExceptionInfo[CannotDo]) -> str:
    return problem.value.message.key


VACCINATOR = StaffMember(staff="s-devi", name="S. Devi", role=Role.VACCINATOR)


def guess_three_times(place: Workplace) -> VisitDesk:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    for wrong in ("0001", "0002", "0003"):
        desk.type_code(wrong)
    return desk


def words_of(desk: VisitDesk, place: Workplace) -> dict[Step, str]:
    return {line.step: line.words.key for line in view(desk, place).steps}


def test_the_in_charge_lets_a_visit_go_on_and_a_vaccinator_goes_on(place: Workplace) -> None:
    in_charge = place.staff
    place.staff = VACCINATOR
    desk = guess_three_times(place)
    assert words_of(desk, place)[Step.CODE] == "code.closed"
    with pytest.raises(CannotDo) as problem:
        desk.grant_override(OverrideReason.OTHER)
    assert refused(problem) == "override.only_in_charge"

    place.staff = in_charge
    theirs = VisitDesk(place, SUNITA)
    assert words_of(theirs, place)[Step.CODE] == "code.closed_in_charge"
    theirs.grant_override(OverrideReason.SLIP_LOST)
    theirs.close()
    granted = place.vault.ledger.head().seq
    assert bodies(place)[-1] == OverrideGranted(appointment=SUNITA, reason=OverrideReason.SLIP_LOST)
    assert theirs.visit.state is VisitState.ARRIVED

    place.staff = VACCINATOR
    desk = VisitDesk(place, SUNITA)
    assert words_of(desk, place)[Step.CODE] == "code.override"
    assert view(desk, place).now is Step.DOSE
    desk.record_dose()
    dose = bodies(place)[-1]
    assert isinstance(dose, DoseGiven)
    assert dose.proof == Proof(how=ProofKind.OVERRIDE, seq=granted)
    assert words_of(VisitDesk(place, SUNITA), place)[Step.CODE] == "code.override"


def test_who_has_no_code_goes_on_without_a_single_try(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.grant_override(OverrideReason.SMS_NOT_RECEIVED)
    for act in (lambda: desk.type_code("4821"), lambda: desk.grant_override(OverrideReason.OTHER)):
        with pytest.raises(CannotDo) as problem:
            act()
        assert refused(problem) == "code.passed_already"
    desk.record_dose()
    with pytest.raises(CannotDo) as problem:
        desk.grant_override(OverrideReason.OTHER)
    assert refused(problem) == "visit.dose_stands"


def test_a_walk_in_needs_no_leave_to_go_on_without_a_code(place: Workplace) -> None:
    form = WalkInForm(name="Ram", year_of_birth="1970", photo_id_last4="1234", vaccine="covishield")
    desk = VisitDesk(place, register(form, place))
    desk.confirm_identity()
    with pytest.raises(CannotDo) as problem:
        desk.grant_override(OverrideReason.OTHER)
    assert refused(problem) == "code.walk_in"


def test_what_became_of_the_code_is_said_of_a_dose_on_record(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.record_dose()
    found = {line.step: line.words for line in view(VisitDesk(place, SUNITA), place).steps}
    assert found[Step.CODE] == Message.of("code.was_checked")
    assert found[Step.DOSE] == Message.of("dose.given_from", at=MORNING, batch="4121Z025", vial=1)
