"""One request of somebody's browser: who they are, what they read, and how they are answered (DESIGN 8.2).

A session is a cookie that no script and no other site can read or send (``__Host-``, HttpOnly, Secure, SameSite
Strict). Beside that every form carries a token bound to the session, or to a cookie of the visit before there is one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.openapi import ResponseSpec

from vaccinator_app.central.citizens.login import SESSION_LIFE, Session
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.portal.fields import field_of
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.words import NAMES, Say
from vaccinator_app.trust.errors import BadSeal

SESSION, VISIT, ASKED, LANGUAGE = "__Host-session", "__Host-visit", "__Host-asked", "__Host-language"
ASKED_LIFE = timedelta(minutes=10)
PDF = "application/pdf"
_YEAR = 366 * 24 * 3600
_LONGEST_COOKIE = 200

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
"""On every answer to a browser. Nothing that is about a person may stay in a cache."""


def pages(*statuses: int) -> dict[int, ResponseSpec]:
    """The OpenAPI document's lines for these statuses: a page each, that says why."""
    spec = ResponseSpec(str, media_type=MediaType.HTML, generate_examples=False, description="A page that says why.")
    return dict.fromkeys(statuses, spec)


def files(media_type: str) -> ResponseSpec:
    """The OpenAPI document's line for a file."""
    return ResponseSpec(bytes, media_type=media_type, generate_examples=False, description="The file.")


@dataclass(frozen=True, slots=True)
class Fault:
    """What a page says went wrong; ``field`` is the name of the field that it is about, if it is about one."""

    code: str
    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Faults:
    """All that a page says went wrong, which may be nothing."""

    all: tuple[Fault, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.all)

    def of(self, field_name: str) -> Fault | None:
        """What is said beside a field."""
        return next((fault for fault in self.all if fault.field == field_name), None)


@dataclass(slots=True)
class Visit:
    """A request, and the answer's cookies while it is made. ``session`` is empty for whoever has not signed in."""

    request: Request[Any, Any, Any]
    frame: Frame
    say: Say = field(init=False)
    session: str = field(init=False)
    _visit: str = field(init=False)
    _cookies: list[Cookie] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.say = self.frame.words[self._language()]
        self.session = self._cookie(SESSION)
        self._visit = self._cookie(VISIT)
        if not self._visit:
            self._visit = secrets.token_urlsafe(24)
            self._set(VISIT, self._visit)

    @property
    def language(self) -> str:
        """``en`` or ``hi``."""
        return self.say.language

    @property
    def csrf(self) -> str:
        """What each form of this session or visit carries."""
        return _form_token(self.frame.cupboard, self.session or self._visit)

    def require(self, csrf: str) -> None:
        """Raises ``Refused`` (403) unless a form came from a page that was made for this session or visit."""
        if not hmac.compare_digest(self.csrf.encode(), csrf.encode("utf-8", "replace")):
            raise Refused("form_old", 403, "This page was open for too long. Look at it once more and send it again.")

    def page(self, template: str, status: int = 200, *faults: Fault, **context: object) -> Response[str]:
        """A page. ``context`` is what its template shows."""
        shared = {"visit": self, "say": self.say, "faults": Faults(faults), "languages": self._languages()}
        text = self.frame.render(template, {**shared, **context})
        return Response(text, status_code=status, media_type=MediaType.HTML, headers=HEADERS, cookies=self._cookies)

    def again(self, template: str, error: Refused, *others: Refused, **context: object) -> Response[str]:
        """The page once more, with why it was not done; or the sign-in page, when the session is over."""
        if error.http_status == 401:
            return self.sign_in_again()
        faults = [Fault(one.code, field_of(one.code), self.say.refused(one)) for one in (error, *others)]
        answer = self.page(template, error.http_status, *faults, **context)
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    def go(self, address: str) -> Response[str]:
        """On to another page, by GET whatever this was."""
        headers = {**HEADERS, "Location": address}
        return Response("", status_code=303, media_type=MediaType.HTML, headers=headers, cookies=self._cookies)

    def file(self, content: bytes, media_type: str, name: str) -> Response[bytes]:
        """A file to keep. ``name`` is ours: nothing that somebody typed."""
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=media_type, headers=headers, cookies=self._cookies)

    def sign_in_again(self) -> Response[str]:
        """To the sign-in page, which says that the session is over."""
        self.close()
        return self.go("/sign-in?over=1")

    def open(self, session: Session) -> None:
        """From now on this browser is signed in; what was sealed for the way here goes."""
        self.session = session.token
        self._set(SESSION, session.token, SESSION_LIFE)
        self._drop(ASKED)

    def close(self) -> None:
        """This browser is signed in no more."""
        self.session = ""
        self._drop(SESSION)

    def ask(self, mobile: str) -> None:
        """Remember, sealed and for a short while, for which number a one-time password went out."""
        sealed = self.frame.cupboard.lock(mobile.encode(), "portal_asked", self._visit)
        self._set(ASKED, base64.urlsafe_b64encode(sealed).decode(), ASKED_LIFE)

    def asked(self) -> str:
        """That number, or nothing."""
        try:
            sealed = base64.urlsafe_b64decode(self._cookie(ASKED).encode())
            return self.frame.cupboard.unlock(sealed, "portal_asked", self._visit).decode()
        except (BadSeal, binascii.Error, ValueError):
            return ""

    def _language(self) -> str:
        """Chosen by a link; else as before; else the browser's own wish."""
        chosen = self.request.query_params.get("lang", "")
        if chosen in NAMES:
            self._set(LANGUAGE, chosen, timedelta(seconds=_YEAR))
            return chosen
        before = self._cookie(LANGUAGE)
        if before in NAMES:
            return before
        wished = self.request.headers.get("accept-language", "")[:_LONGEST_COOKIE]
        first = next((name for part in wished.split(",") if (name := part.strip()[:2].lower()) in NAMES), None)
        return first or "en"

    def _languages(self) -> list[tuple[str, str, str]]:
        """The other languages: name, what it calls itself, and this page's address in it."""
        query = parse_qsl(self.request.url.query)
        kept = [(name, value) for name, value in query if name not in ("lang", "over")]
        # An address that begins with two slashes would be another host's.
        path = "/" + self.request.url.path.lstrip("/\\")
        return [
            (name, called, f"{path}?{urlencode([*kept, ('lang', name)])}")
            for name, called in NAMES.items()
            if name != self.language
        ]

    def _cookie(self, name: str) -> str:
        found = self.request.cookies.get(name, "")
        return found if found.isascii() and found.isprintable() and len(found) <= _LONGEST_COOKIE else ""

    def _set(self, name: str, value: str, life: timedelta | None = None) -> None:
        age = None if life is None else int(life.total_seconds())
        self._cookies = [one for one in self._cookies if one.key != name]
        self._cookies.append(
            Cookie(key=name, value=value, max_age=age, path="/", secure=True, httponly=True, samesite="strict")
        )

    def _drop(self, name: str) -> None:
        self._set(name, "", timedelta(0))


def _form_token(cupboard: Cupboard, whose: str) -> str:
    return cupboard.keyed_hash("portal_form", whose).hex()
