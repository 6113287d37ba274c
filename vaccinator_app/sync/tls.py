"""TLS to one central and nobody else, in which nothing can be made to wait for ever (DESIGN 5.2, 7.6; P.8.6).

Only the authority from the enrolment file is trusted, never the machine's own store: a captive portal's certificate
does not pass, whatever is installed here.

A time limit for each read, as HTTP clients have it, ends no exchange in which a byte comes now and then. Here a whole
exchange, request and answer, has one: some seconds, and as long as it moves at a rate that the slowest line keeps.
Central looks at its own side in the same way.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from vaccinator_app.protocol.packing import MAX_PACKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: to connect, and for a whole exchange beyond what ``least_rate`` bytes a second take; and how many bytes
    an answer may have in all, with what stands before it."""

    connect: float = 10.0
    exchange: float = 60.0
    least_rate: int = 512
    most: int = MAX_PACKED + 1024 * 1024


class TooMuch(OSError):
    """More came than any answer has: no header or interim answer may go on without end."""


class _Meter(threading.local):
    """When the exchange of this thread is to be over, and how many bytes came in it."""

    until = float("inf")
    came = 0


class _Context(ssl.SSLContext):
    """What all connections to one central share."""

    limits: Limits
    meter: _Meter
    open: weakref.WeakSet[_TimedSocket]


class _TimedSocket(ssl.SSLSocket):
    """A connection on which nothing takes longer than the exchange may."""

    def do_handshake(self, block: bool = False) -> None:
        """Known from here on, so that it can be hung up."""
        self._shared.open.add(self)
        super().do_handshake(block)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As much as comes, within the time that is left."""
        shared = self._shared
        with self._within():
            count = self._moved(super().recv_into(*args, **kwargs))
        shared.meter.came += count
        if shared.meter.came > shared.limits.most:
            raise TooMuch
        return count

    def send(self, *args: Any, **kwargs: Any) -> int:
        """As much as goes, within the time that is left."""
        with self._within():
            return self._moved(super().send(*args, **kwargs))

    @property
    def _shared(self) -> _Context:
        context: Any = self.context
        found: _Context = context
        return found

    @contextlib.contextmanager
    def _within(self) -> Iterator[None]:
        left = self._shared.meter.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        own = self.gettimeout()
        if own is not None and own <= left:
            yield
            return
        self.settimeout(left)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self.settimeout(own)

    def _moved(self, count: int) -> int:
        self._shared.meter.until += count / self._shared.limits.least_rate
        return count


_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""


class OneAuthority(HTTPAdapter):
    """TLS 1.2 or newer, against one certificate authority, within ``limits``.

    ``any_date`` lets a certificate pass whose time is over or has not come, only to learn what time it is there: for
    a machine whose clock is wrong. Nothing that is brought is believed then.
    """

    def __init__(self, authority: str, *, any_date: bool = False, limits: Limits | None = None) -> None:
        self._context = _Context(ssl.PROTOCOL_TLS_CLIENT)
        self._context.limits = limits or Limits()
        self._context.meter = _Meter()
        self._context.open = weakref.WeakSet()
        self._context.sslsocket_class = _TimedSocket
        if any_date:
            self._context.verify_flags |= _NO_CHECK_TIME
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_verify_locations(cadata=authority)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Every connection of this adapter uses the one context."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Through a proxy too: it tunnels, and the far end must still show our authority."""
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Without this, ``REQUESTS_CA_BUNDLE`` of the environment would add its authorities to the context."""
        limits = self._context.limits
        kwargs["verify"] = True
        kwargs["timeout"] = (limits.connect, limits.exchange)
        self._context.meter.until = time.monotonic() + limits.connect + limits.exchange
        self._context.meter.came = 0
        return super().send(request, *args, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: the context says it all. The base class would load the machine's own store besides."""

    def hang_up(self) -> None:
        """Close every connection, also one on which an answer is awaited: whoever waits hears at once."""
        for one in list(self._context.open):
            with contextlib.suppress(OSError):
                # not the TLS socket's own, which takes its TLS away from whoever reads just now
                socket.socket.shutdown(one, socket.SHUT_RDWR)
