"""People, appointments and events for the tests of this room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from vaccinator_app.domain import events
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DeferReason,
    DoseDeferred,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    ObservationEnded,
    ObservationOutcome,
    Proof,
    ProofKind,
    Site,
    Voided,
    VoidReason,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.vaccines import Vaccine

TODAY = date(2026, 11, 21)
MORNING = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)
WHO = "202611210014"

TWO_DOSES = Vaccine(
    id="two",
    name="Two",
    doses=2,
    min_interval_days=(84,),
    min_age_years=18,
    doses_per_vial=10,
    open_vial_hours=4,
)
THREE_DOSES = replace(TWO_DOSES, id="three", name="Three", doses=3, min_interval_days=(28, 180), min_age_years=12)
FORMULARY = {"two": TWO_DOSES, "three": THREE_DOSES}

SUNITA = Beneficiary(
    name="Sunita Kumari",
    year_of_birth=1968,
    gender=Gender.WOMAN,
    photo_id=PhotoId.AADHAAR,
    photo_id_last4="4821",
    mobile_last4="0137",
)
FIRST = Appointment(
    appointment=WHO,
    token=14,
    beneficiary=SUNITA,
    session_date=TODAY,
    slot=MORNING,
    vaccine="two",
    dose=1,
    booking=Booking.ONLINE,
)
SECOND = replace(FIRST, dose=2)

NO_PROOF = Proof(how=ProofKind.NONE)


def previous(dose: int, given_on: date, vaccine: str = "two") -> PreviousDose:
    return PreviousDose(dose=dose, vaccine=vaccine, given_on=given_on)


def at(number: int) -> datetime:
    """A minute for each record."""
    return MORNING + timedelta(minutes=number)


def dose_given(who: str = WHO) -> DoseGiven:
    return DoseGiven(
        appointment=who,
        identity=IdentityMethod.PHOTO_ID,
        eligibility=EligibilityShown(rule="eligible.first_dose"),
        proof=NO_PROOF,
        vaccine="two",
        dose=1,
        batch="4121Z025",
        expiry=TODAY,
        vial=3,
        site=Site.LEFT_ARM,
    )


def walk_in(who: str = WHO) -> WalkInRegistered:
    return WalkInRegistered(
        appointment=who,
        token=90,
        vaccine="two",
        dose=1,
        session_date=TODAY,
        photo_id=PhotoId.PAN,
        photo_id_last4="12AB",
        key="0" * 16,
        sealed=b"sealed",
    )


def refused(who: str = WHO, attempt: int = 1) -> CodeRefused:
    return CodeRefused(appointment=who, attempt=attempt, proof=NO_PROOF)


def deferred(who: str = WHO) -> DoseDeferred:
    return DoseDeferred(appointment=who, reason=DeferReason.UNWELL)


def voided(seq: int, who: str = WHO) -> Voided:
    return Voided(appointment=who, seq=seq, reason=VoidReason.RECORDED_TWICE)


def observed(who: str = WHO) -> ObservationEnded:
    return ObservationEnded(appointment=who, outcome=ObservationOutcome.WELL)


def bodies(who: st.SearchStrategy[str] | None = None, most: int = 12) -> st.SearchStrategy[Body]:
    """Any event of an appointment, and some that are of none; voids name small numbers, so that many hit."""
    names = st.just(WHO) if who is None else who
    return st.one_of(
        names.map(lambda name: Arrived(appointment=name)),
        names.map(walk_in),
        names.map(refused),
        names.map(dose_given),
        names.map(deferred),
        names.map(observed),
        st.builds(voided, st.integers(1, most), names),
        names.map(lambda name: events.RecordViewed(appointment=name)),
        st.just(events.SignedIn()),
        st.just(events.VialOpened(vaccine="two", batch="4121Z025", vial=3, doses=10)),
    )


def histories(most: int = 12) -> st.SearchStrategy[list[Body]]:
    """Up to ``most`` events of one appointment, in any order; the first has ``seq`` 1."""
    return st.lists(bodies(most=most), max_size=most)
