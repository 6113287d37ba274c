"""The answer to a record, from facts alone (DESIGN 4.3, 7.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.central.support import vaccines
from vaccinator_app.central.intake.adjudicate import (
    BookedDose,
    DoseFacts,
    Facts,
    ProofState,
    Reachable,
    Verdict,
    adjudicate,
)
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
from vaccinator_app.domain.people import Role
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
BY_RULE = {"booked": booked(dose=2, interval_days=28)}

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
    ("moved", facts(booked=booked(cancelled=True), rebooked=True), held(R.APPOINTMENT_MOVED)),
    ("dated ahead", facts(ahead=True), held(R.CLOCK_AHEAD)),
    ("in the place of a disputed one", facts(disputed=True), held(R.DISPUTED)),
    ("the booking's interval kept", facts(dose(dose=2), **BY_RULE, standing=(given(1, 28),)), ACCEPTED),
    ("the booking's interval", facts(dose(dose=2), **BY_RULE, standing=(given(1, 27),)), held(R.TOO_EARLY)),
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
    assert adjudicate(Facts(flaw=None, chained=True, body=body, role=Role.IN_CHARGE)) == ACCEPTED


STANDING = st.lists(
    st.builds(given, st.integers(1, 3), st.integers(-5, 400), st.sampled_from(["covishield", "covaxin"])), max_size=3
).map(tuple)
DOSES = st.builds(
    dose,
    dose=st.integers(1, 3),
    vaccine=st.sampled_from(["covishield", "covaxin"]),
    expiry=st.sampled_from([DAY - timedelta(days=1), DAY]),
)
BOOKED = st.builds(
    booked,
    dose=st.integers(1, 3),
    booking=st.sampled_from(Booking),
    cancelled=st.booleans(),
    interval_days=st.sampled_from([None, 0, 28, 112]),
)
ABOUT = st.fixed_dictionaries(
    {
        "booked": st.none() | BOOKED,
        "elsewhere": st.booleans(),
        "proof": st.sampled_from(ProofState),
        "standing": STANDING,
        "vaccine": st.sampled_from([None, vaccines()["covishield"]]),
        "batch_expiry": st.sampled_from([None, DAY - timedelta(days=1), DAY]),
        "withdrawn": st.booleans(),
        "misplaced": st.booleans(),
        "moved": st.booleans(),
        "disputed": st.booleans(),
        "rebooked": st.booleans(),
        "ahead": st.booleans(),
    }
)
AGAINST: dict[str, R] = {
    "withdrawn": R.BATCH_WITHDRAWN,
    "misplaced": R.CHAIN_BROKEN,
    "moved": R.TIME_MOVED,
    "disputed": R.DISPUTED,
    "ahead": R.CLOCK_AHEAD,
}


@drawn(DOSES, ABOUT)
def test_what_is_accepted_has_nothing_against_it(body: DoseGiven, about: dict[str, Any]) -> None:
    found = facts(body, **about)
    verdict, known = adjudicate(found), found.dose
    assert known is not None
    assert len(set(verdict.reasons)) == len(verdict.reasons)
    if verdict.status is Status.HELD:
        assert verdict.reasons
        return
    assert verdict.status is Status.ACCEPTED
    assert known.booked is not None
    walk_in = known.booked.booking is Booking.WALK_IN
    assert walk_in or known.proof in (ProofState.MATCHED, ProofState.OVERRIDDEN)
    assert verdict.reasons == ((R.AWAITS_OTP,) if known.proof is ProofState.OVERRIDDEN and not walk_in else ())
    assert not any(one.dose == body.dose for one in known.standing)
    assert (body.vaccine, body.dose) == (known.booked.vaccine, known.booked.dose)
    assert not any(getattr(known, name) for name in AGAINST)
    assert not known.booked.cancelled
    before = [one for one in known.standing if one.dose == body.dose - 1]
    least = 84 if known.booked.interval_days is None else known.booked.interval_days
    assert body.dose == 1 or (before and (DAY - before[0].given_on).days >= least)


@drawn(DOSES, ABOUT, st.sampled_from(sorted(AGAINST)))
def test_one_thing_more_against_it_is_always_said(body: DoseGiven, about: dict[str, Any], name: str) -> None:
    verdict = adjudicate(facts(body, **about | {name: True}))
    assert verdict.status is Status.HELD
    if name != "withdrawn" or about["booked"] is not None:
        assert AGAINST[name] in verdict.reasons


@drawn(DOSES, ABOUT, st.integers(1, 3))
def test_a_dose_on_record_is_never_recorded_a_second_time(body: DoseGiven, about: dict[str, Any], ago: int) -> None:
    standing = (*about["standing"], given(body.dose, ago))
    assert adjudicate(facts(body, **about | {"standing": standing})).status is Status.HELD


@drawn(DOSES, ABOUT, st.sampled_from([R.UNREADABLE, R.BAD_SIGNATURE, R.UNKNOWN_STAFF, R.NOT_ALLOWED]))
def test_nothing_makes_up_for_a_flaw(body: DoseGiven, about: dict[str, Any], flaw: R) -> None:
    found = msgspec.structs.replace(facts(body, **about), flaw=flaw)
    assert adjudicate(found) == Verdict(Status.REFUSED, (flaw,))
