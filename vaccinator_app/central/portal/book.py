"""Booking: a dose, a centre, a day and a time for one of one's people (DESIGN 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, URLEncodedBody

from vaccinator_app.central.citizens.booking import PlaceForm
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.portal.finding import Finder, Wish, own
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import Visit, pages

Asking = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotForm:
    """The time that was chosen, with what was chosen before it."""

    vaccine: str = ""
    dose: str = ""
    day: str = ""
    slot: str = ""
    csrf: str = ""


def book_pages(services: Services, finder: Finder, frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/people/{beneficiary:str}/book", summary="Find a centre", responses=pages(303, 404), **shared)
    @in_thread
    def find(
        request: Asking,
        beneficiary: FromPath[str],
        vaccine: FromQuery[str] = "",
        dose: FromQuery[str] = "",
        district: FromQuery[str] = "",
        name: FromQuery[str] = "",
    ) -> Response[str]:
        """Which dose, and where: by district, or by the centre's name or number."""
        visit = Visit(request, frame)
        person = own(services.account.people(visit.session), beneficiary)
        wish = Wish(vaccine=vaccine, dose=dose, district=district, name=name)
        found = finder.centres(wish, person)
        return visit.page("find.html", person=person, found=found, base=f"/people/{beneficiary}/book", moving=None)

    @get(
        "/people/{beneficiary:str}/book/{centre:str}",
        summary="Choose day and time",
        responses=pages(303, 404),
        **shared,
    )
    @in_thread
    def days(
        request: Asking,
        beneficiary: FromPath[str],
        centre: FromPath[str],
        vaccine: FromQuery[str] = "",
        dose: FromQuery[str] = "",
        day: FromQuery[str] = "",
    ) -> Response[str]:
        """The days of one centre that have a place left, and the times of the one that was chosen."""
        visit = Visit(request, frame)
        person = own(services.account.people(visit.session), beneficiary)
        found = finder.days(centre, Wish(vaccine=vaccine, dose=dose), day, person)
        base = f"/people/{beneficiary}/book"
        return visit.page("days.html", person=person, found=found, base=base, slot="", moving=None)

    @post(
        "/people/{beneficiary:str}/book/{centre:str}",
        summary="Book",
        status_code=303,
        responses=pages(400, 403, 404, 409, 413, 422, 429),
        **shared,
    )
    @in_thread
    def book(
        request: Asking, beneficiary: FromPath[str], centre: FromPath[str], data: URLEncodedBody[SlotForm]
    ) -> Response[str]:
        """Once, however often the form is sent: sent again it leads to the appointment that is there."""
        visit = Visit(request, frame)
        try:
            visit.require(data.csrf)
            wanted = PlaceForm(
                beneficiary=beneficiary,
                centre=centre,
                date=data.day,
                slot=chosen(data.slot),
                vaccine=data.vaccine,
                dose=data.dose,
            )
            reference = services.bookings.book_person(visit.session, wanted).reference
        except Refused as no:
            if no.http_status == 401:
                return visit.sign_in_again()
            person = own(services.account.people(visit.session), beneficiary)
            made = [
                one.reference
                for one in person.appointments
                if (one.centre, one.date.isoformat(), one.time) == (centre, data.day, data.slot) and one.changeable
            ]
            if no.code == "already_booked" and made:
                return visit.go(f"/appointments/{made[0]}")
            found = finder.days(centre, Wish(vaccine=data.vaccine, dose=data.dose), data.day, person)
            base = f"/people/{beneficiary}/book"
            return visit.again("days.html", no, person=person, found=found, base=base, slot=data.slot, moving=None)
        return visit.go(f"/appointments/{reference}?new=1")

    return [find, days, book]


def chosen(slot: str) -> str:
    """The time that a form names. Raises ``Refused`` when none was chosen."""
    if not slot:
        raise Refused("slot_missing", 422, "Choose a time.")
    return slot
