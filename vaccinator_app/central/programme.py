"""The programme's vaccines and a centre's own facts, as the database has them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import centres, vaccine_rules, vaccines
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Intervals and age for whoever books ``vaccine`` from ``from_day`` on, in place of the vaccine's own."""

    vaccine: str
    from_day: date
    min_interval_days: tuple[int, ...]
    min_age_years: int

    def interval_before(self, dose: int) -> int | None:
        """Days that must lie between dose ``dose - 1`` and dose ``dose``; None when there is nothing before it."""
        return self.min_interval_days[dose - 2] if 2 <= dose <= len(self.min_interval_days) + 1 else None


def find_rules(connection: Connection) -> list[Rule]:
    """Every rule that was ever set, by vaccine and day."""
    rows = connection.execute(select(vaccine_rules).order_by(vaccine_rules.c.vaccine, vaccine_rules.c.from_day))
    return [
        Rule(
            vaccine=row.vaccine,
            from_day=row.from_day,
            min_interval_days=tuple(json.loads(row.min_interval_days)),
            min_age_years=row.min_age_years,
        )
        for row in rows
    ]


def in_force(rules: Iterable[Rule], vaccine: str, day: date) -> Rule | None:
    """The newest of ``rules`` that began by ``day``; None while the vaccine's own intervals and age are in force."""
    begun = [rule for rule in rules if rule.vaccine == vaccine and rule.from_day <= day]
    return max(begun, key=lambda rule: rule.from_day, default=None)


def rule_on(connection: Connection, vaccine: str, day: date) -> Rule | None:
    """The rule for ``vaccine`` that is in force for those who book on ``day``; None when it is the vaccine's own."""
    return in_force(find_rules(connection), vaccine, day)


def formulary_on(connection: Connection, day: date) -> Formulary:
    """The vaccines by id, with the intervals and ages that are in force for those who book on ``day``."""
    rules = find_rules(connection)
    found = dict(find_formulary(connection))
    for name, vaccine in found.items():
        rule = in_force(rules, name, day)
        if rule is not None:
            found[name] = replace(vaccine, min_interval_days=rule.min_interval_days, min_age_years=rule.min_age_years)
    return found


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
