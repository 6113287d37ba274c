"""The addresses of desks: signed bytes in and out (docs/protocol.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import RawBody

from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.http.answers import refusals
from vaccinator_app.protocol.packing import MAX_PACKED

OCTETS = "application/octet-stream"


@dataclass
class _SignedBytes(Operation):
    """A request body of signed bytes, which Litestar cannot see in a raw body."""

    def __post_init__(self) -> None:
        bytes_in = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(content={OCTETS: bytes_in}, required=True)


def desk_routes(desks: DeskApi) -> list[HTTPRouteHandler]:
    """Signed bytes in and out; what they hold is the protocol's business, not this document's."""
    shared: dict[str, Any] = {
        "sync_to_thread": True,
        "status_code": 200,
        "media_type": OCTETS,
        "request_max_body_size": MAX_PACKED,
        "operation_class": _SignedBytes,
        "tags": ["desk"],
    }

    @post("/v1/enrolments", summary="Enrol a machine", responses=refusals(400, 403, 409, 410, 413), **shared)
    def enrol(body: RawBody) -> bytes:
        """A packed enrolment request, signed by the new device's key; the answer is a packed enrolment reply."""
        return desks.enrol(body)

    @post("/v1/push", summary="Deliver records", responses=refusals(400, 403, 413), **shared)
    def push(body: RawBody) -> bytes:
        """A packed push request, signed by the device; the answer is a receipt signed by central."""
        return desks.push(body)

    @post("/v1/pull", summary="Ask what changed", responses=refusals(400, 403, 413), **shared)
    def pull(body: RawBody) -> bytes:
        """A packed pull request, signed by the device; the answer is a page of changes signed by central."""
        return desks.pull(body)

    @post("/v1/confirm", summary="Ask somebody to confirm a dose", responses=refusals(400, 403, 413), **shared)
    def confirm(body: RawBody) -> bytes:
        """A packed confirm request, signed by the device; the answer, signed by central, says what became of it."""
        return desks.confirm(body)

    @post(
        "/v1/deliveries",
        summary="Deliver another machine's records",
        responses=refusals(400, 403, 413),
        **shared,
    )
    def deliver(body: RawBody) -> bytes:
        """A packed deliver request, signed by the bringing device; the answer, signed by central, holds the receipt."""
        return desks.deliver(body)

    @post("/v1/history", summary="Ask for one's own records", responses=refusals(400, 403, 413), **shared)
    def history(body: RawBody) -> bytes:
        """A packed history request, signed by the device; the answer, signed by central, has its own records."""
        return desks.history(body)

    return [enrol, push, pull, confirm, deliver, history]
