"""A visit in words: the five steps and why each is or is not passed (DESIGN 9.2, SCREENS)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vaccinator_app.desk.queue import why_words
from vaccinator_app.desk.told import Told, told
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.events import ProofKind
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.visits import TRIES, VisitState
from vaccinator_app.protocol.messages import Reason


class Step(StrEnum):
    """The steps of a visit, in order."""

    IDENTITY = "identity"
    ELIGIBLE = "eligible"
    CODE = "code"
    DOSE = "dose"
    OBSERVATION = "observation"


class StepState(StrEnum):
    """Later, now, passed, or stopped until somebody does something else."""

    LATER = "later"
    NOW = "now"
    PASSED = "passed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of the sheet."""

    step: Step
    state: StepState
    words: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """Everything the sheet shows besides the person: steps, what the record's state is, what stops the visit.

    ``held`` is why central held or refused a record of this visit, ``told`` what it said of its certificate and SMS.
    """

    steps: tuple[StepView, ...]
    record: Message | None
    held: tuple[Message, ...]
    told: Told | None
    stopped: Message | None
    wants_previous_date: bool

    @property
    def now(self) -> Step | None:
        """The step that Enter is for; None when the visit cannot go on or is over."""
        return next((s.step for s in self.steps if s.state is StepState.NOW), None)


def view(desk: VisitDesk, place: Workplace) -> VisitView:
    """The sheet as it stands now."""
    desk.look()
    stopped = desk.stopped
    lines = [_identity(desk, place), _eligible(desk, place), _code(desk, place), _dose(desk, place), _observation(desk)]
    return VisitView(
        steps=tuple(_in_order(lines, desk.finished, may_go_on=stopped is None)),
        record=_record(desk, place),
        held=_held(desk, place),
        told=_told(desk, place),
        stopped=None if desk.finished else stopped,
        wants_previous_date=desk.eligibility.needs_previous_date and not desk.finished,
    )


def _in_order(lines: list[StepView], finished: bool, *, may_go_on: bool) -> list[StepView]:
    """Only the first step not yet passed is due; behind one that stops the visit nothing is."""
    found: list[StepView] = []
    open_way = may_go_on or finished
    for line in lines:
        state = line.state
        if state is StepState.NOW and not open_way:
            state = StepState.LATER
        if state is not StepState.PASSED:
            open_way = False
        found.append(StepView(line.step, state, line.words))
    return found


def _identity(desk: VisitDesk, place: Workplace) -> StepView:
    if desk.draft.identity is None and not desk.finished:
        ends = Message.of(
            "visit.check_id",
            id=Message.of(ID_WORDS[desk.appointment.beneficiary.photo_id]),
            last4=desk.appointment.beneficiary.photo_id_last4,
        )
        return StepView(Step.IDENTITY, StepState.NOW, ends)
    arrived = desk.visit.arrived_at
    if desk.finished or arrived is None:
        return StepView(Step.IDENTITY, StepState.PASSED, Message.of("visit.identity_checked"))
    words = Message.of("visit.identity_seen", name=place.staff.name, at=arrived)
    return StepView(Step.IDENTITY, StepState.PASSED, words)


def _eligible(desk: VisitDesk, place: Workplace) -> StepView:
    if desk.finished:
        return StepView(Step.ELIGIBLE, StepState.PASSED, Message.of("visit.was_eligible"))
    answer = desk.eligibility
    if answer.eligible and desk.elsewhere is not None:
        # central would have told of a dose that it took for one: this one is held, and may be nobody's
        words = Message.of("visit.dosed_elsewhere", desk=desk.elsewhere.desk, at=desk.elsewhere.at)
        return StepView(Step.ELIGIBLE, StepState.PASSED, words)
    if answer.eligible:
        return StepView(Step.ELIGIBLE, StepState.PASSED, answer.reason)
    state = StepState.NOW if answer.needs_previous_date else StepState.STOPPED
    if answer.needs_previous_date and not place.may(Power.VACCINATE):
        # a certificate is read by whoever gives the dose
        state = StepState.LATER
    return StepView(Step.ELIGIBLE, state, answer.reason)


