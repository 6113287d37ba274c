"""How each fault is made: what a line, a portal, a proxy or a liar does with the requests of one desk."""

from __future__ import annotations

import os
import select
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from unittest.mock import patch

from tests.faults.rig import Rig, connecting
from tests.support.line import Answer, Ask, Asked, Bytes, FaultyLine, Middle, Near, Tamper, Valve, Way, as_asked
from vaccinator_app.trust.authority import Pair, make_authority

PUSH, PULL = "/v1/push", "/v1/pull"

Made = Callable[[Rig, str], AbstractContextManager[None]]
"""Puts a fault in the way of one desk; ``str`` is the path that it is about. It stands until the block ends."""

HTML = b"<html><title>Welcome</title><p>Please sign in to this network.</html>"
_YEAR = timedelta(days=365)


def line(way: Way) -> Made:
    """Something is wrong with every connection."""
    return lambda rig, _: rig.line.faulty(way)


def middle(tamper: Tamper) -> Made:
    """Something is wrong with what is asked and answered."""
    return lambda rig, path: rig.line.faulty(Middle(rig.site.authority, tamper, only=(path,)))


def told(answer: Answer) -> Made:
    """Somebody answers in central's place, and central never hears of it."""
    return middle(lambda near, *_: near.send(answer.wire()))


def spoiled(spoil: Callable[[Answer], bytes], *, ends: bool = False) -> Made:
    """Central answers, and other bytes than its own arrive. ``ends``: then the line is cut."""

    def tamper(near: Near, asked: Asked, ask: Ask) -> None:
        near.send(spoil(ask(asked)))
        if ends:
            near.cut()

    return middle(tamper)


# Requests and answers that are lost, come twice, or out of turn.


def request_lost(near: Near, _: Asked, __: Ask) -> None:
    """Central never has it."""
    near.cut()


def answer_lost(near: Near, asked: Asked, ask: Ask) -> None:
    """Central has done it, and the line is cut."""
    ask(asked)
    near.cut()


def answer_reset(near: Near, asked: Asked, ask: Ask) -> None:
    """Central has done it, and the connection is thrown away."""
    ask(asked)
    near.reset()


def asked_twice(near: Near, asked: Asked, ask: Ask) -> None:
    """Central has it twice, and the second answer arrives."""
    ask(asked)
    near.send(ask(asked).wire())


def asked_late(near: Near, asked: Asked, ask: Ask) -> None:
    """The desk gives up; what it asked comes to central afterwards."""
    near.hold()
    ask(asked)


@contextmanager
def played_again(rig: Rig, path: str) -> Iterator[None]:
    """What central once answered to this very desk arrives in the place of every later answer."""
    old: list[Answer] = []

    def kept(near: Near, asked: Asked, ask: Ask) -> None:
        old.append(ask(asked))
        near.send(old[-1].wire())

    with rig.line.faulty(Middle(rig.site.authority, kept, only=(path,))), rig.at_work():
        rig.save()
        rig.catch_up()
    rig.save()
    with rig.at_work():
        rig.catch_up()
    with rig.line.faulty(Middle(rig.site.authority, lambda near, *_: near.send(old[0].wire()), only=(path,))):
        yield


@contextmanager
def swapped(rig: Rig, path: str) -> Iterator[None]:
    """A push gets the answer of a pull, and a pull that of a push."""
    answers: dict[str, Answer] = {}

    def kept(near: Near, asked: Asked, ask: Ask) -> None:
        answers[asked.path] = ask(asked)
        near.send(answers[asked.path].wire())

    with rig.line.faulty(Middle(rig.site.authority, kept)), rig.at_work():
        rig.catch_up()

    def other(near: Near, asked: Asked, ask: Ask) -> None:
        answers[asked.path] = ask(asked)
        near.send(answers[PULL if asked.path == PUSH else PUSH].wire())

    with rig.line.faulty(Middle(rig.site.authority, other, only=(path,))):
        yield


