"""The addresses of partners' apps for what a citizen has: people, appointments, doses, certificates (DESIGN 8.2, 8.3).

All stand behind a partner's key and the citizen's session; what belongs to another mobile is answered as what does not
exist. Appointments go with the scope ``book``, doses with ``certificates``: an app is told what it is for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody

from vaccinator_app.central.citizens.account import MyAppointment, MyDose, MyPerson
from vaccinator_app.central.citizens.partners import Scope
from vaccinator_app.central.citizens.persons import language as spoken_language
from vaccinator_app.central.citizens.registering import PersonForm
from vaccinator_app.central.http.answers import refusals
from vaccinator_app.central.http.citizen_routes import AnyRequest
from vaccinator_app.central.http.partner_door import NEEDS_SESSION, for_scope, session_of
from vaccinator_app.central.http.services import Services
from vaccinator_app.reports.certificate import certificate_pdf
from vaccinator_app.reports.materials import Materials
from vaccinator_app.reports.slip import slip_pdf

PDF, CARD = "application/pdf", "application/smart-health-card"
_UNKEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTold:
    """Somebody under the citizen's mobile, and their appointments."""

    beneficiary: str
    name: str
    year_of_birth: int
    gender: str
    photo_id: str
    photo_id_last4: str
    appointments: list[MyAppointment]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentTold:
    """One appointment. ``code`` and ``slip`` (the digits of its QR) are null once they were used or are too old."""

    appointment: MyAppointment
    code: str | None
    slip: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DosesTold:
    """The doses of somebody under the citizen's mobile."""

    beneficiary: str
    name: str
    doses: list[MyDose]


def people_routes(services: Services) -> list[HTTPRouteHandler]:
    """People and what they booked."""
    shared: dict[str, Any] = {
        "sync_to_thread": True,
        "tags": ["partner"],
        "opt": for_scope(Scope.BOOK),
        "security": NEEDS_SESSION,
        "response_headers": _UNKEPT,
        "responses": refusals(400, 401, 403, 404, 409, 422, 429, 503),
    }

    @get("/v1/people", summary="One's people and their appointments", **shared)
    def people(request: AnyRequest) -> list[PersonTold]:
        """Everybody under the mobile that the session proved."""
        return [_told(person) for person in services.account.people(session_of(request))]

    @post("/v1/people", summary="Register somebody", status_code=201, **shared)
    def register(data: JSONBody[PersonForm], request: AnyRequest) -> PersonTold:
        """Four people a mobile at most; the same person again is no second one."""
        return _told(services.account.register(session_of(request), data))

    @get("/v1/bookings/{reference:str}", summary="An appointment with its code", **shared)
    def booking(reference: FromPath[str], request: AnyRequest) -> AppointmentTold:
        """One of the appointments made with this mobile number."""
        found = services.account.ticket(session_of(request), reference)
        return AppointmentTold(appointment=found.appointment, code=found.code, slip=found.qr)

    return [people, register, booking]


def dose_routes(services: Services) -> list[HTTPRouteHandler]:
    """Doses on record, their cards, and the person's word for or against them."""
    shared = _for_certificates()

    @get("/v1/doses", summary="One's people's doses", **shared)
    def doses(request: AnyRequest) -> list[DosesTold]:
        """What desks recorded for everybody under this mobile, and which certificates there are."""
        found = services.account.people(session_of(request))
        return [DosesTold(beneficiary=one.beneficiary, name=one.name, doses=one.doses) for one in found]

    @post("/v1/doses/{dose:str}/confirm", summary="Say that one got a dose", status_code=204, **shared)
    def confirm(dose: FromPath[str], request: AnyRequest) -> None:
        """Where the check of the code is missing: the certificate follows."""
        services.word.confirm(session_of(request), dose)

    @post("/v1/doses/{dose:str}/dispute", summary="Say that one did not get a dose", status_code=204, **shared)
    def dispute(dose: FromPath[str], request: AnyRequest) -> None:
        """The record is held, its certificate withdrawn, and somebody looks into it."""
        services.word.dispute(session_of(request), dose)

    @get("/v1/certificates/{certificate:str}/card", summary="A certificate as SMART Health Card", **_files(CARD))
    def card(certificate: FromPath[str], request: AnyRequest) -> Response[bytes]:
        """What a ``.smart-health-card`` file holds: ``{"verifiableCredential": [JWS]}``."""
        jws = services.certificates.card(session_of(request), certificate)
        return _file(json.dumps({"verifiableCredential": [jws]}).encode(), CARD)

    return [doses, confirm, dispute, card]


def paper_routes(services: Services, materials: Materials) -> list[HTTPRouteHandler]:
    """What is printed: slips and certificates, in ``en`` or ``hi``."""

    @get("/v1/bookings/{reference:str}/slip", summary="A slip as PDF", **{**_files(PDF), "opt": for_scope(Scope.BOOK)})
    def slip(reference: FromPath[str], request: AnyRequest, language: FromQuery[str] = "en") -> Response[bytes]:
        """The paper to bring along: who, where, when, code and QR."""
        spoken = spoken_language(language)
        return _file(slip_pdf(services.account.slip(session_of(request), reference), materials, spoken), PDF)

    @get("/v1/certificates/{certificate:str}", summary="A certificate as PDF", **_files(PDF))
    def certificate(
        certificate: FromPath[str], request: AnyRequest, language: FromQuery[str] = "en"
    ) -> Response[bytes]:
        """With its QR; in Hindi English stands beside it."""
        spoken = spoken_language(language)
        found = services.certificates.of_citizen(session_of(request), certificate)
        return _file(certificate_pdf(found, materials, spoken), PDF)

    return [slip, certificate]


def _for_certificates() -> dict[str, Any]:
    return {
        "sync_to_thread": True,
        "tags": ["partner"],
        "opt": for_scope(Scope.CERTIFICATES),
        "security": NEEDS_SESSION,
        "response_headers": _UNKEPT,
        "responses": refusals(400, 401, 403, 404, 409, 422, 429, 503),
    }


def _files(media_type: str) -> dict[str, Any]:
    shared = _for_certificates()
    file = ResponseSpec(bytes, media_type=media_type, generate_examples=False, description="The file.")
    return {**shared, "responses": {200: file, **shared["responses"]}}


def _file(content: bytes, media_type: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers=_UNKEPT)


def _told(person: MyPerson) -> PersonTold:
    return PersonTold(
        beneficiary=person.beneficiary,
        name=person.name,
        year_of_birth=person.year_of_birth,
        gender=person.gender.value,
        photo_id=person.photo_id.value,
        photo_id_last4=person.photo_id_last4,
        appointments=person.appointments,
    )
