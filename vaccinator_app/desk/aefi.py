"""Reporting an adverse event following immunisation, after WHO's minimum data set (domain.aefi)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from vaccinator_app.desk.dates import typed_date
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.walk_in import clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.events import ObservationEnded, ObservationOutcome
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.visits import Visit, VisitState
from vaccinator_app.trust import seal
from vaccinator_app.trust.keys import key_id
from vaccinator_app.vault.ledger import Saved

LONGEST_WORDS = 1000
"""Characters of one free text."""


@dataclass(slots=True, kw_only=True)
class AefiForm:
    """What the person at the desk filled in. ``story``, ``history`` and ``contact`` go to central alone, sealed.

    ``referred``: the person is taken to a hospital or doctor, which ends the observation.
    """

    onset: datetime
    signs: tuple[AefiSign, ...] = ()
    seriousness: Seriousness | None = None
    outcome: AefiOutcome = AefiOutcome.UNKNOWN
    story: str = ""
    history: str = ""
    contact: str = ""
    referred: bool = False


def report(form: AefiForm, place: Workplace, appointment: str) -> Saved:
    """Record it; durable when this returns. A serious one goes to central before everything else (P.10.7).

    Raises ``CannotDo`` with the first problem: nobody vaccinated, nothing ticked, a time that cannot be.
    """
    place.require(Power.REPORT_AEFI)
    visit = place.vault.roster.visit(appointment)
    if visit.dose_seq is None or visit.dose_at is None:
        raise CannotDo(Message.of("aefi.not_vaccinated"))
    if not form.signs:
        raise CannotDo(Message.of("aefi.no_sign"))
    if form.seriousness is None:
        raise CannotDo(Message.of("aefi.serious_or_not"))
    # a minute either way: the onset is typed to the minute
    if not visit.dose_at - timedelta(minutes=1) <= form.onset <= place.now() + timedelta(minutes=1):
        raise CannotDo(Message.of("aefi.onset", at=visit.dose_at))
    words = {"story": form.story, "history": form.history, "contact": form.contact}
    if any(len(text) > LONGEST_WORDS for text in words.values()):
        raise CannotDo(Message.of("aefi.words_long", most=LONGEST_WORDS))
    identity = place.vault.identity
    body = AefiReported(
        appointment=appointment,
        dose_seq=visit.dose_seq,
        onset=form.onset,
        signs=form.signs,
        seriousness=form.seriousness,
        outcome=form.outcome,
        key=key_id(identity.central.people),
        sealed=seal.seal_for_decades(
            _words(words), identity.central.people, seal.person_binding(appointment, identity.device)
        ),
    )
    if form.referred and visit.state is VisitState.OBSERVING:
        over = ObservationEnded(appointment=appointment, outcome=ObservationOutcome.REFERRED)
        return place.record(body, over, expect=visit)[0]
    return place.record(body, expect=visit)[0]


def onset_of(place: Workplace, visit: Visit, typed: str) -> datetime | None:
    """The time typed as ``1430`` or ``14:30``, on the day of the dose, or on one that stands before it, with the year
    or without: ``24 11 14:30``. None when it is none."""
    if visit.dose_at is None:
        return None
    given = visit.dose_at.astimezone(place.now().tzinfo)
    *before, last = typed.split() or [""]
    day = _day_of(" ".join(before), given.date())
    digits = ascii_digits("".join(c for c in (typed if day is None else last) if c not in " :.-"))
    if digits is None or len(digits) not in (3, 4):
        return None
    hour, minute = int(digits[:-2]), int(digits[-2:])
    if hour > 23 or minute > 59:
        return None
    return datetime.combine(day or given.date(), time(hour, minute), given.tzinfo)


def _day_of(typed: str, given: date) -> date | None:
    """A date; one without a year is the first such day from that of the dose on."""
    found = typed_date(typed)
    years = [] if found is not None else [typed_date(f"{typed} {year}") for year in (given.year, given.year + 1)]
    return found or next((day for day in years if day is not None and day >= given), None)


def _words(words: Mapping[str, str]) -> bytes:
    return json.dumps({name: clean_name(text) for name, text in words.items()}).encode()
