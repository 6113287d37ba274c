"""The addresses of citizens' apps: booking by JSON, behind a one-time password (DESIGN 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from vaccinator_app.central.booking import Booked, BookingForm
from vaccinator_app.central.http.answers import refusals
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.http.visitors import visitor
from vaccinator_app.central.places import SlotLeft


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
    """To be shown as ``Authorization: Bearer <session>`` until ``expires_at``."""

    session: str
    expires_at: datetime


def citizen_routes(services: Services) -> list[HTTPRouteHandler]:
    @post(
        "/v1/otp",
        summary="Ask for a one-time password",
        status_code=202,
        sync_to_thread=True,
        responses=refusals(400, 422),
        tags=["citizen"],
    )
    def ask(data: JSONBody[OtpForm], request: Request[Any, Any, Any]) -> OtpAsked:
        """Sent by SMS, good for three minutes, once. The answer is the same whether central knows the number or not."""
        life = services.login.ask(data.mobile, data.language, address=visitor(request))
        return OtpAsked(expires_in=int(life.total_seconds()))

    @post(
        "/v1/otp/verify",
        summary="Sign in",
        status_code=200,
        sync_to_thread=True,
        responses=refusals(400, 403, 422),
        tags=["citizen"],
    )
    def verify(data: JSONBody[VerifyForm], request: Request[Any, Any, Any]) -> SessionOpened:
        """Open a short session for whoever reads that number's messages."""
        session = services.login.verify(data.mobile, data.otp, address=visitor(request))
        return SessionOpened(session=session.token, expires_at=session.expires_at)

    @get(
        "/v1/centres/{centre:str}/sessions",
        summary="Open slots",
        sync_to_thread=True,
        responses=refusals(404, 422),
        tags=["citizen"],
    )
    def sessions(centre: FromPath[str], day: Annotated[str, QueryParameter(name="date")]) -> list[SlotLeft]:
        """The slots of one day at one centre, with the places left."""
        return services.bookings.open_slots(centre, day)

    @post(
        "/v1/bookings",
        summary="Book",
        status_code=201,
        sync_to_thread=True,
        responses=refusals(400, 401, 404, 409, 422),
        tags=["citizen"],
    )
    def book(
        data: JSONBody[BookingForm], authorization: Annotated[str, HeaderParameter(name="Authorization")] = ""
    ) -> Booked:
        """One person, one dose, one slot. The code goes out by SMS as well."""
        return services.bookings.book(_bearer(authorization), data)

    @post(
        "/v1/bookings/{reference:str}/cancel",
        summary="Cancel an appointment",
        status_code=204,
        sync_to_thread=True,
        responses=refusals(401, 404, 409),
        tags=["citizen"],
    )
    def cancel(
        reference: FromPath[str], authorization: Annotated[str, HeaderParameter(name="Authorization")] = ""
    ) -> None:
        """One of the appointments made with this mobile number."""
        services.bookings.cancel(_bearer(authorization), reference)

    return [ask, verify, sessions, book, cancel]


def _bearer(header: str) -> str:
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
