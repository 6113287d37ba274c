"""Whether a person may have this dose today: pure rules, each answer in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from vaccinator_app.domain.appointment import Appointment, PreviousDose
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.vaccines import Formulary, Vaccine


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The answer of the rules.

    ``eligible`` and the sentence that says why or why not. ``needs_previous_date`` is set when the booking is
    for a later dose and nothing is on record for the one before: the certificate must be seen and its date typed.
    ``allowed_from`` is the first day the dose may be given when it is only too early.
    """

    eligible: bool
    reason: Message
    needs_previous_date: bool = False
    allowed_from: date | None = None


def check(
    appointment: Appointment,
    formulary: Formulary,
    today: date,
    shown: PreviousDose | None = None,
) -> Eligibility:
    """Apply the schedule to one appointment on ``today`` (a date in the centre's zone): the one of its booking day.

    ``shown`` is the dose before as read off a certificate at the desk, when central has none on record. When the dose
    before is known more than once, the interval counts from the latest date.

    The year decides about age: nobody's date of birth is known here (DESIGN 5.5), so whoever reaches the vaccine's age
    at any time in this calendar year passes, at most a year minus a day early, and nobody of age is ever turned away.
    Programmes announce their ages in the same way ("born in 2008 or before").

    Not checked here: identity, the code, and whether the batch is good.
    """
    vaccine = formulary.get(appointment.vaccine)
    if vaccine is None:
        return _no("eligible.unknown_vaccine", vaccine=appointment.vaccine)
    if appointment.cancelled:
        return _no("eligible.cancelled")
    if appointment.session_date != today:
        return _no("eligible.other_day", day=appointment.session_date)
    if not 1 <= appointment.dose <= vaccine.doses:
        return _no("eligible.no_such_dose", vaccine=vaccine.name, doses=vaccine.doses, dose=appointment.dose)
    age = today.year - appointment.beneficiary.year_of_birth
    least = vaccine.min_age_years if appointment.min_age_years is None else appointment.min_age_years
    if age < least:
        return _no("eligible.too_young", age=age, least=least)
    return _history(appointment, vaccine, today, shown)


def _history(appointment: Appointment, vaccine: Vaccine, today: date, shown: PreviousDose | None) -> Eligibility:
    known = appointment.previous + ((shown,) if shown is not None else ())
    already = next((d for d in known if d.dose >= appointment.dose), None)
    if already is not None:
        return _no("eligible.already_given", dose=already.dose, day=already.given_on)
    interval = vaccine.min_interval_before(appointment.dose)
    if interval is None:
        return Eligibility(eligible=True, reason=Message.of("eligible.first_dose"))
    if appointment.interval_days is not None:
        interval = appointment.interval_days
    before = max((d for d in known if d.dose == appointment.dose - 1), key=lambda d: d.given_on, default=None)
    if before is None:
        reason = Message.of("eligible.previous_unknown", dose=appointment.dose - 1)
        return Eligibility(eligible=False, reason=reason, needs_previous_date=True)
    if before.vaccine != appointment.vaccine:
        return _no("eligible.other_vaccine", dose=before.dose, vaccine=before.vaccine)
    days = (today - before.given_on).days
    if days < 0:
        return _no("eligible.previous_in_future", dose=before.dose, day=before.given_on)
    if days < interval:
        allowed = before.given_on + timedelta(days=interval)
        reason = Message.of("eligible.too_early", dose=before.dose, days=days, least=interval, day=allowed)
        return Eligibility(eligible=False, reason=reason, allowed_from=allowed)
    return Eligibility(
        eligible=True,
        reason=Message.of("eligible.interval_kept", dose=before.dose, days=days, least=interval),
    )


def _no(key: str, **params: object) -> Eligibility:
    return Eligibility(eligible=False, reason=Message(key, params))
