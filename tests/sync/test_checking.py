"""The connection check against real sockets and real TLS: what stands in the way, and what to do about it (5.2)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from tests.sync.tls import Answer, serving
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.checking import check
from vaccinator_app.sync.reasons import has_way_out
from vaccinator_app.sync.tls import OneAuthority
from vaccinator_app.trust.authority import Pair, make_authority

HEALTH = b'{"status":"ok","version":"1","oldest_keys":2}'


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make_authority("central of the tests", datetime.now(UTC))


def now() -> datetime:
    return datetime.now(UTC)


def answering(status: int = 200, body: bytes = HEALTH, date: datetime | None = None, **headers: str) -> Answer:
    """Central's health, told at ``date``."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        handler.send_header("Date", format_datetime(date or now()))
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def why(
    address: str,
    authority: Pair,
    at: Callable[[], datetime] = now,
    *,
    keys: int = 2,
    seconds: float = 5,
    way_out: Callable[[], bool] = lambda: True,
) -> Message | None:
    return check(address, authority.certificate.decode(), at, keys, seconds=seconds, way_out=way_out).why


def key_of(found: Message | None) -> str:
    return "" if found is None else found.key


def test_central_is_there(authority: Pair, tmp_path: Path) -> None:
    with serving(answering(), authority, tmp_path) as address:
        assert why(address, authority) is None


def test_a_sign_in_page_of_the_network_answers(authority: Pair, tmp_path: Path) -> None:
    stranger = make_authority("a captive portal", now())
    with serving(answering(), stranger, tmp_path) as address:
        assert key_of(why(address, authority)) == "check.stranger"
    with serving(answering(302, b"", Location="http://login.example/"), authority, tmp_path) as address:
        assert key_of(why(address, authority)) == "check.stranger"
    with speaking(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as address:
        assert key_of(why(address, authority)) == "check.stranger"


def test_the_clock_is_off_and_both_times_are_said(authority: Pair, tmp_path: Path) -> None:
    there = now()
    with serving(answering(date=there), authority, tmp_path) as address:
        assert why(address, authority, lambda: there + timedelta(minutes=9)) is None
        found = why(address, authority, lambda: there - timedelta(minutes=11))
    assert found is not None
    assert found.key == "check.clock"
    assert found.params["here"] == there - timedelta(minutes=11)
    assert found.params["there"] == there.replace(microsecond=0)


@pytest.mark.parametrize("off", [timedelta(days=-900), timedelta(days=900)])
def test_a_certificate_whose_time_is_not_now_is_a_clock_that_is_wrong(
    authority: Pair, tmp_path: Path, off: timedelta
) -> None:
    made = make_authority("central of another time", now() + off)
    # the machine stands in this year, the server and its certificates in another
    with serving(answering(date=now() + off), made, tmp_path, at=now() + off) as address:
        found = why(address, made)
    assert found is not None
    assert found.key == "check.clock"
    assert found.params["there"] != found.params["here"]


def test_a_certificate_that_ran_out_while_the_clocks_agree(authority: Pair, tmp_path: Path) -> None:
    with serving(answering(), authority, tmp_path, at=now() - timedelta(days=900)) as address:
        assert key_of(why(address, authority)) == "check.certificate_date"


def test_a_date_that_does_not_matter_brings_no_other_authority_in(authority: Pair, tmp_path: Path) -> None:
    stranger = make_authority("a captive portal", now() - timedelta(days=900))
    with serving(answering(), stranger, tmp_path, at=now() - timedelta(days=900)) as address:
        assert key_of(why(address, authority)) == "check.stranger"
        with requests.Session() as session:
            session.mount("https://", OneAuthority(authority.certificate.decode(), any_date=True))
            with pytest.raises(requests.exceptions.SSLError):
                session.get(address, timeout=5)


def test_central_under_another_name(authority: Pair, tmp_path: Path) -> None:
    with serving(answering(), authority, tmp_path, name="central.example") as address:
        assert key_of(why(address, authority)) == "check.other_name"


def test_central_answers_with_an_error(authority: Pair, tmp_path: Path) -> None:
    for status, key in ((500, "check.error"), (404, "check.error"), (503, "check.busy")):
        with serving(answering(status), authority, tmp_path) as address:
            assert key_of(why(address, authority)) == key


def test_centrals_keys_have_changed_since(authority: Pair, tmp_path: Path) -> None:
    with serving(answering(), authority, tmp_path) as address:
        assert key_of(why(address, authority, keys=1)) == "check.keys_changed"
        assert key_of(why(address, authority, keys=0)) == "check.keys_changed"
        assert why(address, authority, keys=3) is None
    with serving(answering(body=b'["oldest_keys"'), authority, tmp_path) as address:
        assert why(address, authority, keys=0) is None


def test_nobody_answers(authority: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = why(f"https://127.0.0.1:{port}", authority)
    assert found == Message.of("check.refused", host=f"127.0.0.1:{port}")


def test_a_name_that_is_not_found_and_no_network_at_all(authority: Pair) -> None:
    # no name server knows a name of this kind (RFC 6761)
    address = "https://central.invalid"
    assert why(address, authority) == Message.of("check.no_name", host="central.invalid")
    assert key_of(why(address, authority, way_out=lambda: False)) == "check.no_network"
    assert isinstance(has_way_out(), bool)


def test_an_answer_that_does_not_come(authority: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        assert key_of(why(address, authority, seconds=0.2)) == "check.slow"


def test_a_line_that_is_cut(authority: Pair) -> None:
    with speaking(b"") as address:
        assert key_of(why(address, authority)) == "check.cut"


@contextmanager
def speaking(said: bytes) -> Iterator[str]:
    """A server that says this to whoever comes, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with near:
                near.recv(4096)
                near.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()
