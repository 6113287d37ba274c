"""Verifying a certificate that somebody shows: for everybody, without signing in (DESIGN 8.3).

Nothing of what is shown is kept, logged or looked up: the card itself says it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.params import MultipartBody

from vaccinator_app.central.certificates.pictures import MAX_PICTURE
from vaccinator_app.central.certificates.verifying import Verification
from vaccinator_app.central.citizens.limits import home_of
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.http.visitors import visitor
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import Visit, pages

Asking = Request[Any, Any, Any]
_ROOM = 64 * 1024
"""For everything of a form that is not the file."""


@dataclass(slots=True, kw_only=True)
class VerifyForm:
    """A card as text, or a picture or file of it."""

    text: str = ""
    file: UploadFile | None = None
    csrf: str = ""


def verify_pages(services: Services, frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/verify", summary="Verify a certificate", **shared)
    @in_thread
    def ask(request: Asking) -> Response[str]:
        """Paste what the QR says, or send a picture of it."""
        return Visit(request, frame).page("verify.html", text="", found=None)

    @post(
        "/verify",
        summary="Verify what is shown",
        status_code=200,
        request_max_body_size=MAX_PICTURE + _ROOM,
        responses=pages(400, 403, 413, 422, 429),
        **shared,
    )
    @in_thread
    def verify(request: Asking, data: MultipartBody[VerifyForm]) -> Response[str]:
        """What it says, or why it is not believed."""
        visit = Visit(request, frame)
        try:
            visit.require(data.csrf)
            services.login.limits.take(("verify_address", home_of(visitor(request))))
            found = _verified(services, data)
        except Refused as no:
            return visit.again("verify.html", no, text=data.text, found=None)
        return visit.page("verify.html", text="", found=found)

    return [ask, verify]


def _verified(services: Services, form: VerifyForm) -> Verification:
    content = b"" if form.file is None else form.file.file.read()
    if content:
        return services.verifying.file(content)
    if not form.text.strip():
        raise Refused("card_missing", 422, "Paste the text of the QR code, or choose a picture of it.")
    return services.verifying.text(form.text)
