"""The line between a desk and central over real sockets and TLS, on which anything may go wrong.

``FaultyLine(port)`` listens on a port of its own (0: a free one) and carries to central's. A desk that is enrolled with
``line.address`` never sees central's own. While nothing is wrong, TLS passes through untouched from end to end, as it
does again after each fault::

    with line.faulty(Middle(authority_of(home), lost_answer)):
        ...                             # what the desk does meanwhile
    line.cut(); ...; line.mend()        # a pulled cable: whoever connects is refused

What goes wrong is a *way*: what becomes of one connection. There are three sorts:

- ``Bytes(up=..., down=...)``: TLS from end to end, and a valve that does something to the bytes of one direction:
  ``cut_after(n)``, ``stall_after(n)``, ``one_by_one``, ``only_pauses``;
- ``Middle(authority, tamper)``: ends TLS with a certificate of central's own authority (tests hold its key), as nobody
  on a real line could, and hands each request to ``tamper(near, asked, ask)``. ``ask(asked)`` has the real central
  answer, ``near`` is the desk's end: ``near.send(answer.wire())``, ``near.cut()``, ``near.reset()``, ``near.hold()``;
- any function of one ``Near``: a portal that speaks no TLS, a reset in the handshake.

Nothing here waits for a time: what holds a connection holds it until the fault is over or the desk gives up.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message as Headers
from http.client import HTTPException, HTTPSConnection, parse_headers
from pathlib import Path
from typing import BinaryIO

from vaccinator_app.cli.demo.line import Line, hang_up
from vaccinator_app.trust.authority import Pair, make_server

_CHUNK = 64 * 1024
_PATIENCE = 30.0
"""Seconds after which a test that waits in vain ends."""


@dataclass(slots=True)
class Near:
    """The desk's end of one connection. ``raw`` is the connection below its TLS, where there is any."""

    end: socket.socket
    raw: socket.socket
    line: FaultyLine

    def send(self, data: bytes) -> None:
        """These bytes to the desk; nothing happens when it has hung up."""
        with contextlib.suppress(OSError):
            self.end.sendall(data)

    def cut(self) -> None:
        """The connection ends where it is: no farewell of TLS."""
        hang_up(self.raw)

    def reset(self) -> None:
        """The connection is thrown away (RST), not closed."""
        with contextlib.suppress(OSError):
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for end in (self.end, self.raw):
            # not ``close``, which waits for whoever still reads from it
            with contextlib.suppress(OSError):
                os.close(end.detach())

    def hold(self) -> None:
        """Say nothing more, until the fault is over or the desk hangs up."""
        with contextlib.suppress(OSError):
            while self.raw.recv(_CHUNK):
                pass


Way = Callable[[Near], None]
"""What becomes of one connection; it is closed when this returns."""

Valve = Callable[[bytes, int], bytes | None]
"""Bytes of one direction, and how many came before them: what of them goes on. None: nothing more, and it stalls.
Raises ``Cut``."""


class Cut(Exception):
    """The connection ends here; what is given still goes on."""

    def __init__(self, last: bytes = b"") -> None:
        super().__init__("cut")
        self.last = last


class FaultyLine(Line):
    """Carries to port ``target`` of 127.0.0.1, which may change: central started again somewhere else."""

    def __init__(self, target: int) -> None:
        self._way: Way = Bytes()
        self.connections = 0
        super().__init__(target)

    @property
    def address(self) -> str:
        """What a desk is enrolled with."""
        return f"https://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def faulty(self, way: Way) -> Iterator[None]:
        """Every connection goes this way until the block ends; those that are open are closed, before and after."""
        self._way = way
        self.hang_up_all()
        try:
            yield
        finally:
            self._way = Bytes()
            self.hang_up_all()

    def hang_up_all(self) -> None:
        """Close what is open; who connects anew is carried."""
        with self._lock:
            carried, self._open = self._open, set()
        for end in carried:
            hang_up(end)

    def far(self) -> socket.socket:
        """A connection to central of one's own; ``OSError`` while there is none."""
        far = socket.create_connection(("127.0.0.1", self.target), timeout=_PATIENCE)
        self._hold(far)
        return far

    def _begin(self, near: socket.socket) -> None:
        self.connections += 1
        # A second name of the same connection: TLS takes the first one over, and a cut must not wait for it.
        raw = near.dup()
        self._hold(raw)
        threading.Thread(target=self._go, args=(Near(near, raw, self), self._way), name="line", daemon=True).start()

    def _go(self, near: Near, way: Way) -> None:
        with contextlib.suppress(OSError, HTTPException):
            way(near)
        hang_up(near.raw)
        near.end.close()
        with self._lock:
            self._open.discard(near.raw)


def as_it_is(data: bytes, _: int) -> bytes:
    """Nothing happens."""
    return data


def cut_after(most: int) -> Valve:
    """The connection ends after so many bytes of this direction."""

    def valve(data: bytes, before: int) -> bytes:
        if before + len(data) >= most:
            raise Cut(data[: max(0, most - before)])
        return data

    return valve


