"""The address at which a telephone network says what became of a message (DESIGN 7.5, 8.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.answers import refusals
from vaccinator_app.central.http.visitors import Network, visitor, within
from vaccinator_app.central.messages.kannel import REPORT_PATH
from vaccinator_app.central.messages.message_states import Reports


def sms_routes(reports: Reports, allowed: Sequence[Network]) -> list[HTTPRouteHandler]:
    """Answers ``allowed`` networks only, the gateway's own; the same to all others as for a token that is none."""

    @get(
        f"{REPORT_PATH}/{{token:str}}",
        summary="Say what became of a message",
        status_code=204,
        sync_to_thread=True,
        responses=refusals(400, 404),
        tags=["gateway"],
    )
    def report(request: Request[Any, Any, Any], token: FromPath[str], said: Annotated[int, QueryParameter()]) -> None:
        """Kannel's delivery report: 1 on the phone, 2 it never will be, 16 not taken; every other says nothing yet."""
        if not within(visitor(request), allowed) or not reports.take(token, said):
            raise Refused("message_unknown", 404, "There is no such message.")

    return [report]
