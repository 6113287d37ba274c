"""Central over HTTPS: the requests client behind the ``Central`` port (DESIGN 2.2, 5.2).

Redirects are not followed, answers are taken as they are, without any Content-Encoding, and proxies of the environment
are honoured only as plain tunnels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.packing import MAX_PACKED
from vaccinator_app.sync.checking import untimely
from vaccinator_app.sync.errors import Refused, SyncError, Unreachable, Untrusted
from vaccinator_app.sync.reasons import causes, failed_by_date, has_way_out, reason
from vaccinator_app.sync.tls import Limits, OneAuthority, TooMuch

_CHUNK = 64 * 1024


def _local_time() -> datetime:
    return datetime.now().astimezone()


class HttpCentral:
    """``address`` is central's ``https`` URL; ``authority`` the PEM that signs its TLS certificate.

    ``now`` and ``way_out`` tell this machine's time and whether it has a network: for the words when no answer comes.
    """

    def __init__(
        self,
        address: str,
        authority: str,
        *,
        limits: Limits | None = None,
        now: Callable[[], datetime] = _local_time,
        way_out: Callable[[], bool] = has_way_out,
    ) -> None:
        if not address.startswith("https://"):
            raise Unreachable(Message.of("sync.not_https"))
        self._address = address.rstrip("/")
        self._authority = authority
        self._limits = limits or Limits()
        self._now = now
        self._way_out = way_out
        self._adapter = OneAuthority(authority, limits=self._limits)
        self._session = requests.Session()
        self._session.mount("https://", self._adapter)
        self._session.headers.update(
            {"Content-Type": "application/octet-stream", "User-Agent": "vaccinator", "Accept-Encoding": "identity"}
        )

    def push(self, packed: bytes) -> bytes:
        """Deliver a ``PushRequest``; see ``sync.ports.Central``."""
        return self._post("/v1/push", packed)

    def pull(self, packed: bytes) -> bytes:
        """Deliver a ``PullRequest``; see ``sync.ports.Central``."""
        return self._post("/v1/pull", packed)

    def confirm(self, packed: bytes) -> bytes:
        """Deliver a ``ConfirmRequest``; see ``sync.ports.Central``."""
        return self._post("/v1/confirm", packed)

    def history(self, packed: bytes) -> bytes:
        """Deliver a ``HistoryRequest``; see ``sync.ports.Central``."""
        return self._post("/v1/history", packed)

    def deliver(self, packed: bytes) -> bytes:
        """Deliver a ``DeliverRequest``; see ``sync.ports.Central``."""
        return self._post("/v1/deliveries", packed)

    def enrol(self, packed: bytes) -> bytes:
        """Deliver an ``EnrolmentRequest``; the answer is an ``EnrolmentReply``."""
        return self._post("/v1/enrolments", packed)

    def close(self) -> None:
        """Let go of all connections. Whoever still waits for an answer hears at once that there is none."""
        self._adapter.hang_up()
        self._session.close()

    def _post(self, path: str, packed: bytes) -> bytes:
        try:
            with self._session.post(self._address + path, data=packed, allow_redirects=False, stream=True) as response:
                if response.status_code != requests.codes.ok:
                    raise self._refusal(response)
                body = _bounded(response, MAX_PACKED)
        except requests.exceptions.RequestException as error:
            raise Unreachable(self._why(error)) from error
        if body is None:
            raise Unreachable(Message.of("sync.too_large"))
        return body

    def _why(self, error: requests.exceptions.RequestException) -> Message:
        """Why no answer came."""
        found = causes(error)
        if any(isinstance(cause, TooMuch) for cause in found):
            return Message.of("sync.too_large")
        if failed_by_date(found):
            return untimely(self._address, self._authority, self._now, self._limits.connect)
        host = urlsplit(self._address).netloc
        why = reason(found, host, self._limits.exchange, self._way_out)
        own = _OWN_WORDS.get(why.key)
        return why if own is None else Message.of(own)

    def _refusal(self, response: requests.Response) -> SyncError:
        """What another status than 200 means. Trusted for words alone: only signed answers change anything."""
        code = _code(_bounded(response, _CHUNK) or b"")
        known = _REFUSALS.get(code)
        status = response.status_code
        if known is not None:
            return Refused(Message.of(known))
        if status in (429, 503):
            return Unreachable(Message.of("sync.busy"), self._retry_after(response))
        if status == requests.codes.request_timeout:
            return Unreachable(Message.of("sync.timed_out"))
        if status == requests.codes.proxy_authentication_required:
            return Unreachable(Message.of("check.proxy"))
        if 300 <= status < 400 or status == requests.codes.network_authentication:
            return Unreachable(Message.of("sync.captive"))
        if status >= 500:
            return Unreachable(Message.of("sync.not_working", status=status), self._retry_after(response))
        return Refused(Message.of("sync.refused", status=status))

    def _retry_after(self, response: requests.Response) -> float | None:
        """Seconds, told as such or as a date (RFC 9110, 10.2.3): that goes by the clock of whoever tells it."""
        told = response.headers.get("Retry-After", "")
        if told.isascii() and told.isdigit():
            # more digits than this are past any ceiling, and take long to read
            return float(told[:12])
        when = _date(told)
        if when is None:
            return None
        from_when = _date(response.headers.get("Date", "")) or self._now()
        return max(0.0, (when - from_when).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _bounded(response: requests.Response, most: int) -> bytes | None:
    """The body; None when there is more of it than that. Nothing is unpacked: a small answer stays a small one."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Untrusted(Message.of("sync.not_central"))
    found = bytearray()
    for chunk in response.iter_content(_CHUNK):
        found += chunk
        if len(found) > most:
            return None
    return bytes(found)


def _code(body: bytes) -> str:
    """The word that central's refusals carry; empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("code", "")) if isinstance(found, dict) else ""


_OWN_WORDS: dict[str, str] = {
    "check.stranger": "sync.not_our_central",
    "check.slow": "sync.timed_out",
    "check.cut": "sync.cut",
    "check.refused": "sync.could_not_reach",
}
"""What is said otherwise to a desk, which tries again by itself, than to a machine that is to be one."""


_REFUSALS: dict[str, str] = {
    "token_used": "enrol.token_used",
    "token_unknown": "enrol.token_unknown",
    "token_expired": "enrol.token_expired",
    "device_revoked": "sync.device_revoked",
    "device_unknown": "sync.device_unknown",
    "keys_unknown": "sync.keys_unknown",
    "delivery_key": "delivery.key_gone",
    "delivery_unreadable": "delivery.unreadable",
    "delivery_centre": "delivery.other_centre",
}
"""Central's codes that have words of their own; the rest share one sentence."""
