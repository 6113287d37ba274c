"""Central over HTTP: a thin Litestar layer, every answer's shape in the OpenAPI document at ``/schema`` (DESIGN 8.1).

Nothing is decided here. Handlers run in threads, since the work below is arithmetic and a database; bodies are bounded
before they are read; every refusal has the same shape, and no answer or log line repeats what a request said.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter, RawBody
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy import text

from vaccinator_app import __version__
from vaccinator_app.central import log
from vaccinator_app.central.booking import Booked, BookingForm, Bookings, SlotLeft
from vaccinator_app.central.database import Database
from vaccinator_app.central.desk_api import DeskApi
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.login import Login
from vaccinator_app.protocol.packing import MAX_PACKED

MAX_FORM = 16 * 1024
"""Bytes of one JSON request."""

OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request was not done: a code for machines, one sentence for people."""

    code: str
    sentence: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Central answers and its database does."""

    status: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the addresses lead to. ``after`` is called when a request that may have caused messages was answered."""

    database: Database
    desks: DeskApi
    login: Login
    bookings: Bookings
    after: Callable[[], None]


@dataclass
class _SignedBytes(Operation):
    """A request body of signed bytes, which Litestar cannot see in a raw body."""

    def __post_init__(self) -> None:
        bytes_in = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(content={OCTETS: bytes_in}, required=True)


def create_app(services: Services) -> Litestar:
    """The ASGI application."""

    async def after_response(request: Request[Any, Any, Any]) -> None:
        if request.method == "POST":
            services.after()

    return Litestar(
        route_handlers=[*_desk_routes(services.desks), *_citizen_routes(services), _health_route(services.database)],
        exception_handlers={Refused: _refused, HTTPException: _unreadable, Exception: _failed},
        after_response=after_response,
        middleware=[_logged],
        request_max_body_size=MAX_FORM,
        openapi_config=OpenAPIConfig(
            title="Vaccinator central",
            version=__version__,
            description="Booking for citizens, and the signed protocol with desks (docs/protocol.md).",
            path="/schema",
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
        ),
        logging_config=None,
        debug=False,
    )


def _refusals(*statuses: int) -> dict[int, ResponseSpec]:
    said = "Refused, with a code and a sentence."
    return {status: ResponseSpec(Refusal, description=said) for status in statuses}


def _desk_routes(desks: DeskApi) -> list[HTTPRouteHandler]:
    """Signed bytes in and out; what they hold is the protocol's business, not this document's."""
    shared: dict[str, Any] = {
        "sync_to_thread": True,
        "status_code": 200,
        "media_type": OCTETS,
        "request_max_body_size": MAX_PACKED,
        "operation_class": _SignedBytes,
        "tags": ["desk"],
    }

    @post("/v1/enrolments", summary="Enrol a machine", responses=_refusals(400, 403, 409, 410, 413), **shared)
    def enrol(body: RawBody) -> bytes:
        """A packed enrolment request, signed by the new device's key; the answer is a packed enrolment reply."""
        return desks.enrol(body)

    @post("/v1/push", summary="Deliver records", responses=_refusals(400, 403, 413), **shared)
    def push(body: RawBody) -> bytes:
        """A packed push request, signed by the device; the answer is a receipt signed by central."""
        return desks.push(body)

    @post("/v1/pull", summary="Ask what changed", responses=_refusals(400, 403, 413), **shared)
    def pull(body: RawBody) -> bytes:
        """A packed pull request, signed by the device; the answer is a page of changes signed by central."""
        return desks.pull(body)

    @post("/v1/confirm", summary="Ask somebody to confirm a dose", responses=_refusals(400, 403, 413), **shared)
    def confirm(body: RawBody) -> bytes:
        """A packed confirm request, signed by the device; the answer, signed by central, says what became of it."""
        return desks.confirm(body)

    return [enrol, push, pull, confirm]


def _citizen_routes(services: Services) -> list[HTTPRouteHandler]:
    @post(
        "/v1/otp",
        summary="Ask for a one-time password",
        status_code=202,
        sync_to_thread=True,
        responses=_refusals(400, 422),
        tags=["citizen"],
    )
    def ask(data: JSONBody[OtpForm]) -> OtpAsked:
        """Sent by SMS, good for three minutes, once. The answer is the same whether central knows the number or not."""
        return OtpAsked(expires_in=int(services.login.ask(data.mobile, data.language).total_seconds()))

    @post(
        "/v1/otp/verify",
        summary="Sign in",
        status_code=200,
        sync_to_thread=True,
        responses=_refusals(400, 403, 422),
        tags=["citizen"],
    )
    def verify(data: JSONBody[VerifyForm]) -> SessionOpened:
        """Open a short session for whoever reads that number's messages."""
        session = services.login.verify(data.mobile, data.otp)
        return SessionOpened(session=session.token, expires_at=session.expires_at)

    @get(
        "/v1/centres/{centre:str}/sessions",
        summary="Open slots",
        sync_to_thread=True,
        responses=_refusals(404, 422),
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
        responses=_refusals(400, 401, 404, 409, 422),
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
        responses=_refusals(401, 404, 409),
        tags=["citizen"],
    )
    def cancel(
        reference: FromPath[str], authorization: Annotated[str, HeaderParameter(name="Authorization")] = ""
    ) -> None:
        """One of the appointments made with this mobile number."""
        services.bookings.cancel(_bearer(authorization), reference)

    return [ask, verify, sessions, book, cancel]


def _health_route(database: Database) -> HTTPRouteHandler:
    @get("/v1/health", summary="Is central well", sync_to_thread=True, tags=["operator"])
    def health() -> Health:
        """200 when central and its database answer."""
        with database.read() as connection:
            connection.execute(text("SELECT 1"))
        return Health(status="ok", version=__version__)

    return health


def _bearer(header: str) -> str:
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _answer(refusal: Refusal, status: int) -> Response[Refusal]:
    return Response(refusal, status_code=status, media_type=MediaType.JSON)


def _refused(_: Request[Any, Any, Any], error: Refused) -> Response[Refusal]:
    return _answer(Refusal(code=error.code, sentence=error.sentence), error.http_status)


_SENTENCES = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address takes another kind of request."),
    413: ("too_large", "The request is larger than central reads."),
}


def _unreadable(_: Request[Any, Any, Any], error: HTTPException) -> Response[Refusal]:
    """Litestar's own refusals, in our shape and without the values its messages may quote."""
    known = _SENTENCES.get(error.status_code)
    if known is not None:
        return _answer(Refusal(code=known[0], sentence=known[1]), error.status_code)
    if error.status_code >= 500:
        return _failed(_, error)
    keys = [part.get("key") for part in error.extra if isinstance(part, dict)] if isinstance(error.extra, list) else []
    field = next((key for key in keys if isinstance(key, str) and key.isidentifier() and key != "data"), None)
    about = "The request" if field is None else f"The field {field}"
    return _answer(
        Refusal(code="unreadable_request", sentence=f"{about} is missing or of another kind than expected."),
        error.status_code,
    )


def _failed(_: Request[Any, Any, Any], error: Exception) -> Response[Refusal]:
    log.failure("request_failed", error)
    return _answer(Refusal(code="internal", sentence="Central could not do this. Try again in a while."), 500)


def _logged(app: ASGIApp) -> ASGIApp:
    """One line a request: the address's pattern, never the address; how it ended; how long it took."""

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        method = str(scope.get("method", ""))
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await app(scope, receive, watched)
        taken = round((time.perf_counter() - began) * 1000, 1)
        route = str(scope.get("path_template", ""))
        log.event("request", method=method, route=route, status=status, ms=taken)

    return logged
