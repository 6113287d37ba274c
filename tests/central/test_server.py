"""One thin layer over real TLS on a free port: addresses, refusals, limits, logs, messages, a graceful end."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.central.machine import Desk
from tests.central.support import HOME, RAMPUR, TODAY, Clock, World, log_of, partner_key, texts
from tests.support.postgres import copy_home
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.http.app import MAX_FORM
from vaccinator_app.central.running.server import Running, Settings, listen, running
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import RECEIPT_TYPE, Receipt
from vaccinator_app.protocol.packing import MAX_PACKED

NAME, NUMBER, MOBILE = "Lakshmi Iyer 🌸", "9753 1086 4209", "9753108642"


@pytest.fixture(scope="module")
def served_home(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "home"
    copy_home(made_home, folder)
    return folder


@pytest.fixture(scope="module")
def server(served_home: Path) -> Iterator[Running]:
    """One server for the tests that leave nothing behind."""
    with running(Settings(home=served_home, texts=texts(), port=0, clock=Clock())) as found:
        yield found


@pytest.fixture
def web(server: Running, served_home: Path, tmp_path: Path) -> Iterator[requests.Session]:
    with web_of(server, tmp_path, partner_key(served_home)) as session:
        yield session


@contextmanager
def web_of(server: Running, tmp_path: Path, key: str) -> Iterator[requests.Session]:
    """A partner's app."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(server.authority)
    with requests.Session() as session:
        session.verify = str(authority)
        session.trust_env = False
        session.headers["X-Partner-Key"] = key
        yield session


def otp_of(world: World, server: Running) -> str:
    # The server's own postman may have the message under its hands already.
    inbox, until = world.folder / "sms" / f"{MOBILE}.jsonl", time.monotonic() + 20
    # The file is there a moment before its line is.
    while not (inbox.exists() and inbox.read_bytes().endswith(b"\n")) and time.monotonic() < until:
        server.drain.run()
    lines = inbox.read_text("utf-8").splitlines()
    return str(json.loads(lines[-1])["text"])[:6]


def form(**changes: str | int) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "name": NAME,
        "year_of_birth": 1975,
        "gender": "woman",
        "photo_id_type": "aadhaar",
        "photo_id_number": NUMBER,
        "vaccine": "covishield",
        "dose": 1,
        "centre": RAMPUR,
        "date": TODAY.isoformat(),
        "slot": "10:15",
    }
    return {**fields, **changes}


def test_a_person_books_and_a_desk_is_served_and_no_log_line_names_anybody(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with log_of(caplog) as stream:
        secrets = use_everything(world, tmp_path)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {"request", "booked", "push", "messages_handed_over"} <= {line["event"] for line in lines}
    assert all(line["utc"] and line["local"] for line in lines)
    assert {(line["route"], line["status"]) for line in lines if line["event"] == "request"} == {
        ("/v1/otp", 202),
        ("/v1/otp/verify", 200),
        ("/v1/centres/{centre}/sessions", 200),
        ("/v1/bookings", 201),
        ("/v1/bookings", 422),
        ("/v1/push", 200),
        ("/v1/bookings/{reference}/cancel", 204),
    }
    # urllib3's own lines are the client's and hold the addresses it asked for
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("urllib3"))
    logged = (stream.getvalue() + ours).lower()
    assert [word for word in secrets if word.lower() in logged] == []


def use_everything(world: World, tmp_path: Path) -> list[str]:
    """One person and one desk over the wire; returns every word that no log may hold."""
    with (
        running(Settings(home=world.folder, texts=texts(), port=0, clock=world.clock)) as server,
        web_of(server, tmp_path, partner_key(world.folder)) as web,
    ):
        at = server.address
        assert web.post(f"{at}/v1/otp", json={"mobile": f"+91 {MOBILE}"}).status_code == 202
        otp = otp_of(world, server)
        token = web.post(f"{at}/v1/otp/verify", json={"mobile": MOBILE, "otp": otp}).json()["session"]
        bearer = {"Authorization": f"Bearer {token}"}
        answer = web.get(f"{at}/v1/centres/{RAMPUR}/sessions", params={"date": TODAY.isoformat()})
        assert answer.json()[0].keys() == {"vaccine", "slot", "time", "left"}
        answer = web.post(f"{at}/v1/bookings", json=form(), headers=bearer)
        assert answer.status_code == 201, answer.text
        booked = answer.json()
        again = web.post(f"{at}/v1/bookings", json=form(name=f"{NAME}\x07"), headers=bearer)
        assert (again.status_code, again.json()["code"]) == (422, "name_control")
        desk = Desk(world)
        desk.record(SignedIn())
        answer = web.post(f"{at}/v1/push", data=desk.packed(desk.ledger))
        receipt = packing.verified(packing.unpack(answer.content), RECEIPT_TYPE, desk.file.central.signing, Receipt)
        assert (receipt.upto, answer.headers["content-type"]) == (1, "application/octet-stream")
        assert web.post(f"{at}/v1/bookings/{booked['reference']}/cancel", headers=bearer).status_code == 204
        code = f'"{booked["code"]}"'
        return [
            "lakshmi",
            "iyer",
            NUMBER.replace(" ", ""),
            MOBILE,
            otp,
            token,
            booked["slip"],
            booked["reference"],
            code,
        ]


