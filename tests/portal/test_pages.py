"""What people do at the portal, page by page, and what they are told when it cannot be done (DESIGN 8.2, 8.3)."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from tests.central.machine import Desk
from tests.central.support import BHOJPUR, RAMPUR, TODAY, World, count
from tests.portal.support import OTHER, PHONE, Browser, Page, booked
from vaccinator_app.central import schema

MORE = ("slip", "cancel", "move", f"move/{RAMPUR}")
DAY = TODAY.isoformat()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TIME = {"vaccine": "covishield", "dose": "1", "day": DAY, "slot": "10:15"}


def book(browser: Browser, beneficiary: str, **changes: str) -> str:
    """An appointment's number."""
    went = browser.done(f"/people/{beneficiary}/book/{RAMPUR}", **{**TIME, **changes})
    found = re.fullmatch(r"/appointments/(\d{12})\?new=1", went)
    assert found, went
    return found[1]


# People


def test_people_are_registered_and_the_fifth_is_refused(browser: Browser) -> None:
    browser.sign_in()
    assert "Nobody is registered" in browser.get("/people").said
    for number in range(4):
        browser.register(number)
    page = browser.get("/people")
    assert [tag.text for tag in page.all("h2")] == [f"Sunita Kumari {number}" for number in range(4)]
    assert "/people/new" not in page.links()
    form = {"name": "Fifth", "year_of_birth": "1990", "gender": "man", "photo_id_type": "pan"}
    no = browser.again("/people/new", **form, photo_id_number="ABCDE1234F")
    assert (no.status, "Four people" in no.fault) == (409, True)
    assert (no.value("name"), no.value("photo_id_number")) == ("Fifth", "ABCDE1234F")
    assert no.one("input", value="man").get("checked") is not None
    assert no.one("option", value="pan").get("selected") is not None


FAULTS = [
    ("name", {"name": ""}),
    ("name", {"name": "Ram\x07"}),
    ("year_of_birth", {"year_of_birth": "12-05-1968"}),
    ("year_of_birth", {"year_of_birth": "2030"}),
    ("gender", {"gender": ""}),
    ("photo_id_type", {"photo_id_type": ""}),
    ("photo_id_number", {"photo_id_number": "1"}),
]


def test_what_is_wrong_stands_beside_its_field(browser: Browser, world: World) -> None:
    browser.sign_in()
    form = {
        "name": "Ram",
        "year_of_birth": "1970",
        "gender": "man",
        "photo_id_type": "pan",
        "photo_id_number": "ABCDE1234F",
    }
    for field, change in FAULTS:
        page = browser.again("/people/new", **{**form, **change})
        assert page.status == 422
        (summary,) = page.all("div", class_="summary")
        (link,) = [tag for tag in page.all("a") if tag["href"] == f"#{field}"]
        said = page.one("p", id=f"{field}-wrong").text
        assert link.text == said
        assert said in summary.text
        (control,) = [tag for tag in page.tags if f"{field}-wrong" in (tag.get("aria-describedby") or "")]
        assert control["aria-invalid"] == "true"
        assert any(tag.get("id") == field for tag in page.tags)
    assert count(world, schema.people) == 0


def test_everything_that_is_wrong_with_a_form_is_said_at_once(browser: Browser) -> None:
    browser.sign_in()
    page = browser.again("/people/new", name=" ", year_of_birth="68", gender="", photo_id_type="", photo_id_number="")
    said = [tag["href"] for tag in page.all("a") if tag["href"].startswith("#")]
    assert said == ["#main", "#name", "#year_of_birth", "#gender", "#photo_id_type", "#photo_id_number"]
    assert len([tag for tag in page.all("p") if tag.get("class") == "wrong"]) == 5


STRANGE = [
    "{{7*7}}",
    "{% include 'base.html' %}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Robert'); DROP TABLE people;--",
    "%(name)s %s {name} ${7*7}",
    "मुन्नी 'बाई' & Söhne",
    "true",
    "0012",
]


