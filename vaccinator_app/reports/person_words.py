"""What slip and certificate say alike of a person and a dose."""

from __future__ import annotations

from vaccinator_app.reports.materials import Labels
from vaccinator_app.reports.text import clean, printable


def gender_words(labels: Labels, gender: str) -> str:
    """``gender`` is a name of ``domain.people.Gender``."""
    return printable(labels.either("gender", gender))


def photo_id_kind(labels: Labels, photo_id: str) -> str:
    """``photo_id`` is a name of ``domain.people.PhotoId``."""
    return printable(labels.either("photo_id", photo_id))


def photo_id_words(labels: Labels, photo_id: str, last4: str) -> str:
    """Its kind and how it ends: no more of a number is known (DESIGN 5.5)."""
    return labels("person.ends", photo_id=photo_id_kind(labels, photo_id), last4=clean(last4))


def dose_words(labels: Labels, dose: int, doses: int) -> str:
    """Which of how many; a dose beyond the course is a number alone."""
    return labels("dose.number", dose=dose, doses=doses) if dose <= doses else str(dose)
