"""Nothing is lost, doubled or wrongly claimed in a week of one centre, and nothing grows that should not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.soak.figures import growth
from tests.soak.plan import Size, just_past
from tests.soak.week import Outcome, Week
from tests.support import postgres
from tests.support.demand import demanded
from tests.support.scale import NIGHTLY, count

pytestmark = pytest.mark.slow

SHORT = Size(days=2, desks=2, doses=12, kills=1, seed=3, every=2)


def played(folder: Path, size: Size) -> Outcome:
    week = Week(folder, size, just_past(size))
    try:
        return week.run()
    finally:
        week.close()


def check(outcome: Outcome) -> None:
    """What the desks called saved is at central once, closed, agreed upon, and adds up."""
    given = outcome.expected_given
    for stands in outcome.standing:
        wanted = given[(date.fromisoformat(stands["day"]) - outcome.first_day).days]
        assert (stands["given"], stands["closed"], stands["agreed"], stands["late"]) == (wanted, True, True, 0), stands
    assert outcome.doses_standing == sum(given) - outcome.guessed
    assert outcome.certificates == outcome.certificates_expected
    assert outcome.counts["doses of the soak"] == sum(given)


def counted(outcome: Outcome) -> None:
    for kind in ("doses", "kills", "runs cut off"):
        count(f"{kind} of the soak", outcome.counts[f"{kind} of the soak"])


def test_two_days_of_two_desks(tmp_path: Path) -> None:
    outcome = played(tmp_path, SHORT)
    counted(outcome)
    check(outcome)
    assert outcome.counts["kills of the soak"] >= SHORT.days
    assert 0 < outcome.counts["quarters with a network"] < outcome.counts["quarters of an hour"]


@pytest.mark.skipif(not NIGHTLY, reason="a week takes an hour and more")
@pytest.mark.parametrize("database", ["sqlite", *sorted({"postgresql"} & demanded())])
def test_a_week_of_five_desks(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> None:
    url = None
    if database == "postgresql":
        url = postgres.fresh(request.getfixturevalue("postgres_server"))
    outcome = played(tmp_path, Size(url=url))
    counted(outcome)
    check(outcome)
    assert [one for one in growth(outcome) if not one.holds] == []
