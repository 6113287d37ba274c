"""Somebody without a booking: their details go sealed to central, only what the desk needs stays (DESIGN 4.6, 5.5)."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.events import WalkInRegistered
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.domain.powers import Power
from vaccinator_app.protocol.people import WalkInDetails, write_details
from vaccinator_app.trust import seal
from vaccinator_app.trust.keys import key_id

LONGEST_NAME = 100
OLDEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkInForm:
    """The fields as typed. ``mobile`` may stay empty: not everybody has one."""

    name: str = ""
    year_of_birth: str = ""
    gender: Gender = Gender.WOMAN
    photo_id: PhotoId = PhotoId.AADHAAR
    photo_id_last4: str = ""
    mobile: str = ""
    vaccine: str = ""
    dose: int = 1


def problems(form: WalkInForm, place: Workplace) -> Mapping[str, Message]:
    """What is wrong, by field, each with one sentence; empty when the form may be registered."""
    found: dict[str, Message] = {}
    name = clean_name(form.name)
    if not name:
        found["name"] = Message.of("walk_in.name_missing")
    elif len(name) > LONGEST_NAME:
        found["name"] = Message.of("walk_in.name_long", most=LONGEST_NAME)
    year = _year(form.year_of_birth)
    today = place.today()
    if year is None:
        found["year_of_birth"] = Message.of("walk_in.year_shape")
    elif not today.year - OLDEST <= year <= today.year:
        found["year_of_birth"] = Message.of("walk_in.year_range", first=today.year - OLDEST, last=today.year)
    if last_four(form.photo_id_last4) is None:
        found["photo_id_last4"] = Message.of("walk_in.last4_shape")
    if form.mobile.strip() and clean_mobile(form.mobile) is None:
        found["mobile"] = Message.of("walk_in.mobile_shape")
    vaccine = place.formulary.get(form.vaccine)
    if vaccine is None:
        found["vaccine"] = Message.of("walk_in.vaccine_missing")
    elif not 1 <= form.dose <= vaccine.doses:
        found["dose"] = Message.of("eligible.no_such_dose", vaccine=vaccine.name, doses=vaccine.doses, dose=form.dose)
    return found


def register(form: WalkInForm, place: Workplace) -> str:
    """Record the walk-in and put the person into today's queue; returns the appointment's id.

    Raises ``CannotDo`` with the first problem. The whole mobile number goes into the seal and nowhere else.
    """
    place.require(Power.REGISTER_WALK_IN)
    for problem in problems(form, place).values():
        raise CannotDo(problem)
    person = _beneficiary(form)
    now, today, identity = place.now(), place.today(), place.vault.identity
    appointment = f"W{secrets.token_hex(8)}"
    token = place.vault.roster.next_token(today)
    details = WalkInDetails(
        name=person.name,
        year_of_birth=person.year_of_birth,
        gender=person.gender,
        photo_id=person.photo_id,
        photo_id_last4=person.photo_id_last4,
        mobile=clean_mobile(form.mobile) or "",
    )
    sealed = seal.seal_for_decades(
        write_details(details), identity.central.people, seal.person_binding(appointment, identity.device)
    )
    event = WalkInRegistered(
        appointment=appointment,
        token=token,
        vaccine=form.vaccine,
        dose=form.dose,
        session_date=today,
        photo_id=person.photo_id,
        photo_id_last4=person.photo_id_last4,
        key=key_id(identity.central.people),
        sealed=sealed,
    )
    row = Appointment(
        appointment=appointment,
        token=token,
        beneficiary=person,
        session_date=today,
        slot=now,
        vaccine=form.vaccine,
        dose=form.dose,
        booking=Booking.WALK_IN,
    )
    place.record(event, person=row)
    return appointment


def clean_name(text: str) -> str:
    """Without control and direction-override characters, spaces made single, composed (NFC)."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or _may_stand(c))
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def clean_mobile(text: str) -> str | None:
    """Ten digits of an Indian mobile, ``+91``, a leading 0 and spaces allowed; None for anything else."""
    digits = ascii_digits("".join(c for c in text if c not in " -+"))
    if digits is None:
        return None
    digits = digits.removeprefix("91") if len(digits) == 12 else digits.removeprefix("0")
    return digits if len(digits) == 10 and digits[0] in "6789" else None


def last_four(text: str) -> str | None:
    """The last four characters of a photo ID, digits of any script or Latin letters; None for anything else."""
    found = "".join(ascii_digits(c) or c.upper() for c in text.strip())
    return found if len(found) == 4 and found.isascii() and found.isalnum() else None


_JOINERS = "\u200c\u200d"


def _may_stand(character: str) -> bool:
    """Control, format and unassigned characters may not; the two joiners that Indic scripts need may."""
    return character in _JOINERS or not unicodedata.category(character).startswith("C")


def _beneficiary(form: WalkInForm) -> Beneficiary:
    mobile = clean_mobile(form.mobile) or ""
    return Beneficiary(
        name=clean_name(form.name),
        year_of_birth=_year(form.year_of_birth) or 0,
        gender=form.gender,
        photo_id=form.photo_id,
        photo_id_last4=last_four(form.photo_id_last4) or "",
        mobile_last4=mobile[-4:],
    )


def _year(text: str) -> int | None:
    digits = ascii_digits(text.strip())
    return int(digits) if digits is not None and len(digits) == 4 else None
