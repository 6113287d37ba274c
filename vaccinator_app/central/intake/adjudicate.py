"""What central makes of a record: one pure function from facts to an answer (DESIGN 4.3, 7.2, 8.3).

No database, no clock, no key: ``facts`` gathers, this decides, ``effects`` writes. Structs, not dataclasses: a few are
made for every record, five times as fast.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

import msgspec

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.appointment import Booking, PreviousDose
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.events import Body, CodeRefused, DoseGiven, Voided, WalkInRegistered
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.powers import may_record
from vaccinator_app.domain.staff_events import StaffRemoved, VaultRekeyed
from vaccinator_app.domain.vaccines import Vaccine
from vaccinator_app.protocol.messages import Reason, Status


class ProofState(StrEnum):
    """What became of the sealed proof once central opened it (DESIGN 4.3)."""

    ABSENT = "absent"
    UNREADABLE = "unreadable"
    USED_BEFORE = "used_before"
    MATCHED = "matched"
    MISMATCHED = "mismatched"
    RETIRED = "retired"
    """It was the right code until central replaced it: held, but nobody's mark against them."""
    FORGOTTEN = "forgotten"
    """The code was deleted before the record came (DESIGN 8.2): nothing is left to compare with."""
    OVERRIDDEN = "overridden"
    """An in-charge let the visit go on without a code: it counts, and waits for the person's word (DESIGN 4.4)."""


PROOF_REASONS = frozenset({Reason.CODE_MISMATCH, Reason.NO_PROOF, Reason.SEAL_UNREADABLE})
"""Reasons that nothing but the proof gives: the person's own word takes them away."""


class Reachable(msgspec.Struct, frozen=True):
    """Whether a person has a mobile: empty when not."""

    mobile_last4: str


class BookedDose(msgspec.Struct, frozen=True):
    """What was booked, of a ``domain.Appointment`` the fields that decide."""

    vaccine: str
    dose: int
    booking: Booking
    cancelled: bool
    beneficiary: Reachable
    interval_days: int | None = None


class DoseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What central knows beside a ``dose_given``.

    ``booked`` is None for an appointment that is not this centre's, ``elsewhere`` then tells that it is another one's;
    ``standing`` are the person's doses on record that nobody voided; ``day`` is the date of the dose in the centre's
    zone; ``batch_expiry`` is of the allotted batch; ``withdrawn`` whether that had been taken out of use by then.
    ``misplaced`` is whether it names for the dose it corrects what is no voided dose of its desk and appointment, and
    ``moved`` whether it says another time than that dose; ``day`` is then that of the record itself. ``disputed`` is
    whether the person said of the dose it corrects that they did not get it; ``rebooked`` whether the appointment was
    moved and not only cancelled; ``ahead`` whether the record is dated later than central's clock.
    """

    day: date
    booked: BookedDose | None
    elsewhere: bool
    proof: ProofState
    standing: tuple[PreviousDose, ...]
    vaccine: Vaccine | None
    batch_expiry: date | None
    withdrawn: bool = False
    misplaced: bool = False
    moved: bool = False
    disputed: bool = False
    rebooked: bool = False
    ahead: bool = False

    @property
    def walk_in(self) -> bool:
        """Whether the person came without a booking."""
        return self.booked is not None and self.booked.booking is Booking.WALK_IN


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the answer to one record depends on.

    ``flaw`` is what makes it no record at all (unreadable, unsigned, by nobody known, not theirs to do). ``opened`` is
    for kinds with one seal: whether it opened. ``voidable`` is whether what a ``voided`` names can be voided, and
    ``may_void`` whether its author may. ``role`` is the author's, ``doubted`` whether their certificate was revoked
    since; ``vaccinated`` whether a dose stands for the person of an AEFI report; ``continues`` whether a close follows
    on those of its day, or a database key on those before it; ``contested`` whether a removal names keys that are not
    its author's to take back. ``revoked``: its machine was out of use when it came.
    """

    flaw: Reason | None
    chained: bool
    body: Body | None
    opened: bool = False
    voidable: bool = False
    may_void: bool = True
    role: Role = Role.VACCINATOR
    doubted: bool = False
    contested: bool = False
    revoked: bool = False
    vaccinated: bool = False
    continues: bool = True
    dose: DoseFacts | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The answer; ``reasons`` is empty when accepted, but for what an accepted dose waits for."""

    status: Status
    reasons: tuple[Reason, ...] = ()


def adjudicate(facts: Facts) -> Verdict:
    """Refused when it is no record by anybody entitled to make it; held when somebody must look; else accepted."""
    if facts.flaw is not None:
        return Verdict(Status.REFUSED, (facts.flaw,))
    refusal = _not_theirs(facts)
    if refusal is not None:
        return Verdict(Status.REFUSED, (refusal,))
    reasons = [Reason.DEVICE_REVOKED] if facts.revoked else []
    if not facts.chained:
        reasons.append(Reason.CHAIN_BROKEN)
    if facts.doubted:
        reasons.append(Reason.NOT_ALLOWED)
    match facts.body:
        case DoseGiven() if facts.dose is not None:
            if facts.dose.misplaced and facts.chained:
                reasons.append(Reason.CHAIN_BROKEN)
            if facts.dose.moved:
                reasons.append(Reason.TIME_MOVED)
            if facts.dose.ahead:
                reasons.append(Reason.CLOCK_AHEAD)
            if facts.dose.disputed:
                reasons.append(Reason.DISPUTED)
            reasons.extend(_dose(facts.body, facts.dose))
            if not reasons and waits(facts.dose):
                return Verdict(Status.ACCEPTED, (Reason.AWAITS_OTP,))
        case CodeRefused() | WalkInRegistered() if not facts.opened:
            reasons.append(Reason.SEAL_UNREADABLE)
        case AefiReported() if not facts.vaccinated:
            reasons.append(Reason.NOT_VACCINATED)
        case DayClosed() if facts.chained and not facts.continues:
            reasons.append(Reason.CHAIN_BROKEN)
        case StaffRemoved() if facts.contested and not facts.doubted:
            reasons.append(Reason.NOT_ALLOWED)
        case VaultRekeyed():
            reasons.extend(_rekeyed(facts))
    return Verdict(Status.HELD, tuple(reasons)) if reasons else Verdict(Status.ACCEPTED)


def waits(dose: DoseFacts) -> bool:
    """Whether the dose rests on an in-charge's word alone; a walk-in has no code that could be missing."""
    online = dose.booked is not None and dose.booked.booking is not Booking.WALK_IN
    return online and dose.proof is ProofState.OVERRIDDEN


