"""People, appointments and events for the tests of this room."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import strategies as st

from vaccinator_app.domain import events
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.closing_events import (
    CountedBatch,
    DayClosed,
    ExceptionSettled,
    LedgerHead,
    Settlement,
    SettleReason,
)
from vaccinator_app.domain.counts import Counts, DayTally
from vaccinator_app.domain.day import Booked, Happened
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
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
    Site,
    Voided,
    VoidReason,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.domain.stock_events import (
    DiscardReason,
    StockReceived,
    StockTransferred,
    VialDiscarded,
    VialOpened,
)
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

SMALL = st.integers(0, 3)
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


def voided(seq: int, who: str = WHO, reason: VoidReason = VoidReason.RECORDED_TWICE) -> Voided:
    return Voided(appointment=who, seq=seq, reason=reason)


def granted(who: str = WHO) -> OverrideGranted:
    return OverrideGranted(appointment=who, reason=OverrideReason.SLIP_LOST)


def aefi(who: str = WHO, seriousness: Seriousness = Seriousness.HOSPITALISATION) -> AefiReported:
    return AefiReported(
        appointment=who,
        dose_seq=1,
        onset=MORNING,
        signs=(AefiSign.FEVER,),
        seriousness=seriousness,
        outcome=AefiOutcome.UNKNOWN,
        key="",
        sealed=b"",
    )


def received(vials: int, batch: str = "4121Z025", vaccine: str = "two") -> StockReceived:
    return StockReceived(vaccine=vaccine, batch=batch, expiry=date(2027, 1, 31), vials=vials, doses_per_vial=10)


def opened(vial: int, batch: str = "4121Z025", vaccine: str = "two", doses: int = 10) -> VialOpened:
    return VialOpened(vaccine=vaccine, batch=batch, vial=vial, doses=doses)


def thrown(
    reason: DiscardReason, batch: str = "4121Z025", doses: int = 0, vial: int = 0, vials: int = 0, vaccine: str = "two"
) -> VialDiscarded:
    """``vials`` unopened, or ``doses`` left in the open ``vial``."""
    vials = 0 if vial else vials
    return VialDiscarded(vaccine=vaccine, batch=batch, reason=reason, doses=doses or vials * 10, vial=vial, vials=vials)


def settled(key: str, how: Settlement = Settlement.EXPLAINED) -> ExceptionSettled:
    return ExceptionSettled(exception=key, how=how, reason=SettleReason.COUNTED_AGAIN)


def noticed() -> list[Noticed]:
    """One of each kind that a desk may notice."""
    return [Noticed(what=what, seconds=300, count=31, of="s2") for what in Notice]


def observed(who: str = WHO) -> ObservationEnded:
    return ObservationEnded(appointment=who, outcome=ObservationOutcome.WELL)


def closed(upto: dict[str, int], amendment: int = 0, counted: tuple[CountedBatch, ...] = ()) -> DayClosed:
    """A close that covers the ledgers ``upto`` these numbers."""
    return DayClosed(
        day=TODAY,
        amendment=amendment,
        previous="",
        heads=tuple(LedgerHead(device, seq, "aa") for device, seq in upto.items()),
        tally=DayTally(day=TODAY, total=Counts()),
        counted=counted,
        open_exceptions=(),
    )


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
        names.map(granted),
        st.builds(voided, st.integers(1, most), names, st.sampled_from(VoidReason)),
        names.map(lambda name: events.RecordViewed(appointment=name)),
        st.just(events.SignedIn()),
        st.just(opened(3)),
    )


def histories(most: int = 12) -> st.SearchStrategy[list[Body]]:
    """Up to ``most`` events of one appointment, in any order; the first has ``seq`` 1."""
    return st.lists(bodies(most=most), max_size=most)


PEOPLE = ("a", "b", "c", "W1")
BATCHES = ("A1", "A2")
DEVICES = ("d1", "d2")
INDIA = timezone(timedelta(hours=5, minutes=30))
NINE = datetime(2026, 11, 21, 9, 0, tzinfo=INDIA)
"""When the centre opens, in its own zone."""


def doses(who: st.SearchStrategy[str], most: int) -> st.SearchStrategy[DoseGiven]:
    """Doses of every vaccine, batch, vial and proof; some correct an earlier record."""
    return st.builds(
        lambda name, vaccine, batch, vial, number, how, seq, corrects: replace(
            dose_given(name),
            vaccine=vaccine,
            batch=batch,
            vial=vial,
            dose=number,
            proof=Proof(how=how, seq=seq),
            corrects=corrects,
            given_at=NINE + timedelta(minutes=corrects) if corrects else None,
        ),
        who,
        st.sampled_from(["two", "three"]),
        st.sampled_from(BATCHES),
        st.integers(1, 2),
        st.integers(1, 2),
        st.sampled_from(ProofKind),
        st.integers(1, most),
        st.sampled_from([0, 0, 0, *range(1, most)]),
    )


def stock(most: int = 3) -> st.SearchStrategy[Body]:
    """Every kind of stock event, many about the same vials."""
    vaccine, batch = st.sampled_from(["two", "three"]), st.sampled_from(BATCHES)
    return st.one_of(
        st.builds(received, st.integers(0, most), batch, vaccine),
        st.builds(lambda v, b, n: StockTransferred(vaccine=v, batch=b, vials=n, to="store"), vaccine, batch, SMALL),
        st.builds(opened, st.integers(1, 2), batch, vaccine, st.sampled_from([1, 2, 10])),
        st.builds(thrown, st.sampled_from(DiscardReason), batch, SMALL, st.integers(0, 2), SMALL, vaccine),
    )


def anything(who: st.SearchStrategy[str], keys: st.SearchStrategy[str], most: int = 15) -> st.SearchStrategy[Body]:
    """An event of any kind that a day may hold; ``keys`` name the exceptions that settlements are about."""
    settlement = st.builds(settled, keys, st.sampled_from(Settlement))
    close = st.builds(
        closed,
        st.dictionaries(st.sampled_from(DEVICES), st.integers(1, most)),
        st.integers(0, 2),
        st.sampled_from([(), (CountedBatch(vaccine="two", batch="A1", counted=1, computed=2),)]),
    )
    report = st.builds(aefi, who, st.sampled_from([Seriousness.NOT_SERIOUS, Seriousness.DEATH]))
    notice = st.sampled_from(noticed())
    return st.one_of(bodies(who, most), doses(who, most), doses(who, most), stock(), settlement, report, close, notice)


@st.composite
def days(
    draw: st.DrawFn, who: tuple[str, ...] = PEOPLE, devices: tuple[str, ...] = DEVICES, most: int = 15
) -> list[Happened]:
    """Records of several desks in the order in which they were made, a minute apart, most of them of ``TODAY``.

    A jump of a day or a clock set wrong comes now and then.
    """
    keys = st.sampled_from(
        ["held:d1:1", "code_exhausted:a", "variance:2026-11-21:two/A1", "duplicate:d1:3", "late:d2:2"]
    )
    found: list[Happened] = []
    seqs: Counter[str] = Counter()
    for minute, body in enumerate(draw(st.lists(anything(st.sampled_from(who), keys, most), max_size=most))):
        device = draw(st.sampled_from(devices))
        days_off = draw(st.sampled_from([0] * 8 + [-1, 1]))
        seqs[device] += 1
        when = NINE + timedelta(minutes=minute, days=days_off)
        staff = draw(st.sampled_from(["s1", "s2"]))
        found.append(Happened(device, seqs[device], when, staff, body, "boot", minute * 60_000))
    return found


def appointments_of_the_day() -> st.SearchStrategy[tuple[Booked, ...]]:
    """Some of the people are booked, one of them cancelled now and then."""
    one = st.builds(
        Booked,
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 8).map(lambda hours: NINE + timedelta(hours=hours)),
        st.sampled_from(["two", "three"]),
        st.integers(1, 2),
        st.booleans(),
    )
    return st.lists(one, max_size=3, unique_by=lambda booked: booked.appointment).map(tuple)
