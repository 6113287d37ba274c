"""The programme's vaccines load, and a row that does not hold together is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.domain.given import THREE_DOSES
from vaccinator_app.domain.vaccines import formulary

TABLE = json.loads((Path(__file__).parents[2] / "resources" / "vaccines.json").read_text("utf-8"))

ROW: dict[str, object] = {
    "id": "one",
    "name": "One",
    "doses": 2,
    "min_interval_days": [28],
    "min_age_years": 18,
    "doses_per_vial": 10,
    "open_vial_hours": 4,
}


def test_the_vaccines_that_come_along_load() -> None:
    vaccines = formulary(TABLE)
    assert list(vaccines) == [row["id"] for row in TABLE]
    assert {"covishield", "covaxin", "corbevax"} <= set(vaccines)
    for vaccine in vaccines.values():
        assert vaccine.name
        assert len(vaccine.min_interval_days) == vaccine.doses - 1
        assert all(days > 0 for days in vaccine.min_interval_days)
        assert vaccine.doses_per_vial > 0
        assert vaccine.open_vial_hours > 0
    assert vaccines["covishield"].min_interval_before(2) == 84


def test_an_interval_stands_before_each_dose_but_the_first() -> None:
    assert [THREE_DOSES.min_interval_before(dose) for dose in (1, 2, 3)] == [None, 28, 180]


def test_one_dose_needs_no_interval() -> None:
    vaccines = formulary([{**ROW, "doses": 1, "min_interval_days": []}])
    assert vaccines["one"].min_interval_before(1) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"min_interval_days": []},
        {"min_interval_days": [28, 28]},
        {"min_interval_days": 28},
        {"min_interval_days": None},
        {"min_interval_days": [-1]},
        {"min_interval_days": ["28"]},
        {"doses": 0, "min_interval_days": []},
        {"doses": "2"},
        {"doses_per_vial": 0},
        {"open_vial_hours": 1.5},
        {"min_age_years": None},
        {"colour": "blue"},
    ],
)
def test_a_row_that_does_not_hold_together_is_named(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="vaccine one: "):
        formulary([{**ROW, **fields}])


@pytest.mark.parametrize("missing", [name for name in ROW if name != "id"])
def test_a_row_with_a_field_missing_is_named(missing: str) -> None:
    with pytest.raises(ValueError, match="vaccine one: "):
        formulary([{name: value for name, value in ROW.items() if name != missing}])


def test_a_row_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="vaccine None: "):
        formulary([{name: value for name, value in ROW.items() if name != "id"}])


def test_two_rows_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="vaccine one: stands twice"):
        formulary([ROW, ROW])
