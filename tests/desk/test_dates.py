"""Dates typed off a certificate."""

from datetime import date

import pytest

from vaccinator_app.desk.dates import typed_date


@pytest.mark.parametrize(
    "text",
    [
        "21 08 2026",
        "21.8.26",
        "21/08/2026",
        "21-8-2026",
        " 21 . 08 . 2026 ",
        "21082026",
        "२१ ०८ २०२६",
        "２１０８２０２６",
    ],
)
def test_day_month_year_in_any_digits(text: str) -> None:
    assert typed_date(text) == date(2026, 8, 21)


@pytest.mark.parametrize(
    "text",
    ["", "21", "21 08", "31 02 2026", "08 21 2026", "2026-08-21", "21 Aug 2026", "210826", "21 08 026", "21 08 2026 1"],
)
def test_anything_else_is_none(text: str) -> None:
    assert typed_date(text) is None
