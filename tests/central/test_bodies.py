"""Requests that nobody means well: too large, too slow, too deep, of another kind, or full of signs that mean something
to somebody. Each is refused in one shape, soon, and says nothing of the inside."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path

import pytest
import requests
import zstandard

from tests.central.apps import App, app, served
from tests.central.machine import Desk, said
from tests.central.support import World
from tests.support.postgres import copy_home
from vaccinator_app.central.citizens.login import mobile_hash
from vaccinator_app.central.http.app import MAX_FORM
from vaccinator_app.central.http.patience import Patience
from vaccinator_app.central.operations import admin
from vaccinator_app.central.running.server import Running
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import PUSH_TYPE, RECEIPT_TYPE, PushRequest, Reason, Receipt, Status
from vaccinator_app.protocol.packing import MAX_PACKED, MAX_UNPACKED

MOBILE = "9876543210"
QUICK = Patience(head=0.5, body=0.5, least_rate=1000, rest=0.5)


@pytest.fixture(scope="module")
def world(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all of these tests: none of them is to leave anything behind."""
    folder = tmp_path_factory.mktemp("bodies") / "home"
    copy_home(made_home, folder)
    made = World(folder, admin.open_home(folder))
    yield made
    made.home.database.close()


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Running]:
    with served(world, patience=QUICK) as found:
        yield found


@pytest.fixture(scope="module")
def asked(world: World, server: Running) -> Iterator[App]:
    one = app(world, server)
    with one.web:
        yield one


def session(world: World, one: App) -> str:
    """Somebody who signed in through the app, beside the wire."""
    whose = mobile_hash(world.home.keys.cupboard, MOBILE)
    with world.home.database.write() as connection:
        return world.login._open(connection, MOBILE, whose, one.partner(world), world.clock()).token


def wire(server: Running, one: App) -> ssl.SSLSocket:
    """A bare connection, to say what no library would."""
    trusted = ssl.create_default_context(cafile=str(one.folder / "authority.pem"))
    return trusted.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 10), server_hostname="127.0.0.1")


def until_the_end(line: ssl.SSLSocket) -> bytes:
    """Everything that still comes before the server hangs up; a server that does not is a failure after 10 seconds."""
    line.settimeout(10)
    found = b""
    try:
        while more := line.recv(65536):
            found += more
    except (ConnectionError, ssl.SSLError):
        pass
    return found


def refused(answer: requests.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"code", "sentence"}
    assert "Traceback" not in answer.text
    return str(body["code"])


# Too large


def test_a_body_that_says_it_is_too_large_is_not_read(asked: App) -> None:
    assert refused(asked.call("POST", "/v1/otp", data=b"x" * (MAX_FORM + 1)), 413) == "too_large"
    assert refused(asked.call("POST", "/v1/push", data=b"x" * (MAX_PACKED + 1)), 413) == "too_large"


def test_a_body_that_does_not_say_so_is_cut_off(asked: App) -> None:
    chunks = iter([b"x" * MAX_FORM, b"y"])
    assert asked.call("POST", "/v1/otp", data=chunks).status_code == 413


@pytest.mark.parametrize(
    "bomb",
    [
        zstandard.compress(bytes(MAX_UNPACKED + 1)),
        zstandard.ZstdCompressor(write_content_size=False).compress(bytes(MAX_UNPACKED)),
        zstandard.compress(zstandard.compress(bytes(10**6))),
        gzip.compress(bytes(10**6)),
    ],
)
def test_a_bomb_is_refused_unpacked(asked: App, bomb: bytes) -> None:
    assert len(bomb) < MAX_PACKED
    for address in ("push", "pull", "confirm", "enrolments"):
        assert refused(asked.call("POST", f"/v1/{address}", data=bomb), 400) == "unreadable_request"


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br", "deflate", "gzip, identity"])
def test_a_body_under_another_encoding_is_not_unpacked(asked: App, encoding: str) -> None:
    packed = gzip.compress(b'{"mobile": "9876543210"}')
    for path in ("/v1/otp", "/v1/push", "/sign-in"):
        answer = asked.call("POST", path, data=packed, headers={"Content-Encoding": encoding})
        assert answer.status_code == 415, answer.text


# Too slow


def test_a_body_one_byte_at_a_time_is_cut(server: Running, asked: App) -> None:
    began = time.monotonic()
    with closing(wire(server, asked)) as line:
        head = f"POST /v1/otp HTTP/1.1\r\nHost: x\r\nX-Partner-Key: {asked.key}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n".encode())
        line.settimeout(0.1)
        found = b""
        while not found and time.monotonic() < began + 10:
            try:
                line.sendall(b" ")
                found = line.recv(65536)
            except TimeoutError:
                continue
        found += until_the_end(line)
    assert b" 408 " in found.partition(b"\r\n")[0]
    assert b'"too_slow"' in found
    assert time.monotonic() < began + 5


