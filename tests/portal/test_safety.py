"""What keeps a portal its owner's: headers, cookies, tokens in forms, addresses that lead nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.central.support import RAMPUR, TODAY, World, count
from tests.portal.support import ANSWER, OTHER, PHONE, Browser, Page, browser_at
from vaccinator_app.central import schema
from vaccinator_app.cli.resources import resources_folder

POLICY = {
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


def test_every_answer_to_a_browser_says_what_it_may_do_with_it(browser: Browser) -> None:
    browser.sign_in()
    who = browser.register()
    appointment = browser.done(
        f"/people/{who}/book/{RAMPUR}", vaccine="covishield", dose="1", day=TODAY.isoformat(), slot="10:00"
    )
    slip = f"{appointment.split('?')[0]}/slip"
    for path in ("/", "/sign-in", "/people", "/people/new", appointment, slip, "/verify", "/help", "/nothing"):
        headers = browser.fetch(path).headers
        assert set(headers["Content-Security-Policy"].split("; ")) == POLICY, path
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store", path
        assert re.fullmatch(r"max-age=\d{8,}", headers["Strict-Transport-Security"])


def test_no_page_holds_a_script_a_style_of_its_own_or_anything_from_elsewhere(browser: Browser) -> None:
    for path in (resources_folder() / "portal").glob("*.html"):
        text = path.read_text("utf-8")
        assert re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|https?://", text) is None, path
    page = browser.get("/sign-in")
    assert [tag.name for tag in page.tags if tag.name in ("script", "iframe", "object", "embed")] == []
    sheet = page.one("link", rel="stylesheet")["href"]
    text = browser.fetch(sheet).text
    assert "http" not in text
    fonts = re.findall(r'url\("(/static/[^"]+)"\)', text)
    assert len(fonts) == 1
    for address in (sheet, *fonts):
        answer = browser.fetch(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert browser.fetch("/static/../words.en.json").status_code == 404


def test_cookies_are_for_this_host_over_tls_and_for_no_script(browser: Browser) -> None:
    page = browser.get("/sign-in", lang="hi")
    asked = browser.post("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer=ANSWER)
    opened = browser.post("/sign-in/code", otp=browser.server.phones.otp(PHONE))
    cookies = [line for answer in (page.answer, asked, opened) for line in raw_cookies(answer)]
    names = {line.split("=")[0] for line in cookies}
    assert names == {"__Host-visit", "__Host-language", "__Host-asked", "__Host-session"}
    for line in cookies:
        parts = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"path=/", "secure", "httponly", "samesite=strict"} <= parts, line
        assert not any(part.startswith("domain") for part in parts)
    (session,) = [line for line in cookies if line.startswith("__Host-session=") and "Max-Age=900" in line]
    assert PHONE not in "".join(cookies)
    assert len(session.split(";")[0]) > 50


def raw_cookies(answer: object) -> list[str]:
    lines: list[str] = answer.raw.headers.getlist("Set-Cookie")  # type: ignore[attr-defined]
    return lines


FORMS = (
    "/sign-in",
    "/sign-out",
    "/people/new",
    f"/people/b1/book/{RAMPUR}",
    "/appointments/123456789012/cancel",
    f"/appointments/123456789012/move/{RAMPUR}",
    "/doses/100001.d.1/confirm",
    "/doses/100001.d.1/dispute",
)


@pytest.mark.parametrize("token", ["", "0" * 64, "\u0966", "x" * 5000])
def test_no_form_is_believed_without_its_token(browser: Browser, world: World, token: str) -> None:
    browser.sign_in()
    form = {"name": "A", "year_of_birth": "1970", "gender": "man", "photo_id_type": "pan", "photo_id_number": "ABCD1"}
    for path in FORMS:
        answer = browser.post(path, csrf=token, **form)
        # where there is nothing to show the form for again, there is nothing at all
        assert answer.status_code in (403, 404), path
        assert "__Host-session" in browser.web.cookies
    assert count(world, schema.people) == 0


def test_a_token_is_of_one_session_and_of_one_visit(browser: Browser, tmp_path: Path) -> None:
    before = browser.token()
    browser.sign_in()
    mine = browser.token()
    assert mine != before
    with browser_at(browser.server, tmp_path) as other:
        other.sign_in(OTHER)
        theirs = other.token()
    form = {"name": "A", "year_of_birth": "1970", "gender": "man", "photo_id_type": "pan", "photo_id_number": "ABCD1"}
    for token, status in ((before, 403), (theirs, 403), (mine, 303)):
        answer = browser.post("/people/new", csrf=token, **form)
        assert answer.status_code == status
    page = Page(browser.post("/people/new", csrf=theirs, **form))
    assert "open for too long" in page.fault
    assert page.value("name") == "A"


def test_the_language_is_chosen_kept_and_the_browsers_wish_at_first(browser: Browser, tmp_path: Path) -> None:
    page = browser.get("/help")
    assert (page.one("html")["lang"], page.heading) == ("en", "Help")
    (switch,) = [tag for tag in page.all("a") if tag.get("hreflang") == "hi"]
    assert (switch["lang"], switch.text, switch["href"]) == ("hi", "हिन्दी", "/help?lang=hi")
    assert browser.get(switch["href"]).heading == "मदद"
    assert browser.get("/help").one("html")["lang"] == "hi"
    assert browser.get("/help", lang="en").heading == "Help"
    assert browser.get("/help", lang="xx").heading == "Help"
    for wish, language in (("hi-IN,en;q=0.5", "hi"), ("ta,hi;q=0.3", "hi"), ("ta", "en"), ("\u00e9" * 300, "en")):
        with browser_at(browser.server, tmp_path, wish.encode("latin-1", "replace").decode("latin-1")) as other:
            assert other.get("/help").one("html")["lang"] == language


def test_the_language_link_leads_nowhere_else(browser: Browser) -> None:
    for path in ("//elsewhere.example/x", "/\\elsewhere.example", "/%2f%2felsewhere.example", "/<b>\"'"):
        answer = browser.web.get(f"{browser.server.address}{path}", allow_redirects=False)
        page = Page(answer)
        assert answer.status_code == 404
        (switch,) = [tag["href"] for tag in page.all("a") if tag.get("hreflang")]
        assert re.match(r"/[^/\\]", switch), path
    kept = browser.get("/sign-in", over="1", other="a&b=c").links()
    assert "/sign-in?other=a%26b%3Dc&lang=hi" in kept


def test_cookies_that_nobody_made_are_no_cookies(browser: Browser) -> None:
    for value in ("x" * 5000, "a b", "\u00e9", ""):
        for name in ("__Host-session", "__Host-visit", "__Host-asked", "__Host-language"):
            headers = {"Cookie": f"{name}={value}".encode("latin-1").decode("latin-1")}
            answer = browser.web.get(f"{browser.server.address}/sign-in/code", headers=headers, allow_redirects=False)
            assert answer.headers.get("Location") == "/sign-in"


def test_the_openapi_document_has_every_page_and_what_its_forms_hold(browser: Browser) -> None:
    paths = browser.fetch("/schema/openapi.json").json()["paths"]
    pages = {path for path, what in paths.items() if any("portal" in one.get("tags", ()) for one in what.values())}
    assert len(pages) > 20
    forms = {path: what["post"] for path, what in paths.items() if path in pages and "post" in what}
    assert len(forms) == 10
    for path, what in forms.items():
        (kind,) = what["requestBody"]["content"]
        assert kind == ("multipart/form-data" if path == "/verify" else "application/x-www-form-urlencoded"), path
        assert "403" in what["responses"], path
    assert "csrf" in str(browser.fetch("/schema/openapi.json").json()["components"])
