"""The appointment slip: what a person brings to the centre, one A5 page (DESIGN 8.2).

It carries the security code and the secret in its QR, so whoever holds it can be vaccinated in this person's place:
it is made when its owner asks for it, and kept nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from vaccinator_app.reports import qr, typesetting
from vaccinator_app.reports.materials import Labels, Materials
from vaccinator_app.reports.person_words import dose_words, gender_words, photo_id_words
from vaccinator_app.reports.text import clean, printable

_TEMPLATE = "slip.typ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One appointment, for its own person.

    ``gender`` and ``photo_id`` are names on the wire (``domain.people``). ``time`` is as people read it at the centre.
    ``reference`` are the appointment's 12 digits, ``code`` the four of the security code, ``qr`` the digits of the
    slip (``trust.slip.encode``).
    """

    name: str
    year_of_birth: int
    gender: str
    photo_id: str
    photo_id_last4: str
    centre_name: str
    district: str
    day: date
    time: str
    token: int
    vaccine: str
    dose: int
    doses: int
    reference: str
    code: str
    qr: str

    def __repr__(self) -> str:
        """Never the person, the code or the secret."""
        return f"Slip({self.reference})"


def slip_pdf(slip: Slip, materials: Materials, language: str) -> bytes:
    """The slip as a PDF. The same slip gives the same bytes. Raises ``ReportFailed``."""
    return typesetting.pdf(_TEMPLATE, _data(slip, materials.labels(language), language), materials, _made_at(slip))


def slip_picture(slip: Slip, materials: Materials, language: str, ppi: float = 96) -> bytes:
    """The same page as a PNG, ``ppi`` pixels to the inch. Raises ``ReportFailed``."""
    data = _data(slip, materials.labels(language), language)
    return typesetting.pictures(_TEMPLATE, data, materials, _made_at(slip), ppi)[0]


def _made_at(slip: Slip) -> datetime:
    """The day it is for: a slip that is fetched twice is the same file."""
    return datetime.combine(slip.day, time(), UTC)


def _data(slip: Slip, labels: Labels, language: str) -> dict[str, Any]:
    reference = " ".join(re.findall(".{1,4}", clean(slip.reference)))
    ends = photo_id_words(labels, slip.photo_id, slip.photo_id_last4)
    return {
        "language": language,
        "words": labels.everything(),
        "document": labels("slip.document", reference=reference),
        "reference": reference,
        "day": labels("slip.day", weekday=labels(f"weekday.{slip.day.weekday()}"), date=labels.date(slip.day)),
        "time": printable(slip.time),
        "centre": printable(slip.centre_name),
        "district": printable(slip.district),
        "token": str(slip.token),
        "code": clean(slip.code),
        "name": printable(slip.name),
        "person": [
            [labels("person.year_of_birth"), str(slip.year_of_birth)],
            [labels("person.gender"), gender_words(labels, slip.gender)],
            [labels("person.photo_id"), ends],
        ],
        "dose": [
            [labels("dose.vaccine"), printable(slip.vaccine)],
            [labels("dose"), dose_words(labels, slip.dose, slip.doses)],
        ],
        "bring": [labels("slip.bring.id", photo_id=ends), labels("slip.bring.slip"), labels("slip.bring.stay")],
        "qr": qr.svg(slip.qr, quiet=0),
    }
