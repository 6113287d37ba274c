"""Signing in: a mobile number and a captcha, then the one-time password that came by SMS (DESIGN 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, URLEncodedBody

from vaccinator_app.central.citizens.captcha import Captcha
from vaccinator_app.central.citizens.login import Session
from vaccinator_app.central.citizens.persons import require_mobile
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.http.visitors import visitor
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.threads import in_thread
from vaccinator_app.central.portal.visit import Visit, pages

Asking = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInForm:
    """A mobile number, and the digits of the captcha that the page showed."""

    mobile: str = ""
    captcha: str = ""
    answer: str = ""
    csrf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeForm:
    """The one-time password as it was read off the phone."""

    otp: str = ""
    csrf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainForm:
    """A form that is nothing but its button."""

    csrf: str = ""


def sign_in_pages(services: Services, frame: Frame) -> list[HTTPRouteHandler]:
    shared: dict[str, Any] = {"media_type": "text/html", "tags": ["portal"]}

    @get("/", summary="What this is", responses=pages(303), **shared)
    @in_thread
    def start(request: Asking) -> Response[str]:
        """Whoever is signed in goes on to their people."""
        visit = Visit(request, frame)
        return visit.go("/people") if visit.session else visit.page("start.html")

    @get("/sign-in", summary="Sign in", responses=pages(429), **shared)
    @in_thread
    def sign_in(request: Asking, over: FromQuery[str] = "") -> Response[str]:
        """A mobile number and a captcha."""
        visit = Visit(request, frame)
        captcha = services.captchas.fresh(address=visitor(request))
        return visit.page("sign_in.html", over=bool(over), mobile="", answer="", captcha=captcha)

    @post(
        "/sign-in",
        summary="Have a one-time password sent",
        status_code=303,
        responses=pages(400, 403, 413, 422, 429),
        **shared,
    )
    @in_thread
    def ask(request: Asking, data: URLEncodedBody[SignInForm]) -> Response[str]:
        """The answer is the same whether central knows the number or not."""
        visit, address = Visit(request, frame), visitor(request)
        used = False
        try:
            visit.require(data.csrf)
            number = require_mobile(data.mobile)
            used = True
            services.captchas.require(data.captcha, data.answer)
            services.login.ask(number, visit.language, address=address)
        except Refused as no:
            # A captcha that was not looked at yet may still be answered as it was.
            kept = None if used else _drawable(data.captcha)
            captcha = kept or services.captchas.fresh(address=address)
            answer = "" if kept is None else data.answer
            return visit.again("sign_in.html", no, over=False, mobile=data.mobile, answer=answer, captcha=captcha)
        visit.ask(number)
        return visit.go("/sign-in/code")

    @get("/sign-in/code", summary="Type the one-time password", responses=pages(303), **shared)
    @in_thread
    def code(request: Asking) -> Response[str]:
        """Only where one was asked for a short while ago."""
        visit = Visit(request, frame)
        mobile = visit.asked()
        return visit.page("code.html", last4=mobile[-4:]) if mobile else visit.go("/sign-in")

    @post(
        "/sign-in/code",
        summary="Open a session",
        status_code=303,
        responses=pages(400, 403, 413, 422, 429),
        **shared,
    )
    @in_thread
    def verify(request: Asking, data: URLEncodedBody[CodeForm]) -> Response[str]:
        """A right one-time password opens a session of 15 minutes."""
        visit = Visit(request, frame)
        mobile = visit.asked()
        if not mobile:
            return visit.go("/sign-in")
        try:
            visit.require(data.csrf)
            session: Session = services.login.verify(mobile, data.otp, address=visitor(request))
        except Refused as no:
            return visit.again("code.html", no, last4=mobile[-4:])
        visit.open(session)
        return visit.go("/people")

    @post("/sign-out", summary="Sign out", status_code=303, responses=pages(400, 403, 413), **shared)
    @in_thread
    def sign_out(request: Asking, data: URLEncodedBody[PlainForm]) -> Response[str]:
        """The session opens nothing any more, wherever its cookie may be."""
        visit = Visit(request, frame)
        visit.require(data.csrf)
        services.login.sign_out(visit.session)
        visit.close()
        return visit.go("/")

    return [start, sign_in, ask, code, verify, sign_out]


def _drawable(captcha: str) -> Captcha | None:
    """The captcha that a form names, if it may be one: 32 hex digits."""
    if len(captcha) != 32 or not all(sign in "0123456789abcdef" for sign in captcha):
        return None
    return Captcha(captcha, png=f"/captcha/{captcha}.png", wav=f"/captcha/{captcha}.wav")
