"""The programme's vaccines and a centre's own facts, as the database has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keys import Cupboard
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import centres, vaccines
from vaccinator_app.domain.vaccines import Formulary, Vaccine


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A vaccination centre. ``centre`` is six digits."""

    centre: str
    name: str
    district: str
    zone: ZoneInfo
    roster_key: bytes
    feed: int
    horizon: date | None

    def day(self, moment: datetime) -> date:
        """The date at this centre."""
        return moment.astimezone(self.zone).date()


def find_centre(connection: Connection, cupboard: Cupboard, centre: str) -> Centre:
    """The centre; ``Refused`` (404) when there is none."""
    statement = select(centres).where(centres.c.centre == centre)
    row = connection.execute(statement).one_or_none() if may_be_id(centre) else None
    if row is None:
        raise Refused("centre_unknown", 404, "There is no vaccination centre with this number. Choose one of the list.")
    return Centre(
        centre=row.centre,
        name=row.name,
        district=row.district,
        zone=ZoneInfo(row.time_zone),
        roster_key=cupboard.unlock(row.roster_key, "roster_key", row.centre),
        feed=row.feed,
        horizon=row.horizon,
    )


def find_formulary(connection: Connection) -> Formulary:
    """The vaccines by id."""
    return {
        row.vaccine: Vaccine(
            id=row.vaccine,
            name=row.name,
            doses=row.doses,
            min_interval_days=tuple(json.loads(row.min_interval_days)),
            min_age_years=row.min_age_years,
            doses_per_vial=row.doses_per_vial,
            open_vial_hours=row.open_vial_hours,
        )
        for row in connection.execute(select(vaccines))
    }


def write_formulary(connection: Connection, formulary: Formulary) -> None:
    """Make the vaccines of ``formulary`` those of the programme."""
    connection.execute(delete(vaccines))
    for vaccine in formulary.values():
        connection.execute(
            insert(vaccines).values(
                vaccine=vaccine.id,
                name=vaccine.name,
                doses=vaccine.doses,
                min_interval_days=json.dumps(vaccine.min_interval_days),
                min_age_years=vaccine.min_age_years,
                doses_per_vial=vaccine.doses_per_vial,
                open_vial_hours=vaccine.open_vial_hours,
            )
        )
