"""Captchas: six digits seen or heard, good once and for five minutes."""

from __future__ import annotations

import io
import re
import wave
from datetime import timedelta
from itertools import cycle

import pytest
import requests
from PIL import Image

from tests.central.apps import served
from tests.central.support import BOUNDLESS, HOME, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.captcha import LENGTH, SIGNS, Captchas, draw
from vaccinator_app.central.citizens.limits import Bound, Bounds
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.operations.housekeeping import forget

ANSWERS = ("274936", "885224")


@pytest.fixture
def captchas(world: World) -> Captchas:
    answers = cycle(ANSWERS)
    return Captchas(world.home.database, world.home.keys, world.clock, BOUNDLESS, choose=lambda: next(answers))


def right(captchas: Captchas, captcha: str, answer: str) -> bool:
    try:
        captchas.require(captcha, answer)
    except Refused as no:
        return {("captcha_wrong", 422): False}[no.code, no.http_status]
    return True


def test_the_right_digits_in_any_script_and_spacing_open_it(captchas: Captchas) -> None:
    assert right(captchas, captchas.fresh(address=HOME).captcha, "274936")
    assert right(captchas, captchas.fresh(address=HOME).captcha, " ८८५ २२४ ")


def test_an_answer_is_taken_once_whatever_it_was(captchas: Captchas) -> None:
    wrong = captchas.fresh(address=HOME).captcha
    assert not right(captchas, wrong, "274937")
    assert not right(captchas, wrong, "274936")
    used = captchas.fresh(address=HOME).captcha
    assert right(captchas, used, "885224")
    assert not right(captchas, used, "885224")


def test_it_is_good_for_five_minutes_and_for_itself_alone(world: World, captchas: Captchas) -> None:
    first, second = captchas.fresh(address=HOME).captcha, captchas.fresh(address=HOME).captcha
    assert not right(captchas, first, "885224")
    world.clock.move(minutes=5)
    assert not right(captchas, second, "885224")
    with pytest.raises(Refused) as found:
        captchas.picture(second)
    assert found.value.code == "captcha_over"


@pytest.mark.parametrize("typed", ["", "27493", "2749366", "27 49 3x", "²⁷⁴⁹³⁶", "\0", "'; DROP TABLE captchas; --"])
@pytest.mark.parametrize("name", [None, "", "x" * 40, "नाम", "a\0b", "' OR 1=1 --", "../../etc/passwd"])
def test_nothing_else_opens_it(captchas: Captchas, typed: str, name: str | None) -> None:
    captcha = captchas.fresh(address=HOME).captcha
    assert not right(captchas, captcha if name is None else name, typed if name is None else "274936")


def test_seen_and_heard(captchas: Captchas) -> None:
    fresh = captchas.fresh(address=HOME)
    assert (fresh.png, fresh.wav) == (f"/captcha/{fresh.captcha}.png", f"/captcha/{fresh.captcha}.wav")
    picture = captchas.picture(fresh.captcha)
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("PNG", (260, 90))
    assert picture != captchas.picture(fresh.captcha), "the same picture twice could be learnt by heart"
    with wave.open(io.BytesIO(captchas.sound(fresh.captcha))) as heard:
        assert (heard.getframerate(), heard.getnchannels()) == (8000, 1)
        assert 5 < heard.getnframes() / 8000 < 30


def test_the_answer_stands_nowhere_in_the_clear(world: World, captchas: Captchas) -> None:
    captchas.fresh(address=HOME)
    with world.home.database.read() as connection:
        (row,) = connection.execute(schema.captchas.select())
    assert b"274936" not in row.answer


def test_answers_are_drawn_from_signs_that_are_not_mixed_up() -> None:
    drawn = [draw() for _ in range(300)]
    assert len(set(drawn)) > 290
    assert {sign for one in drawn for sign in one} == set(SIGNS)
    assert all(len(one) == LENGTH for one in drawn)
    assert not set("01") & set(SIGNS)


def test_pictures_are_limited_an_address_and_drawings_a_picture(world: World) -> None:
    hour = timedelta(hours=1)
    bounds = Bounds(captchas_address=Bound(2, hour), captcha_drawn=Bound(2, hour))
    captchas = Captchas(world.home.database, world.home.keys, world.clock, bounds)
    fresh = captchas.fresh(address=HOME)
    captchas.fresh(address=HOME)
    with pytest.raises(Refused) as found:
        captchas.fresh(address=HOME)
    assert found.value.http_status == 429
    captchas.fresh(address="198.51.100.1")
    captchas.picture(fresh.captcha)
    captchas.picture(fresh.captcha)
    with pytest.raises(Refused) as found:
        captchas.picture(fresh.captcha)
    assert found.value.http_status == 429


def test_over_the_wire_nobody_keeps_them_and_the_visitor_is_counted(world: World) -> None:
    bounds = Bounds(captchas_address=Bound(2, timedelta(hours=1)))
    with served(world, bounds=bounds, trusted_proxies=("127.0.0.1",)) as server, requests.Session() as web:
        web.verify, web.trust_env = str(world.folder / "authority.pem"), False

        def page(address: str) -> requests.Response:
            return web.get(f"{server.address}/sign-in", headers={"X-Forwarded-For": f"198.51.100.66, {address}"})

        first = page("203.0.113.7")
        (picture,) = set(re.findall(r"/captcha/[0-9a-f]{32}\.png", first.text))
        for address, kind, begins in (
            (picture, "image/png", b"\x89PNG"),
            (f"{picture[:-4]}.wav", "audio/wav", b"RIFF"),
        ):
            answer = web.get(server.address + address)
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.content.startswith(begins)
        for address in ("/captcha/x.png", f"{picture[:-4]}.gif", "/captcha/.png", picture[:-4]):
            assert web.get(server.address + address).status_code == 404
        assert page("203.0.113.7").status_code == 200
        over = page("203.0.113.7")
        assert over.status_code == 429
        assert int(over.headers["Retry-After"]) >= 1
        assert page("203.0.113.8").status_code == 200


def test_old_ones_are_forgotten(world: World, captchas: Captchas) -> None:
    captchas.fresh(address=HOME)
    world.clock.move(minutes=6)
    forget(world.home.database, world.clock())
    assert count(world, schema.captchas) == 0