@pytest.mark.parametrize("part", [0, 4, 8])
def test_names_stay_as_they_were_typed(browser: Browser, part: int) -> None:
    browser.sign_in()
    names = STRANGE[part : part + 4]
    for number, name in enumerate(names):
        beneficiary = browser.register(number, name=name)
        page = browser.get(f"/people/{beneficiary}/book")
        assert page.one("p", class_="for").text == name
        reference = book(browser, beneficiary, slot=f"1{number}:00" if number < 3 else "12:30")
        assert browser.get(f"/appointments/{reference}").heading == name
        assert browser.fetch(f"/appointments/{reference}/slip").content[:5] == b"%PDF-"
    assert sorted(tag.text for tag in browser.get("/people").all("h2")) == sorted(names)
    assert all("onerror" not in tag.attributes for tag in browser.get("/people").tags)


# Booking


def test_from_a_district_to_a_slip(browser: Browser) -> None:
    browser.sign_in()
    who = browser.register()
    page = browser.get(f"/people/{who}/book")
    assert [tag.text for tag in page.all("option") if tag.get("selected") is not None] == ["Covishield", "Dose 1"]
    page = browser.get(f"/people/{who}/book", district="Rampur", vaccine="covishield", dose="1")
    assert {tag.text for tag in page.all("strong")} == {"PHC Rampur", "CHC Bhojpur"}
    assert "No centre was found" in browser.get(f"/people/{who}/book", name="zzz").said
    (link,) = [link for link in browser.get(f"/people/{who}/book", name=RAMPUR).links() if f"/{RAMPUR}?" in link]
    page = browser.get(link)
    assert page.heading == "PHC Rampur"
    (day,) = [tag["href"] for tag in page.all("a") if f"day={DAY}" in tag["href"] and "lang=" not in tag["href"]]
    page = browser.get(day)
    assert page.one("a", aria_current="date").text.startswith("Saturday, 21 November")
    times = [tag["value"] for tag in page.all("input", name="slot")]
    assert times[0] == "10:00"
    no = browser.again(f"/people/{who}/book/{RAMPUR}", **{**TIME, "slot": ""})
    assert (no.status, "Choose a time" in no.fault) == (422, True)
    reference = book(browser, who)
    page = browser.get(f"/appointments/{reference}")
    code = page.one("p", id="code").text
    browser.server.phones.wait(PHONE, lambda texts: any(code in text and reference in text for text in texts))
    assert page.all("svg", role="img") or page.all("title")
    slip = browser.fetch(f"/appointments/{reference}/slip")
    assert (slip.headers["Content-Type"], slip.content[:5]) == ("application/pdf", b"%PDF-")
    assert "attachment" in slip.headers["Content-Disposition"]


def test_a_form_sent_twice_books_once(browser: Browser, world: World) -> None:
    browser.sign_in()
    who = browser.register()
    reference = book(browser, who)
    assert browser.done(f"/people/{who}/book/{RAMPUR}", **TIME) == f"/appointments/{reference}"
    assert count(world, schema.bookings) == 1
    no = browser.again(f"/people/{who}/book/{RAMPUR}", **{**TIME, "slot": "10:30"})
    assert (no.status, "appointment for this dose already" in no.fault) == (409, True)


def test_a_full_slot_and_a_day_that_is_over_are_said_at_the_times(browser: Browser, world: World) -> None:
    browser.sign_in()
    covaxin = {**TIME, "vaccine": "covaxin"}
    for number in range(2):
        browser.done(f"/people/{browser.register(number)}/book/{RAMPUR}", **covaxin)
    third = browser.register(3)
    no = browser.again(f"/people/{third}/book/{RAMPUR}", **covaxin)
    assert (no.status, "last place" in no.fault) == (409, True)
    assert "10:15" not in [tag["value"] for tag in no.all("input", name="slot")]
    over = browser.again(f"/people/{third}/book/{RAMPUR}", **{**covaxin, "day": "2026-11-20"})
    assert (over.status, "This day is over" in over.fault) == (422, True)
    assert browser.get(f"/people/{third}/book/999999").status == 404
    assert browser.get(f"/people/nobody/book/{RAMPUR}").status == 404


