"""What the charts draw, before it is drawn."""

from dataclasses import replace

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from tests.reports.given import MATERIALS, empty_day, full_day
from vaccinator_app.domain.counts import Hour
from vaccinator_app.reports.charts import charts, scale
from vaccinator_app.reports.day import DayReport

ENGLISH = MATERIALS.labels("en")


def three_hours() -> DayReport:
    """Nobody at ten; two booked, three came, two got a dose."""
    report = full_day()
    tally = replace(report.tally, hours=(Hour(9, 2, 0), Hour(11, 1, 2)), total=replace(report.tally.total, booked=2))
    return replace(report, tally=tally, booked_by_hour={9: 1, 12: 1, 20: 0})


def test_an_hour_without_anybody_has_its_place() -> None:
    drawn = charts(three_hours(), ENGLISH)
    assert drawn["arrivals"]["names"] == ["09", "10", "11", "12"]
    assert drawn["arrivals"]["values"] == [2, 0, 1, 0]
    assert drawn["doses"]["values"] == [0, 0, 2, 0]
    assert drawn["arrivals"]["scale"] == drawn["doses"]["scale"]


def test_progress_adds_up_and_ends_where_the_day_ends() -> None:
    drawn = charts(three_hours(), ENGLISH)["progress"]
    assert drawn["names"] == ["09", "10", "11", "12", "13"]
    assert drawn["given"] == [0, 0, 0, 2, 2]
    assert drawn["booked"] == [0, 1, 1, 1, 2]
    assert drawn["ends"] == {"given": "2", "booked": "2"}
    level = charts(replace(three_hours(), booked_by_hour={}), ENGLISH)["progress"]
    assert level["booked"] == [2, 2, 2, 2]


def test_vaccines_stand_the_most_given_first() -> None:
    drawn = charts(full_day(), ENGLISH)["vaccines"]
    assert drawn["names"] == ["Covishield", "Covaxin", "Corbevax"]
    assert drawn["values"] == sorted(drawn["values"], reverse=True)


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ("arrivals", "from 09:00: 2; from 11:00: 1"),
        ("progress", "given 2, booked 2"),
        ("vaccines", "Covishield: 338; Covaxin: 166; Corbevax: 56"),
    ],
)
def test_each_says_in_words_what_it_shows(chart: str, words: str) -> None:
    assert charts(three_hours(), ENGLISH)[chart]["alt"] == words


def test_a_day_of_nothing_draws_nothing() -> None:
    drawn = charts(empty_day(), ENGLISH)
    assert all(not one["names"] for one in drawn.values())
    assert drawn["arrivals"]["alt"] == drawn["vaccines"]["alt"] == "Nothing to show"


@pytest.mark.parametrize(("most", "marks"), [(0, [0, 1]), (1, [0, 1]), (7, [0, 2, 4, 6, 8]), (123, [0, 50, 100, 150])])
def test_a_scale_a_person_can_read(most: int, marks: list[int]) -> None:
    assert scale(most) == marks


@given_by(st.integers(0, 10**7))
def test_every_scale_holds_its_most_in_five_marks_at_most(most: int) -> None:
    marks = scale(most)
    assert marks[0] == 0
    assert marks[-1] >= max(1, most)
    assert 2 <= len(marks) <= 5
    assert marks[-1] < 2.6 * max(1, most) or most < 4
