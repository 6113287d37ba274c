"""Pictures and sounds of captchas: drawn off the event loop, few at a time, kept by nobody on the way."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from vaccinator_app.central.citizens.captcha import Captchas
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.answers import refusals

_KINDS = {".png": "image/png", ".wav": "audio/wav"}
_AT_ONCE = {".png": 2, ".wav": 1}
_MOST_WAITING = 32
"""A sound takes half a second of one core: who comes after so many is told to come back."""


def captcha_routes(captchas: Captchas) -> list[HTTPRouteHandler]:
    """What the portal's sign-in page shows, by the name that page was given."""
    gates: dict[str, CapacityLimiter] = {}

    @get(
        "/captcha/{file:str}",
        summary="The picture or the sound of a captcha",
        responses={200: _drawing(), **refusals(404, 429, 503)},
        tags=["portal"],
    )
    async def drawing(file: FromPath[str]) -> Response[bytes]:
        """Six digits to be typed: ``<captcha>.png`` shows them, ``<captcha>.wav`` reads them aloud."""
        captcha, suffix = file[:-4], file[-4:]
        if suffix not in _KINDS:
            raise Refused("not_found", 404, "There is nothing at this address.")
        # Made here, since a limiter belongs to the loop it was made on.
        gate = gates.setdefault(suffix, CapacityLimiter(_AT_ONCE[suffix]))
        if gate.statistics().tasks_waiting >= _MOST_WAITING:
            raise Refused("busy", 503, "Central has too much to do at the moment. Try again in a while.", retry_after=5)
        work = captchas.picture if suffix == ".png" else captchas.sound
        content = await to_thread.run_sync(work, captcha, limiter=gate)
        return Response(content, media_type=_KINDS[suffix], headers={"Cache-Control": "no-store"})

    return [drawing]


def _drawing() -> ResponseSpec:
    return ResponseSpec(bytes, generate_examples=False, media_type="image/png", description="The picture or the sound.")
