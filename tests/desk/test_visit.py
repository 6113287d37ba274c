"""One visit, step by step (DESIGN 3.5, 4, 9.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.desk import MORNING, CentralSide, ToldClock
from vaccinator_app.desk.drafts import read_draft
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import PreviousDose
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DeferReason,
    DoseDeferred,
    DoseGiven,
    OverrideReason,
    ProofKind,
    RecordViewed,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import VialOpened
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.messages import Outcome, Reason, Receipt, Status
from vaccinator_app.trust import seal, slip
from vaccinator_app.trust.errors import BadSeal
from vaccinator_app.vault.errors import VisitMoved

SUNITA, RAM, LAKSHMI = "000000000001", "000000000002", "000000000003"


def bodies(place: Workplace) -> list[Body]:
    return [body for _, _, _, body in place.vault.ledger.events()]


def refused(problem: pytest.ExceptionInfo[CannotDo]) -> str:
    return problem.value.message.key


def state_of(desk: VisitDesk, place: Workplace) -> dict[Step, StepState]:
    return {line.step: line.state for line in view(desk, place).steps}


def test_identity_code_dose_is_one_record_of_the_visit(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    assert desk.type_code("4821")
    saved = desk.record_dose()
    assert [type(b) for b in bodies(place)] == [Arrived, VialOpened, DoseGiven]
    dose = bodies(place)[-1]
    assert isinstance(dose, DoseGiven)
    assert (dose.vaccine, dose.dose, dose.batch, dose.vial) == ("covishield", 1, "4121Z025", 1)
    assert dose.proof.how is ProofKind.CODE
    assert saved.seq == 3
    assert desk.visit.state is VisitState.OBSERVING


def test_the_step_that_is_due_moves_down_the_sheet(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    assert view(desk, place).now is Step.IDENTITY
    desk.confirm_identity()
    assert view(desk, place).now is Step.CODE
    assert state_of(desk, place)[Step.ELIGIBLE] is StepState.PASSED
    desk.type_code("4821")
    assert view(desk, place).now is Step.DOSE
    desk.record_dose()
    assert view(desk, place).now is Step.OBSERVATION
    assert view(desk, place).record == Message.of("record.saved")


def test_no_step_can_be_skipped(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    with pytest.raises(CannotDo) as problem:
        desk.record_dose()
    assert refused(problem) == "visit.identity_first"
    desk.confirm_identity()
    with pytest.raises(CannotDo) as problem:
        desk.record_dose()
    assert refused(problem) == "visit.code_first"


def test_a_code_in_any_script_fits(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    assert desk.type_code("४८२१")
    desk = VisitDesk(place, RAM)
    assert desk.type_code("０００７")


@pytest.mark.parametrize("typed", ["", "482", "48210", "48a1", "4 8 2 1", "-482", "4.82", "¹²³⁴"])
def test_what_is_no_code_costs_no_try(place: Workplace, typed: str) -> None:
    desk = VisitDesk(place, SUNITA)
    with pytest.raises(CannotDo) as problem:
        desk.type_code(typed)
    assert refused(problem) == "code.not_four_digits"
    assert desk.visit.tries_left == 3
    assert bodies(place) == []


def test_a_wrong_code_is_recorded_before_anybody_is_told(place: Workplace, central: CentralSide) -> None:
    desk = VisitDesk(place, SUNITA)
    assert not desk.type_code("4822")
    (body,) = bodies(place)
    assert isinstance(body, CodeRefused)
    assert body.attempt == 1
    info = seal.code_binding(SUNITA, place.vault.identity.device, body.proof.seq)
    assert seal.open_seal(body.proof.sealed, central.codes, info) == b"4822"


def test_a_seal_belongs_to_its_appointment_desk_and_place_in_the_ledger(place: Workplace, central: CentralSide) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.type_code("4821")
    proof = desk.draft.proof
    assert proof is not None
    device = place.vault.identity.device
    assert seal.open_seal(proof.sealed, central.codes, seal.code_binding(SUNITA, device, proof.seq)) == b"4821"
    for other in ((RAM, device, proof.seq), (SUNITA, "dother", proof.seq), (SUNITA, device, proof.seq + 1)):
        with pytest.raises(BadSeal):
            seal.open_seal(proof.sealed, central.codes, seal.code_binding(*other))


def test_after_three_wrong_codes_even_the_right_one_is_refused(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    for wrong in ("0001", "0002", "0003"):
        assert not desk.type_code(wrong)
    with pytest.raises(CannotDo) as problem:
        desk.type_code("4821")
    assert refused(problem) == "code.closed"
    assert desk.visit.state is VisitState.ATTENTION
    assert state_of(desk, place)[Step.CODE] is StepState.STOPPED
    # also for a sheet opened again, which is what a restart comes to
    with pytest.raises(CannotDo):
        VisitDesk(place, SUNITA).type_code("4821")


def test_the_slip_proves_as_much_as_the_code(place: Workplace, central: CentralSide) -> None:
    desk = VisitDesk(place, SUNITA)
    assert desk.use_slip(slip.decode(central.slip(1)))
    assert view(desk, place).now is Step.IDENTITY
    desk.confirm_identity()
    assert view(desk, place).now is Step.DOSE
    desk.record_dose()
    dose = bodies(place)[-1]
    assert isinstance(dose, DoseGiven)
    assert dose.proof.how is ProofKind.SLIP


def test_somebody_elses_slip_counts_as_a_try(place: Workplace, central: CentralSide) -> None:
    desk = VisitDesk(place, SUNITA)
    assert not desk.use_slip(slip.decode(central.slip(2)))
    assert desk.visit.tries_left == 2


def test_the_interval_is_kept(place: Workplace, clock: ToldClock) -> None:
    desk = VisitDesk(place, RAM)
    assert desk.eligibility.reason == Message.of("eligible.interval_kept", dose=1, days=92, least=84)


def test_a_dose_before_that_central_does_not_know_is_read_off_the_certificate(place: Workplace) -> None:
    desk = VisitDesk(place, LAKSHMI)
    desk.confirm_identity()
    assert view(desk, place).now is Step.ELIGIBLE
    assert view(desk, place).wants_previous_date
    with pytest.raises(CannotDo) as problem:
        desk.show_previous_dose(MORNING.date() + timedelta(days=1))
    assert refused(problem) == "visit.date_in_future"
    desk.show_previous_dose(date(2026, 11, 1))
    assert state_of(desk, place)[Step.ELIGIBLE] is StepState.STOPPED
    assert desk.eligibility.allowed_from == date(2027, 1, 24)
    desk.show_previous_dose(date(2026, 8, 1))
    desk.type_code("9999")
    desk.record_dose()
    dose = bodies(place)[-1]
    assert isinstance(dose, DoseGiven)
    assert dose.eligibility.from_certificate
    assert dose.eligibility.previous_dose_on == date(2026, 8, 1)


def test_a_dose_cannot_be_given_twice(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.record_dose()
    again = VisitDesk(place, SUNITA)
    for act in (again.confirm_identity, again.record_dose, lambda: again.type_code("4821")):
        with pytest.raises(CannotDo) as problem:
            act()
        assert refused(problem) == "visit.dose_stands"


def test_two_sheets_of_one_person_cannot_both_record_a_dose(place: Workplace) -> None:
    one, other = VisitDesk(place, SUNITA), VisitDesk(place, SUNITA)
    for desk in (one, other):
        desk.confirm_identity()
        desk.type_code("4821")
    assert one.draw is not None
    assert other.draw is not None
    one.record_dose()
    with pytest.raises(VisitMoved):
        other.record_dose()
    assert [type(b) for b in bodies(place)].count(DoseGiven) == 1
    other.look()
    with pytest.raises(CannotDo) as problem:
        other.record_dose()
    assert refused(problem) == "visit.dose_stands"


def test_a_voided_dose_may_be_given_again_with_the_code(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    first = desk.record_dose()
    desk.void(VoidReason.WRONG_BATCH)
    body = bodies(place)[-1]
    assert isinstance(body, Voided)
    assert body.seq == first.seq
    again = VisitDesk(place, SUNITA)
    assert again.visit.state is VisitState.ARRIVED
    again.confirm_identity()
    with pytest.raises(CannotDo):
        again.record_dose()
    again.type_code("4821")
    again.record_dose()
    with pytest.raises(CannotDo):
        VisitDesk(place, RAM).void(VoidReason.NOT_GIVEN)


def test_a_dose_that_central_knows_and_this_desk_took_back_may_be_given_again(
    place: Workplace, central: CentralSide
) -> None:
    def told(previous: list[PreviousDose]) -> None:
        cursor = place.vault.exchange.cursor()
        person = central.appointment(1, "Sunita Kumari", the_code="4821", previous=previous)
        device = place.vault.identity.device
        place.vault.exchange.apply(central.changes(device, [person], from_cursor=cursor))

    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.record_dose()
    told([PreviousDose(dose=1, vaccine="covishield", given_on=MORNING.date())])
    again = VisitDesk(place, SUNITA)
    refused = again.eligibility
    assert not refused.eligible
    again.void(VoidReason.WRONG_BATCH)
    # on the sheet that lies open, too
    assert again.eligibility.eligible
    assert VisitDesk(place, SUNITA).eligibility.eligible
    told([PreviousDose(dose=1, vaccine="covishield", given_on=MORNING.date() - timedelta(days=1))])
    assert not VisitDesk(place, SUNITA).eligibility.eligible


def test_who_goes_without_the_dose_is_recorded_with_the_reason(place: Workplace) -> None:
    VisitDesk(place, SUNITA).defer(DeferReason.UNWELL)
    assert [type(b) for b in bodies(place)] == [Arrived, DoseDeferred]
    assert place.vault.roster.visit(SUNITA).state is VisitState.DEFERRED


def test_a_mere_look_is_recorded(place: Workplace) -> None:
    VisitDesk(place, SUNITA).close()
    assert bodies(place) == [RecordViewed(appointment=SUNITA)]
    assert place.vault.drafts.of(place.staff.staff) == []


def test_a_half_done_visit_is_nowhere_in_the_ledger_and_goes_on_where_it_was(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.close()
    assert [type(b) for b in bodies(place)] == [Arrived]
    assert view(VisitDesk(place, SUNITA), place).now is Step.DOSE


def test_the_code_is_nowhere_in_what_is_kept(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.type_code("4821")
    ((_, kept),) = place.vault.drafts.of(place.staff.staff)
    assert b"4821" not in kept
    proof = read_draft(kept).proof
    assert proof is not None
    assert b"4821" not in proof.sealed


def test_past_the_lease_no_online_visit_is_recorded(place: Workplace, clock: ToldClock) -> None:
    desk = VisitDesk(place, SUNITA)
    clock.pass_time(timedelta(days=7))
    with pytest.raises(CannotDo) as problem:
        desk.confirm_identity()
    assert refused(problem) == "lease.over"
    assert view(desk, place).stopped is not None


def test_nothing_is_recorded_while_central_holds_another_history(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    place.disagreement = Message.of("sync.forked", seq=1)
    for act in (desk.confirm_identity, lambda: desk.type_code("4821"), lambda: desk.defer(DeferReason.UNWELL)):
        with pytest.raises(CannotDo) as problem:
            act()
        assert refused(problem) == "sync.forked"
    desk.close()
    assert bodies(place) == []


def test_an_appointment_of_another_day_is_told(place: Workplace, central: CentralSide) -> None:
    tomorrow = MORNING.date() + timedelta(days=1)
    other = central.appointment(30, "Meena Kumari", day=tomorrow)
    place.vault.exchange.apply(central.changes(place.vault.identity.device, [other], from_cursor=1))
    desk = VisitDesk(place, other.appointment)
    assert desk.eligibility.reason == Message.of("eligible.other_day", day=tomorrow)
    assert state_of(desk, place)[Step.ELIGIBLE] is StepState.STOPPED


def test_no_dose_is_recorded_on_a_sheet_that_lay_open_past_midnight(place: Workplace, clock: ToldClock) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    assert view(desk, place).now is Step.DOSE
    clock.pass_time(timedelta(days=1))
    with pytest.raises(CannotDo) as problem:
        desk.record_dose()
    assert refused(problem) == "eligible.other_day"


def confirmed(place: Workplace, central: CentralSide, *outcomes: Outcome) -> None:
    head = place.vault.ledger.head()
    receipt = Receipt(
        centre=place.vault.identity.centre,
        device=place.vault.identity.device,
        upto=head.seq,
        head=head.hash,
        at=MORNING,
        outcomes=list(outcomes),
    )
    place.vault.exchange.confirm(receipt, b"")


def test_the_record_says_what_central_made_of_it_and_what_it_made_of_it_later(
    place: Workplace, central: CentralSide
) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.grant_override(OverrideReason.SLIP_LOST)
    seq = desk.record_dose().seq
    assert view(desk, place).record == Message.of("record.saved")

    confirmed(place, central, Outcome(seq, Status.ACCEPTED, (Reason.AWAITS_OTP,)))
    found = view(desk, place)
    assert found.record is not None
    assert (found.record.key, found.held) == ("record.awaits_otp", ())

    def later(outcome: Outcome) -> None:
        cursor = place.vault.exchange.cursor()
        changes = central.changes(
            place.vault.identity.device, from_cursor=cursor, outcomes=[outcome], at=MORNING + timedelta(hours=1)
        )
        place.vault.exchange.apply(changes)

    later(Outcome(seq, Status.HELD, (Reason.ALREADY_DOSED,)))
    assert view(desk, place).held == (Message.of("reason.already_dosed"),)
    later(Outcome(seq, Status.ACCEPTED, ()))
    found = view(desk, place)
    assert found.record is not None
    assert (found.record.key, found.held) == ("record.confirmed", ())
