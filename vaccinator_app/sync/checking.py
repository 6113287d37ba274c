"""Can this machine reach its central? If not, why, and what to do about it, in one sentence (DESIGN 5.2).

Nothing secret is sent: one question to ``/v1/health``, over TLS that trusts the one authority. The answer is not signed
and changes nothing; it saves somebody with a fresh enrolment file from using it up in vain.
"""

from __future__ import annotations

import errno
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import RemoteDisconnected
from urllib.parse import urlsplit

import requests

from vaccinator_app.domain.message import Message
from vaccinator_app.sync.http import OneAuthority

SECONDS = 10.0
"""How long one step of the question may take: connecting, and the answer."""

MOST_OFF = timedelta(minutes=10)
"""How far this machine's clock may be from central's."""

_PATH = "/v1/health"
_LONGEST = 64 * 1024
_SOMEWHERE = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): asking for the way to it sends nothing."""

_NO_WAY = {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_CUT = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}
_NOT_YET, _NO_MORE, _OTHER_NAME, _OTHER_IP = 9, 10, 62, 64
"""OpenSSL's verification results: dates, and names."""


@dataclass(frozen=True, slots=True)
class Checked:
    """``why`` says what stands in the way and what to do; None when nothing does."""

    why: Message | None = None

    @property
    def reached(self) -> bool:
        """Central answers, and may be asked to take this machine in."""
        return self.why is None


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


def check(
    address: str,
    authority: str,
    now: Callable[[], datetime],
    keys: int = 0,
    *,
    seconds: float = SECONDS,
    way_out: Callable[[], bool] = has_way_out,
) -> Checked:
    """Ask central at ``address`` (an ``https`` URL) whether it is there.

    ``authority`` is the PEM that signs its TLS, ``now`` tells this machine's time in the zone that both times are told
    in, ``keys`` is the number of the set of central's keys in the enrolment file (P.17.1). Never raises for anything
    that the network does.
    """
    host = urlsplit(address).netloc
    try:
        answer = _ask(address, authority, seconds)
    except requests.RequestException as error:
        causes = list(_causes(error))
        if _failed_by_date(causes):
            return Checked(_untimely(address, authority, now, seconds, host))
        return Checked(_reason(causes, host, seconds, way_out))
    return Checked(_clock_off(answer.date, now()) or _state(answer, keys))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    date: datetime | None
    oldest_keys: int


def _ask(address: str, authority: str, seconds: float, *, any_date: bool = False) -> _Answer:
    with requests.Session() as session:
        session.mount("https://", OneAuthority(authority, any_date=any_date))
        session.headers["User-Agent"] = "vaccinator"
        where = address.rstrip("/") + _PATH
        with session.get(where, timeout=(seconds, seconds), allow_redirects=False, stream=True) as response:
            body = next(response.iter_content(_LONGEST), b"")
            return _Answer(response.status_code, _date(response.headers.get("Date", "")), _oldest_keys(body))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _oldest_keys(body: bytes) -> int:
    """The first set of keys by which central is still known; 0 when it does not say."""
    try:
        found = json.loads(body)["oldest_keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0
    return found if isinstance(found, int) else 0


def _clock_off(there: datetime | None, here: datetime) -> Message | None:
    if there is None or abs(there - here) <= MOST_OFF:
        return None
    return Message.of("check.clock", here=here, there=there.astimezone(here.tzinfo))


def _state(answer: _Answer, keys: int) -> Message | None:
    if 300 <= answer.status < 400:
        return Message.of("check.stranger")
    if answer.status in (429, 503):
        return Message.of("check.busy")
    if answer.status != requests.codes.ok:
        return Message.of("check.error", status=answer.status)
    if answer.oldest_keys > max(keys, 1):
        return Message.of("check.keys_changed")
    return None


def _untimely(address: str, authority: str, now: Callable[[], datetime], seconds: float, host: str) -> Message:
    """Central's certificate is not good today: by this machine's clock, or at all? Its own clock tells."""
    try:
        answer = _ask(address, authority, seconds, any_date=True)
    except requests.RequestException:
        return Message.of("check.certificate_date", host=host)
    return _clock_off(answer.date, now()) or Message.of("check.certificate_date", host=host)


def _failed_by_date(causes: Sequence[BaseException]) -> bool:
    return any(_verify_code(cause) in (_NOT_YET, _NO_MORE) for cause in causes)


def _verify_code(cause: BaseException) -> int | None:
    return cause.verify_code if isinstance(cause, ssl.SSLCertVerificationError) else None


def _reason(causes: Sequence[BaseException], host: str, seconds: float, way_out: Callable[[], bool]) -> Message:
    """Why no answer came, by what lies at the bottom of it."""
    if any(_verify_code(cause) in (_OTHER_NAME, _OTHER_IP) for cause in causes):
        return Message.of("check.other_name", host=host)
    if _met(causes, ssl.SSLCertVerificationError) or _speaks_no_tls(causes):
        return Message.of("check.stranger")
    if _met(causes, requests.exceptions.ProxyError):
        return Message.of("check.proxy")
    if _met(causes, socket.gaierror):
        return Message.of("check.no_name", host=host) if way_out() else Message.of("check.no_network")
    codes = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if codes & _NO_WAY and not way_out():
        return Message.of("check.no_network")
    if _met(causes, requests.exceptions.Timeout, TimeoutError):
        return Message.of("check.slow", host=host, seconds=round(seconds))
    if codes & _CUT or _met(causes, RemoteDisconnected, ssl.SSLEOFError, requests.exceptions.ChunkedEncodingError):
        return Message.of("check.cut", host=host)
    return Message.of("check.refused", host=host)


def _met(causes: Sequence[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _speaks_no_tls(causes: Sequence[BaseException]) -> bool:
    """What answered is a plain web server, as a network's sign-in page often is."""
    return any(
        isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
        for cause in causes
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and all that it was made of: the client wraps what the system said several times over."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        waiting += [part for part in inner if isinstance(part, BaseException)]