def _rekeyed(facts: Facts) -> list[Reason]:
    stale = [Reason.CHAIN_BROKEN] if facts.chained and not facts.continues else []
    return stale if facts.opened else [Reason.SEAL_UNREADABLE, *stale]


def _not_theirs(facts: Facts) -> Reason | None:
    if facts.body is not None and not may_record(facts.role, facts.body):
        return Reason.NOT_ALLOWED
    if isinstance(facts.body, Voided):
        if not facts.voidable:
            return Reason.NOTHING_TO_VOID
        return None if facts.may_void else Reason.NOT_ALLOWED
    return None


def _dose(body: DoseGiven, facts: DoseFacts) -> list[Reason]:
    if facts.booked is None:
        return [Reason.OTHER_CENTRE if facts.elsewhere else Reason.UNKNOWN_APPOINTMENT]
    booked = facts.booked
    found = [
        _proof(booked, facts.proof),
        _withdrawn(booked, facts),
        Reason.ALREADY_DOSED if any(given.dose == body.dose for given in facts.standing) else None,
        _product(body, booked, facts),
        _interval(body, booked, facts),
        Reason.BATCH_EXPIRED if (facts.batch_expiry or body.expiry) < facts.day else None,
        Reason.BATCH_WITHDRAWN if facts.withdrawn else None,
    ]
    return [reason for reason in found if reason is not None]


def _proof(booked: BookedDose, proof: ProofState) -> Reason | None:
    if booked.booking is Booking.WALK_IN or proof in (ProofState.MATCHED, ProofState.OVERRIDDEN):
        return None
    if proof in (ProofState.MISMATCHED, ProofState.RETIRED):
        return Reason.CODE_MISMATCH
    # A seal that travelled before proves that somebody kept it, not that the person came again.
    return Reason.SEAL_UNREADABLE if proof is ProofState.UNREADABLE else Reason.NO_PROOF


def _product(body: DoseGiven, booked: BookedDose, facts: DoseFacts) -> Reason | None:
    """The booked product and number of dose, one that the product has, and the product of the dose before."""
    if facts.vaccine is None or (body.vaccine, body.dose) != (booked.vaccine, booked.dose):
        return Reason.OTHER_VACCINE
    if not 1 <= body.dose <= facts.vaccine.doses:
        return Reason.OTHER_VACCINE
    before = _before(body, facts)
    return Reason.OTHER_VACCINE if before is not None and before.vaccine != body.vaccine else None


def _withdrawn(booked: BookedDose, facts: DoseFacts) -> Reason | None:
    if not booked.cancelled:
        return None
    return Reason.APPOINTMENT_MOVED if facts.rebooked else Reason.APPOINTMENT_CANCELLED


def _interval(body: DoseGiven, booked: BookedDose, facts: DoseFacts) -> Reason | None:
    """Central's own record of the dose before counts; only without one does the certificate shown at the desk.

    By the rule that was in force when it was booked.
    """
    if facts.vaccine is None or not 2 <= body.dose <= facts.vaccine.doses:
        return None
    before = _before(body, facts)
    given_on = before.given_on if before is not None else body.eligibility.previous_dose_on
    own = facts.vaccine.min_interval_before(body.dose) or 0
    least = timedelta(days=own if booked.interval_days is None else booked.interval_days)
    return Reason.TOO_EARLY if given_on is None or facts.day - given_on < least else None


def _before(body: DoseGiven, facts: DoseFacts) -> PreviousDose | None:
    return next((given for given in facts.standing if given.dose == body.dose - 1), None)
