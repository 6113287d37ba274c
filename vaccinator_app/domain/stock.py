"""Batches and open vials: what may be drawn from, said before the needle (DESIGN 9.2, SCREENS moments)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vaccinator_app.domain.vaccines import Vaccine


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch that central allotted to this centre. Good through the whole of ``expiry``."""

    vaccine: str
    batch: str
    expiry: date
    doses_per_vial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vial:
    """The newest vial of a batch on this desk. ``left`` is doses still in it."""

    vaccine: str
    batch: str
    vial: int
    left: int
    opened_at: datetime


def vial_is_usable(vial: Vial, vaccine: Vaccine, now: datetime) -> bool:
    """A dose is left and the open-vial time is not over."""
    return vial.left > 0 and now < vial.opened_at + timedelta(hours=vaccine.open_vial_hours)


def good_batches(batches: Iterable[Batch], vaccine: str, today: date) -> list[Batch]:
    """Batches of ``vaccine`` that have not expired, first to expire first."""
    good = (b for b in batches if b.vaccine == vaccine and b.expiry >= today)
    return sorted(good, key=lambda b: (b.expiry, b.batch))
