"""Nonsense in every place of an address and every field of a form: a page that says so, never an error of central's."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest

from tests.central.support import RAMPUR, TODAY, World
from tests.portal.support import Browser, booked

NONSENSE = [
    b"\0",
    b"a\0b",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u202e\u0966\U0001f489".encode(),
    b"../../etc/passwd",
    b"' OR 1=1 --",
    b"%s%n{0}{{7*7}}",
    b"9" * 5000,
    b"\r\nSet-Cookie: a=b",
    b"-1",
    b"0",
]


@pytest.mark.parametrize("value", NONSENSE)
def test_no_nonsense_is_an_error_of_central(browser: Browser, world: World, value: bytes) -> None:
    browser.sign_in()
    who = browser.register()
    mine = booked(browser, world).reference
    typed = quote_from_bytes(value, safe="")
    day = TODAY.isoformat()
    for path in (
        f"/people/{typed}/book",
        f"/people/{who}/book?district={typed}&vaccine={typed}&dose={typed}",
        f"/people/{who}/book?name={typed}",
        f"/people/{who}/book/{typed}",
        f"/people/{who}/book/{RAMPUR}?vaccine={typed}&dose={typed}&day={typed}",
        f"/appointments/{typed}",
        f"/appointments/{typed}/slip",
        f"/appointments/{mine}/move?district={typed}&name={typed}",
        f"/appointments/{mine}/move/{typed}?day={typed}",
        f"/certificates/{typed}",
        f"/certificates/{typed}/pdf?language={typed}",
        f"/doses/{typed}/confirm",
        f"/doses/{RAMPUR}.{typed}.1/dispute",
        f"/doses/{RAMPUR}.d.{typed}/dispute",
        f"/static/{typed}",
        f"/{typed}",
        f"/help?lang={typed}",
    ):
        answer = browser.fetch(path)
        assert answer.status_code < 500, path
        assert "Set-Cookie: a=b" not in str(answer.headers)
    csrf = browser.token()
    for path, fields in (
        ("/sign-in", ("mobile", "captcha", "answer")),
        ("/sign-in/code", ("otp",)),
        ("/people/new", ("name", "year_of_birth", "gender", "photo_id_type", "photo_id_number")),
        (f"/people/{who}/book/{RAMPUR}", ("vaccine", "dose", "day", "slot")),
        (f"/appointments/{mine}/move/{RAMPUR}", ("day", "slot")),
        ("/sign-in", ("csrf",)),
    ):
        whole = {
            "csrf": csrf,
            "mobile": "9876543210",
            "name": "A",
            "day": day,
            "slot": "10:00",
            "vaccine": "covishield",
        }
        for field in fields:
            form = {key: quote_from_bytes(text.encode(), safe="") for key, text in whole.items()} | {field: typed}
            body = "&".join(f"{key}={text}" for key, text in form.items())
            answer = browser.web.post(
                f"{browser.server.address}{path}",
                data=body,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                allow_redirects=False,
            )
            assert answer.status_code < 500, (path, field)
