"""Central over HTTPS: the requests client behind the ``Central`` port (DESIGN 2.2, 5.2).

Only the authority from the enrolment file is trusted, never the machine's own store: a captive portal's certificate
does not pass, whatever is installed here. Redirects are not followed and proxies of the environment are honoured only
as plain tunnels.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.packing import MAX_PACKED
from vaccinator_app.sync.errors import Refused, SyncError, Unreachable

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_CHUNK = 64 * 1024


_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""


class OneAuthority(HTTPAdapter):
    """TLS 1.2 or newer, against one certificate authority.

    ``any_date`` lets a certificate pass whose time is over or has not come, only to learn what time it is there: for
    a machine whose clock is wrong. Nothing that is brought is believed then.
    """

    def __init__(self, authority: str, *, any_date: bool = False) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
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
        kwargs["verify"] = True
        return super().send(request, *args, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: the context says it all. The base class would load the machine's own store besides."""


class HttpCentral:
    """``address`` is central's ``https`` URL; ``authority`` the PEM that signs its TLS certificate."""

    def __init__(self, address: str, authority: str) -> None:
        if not address.startswith("https://"):
            raise Unreachable(Message.of("sync.not_https"))
        self._address = address.rstrip("/")
        self._session = requests.Session()
        self._session.mount("https://", OneAuthority(authority))
        self._session.headers.update({"Content-Type": "application/octet-stream", "User-Agent": "vaccinator"})

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
        """Let go of open connections."""
        self._session.close()

    def _post(self, path: str, packed: bytes) -> bytes:
        try:
            with self._session.post(
                self._address + path,
                data=packed,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise _refusal(response)
                return _bounded(response.iter_content(_CHUNK))
        except requests.exceptions.SSLError as error:
            raise Unreachable(Message.of("sync.not_our_central")) from error
        except requests.exceptions.Timeout as error:
            raise Unreachable(Message.of("sync.timed_out")) from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(Message.of("sync.could_not_reach")) from error


def _bounded(chunks: Iterable[bytes]) -> bytes:
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) > MAX_PACKED:
            raise Unreachable(Message.of("sync.too_large"))
    return bytes(found)


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


def _refusal(response: requests.Response) -> SyncError:
    """What a status other than 200 means. Never trusted for more than words: only signed answers change anything."""
    try:
        body = response.json() if int(response.headers.get("Content-Length", "0")) < _CHUNK else {}
        code = str(body.get("code", "")) if isinstance(body, dict) else ""
    except ValueError:
        code = ""
    known = _REFUSALS.get(code)
    if known is not None:
        return Refused(Message.of(known))
    if response.status_code in (429, 503):
        return Unreachable(Message.of("sync.busy"), _retry_after(response.headers.get("Retry-After")))
    if 300 <= response.status_code < 400:
        return Unreachable(Message.of("sync.captive"))
    return Refused(Message.of("sync.refused", status=response.status_code))


def _retry_after(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
