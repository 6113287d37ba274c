"""The vaccination certificate on paper: one A4 page about one dose, with its SMART Health Card as a QR (DESIGN 8.3).

The signature is in the QR and not in the page: whoever is shown one reads the code, and believes that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from vaccinator_app.reports import qr, typesetting
from vaccinator_app.reports.materials import Labels, Materials
from vaccinator_app.reports.person_words import dose_words, gender_words, photo_id_words
from vaccinator_app.reports.text import clean, printable

_TEMPLATE = "certificate.typ"
_ABROAD = "en"
"""Stands beside every other language, so that the page is read abroad too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One dose of one person, as it stands.

    ``certificate`` are its 32 hexadecimal digits; ``gender`` and ``photo_id`` are names on the wire
    (``domain.people``). ``issued_at`` has an offset and is printed in it. ``issuer`` is central's public address,
    ``card`` the health card as a compact JWS.
    """

    certificate: str
    name: str
    year_of_birth: int
    gender: str
    photo_id: str
    photo_id_last4: str
    vaccine_name: str
    dose: int
    doses: int
    given_on: date
    batch: str
    centre_name: str
    district: str
    issued_at: datetime
    issuer: str
    card: str

    def __repr__(self) -> str:
        """Never the person."""
        return f"Certificate({self.certificate})"


def certificate_pdf(certificate: Certificate, materials: Materials, language: str) -> bytes:
    """The page as a PDF, in Hindi with English beside it. The same certificate gives the same bytes.

    Raises ``ReportFailed``; ``ValueError`` where ``card`` is no compact JWS.
    """
    data = _data(certificate, materials, language)
    return typesetting.pdf(_TEMPLATE, data, materials, certificate.issued_at)


def certificate_picture(certificate: Certificate, materials: Materials, language: str, ppi: float = 96) -> bytes:
    """The same page as a PNG, ``ppi`` pixels to the inch. Raises as ``certificate_pdf``."""
    data = _data(certificate, materials, language)
    return typesetting.pictures(_TEMPLATE, data, materials, certificate.issued_at, ppi)[0]


def certificate_labels(materials: Materials, language: str) -> tuple[Labels, ...]:
    """The languages that stand on the page, the one chosen first."""
    return tuple(materials.labels(one) for one in dict.fromkeys((language, _ABROAD)))


def _data(certificate: Certificate, materials: Materials, language: str) -> dict[str, Any]:
    spoken = certificate_labels(materials, language)
    address = certificate.issuer.rstrip("/") + "/verify"
    number = re.findall(".{1,4}", clean(certificate.certificate))

    def said(key: str, **blanks: object) -> list[str]:
        return [labels(key, **blanks) for labels in spoken]

    return {
        "language": language,
        "document": spoken[0]("certificate.document", certificate=clean(certificate.certificate)),
        "title": said("certificate.title"),
        "fields": {name: _field(spoken, label, value) for name, (label, value) in _values(certificate).items()},
        "number": {"label": said("certificate.number"), "groups": number},
        "verify": {
            "label": said("certificate.verify"),
            "words": [
                said("certificate.verify.where", address=clean(address)),
                said("certificate.verify.card"),
            ],
        },
        "alt": spoken[0]("qr.card"),
        "qr": qr.svg(qr.health_card_uri(certificate.card), quiet=0),
    }


_Say = Callable[[Labels], str]


def _values(certificate: Certificate) -> dict[str, tuple[str, _Say]]:
    """By name in the template: the key of the label, and the value in whichever language."""
    one = certificate
    return {
        "name": ("person.name", lambda _: printable(one.name)),
        "year_of_birth": ("person.year_of_birth", lambda _: str(one.year_of_birth)),
        "gender": ("person.gender", lambda labels: gender_words(labels, one.gender)),
        "photo_id": ("person.photo_id", lambda labels: photo_id_words(labels, one.photo_id, one.photo_id_last4)),
        "vaccine": ("dose.vaccine", lambda _: printable(one.vaccine_name)),
        "dose": ("dose", lambda labels: dose_words(labels, one.dose, one.doses)),
        "given_on": ("certificate.given_on", lambda labels: labels.date(one.given_on)),
        "batch": ("certificate.batch", lambda _: printable(one.batch)),
        "centre": ("certificate.centre", lambda _: printable(one.centre_name)),
        "district": ("certificate.district", lambda _: printable(one.district)),
        "issued_at": ("certificate.issued_at", lambda labels: _moment(one.issued_at, labels)),
        "issuer": ("certificate.issuer", lambda _: clean(one.issuer)),
    }


def _field(spoken: tuple[Labels, ...], label: str, value: _Say) -> dict[str, list[str]]:
    """What stands at one place; a value that is the same in both languages stands once."""
    return {
        "label": [labels(label) for labels in spoken],
        "value": list(dict.fromkeys(value(labels) for labels in spoken)),
    }


def _moment(at: datetime, labels: Labels) -> str:
    return labels("certificate.issued_at.moment", day=labels.date(at), time=at.strftime("%H:%M"))
