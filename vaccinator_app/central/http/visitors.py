"""Where a request came from: the socket's own word, or that of a proxy which the operator named, and nobody else's.

``X-Forwarded-For`` is written by whoever likes. It is read from its end, where the nearest proxy wrote, past addresses
of named proxies; the first other one is the visitor's. Anything unreadable on the way ends the reading, and the last
address that was believed stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Receive, Scope, Send

from vaccinator_app.central.errors import CentralError

Network = IPv4Network | IPv6Network

_HEADER = b"x-forwarded-for"
NOWHERE = "unknown"
"""Counted together: those whose address no socket tells."""


def networks(named: Iterable[str]) -> tuple[Network, ...]:
    """Proxies as the operator names them: addresses or networks such as ``10.0.0.0/8``. Raises ``CentralError``."""
    try:
        return tuple(ip_network(name.strip(), strict=False) for name in named)
    except ValueError as error:
        raise CentralError("A trusted proxy is an address or a network, such as 10.0.0.5 or 10.0.0.0/24.") from error


def visitor(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The address that asks, as text; what ``limits`` counts by."""
    return request.client.host if request.client is not None else NOWHERE


def seen_through(trusted: tuple[Network, ...]) -> Any:
    """The middleware that puts the visitor's address in the place of a trusted proxy's own."""

    def around(app: ASGIApp) -> ASGIApp:
        async def with_visitor(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client")
            if trusted and client is not None:
                headers = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == _HEADER]
                found = _first_stranger(client[0], ",".join(headers), trusted)
                scope["client"] = (found, client[1])
            await app(scope, receive, send)

        return with_visitor

    return around


def _first_stranger(socket: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    believed = socket
    hops = [hop.strip() for hop in forwarded.split(",")] if forwarded else []
    while hops and within(believed, trusted):
        found = _address(hops.pop())
        if found is None:
            break
        believed = found
    return believed


def within(address: str, allowed: Iterable[Network]) -> bool:
    """Whether ``address``, as text, lies in one of these networks; one that is none does not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in allowed)


def _address(hop: str) -> str | None:
    """A hop without the port that some proxies write beside it; None when it is no address."""
    text = hop.removeprefix("[").partition("]")[0] if hop.startswith("[") else hop
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
