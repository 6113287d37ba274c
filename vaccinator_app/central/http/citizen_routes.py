"""The addresses of partners' apps: signing in, places, booking (DESIGN 8.2; docs/partner-api.md).

Each stands behind a partner's key (``partner_door``); what is about a person also needs that person's session, opened
by a one-time password through the same partner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from vaccinator_app.central.citizens.booking import Booked, BookingForm, MoveForm, PlaceForm
from vaccinator_app.central.citizens.partners import Scope
from vaccinator_app.central.citizens.places import SlotLeft
from vaccinator_app.central.http.answers import refusals
from vaccinator_app.central.http.partner_door import NEEDS_KEY, NEEDS_SESSION, caller, for_scope, session_of
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.http.visitors import visitor

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtpForm:
    """Where to send a one-time password; ``language`` is ``en`` or ``hi``."""

    mobile: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtpAsked:
    """The same for every number: how many seconds a one-time password lives."""

    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyForm:
    """The one-time password as it was read off the phone."""

    mobile: str
    otp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """To be shown as ``Authorization: Bearer <session>`` until ``expires_at``, by the app that it was opened by."""

    session: str
    expires_at: datetime


def sign_in_routes(services: Services) -> list[HTTPRouteHandler]:
    """Opening and ending a citizen's session."""
    shared: dict[str, Any] = {"sync_to_thread": True, "tags": ["partner"], "opt": for_scope(None)}

    @post(
        "/v1/otp",
        summary="Ask for a one-time password",
        status_code=202,
        responses=refusals(400, 401, 422, 429, 503),
        security=NEEDS_KEY,
        **shared,
    )
    def ask(data: JSONBody[OtpForm], request: AnyRequest) -> OtpAsked:
        """Sent by SMS, good for three minutes, once. The answer is the same whether central knows the number or not."""
        life = services.login.ask(data.mobile, data.language, address=visitor(request), partner=caller(request).partner)
        return OtpAsked(expires_in=int(life.total_seconds()))

    @post(
        "/v1/otp/verify",
        summary="Sign in",
        status_code=200,
        responses=refusals(400, 401, 403, 422, 429, 503),
        security=NEEDS_KEY,
        **shared,
    )
    def verify(data: JSONBody[VerifyForm], request: AnyRequest) -> SessionOpened:
        """Open a short session for whoever reads that number's messages."""
        session = services.login.verify(
            data.mobile, data.otp, address=visitor(request), partner=caller(request).partner
        )
        return SessionOpened(session=session.token, expires_at=session.expires_at)

    @post(
        "/v1/sign-out",
        summary="Sign out",
        status_code=204,
        responses=refusals(401, 429, 503),
        security=NEEDS_SESSION,
        **shared,
    )
    def sign_out(request: AnyRequest) -> None:
        """End the citizen's session now."""
        services.login.sign_out(session_of(request))

    return [ask, verify, sign_out]


def booking_routes(services: Services) -> list[HTTPRouteHandler]:
    """Places, and taking, moving and giving them back."""
    slots: dict[str, Any] = {"sync_to_thread": True, "tags": ["partner"], "opt": for_scope(Scope.SLOTS)}
    shared: dict[str, Any] = {
        "sync_to_thread": True,
        "tags": ["partner"],
        "opt": for_scope(Scope.BOOK),
        "security": NEEDS_SESSION,
        "response_headers": {"Cache-Control": "no-store"},
        "responses": refusals(400, 401, 403, 404, 409, 422, 429, 503),
    }

    @get(
        "/v1/centres/{centre:str}/sessions",
        summary="Open slots",
        responses=refusals(400, 401, 403, 404, 422, 429, 503),
        security=NEEDS_KEY,
        **slots,
    )
    def sessions(centre: FromPath[str], day: Annotated[str, QueryParameter(name="date")]) -> list[SlotLeft]:
        """The slots of one day at one centre, with the places left."""
        return services.bookings.open_slots(centre, day)

    @post("/v1/bookings", summary="Register and book", status_code=201, **shared)
    def book(data: JSONBody[BookingForm], request: AnyRequest) -> Booked:
        """One person, one dose, one slot. The code goes out by SMS as well."""
        return services.bookings.book(session_of(request), data)

    @post("/v1/appointments", summary="Book for a person", status_code=201, **shared)
    def book_person(data: JSONBody[PlaceForm], request: AnyRequest) -> Booked:
        """One dose and one slot for one of the people under this mobile number."""
        return services.bookings.book_person(session_of(request), data)

    @post("/v1/bookings/{reference:str}/move", summary="Move an appointment", status_code=200, **shared)
    def move(reference: FromPath[str], data: JSONBody[MoveForm], request: AnyRequest) -> Booked:
        """The old appointment is cancelled; the answer is the one that takes its place, with a code of its own."""
        return services.bookings.move(session_of(request), reference, data)

    @post("/v1/bookings/{reference:str}/cancel", summary="Cancel an appointment", status_code=204, **shared)
    def cancel(reference: FromPath[str], request: AnyRequest) -> None:
        """One of the appointments made with this mobile number."""
        services.bookings.cancel(session_of(request), reference)

    return [sessions, book, book_person, move, cancel]
