"""Why no answer came, in one sentence, by what lies at the bottom of what the HTTP client says (DESIGN 7.7)."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from http.client import RemoteDisconnected

import requests

from vaccinator_app.domain.message import Message

_SOMEWHERE = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): asking for the way to it sends nothing."""

_NO_WAY = {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_CUT = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}
_NOT_YET, _NO_MORE, _OTHER_NAME, _OTHER_IP = 9, 10, 62, 64
"""OpenSSL's verification results: dates, and names."""
_OTHER_LANGUAGE = {
    *("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"),
    *("UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "TLSV1_ALERT_PROTOCOL_VERSION"),
}
"""OpenSSL's reasons: no TLS at all, as of a network's sign-in page, or an old one."""


def has_way_out() -> bool:
    """Whether this machine has a network that leads anywhere but to itself."""
    for family, place in ((socket.AF_INET, _SOMEWHERE), (socket.AF_INET6, ("2001:db8::1", 9))):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as one:
                one.connect(place)
            return True
        except OSError:
            continue
    return False


def failed_by_date(found: Sequence[BaseException]) -> bool:
    """The certificate's time is over, or has not come."""
    return any(_verify_code(cause) in (_NOT_YET, _NO_MORE) for cause in found)


def _verify_code(cause: BaseException) -> int | None:
    return cause.verify_code if isinstance(cause, ssl.SSLCertVerificationError) else None


def reason(found: Sequence[BaseException], host: str, seconds: float, way_out: Callable[[], bool]) -> Message:
    """Why no answer came, by what lies at the bottom of it."""
    if any(_verify_code(cause) in (_OTHER_NAME, _OTHER_IP) for cause in found):
        return Message.of("check.other_name", host=host)
    if _met(found, ssl.SSLCertVerificationError) or _speaks_no_tls(found):
        return Message.of("check.stranger")
    if _met(found, requests.exceptions.ProxyError):
        return Message.of("check.proxy")
    if _met(found, socket.gaierror):
        return Message.of("check.no_name", host=host) if way_out() else Message.of("check.no_network")
    codes = {cause.errno for cause in found if isinstance(cause, OSError)}
    if codes & _NO_WAY and not way_out():
        return Message.of("check.no_network")
    if _met(found, requests.exceptions.Timeout, TimeoutError):
        return Message.of("check.slow", host=host, seconds=round(seconds))
    if codes & _CUT or _met(found, RemoteDisconnected, ssl.SSLError, requests.exceptions.ChunkedEncodingError):
        return Message.of("check.cut", host=host)
    return Message.of("check.refused", host=host)


def _met(found: Sequence[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in found)


def _speaks_no_tls(found: Sequence[BaseException]) -> bool:
    return any(isinstance(cause, ssl.SSLError) and cause.reason in _OTHER_LANGUAGE for cause in found)


def causes(error: BaseException) -> Sequence[BaseException]:
    """``error`` and all that it was made of: the client wraps what the system said several times over."""
    return tuple(_inside(error))


def _inside(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        waiting += [part for part in inner if isinstance(part, BaseException)]
