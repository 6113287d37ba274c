"""The FHIR bundle, read by models of the standard that were not written here."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import BaseModel, ValidationError

from tests.reports.given import MATERIALS, ROOT, STAFF, at, empty_day, fixed_day, full_day
from vaccinator_app.domain.events import DeferReason, Site, VoidReason
from vaccinator_app.reports import fhir
from vaccinator_app.reports.day import DayReport, DoseLine, LineStatus
from vaccinator_app.reports.fhir import Json, bundle, render

GOLDEN = Path(__file__).parent / "golden"


def wrong_codes(model: BaseModel) -> Iterator[str]:
    """Codes that the standard's own list for the field does not have: the models know the lists and do not look."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra
        allowed = extra.get("enum_values") if isinstance(extra, dict) else None
        if value is not None and isinstance(allowed, list) and value not in allowed:
            yield f"{name}={value}"
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, BaseModel):
                yield from wrong_codes(inner)


def validated(made: Json) -> Bundle:
    """Raises ``ValidationError`` or ``AssertionError`` for what is no FHIR."""
    found = Bundle.model_validate(deepcopy(made))
    assert list(wrong_codes(found)) == []
    return found


def resources(made: Json, kind: str) -> list[Any]:
    return [one["resource"] for one in made["entry"] if one["resource"]["resourceType"] == kind]


def only(made: Json) -> Any:
    (found,) = resources(made, "Immunization")
    return found


def of(report: DayReport, status: LineStatus) -> Any:
    line = next(line for line in report.doses if line.status is status)
    return only(bundle(replace(report, doses=(line,)), MATERIALS))


@pytest.mark.parametrize("language", ["en", "hi"])
def test_the_file_is_what_it_was(language: str) -> None:
    """Golden files: the same record keeps its address and its form."""
    report = replace(fixed_day(), language=language)
    assert render(report, MATERIALS) == (GOLDEN / f"day.{language}.fhir.json").read_bytes()


@pytest.mark.parametrize("report", [full_day(), full_day("hi"), fixed_day(), empty_day()], ids=lambda r: r.language)
def test_it_validates(report: DayReport) -> None:
    made = json.loads(render(report, MATERIALS))
    assert validated(made).type == "collection"
    assert len(resources(made, "Immunization")) == len(report.doses)


def test_the_validator_is_awake() -> None:
    def spoil(change: Callable[[Any], object]) -> Json:
        made = bundle(replace(fixed_day(), doses=fixed_day().doses[:1]), MATERIALS)
        validated(made)
        change(only(made))
        return made

    spoilers: list[Callable[[Any], object]] = [
        lambda r: r.update(expirationDate="31.3.2027"),
        lambda r: r.update(occurrenceDateTime="2026-11-21T09:41:00"),
        lambda r: r.update(lot="4121Z025"),
        lambda r: r.update(lotNumber=""),
        lambda r: r.pop("vaccineCode"),
        lambda r: r.pop("patient"),
        lambda r: r.pop("occurrenceDateTime"),
        lambda r: r.update(protocolApplied=[{"doseNumberPositiveInt": 0}]),
        lambda r: r.update(performer=[{}]),
        lambda r: r.update(site="left arm"),
    ]
    for change in spoilers:
        with pytest.raises(ValidationError):
            validated(spoil(change))
    with pytest.raises(AssertionError, match="status=done"):
        validated(spoil(lambda r: r.update(status="done")))


def test_a_dose_that_stands() -> None:
    found = of(fixed_day(), LineStatus.STANDING)
    assert found["status"] == "completed"
    assert found["identifier"] == [{"system": fhir.RECORD, "value": "d90be77c1f3d2:9"}]
    assert found["lotNumber"] == "=1+1"
    assert found["expirationDate"] == "2026-12-04"
    assert found["site"]["coding"][0]["code"] == "61396006"
    assert found["route"]["coding"][0]["code"] == "78421000"
    assert found["occurrenceDateTime"] == found["recorded"] == "2026-11-21T12:15:00+05:30"
    assert found["protocolApplied"] == [{"doseNumberPositiveInt": 1}]
    assert found["performer"][0]["function"]["coding"][0]["code"] == "AP"
    assert found["primarySource"] is True
    assert "statusReason" not in found
    assert "note" not in found


def test_a_voided_one_is_entered_in_error_and_says_why() -> None:
    found = of(fixed_day(), LineStatus.VOIDED)
    assert found["status"] == "entered-in-error"
    assert found["note"] == [{"text": "It was another batch"}]
    assert found["lotNumber"] == "4121Z025"


