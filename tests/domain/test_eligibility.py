"""Who may have which dose today, and in which words (DESIGN 5.5, 9.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.given import FIRST, FORMULARY, SECOND, SUNITA, TODAY, TWO_DOSES, previous
from vaccinator_app.domain.appointment import Appointment, PreviousDose
from vaccinator_app.domain.eligibility import Eligibility, check

DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))


def ask(appointment: Appointment, today: date = TODAY, shown: PreviousDose | None = None) -> Eligibility:
    """The answer on ``today``, for an appointment of that same day."""
    return check(replace(appointment, session_date=today), FORMULARY, today, shown)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def after(*doses: PreviousDose, appointment: Appointment = SECOND) -> Appointment:
    return replace(appointment, previous=doses)


TABLE = [
    # appointment, dose shown at the desk, eligible, why
    (FIRST, None, True, "eligible.first_dose"),
    (replace(FIRST, vaccine="four"), None, False, "eligible.unknown_vaccine"),
    (replace(FIRST, cancelled=True), None, False, "eligible.cancelled"),
    (replace(FIRST, dose=0), None, False, "eligible.no_such_dose"),
    (replace(FIRST, dose=-1), None, False, "eligible.no_such_dose"),
    (replace(FIRST, dose=3), None, False, "eligible.no_such_dose"),
    (after(previous(1, ago(90)), appointment=FIRST), None, False, "eligible.already_given"),
    (after(previous(2, ago(90)), appointment=FIRST), None, False, "eligible.already_given"),
    (after(previous(2, ago(200))), None, False, "eligible.already_given"),
    (after(previous(2, TODAY, "three")), None, False, "eligible.already_given"),
    (SECOND, None, False, "eligible.previous_unknown"),
    (after(previous(1, ago(84))), None, True, "eligible.interval_kept"),
    (after(previous(1, ago(83))), None, False, "eligible.too_early"),
    (after(previous(1, TODAY)), None, False, "eligible.too_early"),
    (after(previous(1, ago(-1))), None, False, "eligible.previous_in_future"),
    (after(previous(1, ago(90), "three")), None, False, "eligible.other_vaccine"),
    (SECOND, previous(1, ago(84)), True, "eligible.interval_kept"),
    (SECOND, previous(1, ago(83)), False, "eligible.too_early"),
    (SECOND, previous(1, ago(90), "three"), False, "eligible.other_vaccine"),
    (SECOND, previous(2, ago(1)), False, "eligible.already_given"),
    # of two dates for the same dose the later one counts, whoever told it
    (after(previous(1, ago(100)), previous(1, ago(50))), None, False, "eligible.too_early"),
    (after(previous(1, ago(50)), previous(1, ago(100))), None, False, "eligible.too_early"),
    (after(previous(1, ago(100))), previous(1, ago(50)), False, "eligible.too_early"),
    (after(previous(1, ago(50))), previous(1, ago(100)), False, "eligible.too_early"),
    # dose 3 counts from dose 2, and knowing only dose 1 is not enough
    (replace(FIRST, vaccine="three", dose=3, previous=(previous(1, ago(400), "three"),)), None, False,
     "eligible.previous_unknown"),
    (replace(FIRST, vaccine="three", dose=3,
             previous=(previous(1, ago(400), "three"), previous(2, ago(180), "three"))), None, True,
     "eligible.interval_kept"),
    (replace(FIRST, vaccine="three", dose=3,
             previous=(previous(1, ago(400), "three"), previous(2, ago(179), "three"))), None, False,
     "eligible.too_early"),
]  # fmt: skip


@pytest.mark.parametrize(("appointment", "shown", "eligible", "why"), TABLE)
def test_the_rules(appointment: Appointment, shown: PreviousDose | None, eligible: bool, why: str) -> None:
    answer = ask(appointment, shown=shown)
    assert (answer.eligible, answer.reason.key) == (eligible, why)


@pytest.mark.parametrize(
    ("interval", "days", "eligible"), [(28, 28, True), (28, 27, False), (112, 84, False), (0, 0, True)]
)
def test_the_interval_of_the_booking_takes_the_place_of_the_vaccines_own(
    interval: int, days: int, eligible: bool
) -> None:
    answer = ask(replace(after(previous(1, ago(days))), interval_days=interval))
    assert answer.eligible is eligible
    assert answer.reason.params["least"] == interval


def test_an_interval_is_nothing_to_a_first_dose() -> None:
    assert ask(replace(FIRST, interval_days=28)).reason.key == "eligible.first_dose"


@pytest.mark.parametrize(("least", "eligible"), [(15, True), (16, True), (17, False), (None, False)])
def test_the_age_of_the_booking_takes_the_place_of_the_vaccines_own(least: int | None, eligible: bool) -> None:
    young = replace(SUNITA, year_of_birth=TODAY.year - 16)
    answer = ask(replace(FIRST, beneficiary=young, min_age_years=least))
    assert answer.eligible is eligible
    assert eligible or answer.reason.params["least"] == (least or TWO_DOSES.min_age_years)


def test_another_day_is_not_today() -> None:
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=1)):
        answer = check(FIRST, FORMULARY, day)
        assert not answer.eligible
        assert answer.reason.key == "eligible.other_day"
        assert answer.reason.params == {"day": TODAY}


@pytest.mark.parametrize(
    ("born", "today", "eligible"),
    [
        (2008, date(2026, 1, 1), True),  # eighteen at some time this year, perhaps not yet
        (2008, date(2026, 12, 31), True),
        (2009, date(2026, 12, 31), False),
        (2007, date(2025, 12, 31), True),
        (2008, date(2025, 12, 31), False),
        (1900, date(2026, 6, 1), True),
        (2027, date(2026, 6, 1), False),
    ],
)
def test_the_year_of_birth_decides_about_age(born: int, today: date, eligible: bool) -> None:
    answer = ask(replace(FIRST, beneficiary=replace(SUNITA, year_of_birth=born)), today)
    assert answer.eligible is eligible
    if not eligible:
        assert answer.reason.key == "eligible.too_young"
        assert answer.reason.params == {"age": today.year - born, "least": 18}


@given(st.dates(date(1920, 1, 1), date(2020, 12, 31)), DAYS)
def test_nobody_of_age_is_turned_away_and_nobody_passes_a_year_early(birthday: date, today: date) -> None:
    """What leaving out day and month of birth costs (DESIGN 5.5)."""
    completed = today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))
    answer = ask(replace(FIRST, beneficiary=replace(SUNITA, year_of_birth=birthday.year)), today)
    if completed >= TWO_DOSES.min_age_years:
        assert answer.eligible
    if answer.eligible:
        assert completed >= TWO_DOSES.min_age_years - 1


def test_too_early_tells_from_when() -> None:
    answer = ask(after(previous(1, ago(50))))
    assert answer.allowed_from == TODAY + timedelta(days=34)
    assert answer.reason.params == {"dose": 1, "days": 50, "least": 84, "day": answer.allowed_from}


def test_only_an_unknown_dose_asks_for_a_certificate() -> None:
    assert ask(SECOND).needs_previous_date
    assert not ask(SECOND, shown=previous(1, ago(90))).needs_previous_date
    assert not ask(after(previous(1, ago(10)))).needs_previous_date
    assert not ask(FIRST).needs_previous_date


@given(DAYS, DAYS)
def test_never_before_the_day_it_is_allowed_and_always_on_it(given_on: date, today: date) -> None:
    answer = ask(after(previous(1, given_on)), today)
    assert answer.eligible is ((today - given_on).days >= 84)
    if answer.allowed_from is not None:
        assert not answer.eligible
        assert today < answer.allowed_from
        assert not ask(after(previous(1, given_on)), answer.allowed_from - timedelta(days=1)).eligible
        assert ask(after(previous(1, given_on)), answer.allowed_from).eligible


ANY_DOSE = st.builds(previous, st.integers(-1, 4), DAYS, st.sampled_from(["two", "three", "four"]))


@given(
    st.builds(
        lambda vaccine, dose, born, known, cancelled: replace(
            FIRST,
            vaccine=vaccine,
            dose=dose,
            beneficiary=replace(SUNITA, year_of_birth=born),
            previous=tuple(known),
            cancelled=cancelled,
        ),
        st.sampled_from(["two", "three", "four"]),
        st.integers(-1, 4),
        st.integers(1890, 2030),
        st.lists(ANY_DOSE, max_size=3),
        st.booleans(),
    ),
    st.none() | ANY_DOSE,
    DAYS,
)
def test_there_is_always_an_answer(appointment: Appointment, shown: PreviousDose | None, today: date) -> None:
    answer = ask(appointment, today, shown)
    assert answer.reason.key.startswith("eligible.")
    if answer.eligible:
        assert not answer.needs_previous_date
        assert answer.allowed_from is None
        assert not appointment.cancelled
        vaccine = FORMULARY[appointment.vaccine]
        known = [*appointment.previous, *([shown] if shown else [])]
        assert all(dose.dose < appointment.dose for dose in known)
        least = vaccine.min_interval_before(appointment.dose)
        before = [dose for dose in known if dose.dose == appointment.dose - 1]
        assert least is None or (before and all((today - dose.given_on).days >= least for dose in before))
