"""Narrow screens and large print: nothing is cut off, and nobody scrolls sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.citizen import PHONE_SIZE
from tests.central.support import RAMPUR, TODAY, World
from tests.portal.support import PHONE, Portal
from vaccinator_app.central.portal.visit import SESSION

LONG = "Venkatanarasimharajuvaripeta" * 3
NARROW, LARGE = ((320, 640), ""), (PHONE_SIZE, "html { font-size: 200% }")


@pytest.mark.parametrize(("size", "style"), [NARROW, LARGE], ids=["320 px", "200 % text"])
@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_page_fits(
    world: World, server: Portal, browser: Browser, language: str, size: tuple[int, int], style: str
) -> None:
    world.login.ask(PHONE, language, address="127.0.0.1")
    session = world.login.verify(PHONE, server.phones.otp(PHONE), address="127.0.0.1").token
    booked = world.bookings.book(session, world.form(name=LONG, slot="12:00"))
    # To be able to measure: scripts of the test alone, and its style for large print.
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, bypass_csp=True)
    page = context.new_page()
    for path in ("/", "/sign-in", "/verify", "/help", "/privacy", "/nothing"):
        look(page, server, path, language, style)
    context.add_cookies([{"name": SESSION, "value": session, "url": server.address, "secure": True}])
    look(page, server, "/people", language, style)
    person = page.locator("section.person h2").get_attribute("id")
    for path in (
        "/people/new",
        f"/people/{person}/book?district=Rampur",
        f"/people/{person}/book/{RAMPUR}?vaccine=covishield&dose=1&day={TODAY}",
        f"/appointments/{booked.reference}",
        f"/appointments/{booked.reference}/cancel",
    ):
        look(page, server, path, language, style)
    context.close()


def look(page: Page, server: Portal, path: str, language: str, style: str) -> None:
    page.goto(f"{server.address}{path}{'&' if '?' in path else '?'}lang={language}")
    if style:
        page.add_style_tag(content=style)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .filter(one => !one.closest(".skip") && !one.closest("svg"))
            .map(one => one.tagName + "." + one.className + ": " + one.textContent.slice(0, 40))"""
    )
    assert wide == [], path
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, header a, footer a, input:not([type=hidden]), select")]
            .map(one => one.closest("label") || one)
            .filter(one => one.getBoundingClientRect().height < 32)
            .map(one => one.outerHTML.slice(0, 80))"""
    )
    assert small == [], path
