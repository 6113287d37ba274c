"""Errors as pages, in the person's language; addresses of machines keep their JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from vaccinator_app.central import log
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.answers import is_of_the_body
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.visit import Fault, Visit

Asking = Request[Any, Any, Any]
Handler = Callable[[Asking, Any], Response[Any]]

_MACHINES = ("/v1/", "/schema", "/.well-known/", "/captcha/")
_KNOWN = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def in_pages(frame: Frame, others: dict[type[Exception], Handler]) -> dict[type[Exception], Handler]:
    """``others``, but for a browser at an address of pages a page says it."""

    def page_or(show: Handler, other: Handler) -> Handler:
        return lambda request, error: show(request, error) if _wants_page(request) else other(request, error)

    def refused(request: Asking, error: Refused) -> Response[str]:
        visit = Visit(request, frame)
        if error.http_status == 401:
            return visit.sign_in_again()
        answer = _shown(visit, error.code, error.http_status, visit.say.refused(error))
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    def unreadable(request: Asking, error: HTTPException) -> Response[str]:
        if error.status_code >= 500:
            return failed(request, error)
        code = _KNOWN.get(error.status_code, "unreadable_request")
        visit = Visit(request, frame)
        answer = _shown(visit, code, error.status_code, visit.say(f"refused.{code}"))
        allowed = (error.headers or {}).get("Allow")
        if allowed is not None:
            answer.headers["Allow"] = allowed
        return answer

    def failed(request: Asking, error: Exception) -> Response[str]:
        if is_of_the_body(error):
            visit = Visit(request, frame)
            return _shown(visit, "unreadable_request", 400, visit.say("refused.unreadable_request"))
        log.failure("request_failed", error)
        visit = Visit(request, frame)
        return _shown(visit, "internal", 500, visit.say("refused.internal"))

    shown: dict[type[Exception], Handler] = {Refused: refused, HTTPException: unreadable, Exception: failed}
    return {kind: page_or(shown[kind], other) if kind in shown else other for kind, other in others.items()}


def _wants_page(request: Asking) -> bool:
    return not request.url.path.startswith(_MACHINES)


def _shown(visit: Visit, code: str, status: int, sentence: str) -> Response[str]:
    return visit.page("error.html", status, Fault(code, None, sentence))