def _code(desk: VisitDesk, place: Workplace) -> StepView:
    if desk.appointment.booking is Booking.WALK_IN:
        return StepView(Step.CODE, StepState.PASSED, Message.of("code.walk_in"))
    proof = desk.draft.proof
    if proof is not None:
        key = "code.slip_fits" if proof.how is ProofKind.SLIP else "code.fits"
        return StepView(Step.CODE, StepState.PASSED, Message.of(key))
    if desk.given is not None and desk.given.proof.how is not ProofKind.OVERRIDE:
        return StepView(Step.CODE, StepState.PASSED, Message.of("code.was_checked"))
    if desk.given is not None or desk.visit.override_seq is not None:
        return StepView(Step.CODE, StepState.PASSED, Message.of("code.override"))
    if not place.may(Power.VACCINATE):
        return StepView(Step.CODE, StepState.LATER, Message.of("may.vaccinate"))
    left = desk.visit.tries_left
    if left == 0:
        mine = place.may(Power.OVERRIDE)
        words = Message.of("code.closed_in_charge") if mine else Message.of("code.closed")
        return StepView(Step.CODE, StepState.STOPPED, words)
    key = "code.ask" if left == TRIES else "code.does_not_match"
    return StepView(Step.CODE, StepState.NOW, Message.of(key, n=left))


def _dose(desk: VisitDesk, place: Workplace) -> StepView:
    given = desk.given
    if given is not None:
        words = Message.of("dose.given_from", at=desk.visit.dose_at, batch=given.batch, vial=given.vial)
        return StepView(Step.DOSE, StepState.PASSED, words)
    if not place.may(Power.VACCINATE):
        return StepView(Step.DOSE, StepState.LATER, Message.of("may.vaccinate"))
    draw = desk.draw
    if draw is None:
        why = desk.closed_batches[0] if desk.closed_batches else Message.of("dose.no_good_batch")
        return StepView(Step.DOSE, StepState.STOPPED, why)
    return StepView(Step.DOSE, StepState.NOW, draw.message)


def _observation(desk: VisitDesk) -> StepView:
    visit = desk.visit
    if visit.state is VisitState.DONE:
        return StepView(Step.OBSERVATION, StepState.PASSED, Message.of("observe.over"))
    if visit.state is VisitState.OBSERVING:
        return StepView(Step.OBSERVATION, StepState.NOW, Message.of("observe.until", at=visit.observe_until))
    return StepView(Step.OBSERVATION, StepState.LATER, Message.of("observe.later"))


def _record(desk: VisitDesk, place: Workplace) -> Message | None:
    seq = desk.visit.dose_seq
    return None if seq is None else record_words(place, seq)


def _told(desk: VisitDesk, place: Workplace) -> Told | None:
    seq = desk.visit.dose_seq
    return None if seq is None else told(place, seq)


def record_words(place: Workplace, seq: int) -> Message:
    """Saved here, or confirmed by central: only a receipt makes it the second (DESIGN 3.6). A dose without a code may
    be confirmed and its certificate still wait (DESIGN 4.4)."""
    confirmed = place.vault.exchange.confirmed_at(seq)
    if confirmed is None:
        return Message.of("record.saved")
    said = place.vault.daybooks.outcomes().get((place.vault.identity.device, seq))
    if said is not None and Reason.AWAITS_OTP in said.reasons:
        return Message.of("record.awaits_otp", at=confirmed)
    return Message.of("record.confirmed", at=confirmed)


def _held(desk: VisitDesk, place: Workplace) -> tuple[Message, ...]:
    for item in place.vault.queue.attention(place.today()):
        if item.row.appointment == desk.appointment.appointment and item.reasons:
            return why_words(item.reasons)
    return ()


ID_WORDS = {
    "aadhaar": "photo_id.aadhaar",
    "voter_id": "photo_id.voter_id",
    "passport": "photo_id.passport",
    "driving_licence": "photo_id.driving_licence",
    "pan": "photo_id.pan",
    "pension": "photo_id.pension",
    "npr_smart_card": "photo_id.npr_smart_card",
}
"""What each photo ID is called, by catalogue key."""