@contextmanager
def saved_meanwhile(rig: Rig, _: str) -> Iterator[None]:
    """A record is saved while a push is under way; its answer comes, and then the line is cut."""
    pushes = 0

    def tamper(near: Near, asked: Asked, ask: Ask) -> None:
        nonlocal pushes
        pushes += 1
        if pushes > 1:
            near.cut()
            return
        rig.save()
        near.send(ask(asked).wire())

    with rig.line.faulty(Middle(rig.site.authority, tamper, only=(PUSH,))):
        yield


# Lengths, pieces and time.


def half(answer: Answer) -> bytes:
    """Cut in the middle of the body."""
    wire = answer.wire()
    return wire[: len(wire) - len(answer.body) // 2]


def head_alone(answer: Answer) -> bytes:
    """Cut before the body."""
    return answer.head(("Content-Length", str(len(answer.body))))


def longer(answer: Answer) -> bytes:
    """It says that more is to come than there is."""
    return answer.head(("Content-Length", str(len(answer.body) + 10))) + answer.body


def shorter(answer: Answer) -> bytes:
    """It says that there is less than comes."""
    return answer.head(("Content-Length", str(len(answer.body) - 10))) + answer.body


def no_number(answer: Answer) -> bytes:
    """Its length is no number."""
    return answer.head(("Content-Length", "many")) + answer.body


def half_without_length(answer: Answer) -> bytes:
    """Half of the body, and nothing says how long it is."""
    return answer.head() + answer.body[: len(answer.body) // 2]


def chunked(answer: Answer, *, whole: bool = True) -> bytes:
    """In two chunks with a trailer, or cut in the second."""
    parts = (answer.body[:100], answer.body[100:])
    first, second = (f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
    head = answer.head(("Transfer-Encoding", "chunked"))
    return head + first + (second + b"0\r\nX-Checked: yes\r\n\r\n" if whole else second[: len(second) // 2])


def stalls_before(near: Near, _: Asked, __: Ask) -> None:
    """No answer, and the connection stays."""
    near.hold()


def stalls_after(near: Near, asked: Asked, ask: Ask) -> None:
    """Central has done it, and its answer never comes."""
    ask(asked)
    near.hold()


def stalls_within(near: Near, asked: Asked, ask: Ask) -> None:
    """Half of the answer, and no more."""
    near.send(half(ask(asked)))
    near.hold()


def drips(near: Near, asked: Asked, ask: Ask) -> None:
    """Now and then a byte, each sooner than any one read would give up."""
    for byte in ask(asked).wire():
        near.send(bytes([byte]))
        if select.select([near.raw], [], [], 0.1)[0]:
            return


def without_end(near: Near, _: Asked, __: Ask) -> None:
    """More and more of an answer."""
    near.send(Answer(200).head())
    _pour(near, bytes(1024 * 1024))


def only_interim(near: Near, _: Asked, __: Ask) -> None:
    """That it may go on, again and again."""
    _pour(near, b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000)


def _pour(near: Near, data: bytes) -> None:
    try:
        for _ in range(64):
            near.end.sendall(data)
    except OSError:
        pass


def flipped_after(most: int) -> Valve:
    """One bit is another after so many bytes: below TLS."""

    def valve(data: bytes, before: int) -> bytes:
        place = most - before
        return data if not 0 <= place < len(data) else data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    return valve


# What answers in central's place.


def plainly(answer: bytes) -> Way:
    """Without TLS."""

    def way(near: Near) -> None:
        near.end.recv(4096)
        near.send(answer)

    return way


def reset_at_once(near: Near) -> None:
    """The connection is thrown away in the middle of TLS's first words."""
    near.end.recv(4096)
    near.reset()


def closed_at_once(near: Near) -> None:
    """Taken and let go."""
    near.cut()


def silent(near: Near) -> None:
    """Taken, and not a word."""
    near.hold()


def stranger(rig: Rig, _: str) -> AbstractContextManager[None]:
    """Somebody with a certificate of an authority of their own."""
    return rig.line.faulty(Middle(make_authority("a captive portal", datetime.now(UTC)), central=_pem(rig)))


def self_signed(rig: Rig, _: str) -> AbstractContextManager[None]:
    """A certificate that signs itself."""
    own = make_authority("127.0.0.1", datetime.now(UTC))
    return rig.line.faulty(_Chained(own, central=_pem(rig)))


def other_name(rig: Rig, _: str) -> AbstractContextManager[None]:
    """Central's own authority, for another name."""
    return rig.line.faulty(Middle(rig.site.authority, names=("central.example",)))


def other_time(years: int, *, agreed: bool = False) -> Made:
    """TLS of another year: either this machine's clock is wrong or, ``agreed``, the certificate has ended."""

    def made(rig: Rig, _: str) -> AbstractContextManager[None]:
        there = datetime.now(UTC) + years * _YEAR

        def dated(near: Near, asked: Asked, ask: Ask) -> None:
            found = ask(asked)
            others = tuple(header for header in found.headers if header[0].lower() != "date")
            near.send(replace(found, headers=(*others, ("Date", format_datetime(there)))).wire())

        at = there if years > 0 else there - timedelta(days=40)
        return rig.line.faulty(Middle(rig.site.authority, as_asked if agreed else dated, at=at))

    return made


def old_tls(rig: Rig, _: str) -> AbstractContextManager[None]:
    """Nothing newer than TLS 1.1."""
    way = Middle(rig.site.authority)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        way.context.maximum_version = ssl.TLSVersion.TLSv1_1
        way.context.minimum_version = ssl.TLSVersion.TLSv1_1
    way.context.set_ciphers("ALL:@SECLEVEL=0")
    return rig.line.faulty(way)


@dataclass(slots=True)
class _Chained(Middle):
    """Shows the authority's own certificate."""

    def pair(self) -> Pair:
        return self.authority


def _pem(rig: Rig) -> bytes:
    return rig.site.authority.certificate


# The way there.


@contextmanager
def refused(rig: Rig, _: str) -> Iterator[None]:
    """A pulled cable."""
    rig.line.cut()
    try:
        yield
    finally:
        rig.line.mend()


@contextmanager
def name_gone(rig: Rig, _: str, *, way_out: bool = True) -> Iterator[None]:
    """The name of central leads nowhere (RFC 6761: no name of this kind is ever found)."""
    before = rig.connect
    rig.connect = connecting("https://central.invalid", way_out=lambda: way_out)
    try:
        yield
    finally:
        rig.connect = before


def no_network(rig: Rig, path: str) -> AbstractContextManager[None]:
    """The same, and there is no way out of this machine."""
    return name_gone(rig, path, way_out=False)


@contextmanager
def proxy(way: Way | None) -> Iterator[None]:
    """The environment names a proxy; None: nobody is there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    there = None
    if way is not None:
        there = FaultyLine(0)
        port = there.port
    names = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "NO_PROXY": "", "no_proxy": ""}
    try:
        with patch.dict(os.environ, names):
            if there is None:
                yield
            else:
                with there.faulty(way or silent):
                    yield
    finally:
        if there is not None:
            there.cut()


def through_proxy(answer: bytes | None, *, gone: bool = False) -> Made:
    """A proxy that answers a request for a tunnel like that; None: it tunnels."""

    def made(rig: Rig, _: str) -> AbstractContextManager[None]:
        def way(near: Near) -> None:
            while not near.end.recv(4096).endswith(b"\r\n\r\n"):
                pass
            near.send(answer or b"HTTP/1.1 200 Connection established\r\n\r\n")
            if answer is None:
                near.line.target = rig.line.port
                Bytes()(near)

        return proxy(None if gone else way)

    return made
