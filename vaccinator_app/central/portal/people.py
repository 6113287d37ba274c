"""One's people: what stands for each, and putting another one down (DESIGN 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import URLEncodedBody

from vaccinator_app.central.citizens.registering import PEOPLE_A_MOBILE, PersonForm, faults_of
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import Visit, pages
from vaccinator_app.domain.people import Gender, PhotoId

Asking = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPersonForm:
    """Somebody to be vaccinated, as typed."""

    name: str = ""
    year_of_birth: str = ""
    gender: str = ""
    photo_id_type: str = ""
    photo_id_number: str = ""
    csrf: str = ""


def people_pages(services: Services, frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/people", summary="My people", responses=pages(303), **shared)
    @in_thread
    def people(request: Asking) -> Response[str]:
        """Everybody registered with the mobile of this session, with their appointments and doses."""
        visit = Visit(request, frame)
        found = services.account.people(visit.session)
        return visit.page("people.html", people=found, most=PEOPLE_A_MOBILE)

    @get("/people/new", summary="Register a person", responses=pages(303), **shared)
    @in_thread
    def new(request: Asking) -> Response[str]:
        """The form; for whoever has four already it says so at once."""
        visit = Visit(request, frame)
        services.account.people(visit.session)
        return visit.page("person_new.html", form=NewPersonForm(), genders=list(Gender), photo_ids=list(PhotoId))

    @post(
        "/people/new",
        summary="Put a person down",
        status_code=303,
        responses=pages(400, 403, 409, 413, 422, 429),
        **shared,
    )
    @in_thread
    def register(request: Asking, data: URLEncodedBody[NewPersonForm]) -> Response[str]:
        """Four at most; the same person again is no second one."""
        visit = Visit(request, frame)
        form = PersonForm(
            name=data.name,
            year_of_birth=data.year_of_birth,
            gender=data.gender,
            photo_id_type=data.photo_id_type,
            photo_id_number=data.photo_id_number,
            language=visit.language,
        )
        try:
            visit.require(data.csrf)
            made = services.account.register(visit.session, form)
        except Refused as no:
            others = [one for one in faults_of(form, services.clock().date()) if one.code != no.code]
            shown = {"form": data, "genders": list(Gender), "photo_ids": list(PhotoId)}
            return visit.again("person_new.html", no, *(others if no.http_status == 422 else ()), **shown)
        return visit.go(f"/people/{made.beneficiary}/book")

    return [people, new, register]
