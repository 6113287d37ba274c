"""Central as a running server: one process, TLS always, messages drained beside it (DESIGN 8.1, 8.4)."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from vaccinator_app.central import admin, log
from vaccinator_app.central.booking import Bookings
from vaccinator_app.central.captcha import Captchas
from vaccinator_app.central.clock import Clock, system_clock
from vaccinator_app.central.crew import Crew
from vaccinator_app.central.database import Database
from vaccinator_app.central.desk_api import DeskApi
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.housekeeping import forget
from vaccinator_app.central.http.app import create_app
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.keys import tls_files
from vaccinator_app.central.limits import Bounds
from vaccinator_app.central.login import Login
from vaccinator_app.central.persons import LANGUAGES
from vaccinator_app.central.sms import Drain, FileGateway, Gateway, Texts, check_texts

INBOX = "sms"
_LOOK_EVERY = 2.0
_FORGET_EVERY = 3600.0
_GRACE_SECONDS = 15
_MOMENT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve. ``port`` 0 takes a free one; ``helpers`` are processes for intake beside the server's own.

    ``gateway`` is where messages go; without one they go into the folder ``sms`` of the home, for a demo to read.
    """

    home: Path
    texts: Texts
    host: str = "127.0.0.1"
    port: int = 8443
    url: str | None = None
    helpers: int = 0
    gateway: Gateway | None = None
    clock: Clock = system_clock
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers. ``drain`` delivers waiting messages at once."""

    address: str
    port: int
    authority: bytes
    drain: Drain


def serve(settings: Settings, ready: Callable[[Running], None]) -> None:
    """Serve until the process is asked to end (SIGTERM, SIGINT), finish what was begun. Raises ``CentralError``."""
    with ExitStack() as stack:
        # uvicorn raises the signal again once it has stopped. Left to itself, SIGTERM would end the process there and
        # then: helpers would stay behind with central's keys, messages undelivered and the database open.
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
        server, running, listening = _prepare(settings, stack)
        server.on_started = lambda: ready(running)
        # Measured: the collector walked everything that lives as long as the server does, a tenth of intake's time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """A server in this process, in a thread of its own; it has stopped when the block ends."""
    with ExitStack() as stack:
        server, found, listening = _prepare(settings, stack)
        started = threading.Event()
        server.on_started = started.set
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listening])), name="central", daemon=True
        )
        thread.start()
        try:
            if not started.wait(timeout=30):
                raise CentralError("Central did not start. Its log says why.")
            yield found
        finally:
            server.should_exit = True
            thread.join()


def default_helpers() -> int:
    """One process a core beside the server's own, three at most."""
    return max(0, min(3, (os.cpu_count() or 1) - 1))


class _Server(uvicorn.Server):
    """Says when it answers."""

    on_started: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        hanging_up = asyncio.create_task(self._hang_up())
        try:
            await super().shutdown(sockets)
        finally:
            hanging_up.cancel()

    async def _hang_up(self) -> None:
        """Let go of connections that have had their answers.

        TLS would wait half a minute for the other side's farewell, which an idle desk does not read.
        """
        while True:
            await asyncio.sleep(_MOMENT)
            for connection in list(self.server_state.connections):
                transport = connection.transport
                if transport.is_closing() and transport.get_write_buffer_size() == 0:
                    transport.abort()


def _prepare(settings: Settings, stack: ExitStack) -> tuple[_Server, Running, socket.socket]:
    check_texts(settings.texts, LANGUAGES)
    home = admin.open_home(settings.home, url=settings.url)
    stack.callback(home.database.close)
    crew = stack.enter_context(Crew(home.keys, settings.helpers))
    gateway = settings.gateway or FileGateway(settings.home / INBOX)
    listening = listen(settings.host, settings.port)
    stack.callback(listening.close)
    port = int(listening.getsockname()[1])
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"https://{host}:{port}"
    drain = Drain(home.database, home.keys.cupboard, gateway, settings.texts, settings.clock, address)
    postman = _Postman(drain, home.database, settings.clock)
    login = Login(home.database, home.keys, settings.clock, settings.bounds)
    services = Services(
        database=home.database,
        desks=DeskApi(home.database, home.keys, settings.clock, crew),
        login=login,
        bookings=Bookings(home.database, home.keys, settings.clock, login),
        captchas=Captchas(home.database, home.keys, settings.clock, settings.bounds),
        after=postman.wake,
    )
    tls = tls_files(settings.home)
    config = uvicorn.Config(
        create_app(services),
        ssl_certfile=tls.certificate,
        ssl_keyfile=tls.key,
        log_config=None,
        log_level="warning",
        access_log=False,
        # Whose word is taken is for http.visitors to say; uvicorn would believe anybody on this machine.
        proxy_headers=False,
        server_header=False,
        ws="none",
        http="h11",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    stack.enter_context(postman)
    log.event("serving", port=port)
    found = Running(address=address, port=port, authority=home.keys.authority, drain=drain)
    return _Server(config), found, listening


def listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections answer without delay. Raises ``CentralError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise CentralError("The port is taken or not allowed. Choose another with --port.") from error
    # asyncio does this for sockets of its own making. Without it each answer's body waits 40 ms for its head's receipt.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class _Postman:
    """Delivers messages beside the server: at once when woken, and now and then for those that were refused before.

    Every hour it also forgets what need not be kept.
    """

    def __init__(self, drain: Drain, database: Database, clock: Clock) -> None:
        self._drain = drain
        self._database = database
        self._clock = clock
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="central-postman", daemon=True)

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    def __enter__(self) -> _Postman:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Deliver what is there, then stop."""
        self._over.set()
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        waited = _FORGET_EVERY
        while True:
            over = self._over.is_set()
            self._wake.clear()
            try:
                self._drain.run()
                if waited >= _FORGET_EVERY:
                    forget(self._database, self._clock())
                    waited = 0.0
            except Exception as error:  # noqa: BLE001  (a failed delivery must not end deliveries)
                log.failure("postman_failed", error)
            if over:
                return
            if not self._wake.wait(_LOOK_EVERY):
                waited += _LOOK_EVERY
