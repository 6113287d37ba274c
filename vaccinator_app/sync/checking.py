"""Can this machine reach its central? If not, why, and what to do about it, in one sentence (DESIGN 5.2).

Nothing secret is sent: one question to ``/v1/health``, over TLS that trusts the one authority. The answer is not signed
and changes nothing; it saves somebody with a fresh enrolment file from using it up in vain.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from vaccinator_app.domain.message import Message
from vaccinator_app.sync.reasons import causes, failed_by_date, has_way_out, reason
from vaccinator_app.sync.tls import Limits, OneAuthority

SECONDS = 10.0
"""How long one step of the question may take: connecting, and the answer."""

MOST_OFF = timedelta(minutes=10)
"""How far this machine's clock may be from central's."""

_PATH = "/v1/health"
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Checked:
    """``why`` says what stands in the way and what to do; None when nothing does."""

    why: Message | None = None

    @property
    def reached(self) -> bool:
        """Central answers, and may be asked to take this machine in."""
        return self.why is None


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
        found = causes(error)
        if failed_by_date(found):
            return Checked(untimely(address, authority, now, seconds))
        return Checked(reason(found, host, seconds, way_out))
    return Checked(_clock_off(answer.date, now()) or _state(answer, keys))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    date: datetime | None
    oldest_keys: int


def _ask(address: str, authority: str, seconds: float, *, any_date: bool = False) -> _Answer:
    with requests.Session() as session:
        limits = Limits(connect=seconds, exchange=seconds)
        session.mount("https://", OneAuthority(authority, any_date=any_date, limits=limits))
        session.headers.update({"User-Agent": "vaccinator", "Accept-Encoding": "identity"})
        where = address.rstrip("/") + _PATH
        with session.get(where, allow_redirects=False, stream=True) as response:
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


def untimely(address: str, authority: str, now: Callable[[], datetime], seconds: float = SECONDS) -> Message:
    """Central's certificate is not good today: by this machine's clock, or at all? Its own clock tells."""
    host = urlsplit(address).netloc
    try:
        answer = _ask(address, authority, seconds, any_date=True)
    except requests.RequestException:
        return Message.of("check.certificate_date", host=host)
    return _clock_off(answer.date, now()) or Message.of("check.certificate_date", host=host)
