"""Whoever cannot see, point or read small print gets through as well: what can be told from the pages themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.central.machine import Desk
from tests.central.support import RAMPUR, TODAY, World
from tests.portal.support import ANSWER, PHONE, Browser, Page, booked
from vaccinator_app.central.portal.look import read_look
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.reports.materials import Materials


def tour(browser: Browser, world: World, desk: Desk) -> Iterator[tuple[str, Page]]:
    """Every page there is, with and without something wrong on it."""
    for path in ("/", "/sign-in", "/verify", "/help", "/privacy", "/nothing"):
        yield path, browser.get(path)
    page = browser.get("/sign-in")
    yield "mobile", browser.again("/sign-in", mobile="1", captcha=page.value("captcha"), answer=ANSWER)
    went = browser.done("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer=ANSWER)
    yield "code", browser.get(went)
    yield "wrong code", browser.again(went, otp="1")
    browser.done(went, otp=browser.server.phones.otp(PHONE))
    desk.record(desk.dose(booked(browser, world)))
    other = booked(browser, world)
    desk.push()
    people = browser.get("/people")
    yield "people", people
    yield "register", browser.get("/people/new")
    yield "name", browser.again("/people/new", name="")
    links = people.links()
    person = next(link for link in links if link.startswith("/people/b")).split("/")[2]
    for path in (
        f"/people/{person}/book?district=Rampur",
        f"/people/{person}/book?name=zzz",
        f"/people/{person}/book/{RAMPUR}?vaccine=covishield&dose=1&day={TODAY}",
        f"/appointments/{other.reference}",
        f"/appointments/{other.reference}/move",
        f"/appointments/{other.reference}/move/{RAMPUR}?day={TODAY}",
        f"/appointments/{other.reference}/cancel",
        *(link for link in links if link.startswith(("/certificates/", "/doses/"))),
    ):
        yield path, browser.get(path)
    yield (
        "slot",
        browser.again(f"/people/{person}/book/{RAMPUR}", vaccine="covishield", dose="1", day=TODAY.isoformat()),
    )


def test_every_page_in_both_languages(browser: Browser, world: World, desk: Desk) -> None:
    browser.get("/", lang="hi")
    seen = 0
    for name, page in tour(browser, world, desk):
        seen += 1
        check(name, page)
        assert page.one("html")["lang"] == "hi", name
    assert seen > 20


def check(name: str, page: Page) -> None:
    ids = [tag["id"] for tag in page.tags if tag.get("id")]
    assert len(ids) == len(set(ids)), name
    assert len(page.all("h1")) == 1, name
    assert page.all("title")[0].text.strip(), name
    assert page.one("main").get("id") == "main"
    assert page.all("a")[0]["href"] == "#main", "the first thing one comes to is the way past the rest"
    assert "width=device-width" in page.one("meta", name="viewport")["content"]
    assert "user-scalable" not in page.answer.text
    labelled = {tag.get("for") for tag in page.all("label")}
    within = [tag for tag in page.all("input") if tag.get("type") == "radio"]
    for control in (*page.all("input"), *page.all("select"), *page.all("textarea")):
        if control.get("type") == "hidden" or control in within:
            continue
        assert control.get("id") in labelled, (name, control)
        for described in (control.get("aria-describedby") or "").split():
            assert described in ids, (name, described)
    for one in page.all("fieldset"):
        assert one.text.strip(), name
    assert len(page.all("legend")) == len(page.all("fieldset")), name
    for target in re.findall(r'href="#([^"]+)"', page.answer.text):
        assert target in ids, (name, target)
    for tag in page.all("img"):
        assert tag.get("alt"), name
    for tag in page.all("svg"):
        assert tag.get("aria-hidden") == "true" or page.all("title"), name
    for tag in page.all("nav"):
        assert tag.get("aria-label"), name
    primary = [tag for tag in page.tags if "primary" in (tag.get("class") or "").split()]
    assert len(primary) <= 1, (name, [tag.text for tag in primary])
    if page.all("div", class_="summary"):
        assert page.one("div", class_="summary")["role"] == "alert"
        assert page.all("title")[0].text.startswith("नहीं हुआ"), "a screen reader says it first"


def test_fields_say_what_a_phone_may_fill_in_and_which_keys_it_shows(browser: Browser) -> None:
    page = browser.get("/sign-in")
    mobile = page.one("input", id="mobile")
    assert (mobile["type"], mobile["inputmode"], mobile["autocomplete"]) == ("tel", "numeric", "tel-national")
    went = browser.done("/sign-in", mobile=PHONE, captcha=page.value("captcha"), answer=ANSWER)
    otp = browser.get(went).one("input", id="otp")
    assert (otp["inputmode"], otp["autocomplete"]) == ("numeric", "one-time-code")


WORDS = ("text", "quiet", "accent", "confirmed", "attention", "stop")
GROUNDS = ("ground", "surface")


def test_every_word_can_be_told_from_its_ground() -> None:
    sheet = read_look(Materials(resources_folder(), font_files()))
    css = next(file.content.decode() for name, file in sheet.files.items() if name.endswith(".css"))
    for rules in re.findall(r":root \{ ([^}]*)\}", css):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", rules))
        assert set(colours) >= set(json.loads((resources_folder() / "styles" / "tokens.json").read_text())["light"])
        pairs = [(word, ground) for word in WORDS for ground in GROUNDS]
        pairs += [(word, f"{word}-tint") for word in ("accent", "confirmed", "attention", "quiet", "stop")]
        pairs += [("surface", "accent"), ("surface", "accent-hover"), ("surface", "accent-down"), ("text", "selected")]
        for one, other in pairs:
            assert contrast(colours[one], colours[other]) >= 4.5, (one, other)


def test_no_colour_but_the_tokens() -> None:
    rules = (resources_folder() / "portal" / "portal.css").read_text("utf-8")
    # behind a captcha: its picture is drawn for white
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) == {"#fff"}
    assert re.search(r"rgba?\(|hsla?\(|outline: (0|none);?[^}]*\}\s*a", rules) is None


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [value / 255 for value in bytes.fromhex(colour[1:])]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
