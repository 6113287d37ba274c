"""Four people booked in a browser, the fifth refused, vaccinated at two offline desks, certificates fetched (DESIGN 8).

Nothing is stubbed: central, its portal over TLS, vaults, sync engines and Chromium are the real ones. Only time is
told, and the captcha shows digits that the test knows.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.citizen import DESK_SIZE, PHONE_SIZE, Citizen, Held, citizen, screens
from tests.central.support import TODAY, World
from tests.portal.support import PHONE, Portal
from tests.whole import script
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.trust.card_keys import read_key_set
from vaccinator_app.trust.health_card import verify

PEOPLE = {
    "en": ("Sunita Kumari", "Ram Prasad", "Lakshmi O'Brien <b>Iyer</b>", "{{7*7}} Irfan'; DROP TABLE people;--"),
    "hi": ("सुनीता कुमारी", "राम प्रसाद", "लक्ष्मी अय्यर", "मोहम्मद इरफ़ान"),
}


@pytest.mark.parametrize(("language", "size"), [("hi", PHONE_SIZE), ("en", DESK_SIZE)], ids=["hi-phone", "en-desktop"])
def test_from_booking_to_certificate(
    world: World, server: Portal, browser: Browser, tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    with citizen(browser, server.address, language, size, pictures=screens(f"{language}-{size[0]}")) as person:
        slips = book_four(person, server)
        refuse_the_fifth(person)
        vaccinate(world, tmp_path, slips)
        fetch_certificates(person, server, world, tmp_path)
        say_that_one_was_not_given(person)


def sign_in(person: Citizen, server: Portal) -> None:
    person.ask_for_otp(PHONE)
    person.type_otp(server.phones.otp(PHONE))


def book_four(person: Citizen, server: Portal) -> list[Held]:
    sign_in(person, server)
    day, slips = person.say.near(TODAY), []
    for number, name in enumerate(PEOPLE[person.say.language]):
        person.snap("people")
        person.follow("people.register")
        person.heading(person.say("new.title"))
        person.register(name, 1960 + number, "woman", f"4444 5555 66{number:02d}")
        person.heading(person.say("find.title"))
        person.choose("Rampur", "PHC Rampur", day, f"10:{15 * number:02d}")
        person.press("days.book")
        expect(person.page.get_by_role("status")).to_have_text(person.say("appointment.new"))
        person.snap("appointment")
        slips.append(person.held())
        # a reload asks for the page, and books nothing
        person.page.reload()
        assert person.held() == slips[-1]
        kind, slip = person.download("slip.pdf")
        assert (kind, slip[:5]) == ("slip.pdf", b"%PDF-")
        person.follow("people.title")
    assert [held.name for held in slips] == list(PEOPLE[person.say.language])
    for held in slips:
        server.phones.wait(PHONE, lambda texts, said=held: any(said.code in text for text in texts))  # type: ignore[misc]
    person.snap("four-people")
    return slips


def refuse_the_fifth(person: Citizen) -> None:
    expect(person.page.get_by_role("link", name=person.say("people.register"), exact=True)).to_have_count(0)
    person.go("/people/new")
    person.register("Fifth Person", 1990, "man", "9999 8888 7777")
    expect(person.page.get_by_role("alert")).to_contain_text(person.say("refused.mobile_full"))
    expect(person.page.get_by_label(person.say("new.name"), exact=True)).to_have_value("Fifth Person")
    person.snap("fifth-refused")


def vaccinate(world: World, folder: Path, slips: list[Held]) -> None:
    """Two desks hear of the four, lose their network, type the codes off the slips, and get it back in the evening."""
    script.book(world, 0)
    day = script.set_up(world, folder, [])

    def nothing() -> None:
        raise Unreachable(Message.of("sync.could_not_reach"))

    for counter in day.counters:
        counter.simulator.before = nothing
    for number, held in enumerate(slips):
        counter = day.counters[number % 2]
        counter.at(script.OPENS + number * timedelta(minutes=6))
        counter.dose(held.reference, held.code)
    script.evening(day)
    for counter in day.counters:
        counter.simulator.before = lambda: None
    script.meet(day)
    day.close()


def fetch_certificates(person: Citizen, server: Portal, world: World, folder: Path) -> None:
    person.go("/people")
    # The session of the morning is over.
    expect(person.page.get_by_text(person.say("sign_in.over"))).to_be_visible()
    person.snap("signed-out")
    sign_in(person, server)
    certified = person.page.get_by_text(person.say("dose.certified"), exact=True)
    expect(certified).to_have_count(4)
    person.snap("vaccinated")
    person.follow("dose.certificate")
    person.heading(person.say("certificate.title"))
    person.snap("certificate")
    whose = person.page.locator("dd").first.inner_text()
    assert whose in PEOPLE[person.say.language]
    for language in ("hi", "en"):
        name, pdf = person.download(f"certificate.pdf.{language}")
        assert (name, pdf[:5]) == (f"certificate-{language}.pdf", b"%PDF-")
    name, card = person.download("certificate.card")
    assert name == "dose.smart-health-card"
    check_card(card, server, world, folder)
    (folder / name).write_bytes(card)
    person.go("/verify")
    person.snap("verify")
    person.page.get_by_label(person.say("verify.file")).set_input_files(folder / name)
    person.press("verify.verify")
    person.heading(person.say("verify.valid"))
    expect(person.page.get_by_role("status")).to_contain_text(whose)
    person.snap("verified")
    changed = re.sub(
        r"\.(.)", lambda found: ".A" if found[1] != "A" else ".B", json.loads(card)["verifiableCredential"][0]
    )
    person.page.get_by_label(person.say("verify.paste")).fill(changed)
    person.press("verify.verify")
    person.heading(person.say("verify.invalid"))
    person.snap("not-verified")


def check_card(card: bytes, server: Portal, world: World, folder: Path) -> None:
    """By the key set that central publishes, as any other program would."""
    (jws,) = json.loads(card)["verifiableCredential"]
    answer = requests.get(f"{server.address}/.well-known/jwks.json", verify=str(folder / "authority.pem"), timeout=20)
    found = verify(jws, [read_key_set(answer.content)], [], world.clock())
    assert found.issuer == server.address


def say_that_one_was_not_given(person: Citizen) -> None:
    person.go("/people")
    person.follow("dose.dispute")
    person.heading(person.say("word.not"))
    person.snap("dispute")
    person.press("word.not.yes")
    expect(person.page.get_by_text(person.say("dose.disputed"), exact=True)).to_have_count(1)
    expect(person.page.get_by_text(person.say("dose.certified"), exact=True)).to_have_count(3)
    person.snap("disputed")
    person.press("sign_out")
    person.heading(person.say("start.title"))
