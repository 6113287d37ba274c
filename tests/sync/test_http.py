"""The HTTPS client against real sockets and real TLS: one authority, no redirects, bounded answers (5.2, 7.2)."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.sync.tls import Answer, serving
from vaccinator_app.protocol.packing import MAX_PACKED
from vaccinator_app.sync.errors import Refused, SyncError, Unreachable
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust.authority import Pair, make_authority


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make_authority("central of the tests", datetime.now(UTC))


@pytest.fixture(scope="module")
def stranger() -> Pair:
    return make_authority("a captive portal", datetime.now(UTC))


def reply(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def asked(address: str, authority: Pair) -> bytes:
    client = HttpCentral(address, authority.certificate.decode())
    try:
        return client.push(b"x")
    finally:
        client.close()


def failure(address: str, authority: Pair) -> SyncError:
    with pytest.raises(SyncError) as caught:
        asked(address, authority)
    return caught.value


def test_it_brings_the_answer(authority: Pair, tmp_path: Path) -> None:
    with serving(reply(b"signed"), authority, tmp_path) as address:
        assert asked(address, authority) == b"signed"


def test_each_question_has_its_own_place(authority: Pair, tmp_path: Path) -> None:
    def where(handler: BaseHTTPRequestHandler) -> None:
        reply(handler.path.encode())(handler)

    with serving(where, authority, tmp_path) as address:
        client = HttpCentral(address, authority.certificate.decode())
        asks = (client.push, client.pull, client.confirm, client.deliver, client.enrol)
        found = [ask(b"x").decode() for ask in asks]
        client.close()
    assert found == ["/v1/push", "/v1/pull", "/v1/confirm", "/v1/deliveries", "/v1/enrolments"]


def test_another_authority_is_not_central(authority: Pair, stranger: Pair, tmp_path: Path) -> None:
    with serving(reply(b"signed"), stranger, tmp_path) as address:
        error = failure(address, authority)
    assert isinstance(error, Unreachable)
    assert error.message.key == "sync.not_our_central"


def test_an_authority_of_the_environment_adds_nothing(
    authority: Pair, stranger: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(stranger.certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with serving(reply(b"signed"), stranger, tmp_path) as address:
        assert failure(address, authority).message.key == "sync.not_our_central"


def test_a_redirect_is_not_followed(authority: Pair, tmp_path: Path) -> None:
    with serving(reply(b"", 302, Location="https://127.0.0.1:1/login"), authority, tmp_path) as address:
        assert failure(address, authority).message.key == "sync.captive"


def test_busy_says_when_to_come_back(authority: Pair, tmp_path: Path) -> None:
    with serving(reply(b"", 503, Retry_After="7"), authority, tmp_path) as address:
        error = failure(address, authority)
    assert isinstance(error, Unreachable)
    assert error.retry_after == 7.0


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"code":"token_used"}', "enrol.token_used"),
        (b'{"code":"device_revoked"}', "sync.device_revoked"),
        (b'{"code":"something new"}', "sync.refused"),
        (b"<html>no</html>", "sync.refused"),
        (b"[1]", "sync.refused"),
    ],
)
def test_a_refusal_is_put_in_words(authority: Pair, tmp_path: Path, body: bytes, key: str) -> None:
    with serving(reply(body, 409), authority, tmp_path) as address:
        error = failure(address, authority)
    assert isinstance(error, Refused)
    assert error.message.key == key


def test_an_answer_without_end_is_cut_off(authority: Pair, tmp_path: Path) -> None:
    with serving(reply(bytes(MAX_PACKED + 1)), authority, tmp_path) as address:
        assert failure(address, authority).message.key == "sync.too_large"


def test_an_answer_cut_short_is_no_answer(authority: Pair, tmp_path: Path) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    with serving(half, authority, tmp_path) as address:
        assert isinstance(failure(address, authority), Unreachable)


def test_nobody_there(authority: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(f"https://127.0.0.1:{port}", authority)
    assert error.message.key == "sync.could_not_reach"


def test_plain_http_is_refused_before_anything_is_asked(authority: Pair) -> None:
    with pytest.raises(Unreachable):
        HttpCentral("http://127.0.0.1:1", authority.certificate.decode())
