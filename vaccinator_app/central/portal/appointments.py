"""One appointment: its code and slip, moved to another place or time, cancelled (DESIGN 4.5, 8.2)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, URLEncodedBody

from vaccinator_app.central.citizens.account import Ticket
from vaccinator_app.central.citizens.booking import MoveForm
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.portal.book import SlotForm, chosen
from vaccinator_app.central.portal.finding import Finder, Wish, own
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.sign_in import PlainForm
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import PDF, Visit, files, pages
from vaccinator_app.reports import qr
from vaccinator_app.reports.slip import slip_pdf

Asking = Request[Any, Any, Any]


def appointment_pages(services: Services, finder: Finder, frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/appointments/{reference:str}", summary="An appointment", responses=pages(303, 404), **shared)
    @in_thread
    def appointment(request: Asking, reference: FromPath[str], new: FromQuery[str] = "") -> Response[str]:
        """With its security code and the slip's QR, as long as they are good."""
        visit = Visit(request, frame)
        ticket = services.account.ticket(visit.session, reference)
        drawn = None if ticket.qr is None else qr.svg(ticket.qr, visit.say("slip.qr"))
        return visit.page("appointment.html", ticket=ticket, qr=drawn, new=bool(new))

    @get(
        "/appointments/{reference:str}/slip",
        summary="The slip as PDF",
        responses={200: files(PDF), **pages(303, 404, 409)},
        tags=["portal"],
    )
    @in_thread
    def slip(request: Asking, reference: FromPath[str]) -> Response[bytes]:
        """In the language of the page."""
        visit = Visit(request, frame)
        pdf = slip_pdf(services.account.slip(visit.session, reference), frame.materials, visit.language)
        return visit.file(pdf, PDF, "slip.pdf")

    @get("/appointments/{reference:str}/cancel", summary="Ask before cancelling", responses=pages(303, 404), **shared)
    @in_thread
    def ask(request: Asking, reference: FromPath[str]) -> Response[str]:
        """Nothing happens yet."""
        visit = Visit(request, frame)
        return visit.page("cancel.html", ticket=services.account.ticket(visit.session, reference))

    @post(
        "/appointments/{reference:str}/cancel",
        summary="Cancel",
        status_code=303,
        responses=pages(400, 403, 404, 409, 413),
        **shared,
    )
    @in_thread
    def cancel(request: Asking, reference: FromPath[str], data: URLEncodedBody[PlainForm]) -> Response[str]:
        """Its place is free again at once."""
        visit = Visit(request, frame)
        try:
            visit.require(data.csrf)
            services.bookings.cancel(visit.session, reference)
        except Refused as no:
            if no.http_status == 401:
                return visit.sign_in_again()
            ticket = services.account.ticket(visit.session, reference)
            if ticket.appointment.cancelled:
                # sent twice
                return visit.go(f"/appointments/{reference}")
            return visit.again("cancel.html", no, ticket=ticket)
        return visit.go(f"/appointments/{reference}")

    return [appointment, slip, ask, cancel, *_move_pages(services, finder, frame, shared)]


def _move_pages(services: Services, finder: Finder, frame: Frame, shared: dict[str, Any]) -> list[HTTPRouteHandler]:
    @get(
        "/appointments/{reference:str}/move", summary="Find another centre or day", responses=pages(303, 404), **shared
    )
    @in_thread
    def find(
        request: Asking, reference: FromPath[str], district: FromQuery[str] = "", name: FromQuery[str] = ""
    ) -> Response[str]:
        """The same dose elsewhere, or at another time."""
        visit = Visit(request, frame)
        ticket = services.account.ticket(visit.session, reference)
        person = own(services.account.people(visit.session), ticket.appointment.beneficiary)
        wish = _wish(ticket, district or ("" if name else ticket.appointment.district), name)
        base = f"/appointments/{reference}/move"
        return visit.page("find.html", person=person, found=finder.centres(wish, person), base=base, moving=ticket)

    @get(
        "/appointments/{reference:str}/move/{centre:str}",
        summary="Choose another day and time",
        responses=pages(303, 404),
        **shared,
    )
    @in_thread
    def days(
        request: Asking, reference: FromPath[str], centre: FromPath[str], day: FromQuery[str] = ""
    ) -> Response[str]:
        """The days of one centre that have a place left."""
        visit = Visit(request, frame)
        return visit.page("days.html", **moving(visit, reference, centre, day), slot="")

    @post(
        "/appointments/{reference:str}/move/{centre:str}",
        summary="Move",
        status_code=303,
        responses=pages(400, 403, 404, 409, 413, 422, 429),
        **shared,
    )
    @in_thread
    def move(
        request: Asking, reference: FromPath[str], centre: FromPath[str], data: URLEncodedBody[SlotForm]
    ) -> Response[str]:
        """A new appointment with a code of its own; sent again, the form leads to it."""
        visit = Visit(request, frame)
        try:
            visit.require(data.csrf)
            form = MoveForm(centre=centre, date=data.day, slot=chosen(data.slot))
            made = services.bookings.move(visit.session, reference, form)
        except Refused as no:
            if no.http_status == 401:
                return visit.sign_in_again()
            ticket = services.account.ticket(visit.session, reference)
            if ticket.appointment.moved_to is not None:
                return visit.go(f"/appointments/{ticket.appointment.moved_to}")
            return visit.again("days.html", no, **moving(visit, reference, centre, data.day), slot=data.slot)
        return visit.go(f"/appointments/{made.reference}?new=1")

    def moving(visit: Visit, reference: str, centre: str, day: str) -> dict[str, Any]:
        ticket = services.account.ticket(visit.session, reference)
        person = own(services.account.people(visit.session), ticket.appointment.beneficiary)
        found = finder.days(centre, _wish(ticket), day, person)
        return {"person": person, "found": found, "base": f"/appointments/{reference}/move", "moving": ticket}

    return [find, days, move]


def _wish(ticket: Ticket, district: str = "", name: str = "") -> Wish:
    """An appointment is moved with its dose and vaccine."""
    booked = ticket.appointment
    return Wish(vaccine=booked.vaccine, dose=str(booked.dose), district=district, name=name)