def test_a_wrong_token_a_wrong_shape_and_a_wrong_address_have_one_shape_of_answer(
    server: Running, web: requests.Session
) -> None:
    at = server.address
    cases = [
        (web.post(f"{at}/v1/bookings", json=form()), 401, "session_over"),
        (web.post(f"{at}/v1/bookings", json={"name": NAME}), 400, "unreadable_request"),
        (web.post(f"{at}/v1/bookings", json=form(name=7)), 400, "unreadable_request"),
        (web.post(f"{at}/v1/bookings", data=b"{", headers={"Content-Type": "application/json"}), 400, None),
        (web.post(f"{at}/v1/otp", json={"mobile": "12"}), 422, "mobile_shape"),
        (web.get(f"{at}/v1/people"), 401, "session_over"),
        (web.get(f"{at}/v1/beneficiaries"), 404, "not_found"),
        (web.get(f"{at}/v1/push"), 405, "method_not_allowed"),
        (web.post(f"{at}/v1/push", data=b"rubbish"), 400, "unreadable_request"),
        (web.post(f"{at}/v1/confirm", data=b"rubbish"), 400, "unreadable_request"),
        (web.get(f"{at}/v1/centres/{RAMPUR}/sessions"), 400, "unreadable_request"),
        (web.get(f"{at}/v1/centres/999999/sessions?date=2026-11-21"), 404, "centre_unknown"),
    ]
    for answer, status, code in cases:
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert body.keys() == {"code", "sentence"}
        assert code in (None, body["code"])
        assert body["sentence"].endswith(".")
        assert "Lakshmi" not in answer.text


def test_a_body_over_the_limit_is_not_read(server: Running, web: requests.Session) -> None:
    answer = web.post(f"{server.address}/v1/otp", data=b"x" * (MAX_FORM + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = web.post(f"{server.address}/v1/push", data=b"x" * (MAX_PACKED + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_that_does_not_say_its_size_is_cut_off(server: Running, web: requests.Session) -> None:
    answer = web.post(f"{server.address}/v1/otp", data=iter([b"x" * MAX_FORM, b"y"]))
    assert answer.status_code == 413


def test_health_and_the_openapi_document(server: Running, web: requests.Session) -> None:
    assert web.get(f"{server.address}/v1/health").json()["status"] == "ok"
    document = web.get(f"{server.address}/schema/openapi.json").json()
    desks = {f"/v1/{name}" for name in ("enrolments", "push", "pull", "confirm")}
    assert {"/v1/otp", "/v1/otp/verify", "/v1/bookings", *desks} <= set(document["paths"])
    signed = document["paths"]["/v1/push"]["post"]["requestBody"]["content"]
    assert signed == {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    said = json.dumps(document).replace("https://127.0.0.1", "").replace('"type": "http"', "")
    assert "http" not in said.replace("HTTP", "")


def test_an_unforeseen_error_says_nothing_and_logs_no_text(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=world.folder, texts=texts(), port=0, clock=world.clock)
    with running(settings) as server, web_of(server, tmp_path, partner_key(world.folder)) as web:
        with world.home.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE otps RENAME TO elsewhere")
        answer = web.post(f"{server.address}/v1/otp", json={"mobile": MOBILE})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert any(record.message == "request_failed" for record in caplog.records)
    assert "otps" not in caplog.text
    assert MOBILE not in caplog.text
    assert "Traceback" not in caplog.text


def test_only_our_authority_vouches_for_it(server: Running) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.address}/v1/health", timeout=5)


def test_a_taken_port_is_one_sentence(world: World, server: Running) -> None:
    settings = Settings(home=world.folder, texts=texts(), port=server.port, clock=Clock())
    with pytest.raises(CentralError, match="port is taken"), running(settings):
        pass


def test_messages_go_out_by_themselves_and_the_rest_when_it_ends(world: World) -> None:
    with running(Settings(home=world.folder, texts=texts(), port=0, clock=world.clock)):
        world.login.ask(MOBILE, "hi", address=HOME)
    (line,) = (world.folder / "sms" / f"{MOBILE}.jsonl").read_text("utf-8").splitlines()
    assert "वन-टाइम पासवर्ड" in json.loads(line)["text"]


def test_an_answer_does_not_wait_for_the_other_side_to_acknowledge_its_head() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
