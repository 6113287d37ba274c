"""Messages through a real Kannel and its SMS centres (DESIGN 8.4)."""

from __future__ import annotations

import json
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from sqlalchemy import select, update

from tests.central.machine import Desk
from tests.central.support import PORTAL, World, texts
from tests.support.kannel import DENIED, PASSWORD, SENDER, UNKNOWN, UNROUTABLE, Received, RunningKannel, kannel
from vaccinator_app.central import schema
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.messages import kannel as gateway
from vaccinator_app.central.messages.gateways import GatewayDown, Undeliverable
from vaccinator_app.central.messages.kannel import LOOPBACK, Kannel, KannelConfig, read_config
from vaccinator_app.central.messages.message_states import report_token
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.messages.sms import Drain
from vaccinator_app.central.running.server import Running, running
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.protocol.messages import MessageState as M

PHONE = "9876543210"
TOKEN = "token-of_a-message"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKannel]:
    with kannel(tmp_path_factory.mktemp("kannel")) as found:
        yield found


@pytest.fixture
def phones(box: RunningKannel) -> Callable[[int], list[Received]]:
    """What reaches the phones from here on."""
    before = len(box.phones.received)
    return lambda count: box.phones.wait_for(before + count)[before:]


def state_of(world: World, kind: str) -> str:
    with world.home.database.read() as connection:
        statement = select(schema.sms_outbox.c.state).where(schema.sms_outbox.c.kind == kind)
        return str(connection.execute(statement).scalar_one())


