"""The addresses of whoever runs the server."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from vaccinator_app import __version__
from vaccinator_app.central.running.gauges import Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """This process answers. ``oldest_keys`` is the first set of central's keys by which it is still known: whoever
    holds an enrolment file of an earlier set needs another (P.17.1)."""

    status: str
    version: str
    oldest_keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Whether requests should be brought to this process, and each thing that it needs, by name."""

    status: str
    checks: dict[str, bool]


def operator_routes(readiness: Readiness, oldest_keys: int) -> list[HTTPRouteHandler]:
    @get("/v1/health", summary="Is central alive", sync_to_thread=False, tags=["operator"])
    def health() -> Health:
        """200 as long as this process answers at all; whoever restarts processes asks here."""
        return Health(status="ok", version=__version__, oldest_keys=oldest_keys)

    @get(
        "/v1/ready",
        summary="Is central fit to answer",
        sync_to_thread=True,
        tags=["operator"],
        responses={503: ResponseSpec(Ready, description="Something that is needed is not there.")},
    )
    def ready() -> Response[Ready]:
        """200 when keys, tables, database, outbox and disk are in order; whoever balances load asks here."""
        checks = readiness.checks()
        well = all(checks.values())
        return Response(Ready(status="ready" if well else "not_ready", checks=checks), status_code=200 if well else 503)

    return [health, ready]