def test_moving_and_cancelling_ask_first_and_lead_on_when_sent_twice(browser: Browser, world: World) -> None:
    browser.sign_in()
    reference = book(browser, browser.register())
    assert "CHC Bhojpur" in browser.get(f"/appointments/{reference}/move").said
    page = browser.get(f"/appointments/{reference}/move/{BHOJPUR}", day=DAY)
    assert "new security code" in page.said
    new = browser.done(f"/appointments/{reference}/move/{BHOJPUR}", **TIME)
    moved = new.split("/")[2].split("?")[0]
    assert moved != reference
    assert browser.done(f"/appointments/{reference}/move/{BHOJPUR}", **TIME) == f"/appointments/{moved}"
    old = browser.get(f"/appointments/{reference}")
    assert "Moved" in old.said
    assert f"/appointments/{moved}" in old.links()
    assert old.all("p", id="code") == []
    assert browser.fetch(f"/appointments/{reference}/slip").status_code == 409
    assert "Cancel this appointment?" in browser.get(f"/appointments/{moved}/cancel").said
    assert count(world, schema.bookings, schema.bookings.c.cancelled_at.is_(None)) == 1
    for _ in range(2):
        assert browser.done(f"/appointments/{moved}/cancel") == f"/appointments/{moved}"
    assert count(world, schema.bookings, schema.bookings.c.cancelled_at.is_(None)) == 0
    gone = browser.get(f"/appointments/{moved}")
    assert "Cancelled" in gone.said
    assert f"/appointments/{moved}/move" not in gone.links()


def test_a_missed_day_may_be_made_up_for(browser: Browser, world: World) -> None:
    browser.sign_in()
    reference = book(browser, browser.register())
    world.clock.move(days=2)
    browser.sign_in()
    page = browser.get(f"/appointments/{reference}")
    assert "choose another day" in page.said
    assert page.all("p", id="code") == []
    later = (TODAY + timedelta(days=7)).isoformat()
    assert browser.done(f"/appointments/{reference}/move/{RAMPUR}", **{**TIME, "day": later})


# Doses


def test_certificate_word_and_dispute(browser: Browser, world: World, desk: Desk) -> None:
    browser.sign_in()
    right, wrong = (booked(browser, world, name=name) for name in ("Right Code", "Wrong Code"))
    desk.record(desk.dose(right))
    desk.record(desk.dose(wrong, f"{(int(wrong.code) + 1) % 10_000:04d}"))
    desk.push()
    page = browser.get("/people")
    (certificate,) = [link for link in page.links() if link.startswith("/certificates/")]
    shown = browser.get(certificate)
    assert "Right Code" in shown.said
    for language in ("en", "hi"):
        answer = browser.fetch(f"{certificate}/pdf", language=language)
        assert (answer.content[:5], f"certificate-{language}.pdf" in answer.headers["Content-Disposition"]) == (
            b"%PDF-",
            True,
        )
    card = browser.fetch(f"{certificate}/card")
    assert card.headers["Content-Type"] == "application/smart-health-card"
    assert ".smart-health-card" in card.headers["Content-Disposition"]
    (jws,) = json.loads(card.content)["verifiableCredential"]
    assert jws.count(".") == 2
    (confirm,) = [link for link in page.links() if link.endswith("/confirm")]
    assert "Was this dose given?" in browser.get(confirm).said
    assert len([link for link in browser.get("/people").links() if link.startswith("/certificates/")]) == 1
    assert browser.done(confirm) == "/people"
    assert len([link for link in browser.get("/people").links() if link.startswith("/certificates/")]) == 2
    dispute = confirm.replace("confirm", "dispute")
    assert "Was this dose not given?" in browser.get(dispute).said
    assert browser.done(dispute) == "/people"
    page = browser.get("/people")
    assert "You said: not given" in page.said
    assert len([link for link in page.links() if link.startswith("/certificates/")]) == 1
    assert "said that it was not given" in browser.get(confirm).said
    verified = verify(browser, jws)
    assert (verified.status, verified.heading, "Right Code" in verified.said) == (
        200,
        "This certificate is valid",
        True,
    )
    assert "21 November 2026" in verified.said


