"""A real Kannel (the Debian package ``kannel``) on loopback: bearerbox, smsbox, and two SMS centres of the tests' own.

Its ``fake`` SMS centre passes each message to whoever is connected to it as a line of text, and says itself that the
phone has it. Numbers under ``UNKNOWN`` go to an SMS centre that knows no such subscriber; for those under
``UNROUTABLE`` there is none; those under ``DENIED`` the smsbox does not take.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tests.support.demand import missing
from vaccinator_app.central.messages.kannel import KannelConfig

USER, PASSWORD, SENDER = "central", "a-secret-of-the-test", "VACCIN"
UNKNOWN, UNROUTABLE, DENIED = "7100", "7200", "7300"

_HOST = "127.0.0.1"
_SECONDS = 20.0
_MOMENT = 0.02

_CORE = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
status-password = status
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = {folder}/bearerbox.log
log-level = 0

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {centre}
connect-allow-ip = 127.0.0.1
denied-prefix = +91{unknown};+91{unroutable}

group = smsc
smsc = http
smsc-id = refusing
system-type = generic
port = {inbound}
send-url = "http://127.0.0.1:{refusing}/?to=%p"
allowed-prefix = +91{unknown}
status-success-regex = taken
status-permfail-regex = subscriber
status-tempfail-regex = later
"""

_BOX = """
group = smsbox
smsbox-id = box
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = {folder}/smsbox.log
access-log = {folder}/access.log
log-level = 0

group = sendsms-user
username = {user}
password = {password}
concatenation = true
max-messages = 6
black-list-regex = "^\\\\+91{denied}"
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it reached a phone, put together from its parts."""

    sender: str
    mobile: str
    text: str
    parts: int


@dataclass(slots=True)
class Phones:
    """Whatever is connected to the fake SMS centre: every phone there is."""

    received: list[Received] = field(default_factory=list)
    _parts: dict[tuple[str, str], dict[int, bytes]] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def read(self, connection: socket.socket) -> None:
        """Take every line until the centre hangs up."""
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            for line in lines:
                sender, mobile, kind, rest = line.decode().rstrip("\n").split(" ", 3)
                with self._news:
                    self._take(sender, mobile, kind, rest)
                    self._news.notify_all()

    def wait_for(self, count: int) -> list[Received]:
        """The first ``count`` messages, once that many have come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.received) >= count, timeout=_SECONDS), self.received
            return self.received[:count]

    def _take(self, sender: str, mobile: str, kind: str, rest: str) -> None:
        if kind == "text":
            self.received.append(Received(sender, mobile, rest, 1))
        elif kind == "ucs-2":
            self.received.append(Received(sender, mobile, _unquoted(rest).decode("utf-16-be"), 1))
        else:
            header, coding, data = rest.split(" ", 2)
            # 3GPP TS 23.040, 9.2.3.24.1: reference, number of parts, this part
            reference, parts, part = _unquoted(header)[3:6]
            found = self._parts.setdefault((mobile, f"{reference}.{coding}"), {})
            found[part] = _unquoted(data)
            if len(found) == parts:
                whole = b"".join(found[number] for number in range(1, parts + 1))
                self.received.append(Received(sender, mobile, _decoded(whole), parts))


def _unquoted(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))


def _decoded(data: bytes) -> str:
    """The fake centre does not say in which alphabet a long message is: only UCS-2 has bytes of a zero in it, or of
    more than seven bits."""
    return data.decode() if data.isascii() and b"\0" not in data else data.decode("utf-16-be")


class _Refusing(BaseHTTPRequestHandler):
    """An SMS centre of the kind that is spoken to by HTTP, and knows nobody."""

    def do_GET(self) -> None:
        body = b"no such subscriber"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@dataclass(slots=True)
class RunningKannel:
    """A Kannel that answers."""

    folder: Path
    ports: dict[str, int]
    phones: Phones
    box: subprocess.Popen[bytes] | None = None

    def config(self, reports: str = "", password: str = PASSWORD) -> KannelConfig:
        """What central needs to know of it."""
        address = f"http://{_HOST}:{self.ports['sendsms']}/cgi-bin/sendsms"
        return KannelConfig(address=address, user=USER, password=password, sender=SENDER, reports=reports)

    def start_box(self) -> None:
        """Start the smsbox; it takes messages when this returns."""
        self.box = _started("smsbox", self.folder)
        _until(lambda: _answers(self.ports["sendsms"]), self.box, self.folder / "smsbox.log")
        _until(lambda: b"(on-line" in self._status(), self.box, self.folder / "smsbox.log")

    def stop_box(self) -> None:
        """Stop the smsbox."""
        if self.box is not None:
            _end(self.box)
            self.box = None

    def _status(self) -> bytes:
        """The part of the status page about boxes."""
        connection = http.client.HTTPConnection(_HOST, self.ports["admin"], timeout=5)
        try:
            connection.request("GET", "/status.txt?password=status")
            page = connection.getresponse().read()
        except OSError:
            return b""
        finally:
            connection.close()
        return page.partition(b"Box connections:")[2].partition(b"SMSC connections:")[0]


@contextmanager
def kannel(folder: Path) -> Iterator[RunningKannel]:
    """A Kannel with its files in ``folder``; skips the test, in plain words, where none is installed."""
    if shutil.which("bearerbox", path=_path()) is None or shutil.which("smsbox", path=_path()) is None:
        missing("kannel", "bearerbox and smsbox are not installed (Debian package kannel)")
    names = ("admin", "boxes", "centre", "inbound", "sendsms")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    with ExitStack() as stack:
        refusing = ThreadingHTTPServer((_HOST, 0), _Refusing)
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        stack.callback(refusing.server_close)
        stack.callback(refusing.shutdown)
        values = {
            "folder": folder,
            "refusing": refusing.server_port,
            "user": USER,
            "password": PASSWORD,
            "unknown": UNKNOWN,
            "unroutable": UNROUTABLE,
            "denied": DENIED,
            **ports,
        }
        (folder / "kannel.conf").write_text((_CORE + _BOX).format(**values), "ascii")
        bearer = _started("bearerbox", folder)
        stack.callback(_end, bearer)
        log = folder / "bearerbox.log"
        _until(lambda: _answers(ports["admin"]) and _answers(ports["boxes"]), bearer, log)
        running = RunningKannel(folder, ports, Phones())
        _until(lambda: _connect(running, stack), bearer, log)
        stack.callback(running.stop_box)
        running.start_box()
        yield running


def _connect(running: RunningKannel, stack: ExitStack) -> bool:
    try:
        connection = socket.create_connection((_HOST, running.ports["centre"]), timeout=5)
    except OSError:
        return False
    connection.settimeout(None)
    reading = threading.Thread(target=running.phones.read, args=(connection,), daemon=True)
    reading.start()
    stack.callback(reading.join)
    stack.callback(connection.shutdown, socket.SHUT_RDWR)
    return True


def _path() -> str:
    return "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def _started(program: str, folder: Path) -> subprocess.Popen[bytes]:
    found = shutil.which(program, path=_path())
    assert found is not None
    with (folder / f"{program}.out").open("ab") as out:
        return subprocess.Popen([found, str(folder / "kannel.conf")], stdout=out, stderr=out, cwd=folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=_SECONDS)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((_HOST, 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in sockets]


def _answers(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _until(ready: object, process: subprocess.Popen[bytes], log: Path) -> None:
    assert callable(ready)
    ends = time.monotonic() + _SECONDS
    while not ready():
        said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
        assert process.poll() is None, said
        assert time.monotonic() < ends, said
        time.sleep(_MOMENT)
