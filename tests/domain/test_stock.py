"""What may be drawn from, said before the needle."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.given import MORNING, TODAY, TWO_DOSES
from vaccinator_app.domain.stock import Batch, Vial, good_batches, vial_is_usable

VIAL = Vial(vaccine="two", batch="A1", vial=1, left=1, opened_at=MORNING)


def batch(name: str, expiry: date, vaccine: str = "two") -> Batch:
    return Batch(vaccine=vaccine, batch=name, expiry=expiry, doses_per_vial=10)


@pytest.mark.parametrize(
    ("left", "minutes", "usable"), [(1, 0, True), (10, 239, True), (1, 240, False), (0, 0, False), (-1, 0, False)]
)
def test_a_vial_is_usable_for_its_hours_and_its_doses(left: int, minutes: int, usable: bool) -> None:
    vial = replace(VIAL, left=left)
    assert vial_is_usable(vial, TWO_DOSES, MORNING + timedelta(minutes=minutes)) is usable


def test_a_batch_is_good_through_its_last_day() -> None:
    batches = [batch("A1", TODAY), batch("A2", TODAY - timedelta(days=1)), batch("A3", TODAY + timedelta(days=1))]
    assert [b.batch for b in good_batches(batches, "two", TODAY)] == ["A1", "A3"]


def test_the_first_to_expire_goes_first() -> None:
    late, early = TODAY + timedelta(days=9), TODAY + timedelta(days=3)
    batches = [batch("B", late), batch("Z", early), batch("A", early), batch("A", early, "three")]
    assert [b.batch for b in good_batches(batches, "two", TODAY)] == ["A", "Z", "B"]


@given(
    st.lists(
        st.builds(
            batch, st.sampled_from("ABC"), st.dates(date(2026, 11, 1), date(2026, 12, 1)), st.sampled_from(["two", "x"])
        )
    )
)
def test_only_good_batches_of_the_vaccine_in_order(batches: list[Batch]) -> None:
    good = good_batches(batches, "two", TODAY)
    assert all(b.vaccine == "two" and b.expiry >= TODAY for b in good)
    assert [b.expiry for b in good] == sorted(b.expiry for b in good)
    assert len(good) == sum(b.vaccine == "two" and b.expiry >= TODAY for b in batches)