def stall_after(most: int) -> Valve:
    """Nothing more comes after so many bytes of this direction."""
    return lambda data, before: data[: most - before] if before < most else None


@dataclass(frozen=True, slots=True)
class Bytes:
    """TLS from end to end. ``up`` is to central, ``down`` to the desk; ``apart``: each byte goes by itself."""

    up: Valve = as_it_is
    down: Valve = as_it_is
    apart: bool = False

    def __call__(self, near: Near) -> None:
        far = near.line.far()
        other = threading.Thread(target=self._carry, args=(far, near.raw, self.down), name="line", daemon=True)
        other.start()
        self._carry(near.raw, far, self.up)
        other.join()

    def _carry(self, source: socket.socket, sink: socket.socket, valve: Valve) -> None:
        before = 0
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                try:
                    passed = valve(data, before)
                except Cut as last:
                    sink.sendall(last.last)
                    break
                before += len(data)
                for part in [passed[i : i + 1] for i in range(len(passed))] if self.apart and passed else [passed]:
                    if part:
                        sink.sendall(part)
        for end in (source, sink):
            hang_up(end)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the desk made it."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``wire`` gives it as it would stand on the line, with the length that it has."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    reason: str = "Told"

    def head(self, *more: tuple[str, str]) -> bytes:
        """The first line and the headers, without a length; ``more`` of them at the end."""
        lines = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{name}: {value}" for name, value in self.headers + more)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def wire(self) -> bytes:
        """Head and body."""
        return self.head(("Content-Length", str(len(self.body)))) + self.body

    def with_body(self, body: bytes) -> Answer:
        """The same with another body."""
        return replace(self, body=body)


Ask = Callable[[Asked], Answer]
"""Has the real central answer; ``OSError`` while there is none."""

Tamper = Callable[[Near, Asked, Ask], None]
"""What becomes of one request; the connection stays open unless it was cut."""

_OF_THE_LINE = frozenset({"content-length", "transfer-encoding", "connection"})


def as_asked(near: Near, asked: Asked, ask: Ask) -> None:
    """Nothing happens."""
    near.send(ask(asked).wire())


@dataclass(slots=True)
class Middle:
    """Ends TLS with a certificate under ``authority`` for ``names``, made ``at`` that time, and tampers with requests.

    ``only`` names the paths that are tampered with (``/v1/push``); none names all.
    """

    authority: Pair
    tamper: Tamper = as_asked
    only: Sequence[str] = ()
    names: Sequence[str] = ("127.0.0.1",)
    at: datetime | None = None
    central: bytes | None = None
    """The authority of the central behind it, where that is another (PEM)."""
    _context: ssl.SSLContext | None = field(default=None, repr=False)

    def __call__(self, near: Near) -> None:
        with self.context.wrap_socket(near.end, server_side=True) as end:
            spoken = Near(end, near.raw, near.line)
            reader = end.makefile("rb")
            while (asked := _read_request(reader)) is not None:
                told = not self.only or asked.path in self.only
                (self.tamper if told else as_asked)(spoken, asked, self._asker(near.line))

    def pair(self) -> Pair:
        """What it shows the desk."""
        return make_server(self.authority, self.names, self.at or datetime.now(UTC))

    @property
    def context(self) -> ssl.SSLContext:
        """Its TLS towards the desk, made when it is first asked for."""
        if self._context is None:
            pair = self.pair()
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with tempfile.NamedTemporaryFile() as file:
                file.write(pair.certificate + pair.key)
                file.flush()
                self._context.load_cert_chain(file.name)
        return self._context

    def _asker(self, line: FaultyLine) -> Ask:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=(self.central or self.authority.certificate).decode())

        def ask(asked: Asked) -> Answer:
            with contextlib.closing(
                HTTPSConnection("127.0.0.1", line.target, context=context, timeout=_PATIENCE)
            ) as far:
                headers = {name: value for name, value in asked.headers if name.lower() not in _OF_THE_LINE}
                far.request(asked.method, asked.path, asked.body, headers)
                found = far.getresponse()
                kept = tuple((name, value) for name, value in found.getheaders() if name.lower() not in _OF_THE_LINE)
                return Answer(found.status, found.read(), kept, found.reason)

        return ask


def _read_request(reader: BinaryIO) -> Asked | None:
    """The next one; None when the desk has hung up."""
    first = reader.readline(_CHUNK).decode("latin-1").split()
    if len(first) < 2:
        return None
    headers: Headers = parse_headers(reader)
    body = reader.read(int(headers.get("Content-Length", "0")))
    return Asked(first[0], first[1], tuple(headers.items()), body)


def authority_of(home: Path) -> Pair:
    """The authority, with its key, of the central in ``home``: what nobody on a line could have."""
    return Pair((home / "tls" / "authority.pem").read_bytes(), (home / "tls" / "authority.key").read_bytes())
