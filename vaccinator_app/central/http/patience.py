"""How long a request may take to arrive: nobody holds a connection by saying little, slowly (DESIGN 8.1).

uvicorn waits without end for the rest of a head or a body. This protocol of its own gives the head a few seconds, and a
body those and as long as it comes at a rate that the slowest line keeps. It is about connections and not about
addresses, so that it holds for bodies that nothing reads, too: of a request that was answered early, the rest may
still come for a moment, since a client that is cut off while it sends does not see the answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from vaccinator_app.central import log

_ANSWER = (
    b'{"code":"too_slow","sentence":"The request took too long to arrive. Try again when the connection is better."}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: for a request's head, and for its body beyond what ``least_rate`` bytes a second take; for the rest of
    a request that was answered already, and for an answer to be taken."""

    head: float = 20.0
    body: float = 20.0
    least_rate: int = 512
    rest: float = 5.0


class PatientProtocol(H11Protocol):
    """One connection. ``patience`` is set by ``patient``."""

    patience = Patience()

    _timer: asyncio.TimerHandle | None = None
    _timed = ""
    _began = 0.0
    _received = 0
    _answered: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The head of the first request is awaited from now on."""
        super().connection_made(transport)
        self._await("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        self._received += len(data)
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """An answer is out; another request may begin, or the rest of this one is still on its way."""
        self._answered = self.loop.time()
        super().on_response_complete()
        if not self.transport.is_closing():
            self._look()

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection is closed; one whose answer nobody takes is cut."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(self.patience.rest, self.transport.abort)

    def shutdown(self) -> None:
        """The server stops. A second ``close`` of a TLS transport would cut it loose, open, from who could abort it."""
        if self.transport.is_closing():
            self.transport.abort()
        else:
            super().shutdown()

    def _look(self) -> None:
        """Which part of a request is awaited now."""
        if self.conn.their_state is h11.SEND_BODY:
            self._await("body")
        elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._await("head")
        else:
            self._stop()

    def _await(self, part: str) -> None:
        if part != self._timed:
            self._stop()
            self._timed, self._began, self._received, self._answered = part, self.loop.time(), 0, None
        elif part == "head" or (self._timer is not None and self._answered is None):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._until(), self._over)

    def _until(self) -> float:
        if self._timed == "head":
            return self._began + self.patience.head
        until = self._began + self.patience.body + self._received / self.patience.least_rate
        return until if self._answered is None else min(until, self._answered + self.patience.rest)

    def _over(self) -> None:
        self._timer = None
        now = self.loop.time()
        if self.flow.read_paused:
            # It is this server that does not keep up.
            self._began += self.patience.body
        if now < self._until():
            self._timer = self.loop.call_at(self._until(), self._over)
            return
        log.event("too_slow", kind=self._timed)
        self._give_up()

    def _give_up(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()
            return
        silent = self._timed == "head" and not self.conn.trailing_data[0]
        if not silent and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(_ANSWER)).encode()),
                (b"connection", b"close"),
            ]
            answer = h11.Response(status_code=408, headers=headers, reason=b"Request Timeout")
            for event in (answer, h11.Data(data=_ANSWER), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self._timed == "body" and not self.cycle.response_complete:
            # Whoever still waits for the body is told that there is none.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self.loop.call_later(self.patience.rest, self.transport.abort)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed = ""


def patient(patience: Patience) -> type[H11Protocol]:
    """The protocol with this much patience, for uvicorn's configuration."""
    wanted = patience

    class Patient(PatientProtocol):
        patience = wanted

    return Patient