def test_a_deferral_is_not_done_with_its_reason() -> None:
    found = of(fixed_day(), LineStatus.DEFERRED)
    assert found["status"] == "not-done"
    assert found["statusReason"]["text"] == "Fever or unwell"
    assert found["statusReason"]["coding"][0]["code"] == "MEDPREC"
    assert not {"lotNumber", "expirationDate", "site", "route"} & found.keys()
    assert "function" not in found["performer"][0]


def test_a_dose_that_corrects_another_happened_when_it_went_in() -> None:
    (line,) = (line for line in fixed_day().doses if line.corrects)
    found = only(bundle(replace(fixed_day(), doses=(line,)), MATERIALS))
    assert found["occurrenceDateTime"] == "2026-11-21T10:02:30+05:30"
    assert found["recorded"] == "2026-11-21T10:09:00+05:30"


def made_of(**changes: Any) -> Any:
    line = replace(fixed_day().doses[1], **changes)
    made = bundle(replace(fixed_day(), doses=(line,)), MATERIALS)
    validated(made)
    return only(made)


@pytest.mark.parametrize("reason", DeferReason)
@pytest.mark.parametrize("language", ["en", "hi"])
def test_every_reason_of_a_deferral(reason: DeferReason, language: str) -> None:
    line = DoseLine(
        device="d1", seq=1, at=at(10), status=LineStatus.DEFERRED, appointment="202611210001", vaccine="", dose=0,
        staff="s1", reason=reason.value,
    )  # fmt: skip
    made = bundle(replace(fixed_day(), doses=(line,), language=language), MATERIALS)
    validated(made)
    assert only(made)["statusReason"]["text"] != reason.value
    assert only(made)["vaccineCode"]["coding"][0]["code"] == "unknown"


@pytest.mark.parametrize("reason", VoidReason)
def test_every_reason_of_a_void(reason: VoidReason) -> None:
    found = made_of(status=LineStatus.VOIDED, reason=reason.value)
    assert found["note"][0]["text"] != reason.value


def test_every_site_has_its_code() -> None:
    assert len({made_of(site=site)["site"]["coding"][0]["code"] for site in Site}) == len(Site)


@pytest.mark.parametrize(
    ("vaccine", "codes"), [("covishield", ["210"]), ("covaxin", ["502"]), ("corbevax", None), ("new", None)]
)
def test_a_vaccine_without_a_published_code_travels_by_its_name(vaccine: str, codes: list[str] | None) -> None:
    found = made_of(vaccine=vaccine)["vaccineCode"]
    assert ([one["code"] for one in found["coding"]] if "coding" in found else None) == codes
    assert found["text"].lower() == vaccine


def test_every_reference_leads_to_an_entry() -> None:
    made = bundle(full_day(), MATERIALS)
    addresses = [one["fullUrl"] for one in made["entry"]]
    assert len(addresses) == len(set(addresses))
    named = re.findall(r'"reference": "([^"]+)"', json.dumps(made))
    assert named
    assert set(named) <= set(addresses)
    assert all(one["fullUrl"] == "urn:uuid:" + one["resource"]["id"] for one in made["entry"])


def test_a_record_keeps_its_address_whatever_the_day_around_it() -> None:
    whole, alone = fixed_day(), replace(fixed_day(), doses=fixed_day().doses[1:2], language="hi", names={})
    address = only(bundle(alone, MATERIALS))["id"]
    assert address in {found["id"] for found in resources(bundle(whole, MATERIALS), "Immunization")}


def test_a_person_is_a_reference_and_nothing_else() -> None:
    patients = resources(bundle(full_day(), MATERIALS), "Patient")
    assert len(patients) == 600
    assert {key for patient in patients for key in patient} == {"resourceType", "id", "identifier"}


def test_staff_have_names_and_without_one_their_id() -> None:
    staff = resources(bundle(fixed_day(), MATERIALS), "Practitioner")
    assert {one["identifier"][0]["value"]: one["name"][0]["text"] for one in staff} == {
        key: STAFF[key] for key in ("s1", "s2", "s4")
    }
    nameless = bundle(replace(fixed_day(), names={"s1": " "}, centre_name="", vaccines={"covaxin": ""}), MATERIALS)
    validated(nameless)
    assert all("name" not in one for one in resources(nameless, "Practitioner"))


def test_the_order_and_the_offset_in_which_records_came_make_no_difference() -> None:
    report = full_day()
    moved = tuple(replace(line, at=line.at.astimezone(UTC)) for line in report.doses[::-1])
    assert render(replace(report, doses=moved), MATERIALS) == render(report, MATERIALS)


def test_ten_thousand() -> None:
    assert len(resources(bundle(full_day(people=10_000), MATERIALS), "Immunization")) == 10_000


def test_the_systems_are_documented() -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    for system in (fhir.RECORD, fhir.APPOINTMENT, fhir.STAFF, fhir.CENTRE):
        assert system in page
