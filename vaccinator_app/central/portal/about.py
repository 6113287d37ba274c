"""Pages that are about nobody: help, privacy, and the files that pages are made with."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from vaccinator_app.central.errors import Refused
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import HEADERS, Visit, files, pages

Asking = Request[Any, Any, Any]
_FOR_EVER = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}


def about_pages(frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/help", summary="Help", **shared)
    @in_thread
    def help_page(request: Asking) -> Response[str]:
        """How all this goes, from booking to certificate."""
        return Visit(request, frame).page("help.html")

    @get("/privacy", summary="Privacy", **shared)
    @in_thread
    def privacy(request: Asking) -> Response[str]:
        """What is kept of people, for how long, and who sees it."""
        return Visit(request, frame).page("privacy.html")

    @get(
        "/static/{name:str}",
        summary="Stylesheet and fonts",
        sync_to_thread=False,
        responses={200: files("text/css"), **pages(404)},
        tags=["portal"],
    )
    def static(name: FromPath[str]) -> Response[bytes]:
        """Their names say what is in them, so they never change."""
        found = frame.look.files.get(name)
        if found is None:
            raise Refused("not_found", 404, "There is nothing at this address.")
        return Response(found.content, media_type=found.media_type, headers=_FOR_EVER)

    return [help_page, privacy, static]
