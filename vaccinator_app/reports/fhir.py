"""The day as a FHIR R4 Bundle (HL7 FHIR 4.0.1, http://hl7.org/fhir/R4): an Immunization for each dose or deferral.

Given is ``completed``, voided is ``entered-in-error``, deferred is ``not-done`` with its reason. A person is their
appointment's reference and nothing else. The same record has the same address (``urn:uuid``) in every bundle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from vaccinator_app.domain.events import DeferReason, Site
from vaccinator_app.reports.day import DayReport, DoseLine, LineStatus
from vaccinator_app.reports.materials import Labels, Materials
from vaccinator_app.reports.text import clean

Json = dict[str, Any]

NAMESPACE = UUID("5a1c1f9e-6f0b-4d55-9f43-3d1c7b0f2a64")
"""Of every address made here (RFC 9562 version 5). It never changes."""

RECORD, APPOINTMENT, STAFF, CENTRE, VACCINE = (
    f"urn:uuid:{uuid5(NAMESPACE, name)}" for name in ("record", "appointment", "staff", "centre", "vaccine")
)
"""Identifier systems: ``device:seq`` of a record, an appointment, a staff member, a centre, our id of a vaccine that
has no published code. In docs/reports.md."""

_SNOMED = "http://snomed.info/sct"
_SITES = {
    Site.LEFT_ARM: ("368208006", "Left upper arm structure"),
    Site.RIGHT_ARM: ("368209003", "Right upper arm structure"),
    Site.LEFT_THIGH: ("61396006", "Structure of left thigh"),
    Site.RIGHT_THIGH: ("11207009", "Structure of right thigh"),
}
_ROUTE = {"coding": [{"system": _SNOMED, "code": "78421000", "display": "Intramuscular route"}]}
# the reasons that HL7's ActReason has a word for; the others travel as text
_NOT_DONE: dict[str, tuple[str, str]] = {
    DeferReason.UNWELL: ("MEDPREC", "medical precaution"),
    DeferReason.CONTRAINDICATION: ("MEDPREC", "medical precaution"),
    DeferReason.REFUSED: ("PATOBJ", "patient objection"),
    DeferReason.NO_STOCK: ("OSTOCK", "product out of stock"),
}
_ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_FUNCTION = "http://terminology.hl7.org/CodeSystem/v2-0443"
_UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
_STATUS = {
    LineStatus.STANDING: "completed",
    LineStatus.VOIDED: "entered-in-error",
    LineStatus.DEFERRED: "not-done",
}


def render(report: DayReport, materials: Materials) -> bytes:
    """The bundle as JSON (``application/fhir+json``), people, staff and centre first, then records in order of time.

    Raises ``ReportFailed``.
    """
    return json.dumps(bundle(report, materials), ensure_ascii=False, separators=(",", ":")).encode()


def bundle(report: DayReport, materials: Materials) -> Json:
    """The bundle as plain values."""
    maker = _Maker(report, materials.labels(report.language), materials.vaccine_codes())
    lines = report.lines()
    entries = [maker.organization(), maker.location()]
    entries += [maker.practitioner(staff) for staff in sorted({line.staff for line in lines})]
    entries += [maker.patient(appointment) for appointment in sorted({line.appointment for line in lines})]
    entries += [maker.immunization(line) for line in lines]
    return {
        "resourceType": "Bundle",
        "id": str(uuid5(NAMESPACE, f"bundle {report.centre} {report.day}")),
        "language": report.language,
        "type": "collection",
        "timestamp": maker.moment(report.printed_at),
        "entry": entries,
    }


def _address(kind: str, name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE, f'{kind} {name}')}"


def _entry(address: str, resource: Json) -> Json:
    kind = resource.pop("resourceType")
    return {"fullUrl": address, "resource": {"resourceType": kind, "id": address.rpartition(":")[2], **resource}}


def _coding(system: str, pair: tuple[str, str]) -> Json:
    return {"system": system, "code": pair[0], "display": pair[1]}


class _Maker:
    """One report's resources."""

    def __init__(self, report: DayReport, labels: Labels, codes: Mapping[str, list[dict[str, str]]]) -> None:
        self._report = report
        self._labels = labels
        self._codes = codes
        self._zone = ZoneInfo(report.time_zone)

    def moment(self, at: datetime) -> str:
        return at.astimezone(self._zone).isoformat(timespec="seconds")

    def organization(self) -> Json:
        return _entry(
            self._centre("organization"),
            {
                "resourceType": "Organization",
                "identifier": [{"system": CENTRE, "value": self._report.centre}],
                **self._named(self._report.centre_name),
            },
        )

    def location(self) -> Json:
        return _entry(
            self._centre("location"),
            {
                "resourceType": "Location",
                "identifier": [{"system": CENTRE, "value": self._report.centre}],
                **self._named(self._report.centre_name),
                "managingOrganization": {"reference": self._centre("organization")},
            },
        )

    def practitioner(self, staff: str) -> Json:
        name = self._named(self._report.names.get(staff, ""))
        return _entry(
            _address("staff", staff),
            {
                "resourceType": "Practitioner",
                "identifier": [{"system": STAFF, "value": staff}],
                **({"name": [{"text": name["name"]}]} if name else {}),
            },
        )

    def patient(self, appointment: str) -> Json:
        return _entry(
            _address("appointment", appointment),
            {"resourceType": "Patient", "identifier": [{"system": APPOINTMENT, "value": appointment}]},
        )

    def immunization(self, line: DoseLine) -> Json:
        name = f"{line.device}:{line.seq}"
        resource = {
            "resourceType": "Immunization",
            "identifier": [{"system": RECORD, "value": name}],
            "status": _STATUS[line.status],
            **self._reason(line),
            "vaccineCode": self._vaccine(line.vaccine),
            "patient": {"reference": _address("appointment", line.appointment)},
            "occurrenceDateTime": self.moment(line.at),
            "recorded": self.moment(line.recorded_at or line.at),
            "primarySource": True,
            "location": {"reference": self._centre("location")},
            **self._product(line),
            "performer": [self._performer(line)],
        }
        if line.status is LineStatus.VOIDED and line.reason:
            resource["note"] = [{"text": self._labels.either("void", line.reason)}]
        if line.dose > 0:
            resource["protocolApplied"] = [{"doseNumberPositiveInt": line.dose}]
        return _entry(_address("record", name), resource)

    def _centre(self, kind: str) -> str:
        return _address(kind, self._report.centre)

    @staticmethod
    def _named(name: str) -> Json:
        # FHIR knows no empty string: what has no name says nothing of it
        return {"name": cleaned} if (cleaned := clean(name)) else {}

    def _vaccine(self, vaccine: str) -> Json:
        codings = self._codes.get(vaccine, [])
        text = clean(self._report.vaccines.get(vaccine, vaccine))
        if not text:
            return {"coding": [_UNKNOWN]}
        return {**({"coding": codings} if codings else {}), "text": text}

    def _reason(self, line: DoseLine) -> Json:
        if line.status is not LineStatus.DEFERRED or not line.reason:
            return {}
        reason: Json = {"text": self._labels.either("defer", line.reason)}
        if (pair := _NOT_DONE.get(line.reason)) is not None:
            reason["coding"] = [_coding(_ACT_REASON, pair)]
        return {"statusReason": reason}

    @staticmethod
    def _product(line: DoseLine) -> Json:
        found: Json = {}
        if line.batch:
            found["lotNumber"] = line.batch
        if line.expiry:
            found["expirationDate"] = line.expiry.isoformat()
        if line.site:
            found["site"] = {"coding": [_coding(_SNOMED, _SITES[line.site])]}
            found["route"] = _ROUTE
        return found

    @staticmethod
    def _performer(line: DoseLine) -> Json:
        actor = {"reference": _address("staff", line.staff)}
        if not line.batch:
            return {"actor": actor}
        return {"function": {"coding": [_coding(_FUNCTION, ("AP", "Administering Provider"))]}, "actor": actor}
