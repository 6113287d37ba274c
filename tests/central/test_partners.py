"""Apps of others: a key, its scopes, its calls a day; the citizen's own password first; one switch for all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.central.apps import App, app, served
from tests.central.machine import Desk
from tests.central.support import RAMPUR, TODAY, World, count
from vaccinator_app.central import log, schema
from vaccinator_app.central.citizens.partners import CALLS_KEPT, Partners, Scope
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.http.partner_door import HEADER
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.central.running.server import Running
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main

MOBILE, OTHER = "9876543210", "9876543211"
SLOTS = f"/v1/centres/{RAMPUR}/sessions?date={TODAY}"


@pytest.fixture
def server(world: World) -> Iterator[Running]:
    with served(world) as found:
        yield found


@pytest.fixture
def aarogya(world: World, server: Running) -> App:
    return app(world, server)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = log.to_stream(stream)
    try:
        yield stream
    finally:
        log.LOGGER.removeHandler(handler)


def refusal(answer: object) -> tuple[int, str]:
    assert hasattr(answer, "status_code")
    assert hasattr(answer, "json")
    return answer.status_code, answer.json()["code"]


def partners(world: World) -> Partners:
    return Partners(world.home.database, world.home.keys, world.clock)


def test_a_citizen_does_everything_through_an_app(world: World, aarogya: App) -> None:
    session = aarogya.sign_in(MOBILE)
    person = {key: value for key, value in asdict(world.form()).items() if key in PERSON}
    made = aarogya.call("POST", "/v1/people", session, json=person)
    assert made.status_code == 201, made.text
    place = {"beneficiary": made.json()["beneficiary"], "centre": RAMPUR, "vaccine": "covishield", "dose": 1}
    wish = {**place, "date": TODAY.isoformat(), "slot": "10:00"}
    booked = aarogya.call("POST", "/v1/appointments", session, json=wish)
    assert booked.status_code == 201, booked.text
    reference = booked.json()["reference"]
    one = aarogya.call("GET", f"/v1/bookings/{reference}", session).json()
    assert (one["code"], one["slip"]) == (booked.json()["code"], booked.json()["slip"])
    moved = aarogya.call(
        "POST",
        f"/v1/bookings/{reference}/move",
        session,
        json={"centre": RAMPUR, "date": TODAY.isoformat(), "slot": "10:15"},
    )
    assert moved.status_code == 200, moved.text
    assert moved.json()["code"].isdigit()
    found = aarogya.call("GET", "/v1/people", session).json()
    assert [(one["name"], len(one["appointments"])) for one in found] == [(person["name"], 2)]
    assert "doses" not in found[0]
    slip = aarogya.call("GET", f"/v1/bookings/{moved.json()['reference']}/slip?language=hi", session)
    assert (slip.headers["content-type"], slip.content[:5]) == ("application/pdf", b"%PDF-")
    assert slip.headers["cache-control"] == "no-store"
    cancelled = aarogya.call("POST", f"/v1/bookings/{moved.json()['reference']}/cancel", session)
    assert cancelled.status_code == 204, cancelled.text
    assert aarogya.call("POST", "/v1/sign-out", session).status_code == 204
    assert refusal(aarogya.call("GET", "/v1/people", session)) == (401, "session_over")


PERSON = {"name", "year_of_birth", "gender", "photo_id_type", "photo_id_number", "language"}


def test_a_dose_its_certificate_and_ones_word_against_it(world: World, aarogya: App, desk: Desk) -> None:
    booked = world.book(MOBILE)
    desk.record(desk.dose(booked))
    desk.push()
    session = aarogya.sign_in(MOBILE)
    (person,) = aarogya.call("GET", "/v1/doses", session).json()
    (dose,) = person["doses"]
    certificate = dose["certificate"]
    paper = aarogya.call("GET", f"/v1/certificates/{certificate}", session)
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    card = aarogya.call("GET", f"/v1/certificates/{certificate}/card", session)
    assert card.headers["content-type"] == "application/smart-health-card"
    assert card.json()["verifiableCredential"][0].count(".") == 2
    assert aarogya.call("POST", f"/v1/doses/{dose['dose']}/confirm", session).status_code == 204
    assert aarogya.call("POST", f"/v1/doses/{dose['dose']}/dispute", session).status_code == 204
    assert aarogya.call("GET", f"/v1/certificates/{certificate}", session).status_code == 404
    assert aarogya.call("GET", "/v1/doses", session).json()[0]["doses"][0]["disputed"]
    stranger = aarogya.sign_in(OTHER)
    assert aarogya.call("POST", f"/v1/doses/{dose['dose']}/confirm", stranger).status_code == 404


@pytest.mark.parametrize("key", ["", "x", "vk_" + "A" * 43, "\x7f", "' OR 1=1 --", "k" * 4000])
def test_without_a_key_that_opens_nothing_is_answered(aarogya: App, key: str) -> None:
    for method, path in (("GET", SLOTS), ("POST", "/v1/otp"), ("GET", "/v1/people")):
        assert refusal(aarogya.call(method, path, key=key)) == (401, "partner_unknown")


def test_a_partner_asks_for_what_its_scopes_say(world: World, server: Running) -> None:
    def opens(scope: Scope) -> set[str]:
        one = app(world, server, [scope])
        assert one.call("POST", "/v1/otp", json={"mobile": MOBILE}).status_code == 202
        found = {path: one.call("GET", path) for path in (SLOTS, "/v1/people", "/v1/doses")}
        assert {refusal(answer) for answer in found.values() if answer.status_code == 403} <= {(403, "scope_missing")}
        return {path for path, answer in found.items() if answer.status_code != 403}

    assert opens(Scope.SLOTS) == {SLOTS}
    assert opens(Scope.BOOK) == {"/v1/people"}
    assert opens(Scope.CERTIFICATES) == {"/v1/doses"}


def test_a_days_calls_are_counted_the_refused_ones_too(world: World, server: Running) -> None:
    one, other = app(world, server, calls_a_day=3), app(world, server, calls_a_day=3)
    statuses = [one.call("GET", path).status_code for path in (SLOTS, "/v1/people", SLOTS, SLOTS)]
    assert statuses == [200, 401, 200, 429]
    again = one.call("GET", SLOTS)
    assert refusal(again) == (429, "too_many")
    assert int(again.headers["Retry-After"]) == (24 * 60 - 4 * 60 - 30) * 60
    assert other.call("GET", SLOTS).status_code == 200
    world.clock.move(hours=19, minutes=30)
    assert one.call("GET", SLOTS).status_code == 200


def test_a_session_of_one_app_is_nothing_in_another(world: World, server: Running, aarogya: App) -> None:
    umang = app(world, server)
    session = aarogya.sign_in(MOBILE)
    assert aarogya.call("GET", "/v1/people", session).status_code == 200
    assert refusal(umang.call("GET", "/v1/people", session)) == (401, "session_over")
    assert refusal(aarogya.call("GET", "/v1/people", world.sign_in(MOBILE))) == (401, "session_over")
    shown = umang.web.get(f"{server.address}/people", cookies={"__Host-session": session}, allow_redirects=False)
    assert (shown.status_code, shown.headers["Location"]) == (303, "/sign-in?over=1")


def test_revoking_one_closes_it_and_its_sessions_with_the_next_call(
    world: World, server: Running, aarogya: App
) -> None:
    umang = app(world, server)
    session = aarogya.sign_in(MOBILE)
    first = partners(world).identify(aarogya.key)
    with logged() as stream:
        partners(world).revoke(first.partner)
        assert refusal(aarogya.call("GET", "/v1/people", session)) == (401, "partner_unknown")
    assert first.partner in stream.getvalue()
    assert '"revoked_key_used"' in stream.getvalue()
    assert umang.call("GET", SLOTS).status_code == 200
    with pytest.raises(CentralError, match="revoked already"):
        partners(world).revoke(first.partner)


def test_one_command_closes_all_apps_and_nothing_else(
    world: World, server: Running, aarogya: App, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    def apis(what: str) -> str:
        database = world.home.database.engine.url.render_as_string(hide_password=False)
        assert main(["central", "apis", what, "--home", str(world.folder), "--database", database]) == Exit.OK
        return capsys.readouterr().out

    umang = app(world, server)
    assert apis("status") == "Apps are answered.\n"
    apis("lock")
    apis("lock")
    for one in (aarogya, umang):
        answer = one.call("GET", SLOTS)
        assert refusal(answer) == (503, "partners_locked")
        assert answer.json()["sentence"] == "Central answers no apps at the moment. The portal is open."
    assert apis("status").startswith("No app is answered since 20")
    assert aarogya.call("GET", "/sign-in").status_code == 200
    desk.push()
    apis("unlock")
    assert aarogya.call("GET", SLOTS).status_code == 200


def test_each_call_is_written_down_and_never_whom_it_was_about(world: World) -> None:
    with logged() as stream, served(world) as server:
        aarogya = app(world, server)
        session = aarogya.sign_in(MOBILE)
        booked = aarogya.call("POST", "/v1/bookings", session, json=asdict(world.form(name="Lakshmi Iyer")))
        reference = booked.json()["reference"]
        aarogya.call("GET", f"/v1/bookings/{reference}", session)
        aarogya.call("GET", "/v1/bookings/000000000000", session)
    (partner,) = partners(world).everyone()
    wanted = [
        ("POST /v1/otp", 202),
        ("POST /v1/otp/verify", 200),
        ("POST /v1/bookings", 201),
        ("GET /v1/bookings/{reference}", 200),
        ("GET /v1/bookings/{reference}", 404),
    ]
    with world.home.database.read() as connection:
        rows = connection.execute(schema.partner_calls.select()).all()
    # The log's lines are whole once the server has ended.
    assert sorted((row.route, row.status) for row in rows) == sorted(wanted)
    assert {row.partner for row in rows} == {partner.partner}
    assert partner.calls_today == len(wanted)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    asked = [(f"{line['method']} {line['route']}", line["status"]) for line in lines if line["event"] == "request"]
    assert asked == wanted
    assert {line["partner"] for line in lines if line["event"] == "request"} == {partner.partner}
    told = stream.getvalue() + repr([tuple(row) for row in rows])
    for word in ("Lakshmi", MOBILE, reference, session, aarogya.key, booked.json()["code"] + '"'):
        assert word not in told


def test_calls_are_kept_for_half_a_year(world: World, aarogya: App) -> None:
    aarogya.call("GET", SLOTS)
    world.clock.now += CALLS_KEPT
    forget(world.home.database, world.clock())
    assert count(world, schema.partner_calls) == 1
    world.clock.move(seconds=1)
    forget(world.home.database, world.clock())
    assert count(world, schema.partner_calls) == 0


def test_no_key_stands_in_the_database(world: World, aarogya: App) -> None:
    with world.home.database.read() as connection:
        (row,) = connection.execute(schema.partners.select())
    assert aarogya.key.encode() not in row.key_hash
    assert aarogya.key not in repr(tuple(row))


def test_partners_from_the_command_line(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--home", str(world.folder)]
    asked = ["central", "partner", "add", "Aarogya Setu", "--scope", "book", "--scope", "slots", "--calls-a-day"]
    assert main([*asked, "1000", *where]) == Exit.OK
    _, key = capsys.readouterr().out.splitlines()
    made = partners(world).identify(key)
    assert (made.name, made.scopes, made.calls_a_day) == ("Aarogya Setu", frozenset({Scope.BOOK, Scope.SLOTS}), 1000)
    assert main(["central", "partner", "list", *where]) == Exit.OK
    line = capsys.readouterr().out
    assert line.split() == [
        made.partner,
        "open",
        "book,slots",
        "0",
        "of",
        "1000",
        "calls",
        "today",
        *["Aarogya", "Setu"],
    ]
    assert key not in line
    assert main(["central", "partner", "revoke", made.partner, *where]) == Exit.OK
    assert main(["central", "partner", "revoke", made.partner, *where]) == Exit.NOT_DONE
    assert main([*asked, "0", *where]) == Exit.NOT_DONE
    capsys.readouterr()
    assert main(["central", "partner", "list", *where]) == Exit.OK
    assert "revoked" in capsys.readouterr().out


def test_a_call_without_the_header_is_refused_before_its_body_is_read(server: Running, aarogya: App) -> None:
    answer = aarogya.web.post(f"{server.address}/v1/otp", data=b"{", headers={"Content-Type": "application/json"})
    assert refusal(answer) == (401, "partner_unknown")
    document = aarogya.web.get(f"{server.address}/schema/openapi.json").json()
    assert document["components"]["securitySchemes"]["partner"] == {"type": "apiKey", "name": HEADER, "in": "header"}
