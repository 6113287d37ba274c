"""The answer to a record, from facts alone (DESIGN 4.3, 7.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from tests.central.support import vaccines
from vaccinator_app.central.adjudicate import BookedDose, DoseFacts, Facts, ProofState, Reachable, Verdict, adjudicate
from vaccinator_app.domain.appointment import Booking, PreviousDose
from vaccinator_app.domain.closing_events import ExceptionSettled, Settlement, SettleReason
from vaccinator_app.domain.events import (
    Arrived,
    CodeRefused,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    Proof,
    ProofKind,
    Site,
    Voided,
    VoidReason,
)
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.messages import Status

DAY = date(2026, 11, 21)
PROOF = Proof(how=ProofKind.CODE)
ACCEPTED = Verdict(Status.ACCEPTED)


def booked(**changes: Any) -> BookedDose:
    fields: dict[str, Any] = {
        "vaccine": "covishield",
        "dose": 1,
        "booking": Booking.ONLINE,
        "cancelled": False,
        "beneficiary": Reachable("3210"),
    }
    return BookedDose(**{**fields, **changes})


def dose(**changes: Any) -> DoseGiven:
    fields: dict[str, Any] = {
        "appointment": "1",
        "identity": IdentityMethod.PHOTO_ID,
        "eligibility": EligibilityShown(rule="x"),
        "proof": PROOF,
        "vaccine": "covishield",
        "dose": 1,
        "batch": "B",
        "expiry": DAY,
        "vial": 1,
        "site": Site.LEFT_ARM,
    }
    return DoseGiven(**{**fields, **changes})


def facts(body: DoseGiven | None = None, **changes: Any) -> Facts:
    about: dict[str, Any] = {
        "day": DAY,
        "booked": booked(),
        "elsewhere": False,
        "proof": ProofState.MATCHED,
        "standing": (),
        "vaccine": vaccines()["covishield"],
        "batch_expiry": None,
    }
    about |= changes
    return Facts(flaw=None, chained=True, body=body or dose(), dose=DoseFacts(**about))


def given(number: int, days_ago: int, vaccine: str = "covishield") -> PreviousDose:
    return PreviousDose(dose=number, vaccine=vaccine, given_on=DAY - timedelta(days=days_ago))


def held(*reasons: R) -> Verdict:
    return Verdict(Status.HELD, reasons)


SECOND = {"booked": booked(dose=2)}

CASES: list[tuple[str, Facts, Verdict]] = [
    ("in order", facts(), ACCEPTED),
    ("unknown", facts(booked=None), held(R.UNKNOWN_APPOINTMENT)),
    ("elsewhere", facts(booked=None, elsewhere=True), held(R.OTHER_CENTRE)),
    ("mismatch", facts(proof=ProofState.MISMATCHED), held(R.CODE_MISMATCH)),
    ("retired", facts(proof=ProofState.RETIRED), held(R.CODE_MISMATCH)),
    ("unreadable", facts(proof=ProofState.UNREADABLE), held(R.SEAL_UNREADABLE)),
    ("used before", facts(proof=ProofState.USED_BEFORE), held(R.NO_PROOF)),
    ("forgotten", facts(proof=ProofState.FORGOTTEN), held(R.NO_PROOF)),
    ("no proof", facts(proof=ProofState.ABSENT), held(R.NO_PROOF)),
    ("walk-in", facts(proof=ProofState.ABSENT, booked=booked(booking=Booking.WALK_IN)), ACCEPTED),
    ("on an in-charge's word", facts(proof=ProofState.OVERRIDDEN), Verdict(Status.ACCEPTED, (R.AWAITS_OTP,))),
    (
        "the same, a walk-in",
        facts(proof=ProofState.OVERRIDDEN, booked=booked(booking=Booking.WALK_IN)),
        ACCEPTED,
    ),
    ("the same, and more", facts(proof=ProofState.OVERRIDDEN, withdrawn=True), held(R.BATCH_WITHDRAWN)),
    ("withdrawn", facts(withdrawn=True), held(R.BATCH_WITHDRAWN)),
    ("cancelled", facts(booked=booked(cancelled=True)), held(R.APPOINTMENT_CANCELLED)),
    ("dosed", facts(standing=(given(1, 3),)), held(R.ALREADY_DOSED)),
    ("later dose known, this one late", facts(standing=(given(2, 0),)), ACCEPTED),
    ("other vaccine", facts(dose(vaccine="covaxin")), held(R.OTHER_VACCINE)),
    ("vaccine gone", facts(vaccine=None), held(R.OTHER_VACCINE)),
    ("other number", facts(dose(dose=2), standing=(given(1, 99),)), held(R.OTHER_VACCINE)),
    ("other before", facts(dose(dose=2), **SECOND, standing=(given(1, 99, "covaxin"),)), held(R.OTHER_VACCINE)),
    ("just late enough", facts(dose(dose=2), **SECOND, standing=(given(1, 84),)), ACCEPTED),
    ("a day early", facts(dose(dose=2), **SECOND, standing=(given(1, 83),)), held(R.TOO_EARLY)),
    ("before it", facts(dose(dose=2), **SECOND, standing=(given(1, -1),)), held(R.TOO_EARLY)),
    ("nothing known", facts(dose(dose=2), **SECOND), held(R.TOO_EARLY)),
    ("no such dose", facts(dose(dose=3), booked=booked(dose=3)), held(R.OTHER_VACCINE)),
    ("expired", facts(dose(expiry=DAY - timedelta(days=1))), held(R.BATCH_EXPIRED)),
    ("last day", facts(dose(expiry=DAY)), ACCEPTED),
    ("expired as allotted", facts(batch_expiry=DAY - timedelta(days=1)), held(R.BATCH_EXPIRED)),
    ("good as allotted", facts(dose(expiry=DAY - timedelta(days=1)), batch_expiry=DAY), ACCEPTED),
]


@pytest.mark.parametrize(("case", "found", "verdict"), CASES, ids=[case for case, _, _ in CASES])
def test_a_dose(case: str, found: Facts, verdict: Verdict) -> None:
    assert adjudicate(found) == verdict


@pytest.mark.parametrize(("days", "verdict"), [(84, ACCEPTED), (83, held(R.TOO_EARLY))])
def test_the_certificate_counts_where_central_has_nothing(days: int, verdict: Verdict) -> None:
    shown = EligibilityShown(rule="x", previous_dose_on=DAY - timedelta(days=days), from_certificate=True)
    assert adjudicate(facts(dose(dose=2, eligibility=shown), **SECOND)) == verdict


@pytest.mark.parametrize("flaw", [R.UNREADABLE, R.BAD_SIGNATURE, R.UNKNOWN_STAFF, R.NOT_ALLOWED, R.OTHER_CENTRE])
def test_a_flaw_is_refused_and_nothing_else_is_looked_at(flaw: R) -> None:
    found = Facts(flaw=flaw, chained=False, body=None)
    assert adjudicate(found) == Verdict(Status.REFUSED, (flaw,))


def test_a_broken_chain_is_held_with_whatever_else_there_is() -> None:
    broken = msgspec.structs.replace(facts(proof=ProofState.MISMATCHED), chained=False)
    assert adjudicate(broken) == held(R.CHAIN_BROKEN, R.CODE_MISMATCH)
    assert adjudicate(Facts(flaw=None, chained=False, body=Arrived(appointment="1"))) == held(R.CHAIN_BROKEN)


def test_kinds_with_a_seal_and_kinds_without() -> None:
    tried = CodeRefused(appointment="1", attempt=1, proof=PROOF)
    assert adjudicate(Facts(flaw=None, chained=True, body=tried, opened=True)) == ACCEPTED
    assert adjudicate(Facts(flaw=None, chained=True, body=tried)) == held(R.SEAL_UNREADABLE)
    assert adjudicate(Facts(flaw=None, chained=True, body=Arrived(appointment="1"))) == ACCEPTED


def test_a_void_needs_something_to_void() -> None:
    void = Voided(appointment="1", seq=3, reason=VoidReason.NOT_GIVEN)
    assert adjudicate(Facts(flaw=None, chained=True, body=void, voidable=True)) == ACCEPTED
    assert adjudicate(Facts(flaw=None, chained=True, body=void)) == Verdict(Status.REFUSED, (R.NOTHING_TO_VOID,))


def test_a_void_is_not_for_everybody() -> None:
    void = Voided(appointment="1", seq=3, reason=VoidReason.NOT_GIVEN)
    found = Facts(flaw=None, chained=True, body=void, voidable=True, may_void=False)
    assert adjudicate(found) == Verdict(Status.REFUSED, (R.NOT_ALLOWED,))


def test_what_is_an_in_charges_alone() -> None:
    body = ExceptionSettled(exception="x", how=Settlement.EXPLAINED, reason=SettleReason.OTHER)
    assert adjudicate(Facts(flaw=None, chained=True, body=body)) == Verdict(Status.REFUSED, (R.NOT_ALLOWED,))
    assert adjudicate(Facts(flaw=None, chained=True, body=body, in_charge=True)) == ACCEPTED