@contextmanager
def served(world: World, box: RunningKannel) -> Iterator[Running]:
    """Central, where Kannel reaches it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = box.config(reports=f"https://127.0.0.1:{port}")
    settings = Settings(
        home=world.folder,
        texts=texts(),
        port=port,
        clock=world.clock,
        gateway=Kannel(config),
        reports_from=config.reports_from,
        public_address=PORTAL,
    )
    with running(settings) as found:
        yield found


def until(state: Callable[[], str], wanted: str) -> None:
    """The report is on its way: Kannel calls back on its own."""
    for _ in range(1000):
        if state() == wanted:
            return
        threading.Event().wait(0.02)
    raise AssertionError(f"still {state()}")


# From booking to the phone and back


def test_a_hindi_booking_reaches_the_phone_whole_and_is_reported_delivered(
    world: World, box: RunningKannel, phones: Callable[[int], list[Received]]
) -> None:
    session = world.sign_in(PHONE)
    with served(world, box) as server:
        booked = world.bookings.book(session, world.form(name="सुनीता कुमारी", language="hi"))
        server.drain.run()
        (message,) = phones(1)
        until(lambda: state_of(world, "booked"), "delivered")
    assert (message.sender, message.mobile, message.parts) == (SENDER, f"+91{PHONE}", 3)
    assert message.text == texts()["booked"]["hi"].format(
        name="सुनीता कुमारी",
        vaccine="Covishield",
        dose=1,
        centre="PHC Rampur",
        day="21-11-2026",
        time="10:00",
        token=booked.token,
        appointment=booked.reference,
        code=booked.code,
    )


def test_the_desk_hears_that_the_phone_has_the_message(
    world: World, desk: Desk, box: RunningKannel, phones: Callable[[int], list[Received]]
) -> None:
    booked = world.book(PHONE)
    desk.record(desk.dose(booked))
    desk.push()
    cursor = desk.pull().cursor
    with served(world, box) as server:
        server.drain.run()
        (message,) = phones(1)
        until(lambda: state_of(world, "dose_recorded"), "delivered")
    assert f"certificate is at {PORTAL}" in message.text
    assert message.parts == 2
    assert [one.message for one in desk.pull(cursor).outcomes] == [M.DELIVERED]


@pytest.mark.parametrize(
    ("mobile", "kind"),
    [(f"{UNKNOWN}000001", "reported"), (f"{UNROUTABLE}000001", "answered"), (f"{DENIED}000001", "answered")],
)
def test_a_number_that_nobody_has_fails_and_the_desk_is_told(
    world: World, desk: Desk, box: RunningKannel, mobile: str, kind: str
) -> None:
    """``UNKNOWN`` is taken and the SMS centre says so later; the others Kannel does not take at all."""
    booked = world.book(mobile)
    desk.record(desk.dose(booked))
    desk.push()
    cursor = desk.pull().cursor
    with served(world, box) as server:
        assert server.drain.run() <= (kind == "reported")
        until(lambda: state_of(world, "dose_recorded"), "failed")
    assert [one.message for one in desk.pull(cursor).outcomes] == [M.FAILED]


def test_while_kannel_is_away_messages_wait_and_then_go_once(
    world: World, box: RunningKannel, phones: Callable[[int], list[Received]]
) -> None:
    session = world.sign_in(PHONE)
    world.bookings.book(session, world.form())
    drain = Drain(world.home.database, world.home.keys.cupboard, Kannel(box.config()), texts(), world.clock, PORTAL)
    box.stop_box()
    try:
        assert drain.run() == 0
        assert state_of(world, "booked") == "waiting"
    finally:
        box.start_box()
    world.clock.move(minutes=5)
    assert drain.run() == 1
    world.clock.move(minutes=5)
    assert drain.run() == 0
    # Nobody was asked to report: it stays where it is.
    assert state_of(world, "booked") == "taken"
    Kannel(box.config()).send(PHONE, "the next one", TOKEN)
    assert [message.text[:5] for message in phones(2)] == ["Sunit", "the n"]


# One message


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Plain: @_$!?", 1),
        ("नमस्ते", 1),
        ("à" * 160, 1),
        ("a" * 161, 2),
        ("क" * 70, 1),
        ("क " * 35 + "क", 2),
        ("क " * 100 + "क", 3),
        ("100% & more = x+y #1", 1),
    ],
)
def test_any_text_arrives_as_it_was_written(
    box: RunningKannel, phones: Callable[[int], list[Received]], text: str, parts: int
) -> None:
    assert Kannel(box.config()).send(PHONE, text, TOKEN) is State.TAKEN
    (message,) = phones(1)
    assert message.parts == parts
    assert message.text == text


def test_what_is_wrong_with_us_is_no_ones_message_given_up(
    box: RunningKannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "SECONDS", 0.5)  # one of them never answers
    config = box.config()
    sick = [
        box.config(password="not this one"),
        replace(config, user="nobody"),
        replace(config, address=config.address.replace("sendsms", "elsewhere")),
        replace(config, address=f"http://127.0.0.1:{box.ports['boxes']}/cgi-bin/sendsms"),
        replace(config, address="https" + config.address.removeprefix("http")),
        replace(config, address="http://no.such.host.invalid/cgi-bin/sendsms"),
    ]
    for one in sick:
        with pytest.raises(GatewayDown):
            Kannel(one).send(PHONE, "x", TOKEN)


def test_neither_number_text_nor_password_stands_in_an_address(box: RunningKannel) -> None:
    with pytest.raises(Undeliverable):
        Kannel(box.config()).send(f"{DENIED}123456", "the words of it", TOKEN)
    requests_logged = [
        line for line in (box.folder / "smsbox.log").read_text("utf-8", "replace").splitlines() if "sendsms" in line
    ]
    assert requests_logged
    for secret in (PASSWORD, f"{DENIED}123456", "the words"):
        assert not any(secret in line for line in requests_logged if "HTTP: " in line or "sendsms?" in line)


@pytest.mark.parametrize(
    ("status", "answer", "raises"),
    [
        (202, "0: Accepted for delivery", None),
        (200, "Sent.", None),
        (202, "3: Queued for later delivery", None),
        (400, "Number(s) has/have been denied", Undeliverable),
        (403, "Not routable. Do not try again.", Undeliverable),
        (403, "Authorization failed for sendsms", GatewayDown),
        (302, "elsewhere", GatewayDown),
        (404, "Unknown request.", GatewayDown),
        (415, "Unsupported content-type, rejected", GatewayDown),
        (500, "Sending failed.", GatewayDown),
        (503, "Temporal failure, try again later.", GatewayDown),
    ],
)
def test_every_answer_has_its_meaning(status: int, answer: str, raises: type[Exception] | None) -> None:
    with answering(status, answer) as address:
        kannel = Kannel(config_of(address))
        if raises is None:
            assert kannel.send(PHONE, "x", TOKEN) is State.TAKEN
        else:
            with pytest.raises(raises):
                kannel.send(PHONE, "x", TOKEN)


def test_one_that_stalls_is_left_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(GatewayDown):
        Kannel(config_of(f"http://127.0.0.1:{deaf.getsockname()[1]}/cgi-bin/sendsms")).send(PHONE, "x", TOKEN)


def config_of(address: str) -> KannelConfig:
    return KannelConfig(address=address, user="central", password="secret", sender="VACCIN")


@contextmanager
def answering(status: int, answer: str) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/cgi-bin/sendsms"
        server.shutdown()


# Its configuration


def written(folder: Path, values: object, mode: int = 0o600) -> Path:
    file = folder / "kannel.json"
    file.write_text(values if isinstance(values, str) else json.dumps(values), "utf-8")
    file.chmod(mode)
    return file


WHOLE = {
    "address": "http://127.0.0.1:13013/cgi-bin/sendsms",
    "user": "central",
    "password": "a secret",
    "sender": "VACCIN",
    "reports": "https://127.0.0.1:8443",
    "reports_from": ["127.0.0.1", "10.1.0.0/16"],
}


def test_a_whole_configuration_is_read(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, WHOLE))
    assert config.reports_from == ("127.0.0.1/32", "10.1.0.0/16")
    assert "a secret" not in repr(config)
    least = {name: WHOLE[name] for name in ("address", "user", "password", "sender")}
    assert read_config(written(tmp_path, least)).reports_from == LOOPBACK
    # Another process is given it
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301  (bytes of our own)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_password_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(CentralError, match="chmod 600"):
        read_config(written(tmp_path, WHOLE, mode))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("{", "not JSON"),
        ([], "holds what"),
        ({**WHOLE, "pasword": "x"}, "holds what"),
        ({**WHOLE, "password": ""}, "needs address"),
        ({**WHOLE, "password": 5}, "needs address"),
        ({**WHOLE, "user": "a\r\nX-Kannel-To: 1"}, "plain ASCII"),
        ({**WHOLE, "sender": "टीका"}, "plain ASCII"),
        ({**WHOLE, "address": "127.0.0.1:13013"}, "begins with http"),
        ({**WHOLE, "reports": "ftp://x"}, "begins with http"),
        ({**WHOLE, "reports_from": "127.0.0.1"}, "a list of networks"),
        ({**WHOLE, "reports_from": ["127.0.0.1/99"]}, "a list of networks"),
        ({**WHOLE, "reports_from": 5}, "a list of networks"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_said(tmp_path: Path, change: object, sentence: str) -> None:
    with pytest.raises(CentralError, match=sentence) as found:
        read_config(written(tmp_path, change))
    assert "a secret" not in str(found.value)


def test_a_configuration_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CentralError, match="cannot be read"):
        read_config(tmp_path / "none.json")


# The address for reports


@pytest.mark.parametrize(("networks", "status"), [(LOOPBACK, 204), ((), 404), (("10.0.0.0/8",), 404), (("::1",), 404)])
def test_only_the_gateways_own_network_may_report(
    world: World, tmp_path: Path, networks: tuple[str, ...], status: int
) -> None:
    world.book(PHONE)
    with world.home.database.write() as connection:
        connection.execute(update(schema.sms_outbox).values(state="taken"))
        row = connection.execute(select(schema.sms_outbox).where(schema.sms_outbox.c.kind == "booked")).one()
    token = report_token(world.home.keys.cupboard, row.recipient, row.id)
    settings = Settings(home=world.folder, texts=texts(), port=0, clock=world.clock, reports_from=networks)
    with running(settings) as server:
        authority = tmp_path / "authority.pem"
        authority.write_bytes(server.authority)
        ask = partial(requests.get, verify=str(authority), timeout=20)
        answer = ask(f"{server.address}/v1/sms/{token}", params={"said": 1})
        assert answer.status_code == status
        assert state_of(world, "booked") == ("delivered" if status == 204 else "taken")
        wrong = ask(f"{server.address}/v1/sms/{token[:-4]}AAAA", params={"said": 1})
        assert wrong.status_code == 404
        if status == 404:
            assert answer.content == wrong.content
        for said in ("", "x", "1.5", "1" * 5000):
            assert ask(f"{server.address}/v1/sms/{token}", params={"said": said}).status_code in (400, 404)