def test_a_second_dose_is_offered_from_the_day_that_its_interval_allows(
    browser: Browser, world: World, desk: Desk
) -> None:
    browser.sign_in()
    desk.record(desk.dose(booked(browser, world)))
    desk.push()
    (link,) = [link for link in browser.get("/people").links() if link.endswith("/book")]
    page = browser.get(f"{link}/{RAMPUR}")
    assert "Dose 2" in page.said
    assert "this one can be given from 13 February 2027" in page.said
    assert "No free places" in page.said


def test_nobody_sees_or_changes_what_belongs_to_another_number(browser: Browser, world: World, desk: Desk) -> None:
    browser.sign_in()
    desk.record(desk.dose(booked(browser, world)))
    waiting = booked(browser, world)
    desk.push()
    links = browser.get("/people").links()
    theirs = [link for link in links if link.startswith(("/certificates/", "/doses/", "/appointments/", "/people/b"))]
    theirs += [f"/appointments/{waiting.reference}/{part}" for part in MORE]
    theirs += [f"{link}/pdf" for link in theirs if link.startswith("/certificates/")]
    assert len(theirs) > 7
    assert {browser.fetch(link).status_code for link in theirs} == {200}
    browser.done("/sign-out")
    browser.sign_in(OTHER)
    for link in theirs:
        answer = browser.fetch(link)
        assert answer.status_code == 404, link
        assert "Sunita" not in answer.text
    for link in [f"/appointments/{waiting.reference}/cancel", *(link for link in theirs if "/doses/" in link)]:
        assert browser.post(link).status_code == 404, link
    assert count(world, schema.bookings, schema.bookings.c.cancelled_at.is_not(None)) == 0


# Verifying


def verify(browser: Browser, text: str = "", file: bytes | None = None) -> Page:
    parts: dict[str, tuple[str | None, str | bytes]] = {"csrf": (None, browser.token()), "text": (None, text)}
    if file is not None:
        parts["file"] = ("card.png", file)
    return Page(browser.web.post(f"{browser.server.address}/verify", files=parts))


def test_what_is_shown_is_judged_and_nothing_shown_is_kept(browser: Browser) -> None:
    nothing = verify(browser)
    assert (nothing.status, "Choose a picture" in nothing.fault) == (422, True)
    assert verify(browser, "rubbish").heading == "This certificate cannot be believed"
    assert "neither a picture" in verify(browser, file=b"\x00\xff\x00").said
    large = verify(browser, file=b"\x89PNG" + bytes(9 * 1024 * 1024))
    assert (large.status, "smaller file" in large.said) == (413, True)


# What goes wrong


def test_errors_are_pages_and_machines_keep_their_json(browser: Browser) -> None:
    missing = browser.get("/nothing/here")
    assert (missing.status, "nothing at this address" in missing.said) == (404, True)
    wrong = Page(browser.web.post(f"{browser.server.address}/people", data={}))
    assert (wrong.status, wrong.heading) == (405, "This did not work")
    hindi = browser.get("/nothing", lang="hi")
    assert hindi.heading == "यह नहीं हो सका"
    assert hindi.one("html")["lang"] == "hi"
    for path in ("/v1/nothing", "/.well-known/nothing", "/captcha/nothing"):
        answer = browser.fetch(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json"), path
    unreadable = browser.web.post(f"{browser.server.address}/people/new", data="a=1", headers={"Content-Type": "x/y"})
    assert (unreadable.status_code, "<html" in unreadable.text) == (403, True), "no form, so no token in it"
    unreadable = browser.web.post(f"{browser.server.address}/people/new", data="name=1&name=2", headers=FORM)
    assert (unreadable.status_code, "पढ़ा नहीं जा सका" in unreadable.text) == (400, True)


def test_an_error_nobody_foresaw_is_a_page_that_says_nothing(browser: Browser, world: World) -> None:
    with world.home.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE mobiles RENAME TO elsewhere")
    browser.sign_in()
    page = browser.get("/people")
    assert (page.status, "Try again in a while" in page.said) == (500, True)
    assert "mobiles" not in page.answer.text