def test_a_head_that_does_not_end_is_cut(server: Running, asked: App) -> None:
    with closing(wire(server, asked)) as line:
        line.sendall(b"GET /v1/health HTTP/1.1\r\nX-Slow: ")
        assert b" 408 " in until_the_end(line)


def test_a_second_head_that_does_not_end_is_cut(server: Running, asked: App) -> None:
    with closing(wire(server, asked)) as line:
        line.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/health HTTP/1.1\r\nX-Slow: ")
        found = until_the_end(line)
    assert [found.count(b"HTTP/1.1 200"), found.count(b"HTTP/1.1 408")] == [1, 1]


def test_a_connection_that_says_nothing_is_closed(server: Running, asked: App) -> None:
    with closing(wire(server, asked)) as line:
        assert until_the_end(line) == b""


def test_the_rest_of_what_was_answered_already_is_not_awaited_for_ever(server: Running, asked: App) -> None:
    began = time.monotonic()
    with closing(wire(server, asked)) as line:
        line.sendall(b"POST /v1/nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
        line.settimeout(0.1)
        found, over = b"", False
        while not over and time.monotonic() < began + 10:
            try:
                line.sendall(b"x" * 2000)
                more = line.recv(65536)
                found, over = found + more, not more
            except TimeoutError:
                continue
            except (ConnectionError, ssl.SSLError):
                over = True
    assert b" 404 " in found.partition(b"\r\n")[0]
    assert over
    assert time.monotonic() < began + 5


def test_a_slow_line_that_goes_on_is_waited_for(server: Running, asked: App) -> None:
    body = json.dumps({"mobile": MOBILE}).encode().ljust(4000)
    with closing(wire(server, asked)) as line:
        head = f"POST /v1/otp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Partner-Key: {asked.key}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n".encode())
        line.settimeout(0.15)
        for at in range(0, 4000, 500):
            line.sendall(body[at : at + 500])
            try:
                assert line.recv(1) == b"H", "answered only when it is whole"
            except TimeoutError:
                continue
        assert b" 202 " in until_the_end(line).partition(b"\r\n")[0]


def test_a_head_larger_than_heads_are_is_refused(server: Running, asked: App) -> None:
    with closing(wire(server, asked)) as line:
        with suppress(ConnectionError, ssl.SSLError):
            line.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: " + b"x" * 200_000)
        found = until_the_end(line)
    assert found == b"" or b" 400 " in found.partition(b"\r\n")[0]


# Of another kind


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data", "text/html; charset=utf-7", "x"]
)
def test_another_kind_of_body(world: World, asked: App, kind: str) -> None:
    for path in ("/v1/otp", "/v1/bookings", "/sign-in", "/verify"):
        answer = asked.call("POST", path, session(world, asked), data=b"<a>&b;</a>", headers={"Content-Type": kind})
        assert 400 <= answer.status_code < 500, (path, answer.status_code)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"1e999",
        b"{" * 5000,
        b"[" * 7000 + b"]" * 7000,
        b'{"mobile":' * 700 + b"1" + b"}" * 700,
        b'{"mobile": NaN}',
        b'{"mobile": "\xff\xfe"}',
        b'{"mobile": "\\ud800"}',
        b'{"mobile": 1e400}',
        b'{"mobile": ' + b"9" * 6000 + b"}",
        b'{"mobile": null, "language": {}}',
        b'\xef\xbb\xbf{"mobile": "9876543210"}x',
    ],
)
def test_json_that_is_none_or_means_harm(asked: App, text: bytes) -> None:
    answer = asked.call("POST", "/v1/otp", data=text, headers={"Content-Type": "application/json"})
    assert refused(answer, answer.status_code) in ("unreadable_request", "mobile_shape")
    assert answer.status_code in (400, 422)


def test_of_two_fields_of_one_name_one_counts_and_it_is_checked(asked: App) -> None:
    for text in ('{"mobile": "9876543210", "mobile": "12"}', '{"mobile": "12", "mobile": "9876543210"}'):
        answer = asked.call("POST", "/v1/otp", data=text, headers={"Content-Type": "application/json"})
        # the last one, as everywhere in JSON
        assert answer.status_code == (422 if text.endswith('"12"}') else 202)


SIGNS = (
    "'; DROP TABLE people; --",
    "' OR '1'='1",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\x00b",
    "\u202etxet\u202c",
    "%s%n%x",
    "../../etc/passwd",
    "x" * 5000,
    "9" * 5000,
    "-1",
    "1e9",
    "９８７６",
    "",
    " ",
)


