"""A dose on record: its certificate, and one's own word for or against it (DESIGN 4.4, 8.3)."""

from __future__ import annotations

import json
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, URLEncodedBody

from vaccinator_app.central.citizens.account import MyDose, MyPerson
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.sign_in import PlainForm
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import PDF, Visit, files, pages
from vaccinator_app.central.portal.words import NAMES
from vaccinator_app.reports import qr
from vaccinator_app.reports.certificate import certificate_pdf

Asking = Request[Any, Any, Any]
CARD = "application/smart-health-card"


def dose_pages(services: Services, frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/certificates/{certificate:str}", summary="A certificate", responses=pages(303, 404), **shared)
    @in_thread
    def certificate(request: Asking, certificate: FromPath[str]) -> Response[str]:
        """What it says, its QR, and where to download it."""
        visit = Visit(request, frame)
        found = services.certificates.of_citizen(visit.session, certificate)
        drawn = qr.svg(qr.health_card_uri(found.card), visit.say("certificate.qr"))
        return visit.page("certificate.html", found=found, qr=drawn)

    @get(
        "/certificates/{certificate:str}/pdf",
        summary="The certificate as PDF",
        responses={200: files(PDF), **pages(303, 404)},
        tags=["portal"],
    )
    @in_thread
    def pdf(request: Asking, certificate: FromPath[str], language: FromQuery[str] = "") -> Response[bytes]:
        """In Hindi (with English beside it) or in English; the page's language when none is named."""
        visit = Visit(request, frame)
        found = services.certificates.of_citizen(visit.session, certificate)
        spoken = language if language in NAMES else visit.language
        return visit.file(certificate_pdf(found, frame.materials, spoken), PDF, f"certificate-{spoken}.pdf")

    @get(
        "/certificates/{certificate:str}/card",
        summary="The certificate as a SMART Health Card",
        responses={200: files(CARD), **pages(303, 404)},
        tags=["portal"],
    )
    @in_thread
    def card(request: Asking, certificate: FromPath[str]) -> Response[bytes]:
        """A ``.smart-health-card`` file, for apps that keep such cards."""
        visit = Visit(request, frame)
        jws = services.certificates.card(visit.session, certificate)
        return visit.file(json.dumps({"verifiableCredential": [jws]}).encode(), CARD, "dose.smart-health-card")

    return [certificate, pdf, card, *_word_pages(services, frame, shared)]


def _word_pages(services: Services, frame: Frame, shared: dict[str, Any]) -> list[HTTPRouteHandler]:
    def asking(request: Asking, dose: str, *, got: bool) -> Response[str]:
        visit = Visit(request, frame)
        person, found = _own(services.account.people(visit.session), dose)
        return visit.page("word.html", person=person, dose=found, got=got)

    def taking(request: Asking, dose: str, csrf: str, *, got: bool) -> Response[str]:
        visit = Visit(request, frame)
        try:
            visit.require(csrf)
            (services.word.confirm if got else services.word.dispute)(visit.session, dose)
        except Refused as no:
            if no.http_status == 401:
                return visit.sign_in_again()
            person, found = _own(services.account.people(visit.session), dose)
            return visit.again("word.html", no, person=person, dose=found, got=got)
        return visit.go("/people")

    @get("/doses/{dose:str}/confirm", summary="Ask whether one got a dose", responses=pages(303, 404), **shared)
    @in_thread
    def ask_confirm(request: Asking, dose: FromPath[str]) -> Response[str]:
        """Nothing happens yet."""
        return asking(request, dose, got=True)

    @post(
        "/doses/{dose:str}/confirm",
        summary="Say that one got a dose",
        status_code=303,
        responses=pages(400, 403, 404, 409, 413),
        **shared,
    )
    @in_thread
    def confirm(request: Asking, dose: FromPath[str], data: URLEncodedBody[PlainForm]) -> Response[str]:
        """Where the code check is missing: the certificate follows."""
        return taking(request, dose, data.csrf, got=True)

    @get("/doses/{dose:str}/dispute", summary="Ask whether one did not get a dose", responses=pages(303, 404), **shared)
    @in_thread
    def ask_dispute(request: Asking, dose: FromPath[str]) -> Response[str]:
        """Nothing happens yet."""
        return asking(request, dose, got=False)

    @post(
        "/doses/{dose:str}/dispute",
        summary="Say that one did not get a dose",
        status_code=303,
        responses=pages(400, 403, 404, 409, 413),
        **shared,
    )
    @in_thread
    def dispute(request: Asking, dose: FromPath[str], data: URLEncodedBody[PlainForm]) -> Response[str]:
        """The record is held, the certificate withdrawn, and somebody looks into it."""
        return taking(request, dose, data.csrf, got=False)

    return [ask_confirm, confirm, ask_dispute, dispute]


def _own(people: list[MyPerson], name: str) -> tuple[MyPerson, MyDose]:
    for person in people:
        for dose in person.doses:
            if dose.dose == name:
                return person, dose
    raise Refused("dose_unknown", 404, "There is no such dose under this mobile number.")
