"""Central as a running server in one process: TLS always, messages drained beside it (DESIGN 8.1, 8.4).

``serving`` starts and watches the processes of a server that is there to stay.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import uvicorn

from vaccinator_app.central import log
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.http.app import create_app
from vaccinator_app.central.http.patience import patient
from vaccinator_app.central.keyring.tls import tls_files
from vaccinator_app.central.messages.sms import Drain
from vaccinator_app.central.running.building import build
from vaccinator_app.central.running.settings import Settings as Settings

GRACE_SECONDS = 15
"""What requests under way get to be finished."""

_MOMENT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers. ``drain`` delivers waiting messages at once."""

    address: str
    port: int
    authority: bytes
    drain: Drain


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """A server in this process, in a thread of its own; it has stopped when the block ends."""
    with ExitStack() as stack:
        listening = listen(settings.host, settings.port)
        stack.callback(listening.close)
        server, found = prepare(settings, listening, stack)
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


class Server(uvicorn.Server):
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


def prepare(
    settings: Settings, listening: socket.socket, stack: ExitStack, *, keeps_house: bool = True
) -> tuple[Server, Running]:
    """A server on ``listening`` that was not started yet, with its rooms and its postman; ``stack`` ends them."""
    address, port = address_of(settings.host, listening)
    built = build(settings, settings.public_address or address, stack, keeps_house=keeps_house)
    tls = tls_files(settings.home)
    config = uvicorn.Config(
        create_app(built.services),
        ssl_certfile=tls.certificate,
        ssl_keyfile=tls.key,
        log_config=None,
        log_level="warning",
        access_log=False,
        # Whose word is taken is for http.visitors to say; uvicorn would believe anybody on this machine.
        proxy_headers=False,
        server_header=False,
        ws="none",
        http=patient(settings.patience),
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    stack.enter_context(built.postman)
    log.event("serving", port=port)
    return Server(config), Running(address=address, port=port, authority=built.authority, drain=built.drain)


def address_of(host: str, listening: socket.socket) -> tuple[str, int]:
    """How a listening socket is reached from this machine, and its port."""
    port = int(listening.getsockname()[1])
    return f"https://{f'[{host}]' if ':' in host else host}:{port}", port


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
