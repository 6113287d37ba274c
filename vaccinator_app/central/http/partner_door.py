"""The door of apps: no address behind it is answered without a partner's key, and each call is written down."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Router
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from vaccinator_app.central import log
from vaccinator_app.central.citizens.login import PartnerToken
from vaccinator_app.central.citizens.partners import Partner, Partners

HEADER = "X-Partner-Key"
_PARTNER = "partner"
_SCOPE = "partner_scope"

NEEDS_KEY: list[dict[str, list[str]]] = [{"partner": []}]
"""For the OpenAPI document: the partner's key alone."""

NEEDS_SESSION: list[dict[str, list[str]]] = [{"partner": [], "session": []}]
"""For the OpenAPI document: the partner's key and the citizen's session."""


def for_scope(scope: Any) -> dict[str, Any]:
    """What a handler's ``opt`` says about which scope its callers need; None: any key will do."""
    return {_SCOPE: scope}


def behind_door(partners: Partners, handlers: list[HTTPRouteHandler]) -> Router:
    """``handlers``, answered to those who show a key that opens them."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        # Without a default: a handler that says nothing of its scope is nobody's.
        scope = handler.opt[_SCOPE]
        found = await to_thread.run_sync(partners.identify, connection.headers.get(HEADER, ""))
        # Before it is let in: a call that is refused is written down as well.
        connection.state[_PARTNER] = found
        await to_thread.run_sync(partners.admit, found, scope)

    def written_down(app: ASGIApp) -> ASGIApp:
        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            async def watched(message: Message) -> None:
                found = scope["state"].get(_PARTNER)
                if found is not None and message["type"] == "http.response.start":
                    # Before the answer is out: no call goes by that nobody can look up afterwards.
                    route = f"{scope.get('method', '')} {scope.get('path_template', '')}"
                    await to_thread.run_sync(_record, partners, found.partner, route, message["status"])
                await send(message)

            await app(scope, receive, watched)

        return recorded

    return Router("/", route_handlers=handlers, guards=[guard], middleware=[written_down])


def caller(request: Request[Any, Any, Any]) -> Partner:
    """The partner that asks."""
    found: Partner = request.state[_PARTNER]
    return found


def session_of(request: Request[Any, Any, Any]) -> PartnerToken:
    """The citizen's session token, as this partner shows it: ``Authorization: Bearer <session>``."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return PartnerToken(token.strip() if kind.lower() == "bearer" else "", caller(request).partner)


def partner_id(scope: Scope) -> str:
    """For the log: which partner asks; empty where none does."""
    found = scope["state"].get(_PARTNER)
    return found.partner if isinstance(found, Partner) else ""


def _record(partners: Partners, partner: str, route: str, status: int) -> None:
    try:
        partners.record(partner, route, status)
    except Exception as error:  # noqa: BLE001  (what was asked for is done; the log has the call, if the table has not)
        log.failure("call_not_recorded", error, partner=partner)
