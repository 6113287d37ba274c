"""What every address answers alike: refusals of one shape, and never a word of what a request said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec

from vaccinator_app.central import log
from vaccinator_app.central.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request was not done: a code for machines, one sentence for people."""

    code: str
    sentence: str


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The OpenAPI document's lines for these statuses."""
    said = "Refused, with a code and a sentence."
    return {status: ResponseSpec(Refusal, description=said) for status in statuses}


def refused(_: Request[Any, Any, Any], error: Refused) -> Response[Refusal]:
    """What central itself says no to."""
    answer = _answer(Refusal(code=error.code, sentence=error.sentence), error.http_status)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


_SENTENCES = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address takes another kind of request."),
    413: ("too_large", "The request is larger than central reads."),
}


def unreadable(_: Request[Any, Any, Any], error: HTTPException) -> Response[Refusal]:
    """Litestar's own refusals, in our shape and without the values its messages may quote."""
    known = _SENTENCES.get(error.status_code)
    if known is not None:
        return _answer(Refusal(code=known[0], sentence=known[1]), error.status_code)
    if error.status_code >= 500:
        return failed(_, error)
    keys = [part.get("key") for part in error.extra if isinstance(part, dict)] if isinstance(error.extra, list) else []
    field = next((key for key in keys if isinstance(key, str) and key.isidentifier() and key != "data"), None)
    about = "The request" if field is None else f"The field {field}"
    return _answer(
        Refusal(code="unreadable_request", sentence=f"{about} is missing or of another kind than expected."),
        error.status_code,
    )


def failed(_: Request[Any, Any, Any], error: Exception) -> Response[Refusal]:
    """An error nobody foresaw: logged by its kind and place, never told."""
    if is_of_the_body(error):
        return _answer(Refusal(code="unreadable_request", sentence="The request cannot be read."), 400)
    log.failure("request_failed", error)
    return _answer(Refusal(code="internal", sentence="Central could not do this. Try again in a while."), 500)


def is_of_the_body(error: Exception) -> bool:
    """Whether Litestar stumbled over the request's own bytes: text that is not in the encoding that it names, an
    encoding that nobody knows, JSON nested without end. 2.25 lets these through as Python raised them."""
    place = error.__traceback__ if isinstance(error, (UnicodeError, LookupError, RecursionError)) else None
    while place is not None:
        # where arguments are made of a request, before any handler of ours is called
        if "litestar/_kwargs" in place.tb_frame.f_code.co_filename.replace("\\", "/"):
            return True
        place = place.tb_next
    return False


def _answer(refusal: Refusal, status: int) -> Response[Refusal]:
    return Response(refusal, status_code=status, media_type=MediaType.JSON)
