"""Intervals and ages that come into force on a day (DESIGN 8.2): for whoever books from then on.

Who booked before keeps the rule of their booking day: it stands in their appointment (``booking``).
"""

from __future__ import annotations

import json

from sqlalchemy import delete, insert

from vaccinator_app.central import log
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.programme import Rule, find_formulary, find_rules
from vaccinator_app.central.schema import vaccine_rules

_LONGEST_INTERVAL = 3650
_OLDEST = 120


def set_rule(home: Home, rule: Rule) -> None:
    """Put ``rule`` in force from its day on, in place of one that was set for the same day. Raises ``CentralError``."""
    with home.database.write() as connection:
        programme = find_formulary(connection)
        vaccine = programme.get(rule.vaccine)
        if vaccine is None:
            raise CentralError(f"The vaccine is one of: {', '.join(programme)}.")
        wanted = vaccine.doses - 1
        days = rule.min_interval_days
        if len(days) != wanted or not all(1 <= one <= _LONGEST_INTERVAL for one in days):
            raise CentralError(f"{vaccine.name} needs {wanted} intervals, each of 1 to {_LONGEST_INTERVAL} days.")
        if not 0 <= rule.min_age_years <= _OLDEST:
            raise CentralError(f"An age is between 0 and {_OLDEST} years.")
        same = (vaccine_rules.c.vaccine == rule.vaccine, vaccine_rules.c.from_day == rule.from_day)
        connection.execute(delete(vaccine_rules).where(*same))
        connection.execute(
            insert(vaccine_rules).values(
                vaccine=rule.vaccine,
                from_day=rule.from_day,
                min_interval_days=json.dumps(days),
                min_age_years=rule.min_age_years,
            )
        )
    log.event("rule_set")


def list_rules(home: Home) -> list[Rule]:
    """Every rule that was set, by vaccine and day."""
    with home.database.read() as connection:
        return find_rules(connection)