@pytest.mark.parametrize(
    "field",
    [
        "name",
        "year_of_birth",
        "gender",
        "photo_id_type",
        "photo_id_number",
        "vaccine",
        "dose",
        "centre",
        "date",
        "slot",
        "language",
    ],
)
def test_signs_that_mean_something_to_somebody_are_text_or_refused(world: World, asked: App, field: str) -> None:
    token = session(world, asked)
    for signs in SIGNS:
        form = {**asdict(world.form(photo_id_number=f"ID{world.people:06d}")), field: signs}
        answer = asked.call("POST", "/v1/bookings", token, json=form)
        assert answer.status_code in (201, 404, 409, 422), (signs, answer.text)
        if signs.strip():
            assert signs not in answer.text or answer.status_code == 201
    names = [person["name"] for person in asked.call("GET", "/v1/people", token).json()]
    assert "49" not in "".join(names)
    assert asked.call("GET", "/v1/people", token).status_code == 200, "the table is still there"


def test_what_a_name_holds_is_shown_as_it_is_and_runs_nowhere(world: World, asked: App, server: Running) -> None:
    name = "<b>{{7*7}}</b> O'Brien & Co"
    token = world.sign_in("9876543299")
    world.bookings.book(token, world.form(name=name))
    page = asked.web.get(f"{server.address}/people", cookies={"__Host-session": token}).text
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt; O&#39;Brien &amp; Co" in page
    assert "<b>{{" not in page


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, -1, 0, 1.5, True, None, [], {}])
def test_absurd_numbers(world: World, asked: App, number: object) -> None:
    token = session(world, asked)
    for field in ("year_of_birth", "dose"):
        answer = asked.call("POST", "/v1/bookings", token, json={**asdict(world.form()), field: number})
        assert answer.status_code in (400, 422), answer.text
    for path in (f"/v1/doses/100001.d.{number}/confirm", f"/v1/doses/{number}.{number}.{number}/dispute"):
        assert refused(asked.call("POST", path, token), 404) == "dose_unknown"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2fcentral.key",
        "/static/%2e%2e/central.key",
        "/static/....//central.key",
        "/static//etc/passwd",
        "/static/portal.css%00.key",
        "/static/..\\..\\central.key",
        "/.well-known/crl/..%2f..%2fcentral.key",
        "/captcha/..%2f..%2fcentral.key",
    ],
)
def test_no_file_of_the_server_is_reached(server: Running, asked: App, path: str) -> None:
    with closing(wire(server, asked)) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        found = until_the_end(line)
    assert b" 404 " in found.partition(b"\r\n")[0] or b" 400 " in found.partition(b"\r\n")[0], found
    assert b"root:" not in found
    assert b'"signing"' not in found


@pytest.mark.parametrize(
    "part",
    [
        b'Content-Disposition: form-data; name="text"\r\n\r\n\x89\xff',
        b'Content-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=klingon\r\n\r\nx',
        b'Content-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nx',
        b"Content-Disposition: form-data\r\n\r\nx",
        b"X" * 9000,
    ],
)
def test_parts_of_a_form_that_no_browser_sends(asked: App, part: bytes) -> None:
    body = b"--b\r\n" + part + b"\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = asked.call("POST", "/verify", data=body, headers=kind)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text


# Of others


def test_a_session_that_was_signed_out_of_is_no_session_when_replayed(world: World, asked: App) -> None:
    token = session(world, asked)
    assert asked.call("GET", "/v1/people", token).status_code == 200
    assert asked.call("POST", "/v1/sign-out", token).status_code == 204
    for _ in range(2):
        assert refused(asked.call("GET", "/v1/people", token), 401) == "session_over"


def test_another_machines_record_in_the_middle_of_a_batch_is_named(world: World, asked: App) -> None:
    desk, other = Desk(world), Desk(world)
    for _ in range(3):
        desk.record(SignedIn())
        other.record(SignedIn())
    smuggled = [desk.ledger[0], other.ledger[1], desk.ledger[2]]
    answer = asked.call("POST", "/v1/push", data=desk.packed(smuggled))
    receipt = packing.verified(packing.unpack(answer.content), RECEIPT_TYPE, desk.file.central.signing, Receipt)
    assert said(receipt)[2] == (Status.REFUSED, (Reason.CHAIN_BROKEN,))
    request = PushRequest(centre=desk.centre, device=other.device, head_seq=3, head_hash=desk.head, records=desk.ledger)
    posed = asked.call("POST", "/v1/push", data=packing.pack(request, PUSH_TYPE, desk.device_key))
    assert refused(posed, 403) == "bad_signature"
    assert desk.push().upto == 3
