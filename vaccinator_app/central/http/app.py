"""Central over HTTP: the Litestar application, and the OpenAPI document of every answer at ``/schema`` (DESIGN 8.1).

Nothing is decided here. Handlers run in threads, since the work below is arithmetic and a database; bodies are bounded
before they are read; every refusal has the same shape, and no answer or log line repeats what a request said.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, cast

from litestar import Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

from vaccinator_app import __version__
from vaccinator_app.central import log
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.answers import failed, refused, unreadable
from vaccinator_app.central.http.captcha_routes import captcha_routes
from vaccinator_app.central.http.certificate_routes import certificate_routes
from vaccinator_app.central.http.citizen_routes import booking_routes, sign_in_routes
from vaccinator_app.central.http.desk_routes import desk_routes
from vaccinator_app.central.http.operator_routes import operator_routes
from vaccinator_app.central.http.partner_door import HEADER, behind_door, partner_id
from vaccinator_app.central.http.people_routes import dose_routes, paper_routes, people_routes
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.http.sms_routes import sms_routes
from vaccinator_app.central.http.visitors import seen_through
from vaccinator_app.central.portal.failing import Handler, in_pages
from vaccinator_app.central.portal.routes import portal_routes

MAX_FORM = 16 * 1024
"""Bytes of one JSON request."""


def create_app(services: Services) -> Litestar:
    """The ASGI application."""

    async def after_response(request: Request[Any, Any, Any]) -> None:
        if request.method == "POST":
            services.after()

    handlers: dict[type[Exception], Handler] = {Refused: refused, HTTPException: unreadable, Exception: failed}
    pages: list[HTTPRouteHandler] = []
    if services.frame is not None:
        handlers = in_pages(services.frame, handlers)
        pages = portal_routes(services, services.frame)
    partner_routes = [*sign_in_routes(services), *booking_routes(services)]
    partner_routes += [*people_routes(services), *dose_routes(services)]
    if services.frame is not None:
        partner_routes += paper_routes(services, services.frame.materials)
    return Litestar(
        route_handlers=[
            *desk_routes(services.desks),
            behind_door(services.partners, partner_routes),
            *captcha_routes(services.captchas),
            *certificate_routes(services.certificates),
            *operator_routes(services.readiness, services.desks.oldest_keys),
            *sms_routes(services.reports, services.reports_from),
            *pages,
        ],
        exception_handlers=handlers,  # type: ignore[arg-type]
        after_response=after_response,
        middleware=[seen_through(services.trusted), _logged, _whole],
        request_max_body_size=MAX_FORM,
        openapi_config=OpenAPIConfig(
            title="Vaccinator central",
            version=__version__,
            description="The portal, apps of others (docs/partner-api.md), and desks (docs/protocol.md).",
            path="/schema",
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
            components=Components(
                security_schemes={
                    "partner": SecurityScheme(type="apiKey", name=HEADER, security_scheme_in="header"),
                    "session": SecurityScheme(type="http", scheme="bearer"),
                }
            ),
        ),
        logging_config=None,
        debug=False,
    )


def _whole(app: ASGIApp) -> ASGIApp:
    """A body is read as it was sent, and to its end or not at all."""

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        async def read() -> HTTPReceiveMessage:
            message = cast(HTTPReceiveMessage, await receive())
            if message["type"] == "http.disconnect" and not begun:
                raise Refused("cut_off", 408, "The request ended before it was whole. Try again.")
            return message

        async def refuse() -> HTTPReceiveMessage:
            raise Refused("encoded", 415, "Send the body as it is, without a Content-Encoding.")

        encoded = any(name == b"content-encoding" and value != b"identity" for name, value in scope["headers"])
        await app(scope, refuse if encoded else read, watched)

    return whole


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

        with log.request(secrets.token_hex(8)):
            await app(scope, receive, watched)
            taken = round((time.perf_counter() - began) * 1000, 1)
            route = str(scope.get("path_template", ""))
            log.event("request", method=method, route=route, status=status, ms=taken, partner=partner_id(scope))

    return logged
