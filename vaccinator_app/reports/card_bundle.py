"""What a certificate's card holds: the person and one dose as a small FHIR R4 Bundle (DESIGN 8.3; C.1 of
``docs/certificates.md``; SHC, "Health Cards are Compact"). Made here, and read here of whatever a card says.

No ids, no words beside codes, short addresses: the card must fit one QR. Of the person only the name and the year of
birth (DESIGN 5.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from vaccinator_app.reports.fhir import VACCINE, Json
from vaccinator_app.reports.text import clean

Codes = Mapping[str, Sequence[Mapping[str, str]]]
"""Published codes of vaccines by our id, as ``materials.vaccine_codes`` has them."""

CVX = "http://hl7.org/fhir/sid/cvx"
_COVID19 = frozenset({"210", "502"})
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDose:
    """The one dose of a card. ``centre`` is its number, ``doses`` how many the vaccine has (None: not known)."""

    name: str
    year_of_birth: int
    vaccine: str
    dose: int
    doses: int | None
    given_on: date
    batch: str
    centre: str
    centre_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseSaid:
    """One immunization of somebody's card, as far as it can be read; what is not there is empty.

    ``code`` is the vaccine's (system and code in words such as ``CVX 210``, or our own id), ``vaccine`` our id for it.
    """

    vaccine: str
    code: str
    dose: str
    doses: str
    given_on: str
    batch: str
    centre: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSays:
    """What a card's bundle says, for a person to read beside a photo ID. All of it is the issuer's text, made safe to
    print (no control characters, nothing longer than 200)."""

    name: str
    born: str
    doses: tuple[DoseSaid, ...]


def card_bundle(dose: CardDose, codes: Codes, *, short: bool = False) -> Json:
    """The bundle. ``short`` names the centre by its number alone, for a card that would not fit one QR otherwise."""
    patient: Json = {
        "resourceType": "Patient",
        # `given` as well: many wallets show nothing else. Nobody can say which part of it is the family's.
        "name": [{"text": dose.name, "given": [dose.name]}],
        "birthDate": f"{dose.year_of_birth:04d}",
    }
    applied: Json = {"doseNumberPositiveInt": dose.dose}
    if dose.doses is not None:
        applied["seriesDosesPositiveInt"] = dose.doses
    immunization: Json = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": _coding(dose.vaccine, codes)},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": dose.given_on.isoformat(),
        "lotNumber": dose.batch,
        "performer": [{"actor": {"display": dose.centre if short else dose.centre_name}}],
        "protocolApplied": [applied],
    }
    entries = [
        {"fullUrl": f"resource:{number}", "resource": resource}
        for number, resource in enumerate((patient, immunization))
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def is_covid19(vaccine: str, codes: Codes) -> bool:
    """Whether the card is one of those that SHC calls ``#covid19``."""
    return any(one["system"] == CVX and one["code"] in _COVID19 for one in codes.get(vaccine, ()))


def read_bundle(bundle: Mapping[str, Any], codes: Codes) -> CardSays:
    """What a bundle says, whoever wrote it. Nothing of it is trusted to be of the right shape.

    Not checked: that it is sound FHIR. What is of another shape than here reads as empty.
    """
    resources = [_field(entry, "resource") for entry in _many(bundle.get("entry"))]
    patient = next((one for one in resources if _field(one, "resourceType") == "Patient"), None)
    name = _first(_field(patient, "name"))
    parts = [*_many(_field(name, "given")), _field(name, "family")]
    whole = _field(name, "text") or " ".join(part for part in parts if isinstance(part, str))
    return CardSays(
        name=_text(whole),
        born=_text(_field(patient, "birthDate")),
        doses=tuple(_read(one, codes) for one in resources if _field(one, "resourceType") == "Immunization"),
    )


def _read(immunization: object, codes: Codes) -> DoseSaid:
    coded = [
        (_text(_field(one, "system")), _text(_field(one, "code")))
        for one in _many(_field(_field(immunization, "vaccineCode"), "coding"))
    ]
    actor = _field(_first(_field(immunization, "performer")), "actor")
    applied = _first(_field(immunization, "protocolApplied"))
    return DoseSaid(
        vaccine=next((found for found in (_ours(pair, codes) for pair in coded) if found), ""),
        code=", ".join(_name(system, code) for system, code in coded),
        dose=_text(_field(applied, "doseNumberPositiveInt")),
        doses=_text(_field(applied, "seriesDosesPositiveInt")),
        given_on=_text(_field(immunization, "occurrenceDateTime"))[:10],
        batch=_text(_field(immunization, "lotNumber")),
        centre=_text(_field(actor, "display")),
    )


def _coding(vaccine: str, codes: Codes) -> list[Json]:
    published = codes.get(vaccine, ())
    if published:
        return [{"system": one["system"], "code": one["code"]} for one in published]
    return [{"system": VACCINE, "code": vaccine}]


def _ours(pair: tuple[str, str], codes: Codes) -> str:
    if pair[0] == VACCINE:
        return pair[1]
    found = [vaccine for vaccine, published in codes.items() if pair in [(c["system"], c["code"]) for c in published]]
    return found[0] if found else ""


def _name(system: str, code: str) -> str:
    return f"CVX {code}" if system == CVX else code


def _field(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _many(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _first(value: object) -> Any:
    return next(iter(_many(value)), None)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return clean(str(value))[:_LONGEST]
