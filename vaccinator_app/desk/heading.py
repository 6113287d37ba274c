"""What stands at the top of the window: where, when, with what, and who is signed in (SCREENS)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from vaccinator_app.desk.workplace import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """``vaccines`` are the names of those that this desk has a good batch of today. ``zone`` is the centre's."""

    centre: str
    desk: str
    day: date
    zone: tzinfo | None
    vaccines: tuple[str, ...]
    staff: str


def heading(place: Workplace) -> Heading:
    """The heading as of now."""
    today = place.today()
    here = {batch.vaccine for batch in place.vault.roster.batches() if batch.expiry >= today and not batch.withdrawn}
    identity = place.vault.identity
    return Heading(
        centre=identity.centre_name,
        desk=identity.device_name,
        day=today,
        zone=place.now().tzinfo,
        vaccines=tuple(vaccine.name for vaccine in place.formulary.values() if vaccine.id in here),
        staff=place.staff.name,
    )
