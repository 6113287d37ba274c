"""Signing in and out at the portal, and that nothing about people is shown without (DESIGN 8.2)."""

from __future__ import annotations

from tests.central.support import RAMPUR, TODAY, World
from tests.portal.support import ANSWER, PHONE, Browser
from vaccinator_app.central.citizens.login import SESSION_LIFE

TIME = {"vaccine": "covishield", "dose": "1", "day": TODAY.isoformat(), "slot": "10:15"}


def test_what_this_is_and_where_it_leads(browser: Browser) -> None:
    page = browser.get("/")
    assert (page.status, page.heading) == (200, "Book a vaccination")
    assert "/sign-in" in page.links()
    browser.sign_in()
    assert browser.fetch("/").headers["Location"] == "/people"


def test_signing_in_asks_for_a_number_a_captcha_and_the_password_of_the_message(browser: Browser) -> None:
    page = browser.get("/sign-in")
    for address, kind in ((page.one("img")["src"], b"\x89PNG"), (page.one("audio")["src"], b"RIFF")):
        assert browser.fetch(address).content[:4] == kind
    wrong = browser.again("/sign-in", mobile="12", captcha=page.value("captcha"), answer=ANSWER)
    assert (wrong.status, "ten digits" in wrong.fault) == (422, True)
    assert (wrong.value("mobile"), wrong.value("answer")) == ("12", ANSWER), "nobody reads a captcha twice for a typo"
    assert wrong.one("input", name="mobile")["aria-invalid"] == "true"
    went = browser.done("/sign-in", mobile=PHONE, captcha=wrong.value("captcha"), answer=wrong.value("answer"))
    assert "3210" in browser.get(went).said
    assert PHONE not in browser.get(went).answer.text
    otp = browser.server.phones.otp(PHONE)
    no = browser.again(went, otp="000000" if otp != "000000" else "111111")
    assert (no.status, "wrong or too old" in no.fault) == (403, True)
    assert no.value("otp") == ""
    assert browser.done(went, otp=f" {otp} ") == "/people"
    assert browser.get("/people").heading == "My people"


def test_a_captcha_is_good_for_one_answer(browser: Browser) -> None:
    page = browser.get("/sign-in")
    no = browser.again("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer="999999")
    assert (no.status, "digits of the picture" in no.fault) == (422, True)
    assert (no.value("answer"), no.value("mobile")) == ("", PHONE)
    again = browser.again("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer=ANSWER)
    assert again.status == 422
    assert again.value("captcha") not in (page.value("captcha"), no.value("captcha"))
    assert browser.server.phones.texts == {}


def test_who_asks_too_often_is_told_when_to_ask_again(browser: Browser) -> None:
    for _ in range(3):
        page = browser.get("/sign-in")
        browser.done("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer=ANSWER)
    page = browser.get("/sign-in")
    no = browser.again("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer=ANSWER)
    assert (no.status, int(no.answer.headers["Retry-After"]) > 0, "too often" in no.fault) == (429, True, True)


def test_nobody_comes_to_the_second_step_without_the_first(browser: Browser) -> None:
    assert browser.fetch("/sign-in/code").headers["Location"] == "/sign-in"
    assert browser.done("/sign-in/code", otp="123456") == "/sign-in"


def test_a_session_ends_after_its_time_and_when_one_signs_out(browser: Browser, world: World) -> None:
    browser.sign_in()
    token = browser.web.cookies["__Host-session"]
    world.clock.now += SESSION_LIFE
    assert browser.fetch("/people").headers["Location"] == "/sign-in?over=1"
    assert "__Host-session" not in browser.web.cookies
    assert "signed out after 15 minutes" in browser.get("/sign-in", over="1").said
    browser.sign_in()
    token = browser.web.cookies["__Host-session"]
    assert browser.done("/sign-out") == "/"
    assert "__Host-session" not in browser.web.cookies
    browser.web.headers["Cookie"] = f"__Host-session={token}"
    assert browser.fetch("/people").headers["Location"] == "/sign-in?over=1"


ALONE = ("/people", "/people/new", "/people/b1/book", f"/people/b1/book/{RAMPUR}", "/appointments/123456789012")
MORE = ("slip", "cancel", "move", f"move/{RAMPUR}")
WHOSE = (
    *ALONE,
    *(f"/appointments/123456789012/{part}" for part in MORE),
    f"/certificates/{'a' * 32}",
    f"/certificates/{'a' * 32}/pdf",
    f"/certificates/{'a' * 32}/card",
    "/doses/100001.d.1/confirm",
    "/doses/100001.d.1/dispute",
)


def test_every_page_about_people_leads_strangers_to_the_sign_in_page(browser: Browser) -> None:
    for path in WHOSE:
        assert browser.fetch(path).headers.get("Location") == "/sign-in?over=1", path
    posts = [path for path in WHOSE if path.endswith(("new", "cancel", "confirm", "dispute", RAMPUR))]
    for path in posts:
        assert browser.post(path, **TIME).headers.get("Location") == "/sign-in?over=1", path
