"""The gateway to a Kannel (its smsbox, 1.4), which speaks to telephone networks for us (DESIGN 8.4).

A message travels in the body of a POST and the password in a header, so that neither stands in an address that
somebody writes to a log. Kannel cuts long texts itself. Where it reaches central, it calls back with what became of a
message (``dlr-url``), under a token that says nothing of the person.
"""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from vaccinator_app.central import log
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.messages.gateways import GatewayDown, Undeliverable
from vaccinator_app.central.messages.message_states import DELIVERED, FAILED, REJECTED
from vaccinator_app.central.messages.outbox import State

SECONDS = 5.0
"""How long Kannel may take for each step: it answers as soon as it has the message, not when the phone has."""

REPORT_PATH = "/v1/sms"
LOOPBACK = ("127.0.0.0/8", "::1/128")

_COUNTRY = "+91"
_NO_CREDENTIALS = "Authorization failed"
_LONGEST_ANSWER = 4096
_TEXT_CODING, _UCS2_CODING = "0", "2"

# 3GPP TS 23.038, 6.2.1; without the characters of its extension table, which take two places each.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KannelConfig:
    """Where the smsbox is and who we are to it.

    ``address`` is that of ``sendsms``. ``reports`` is where Kannel reaches this central (``https://127.0.0.1:8443``);
    without it nothing is reported and a message stays taken. ``reports_from`` are the networks it may report from.
    """

    address: str
    user: str
    password: str = field(repr=False)
    sender: str
    reports: str = ""
    reports_from: tuple[str, ...] = LOOPBACK


def read_config(path: Path) -> KannelConfig:
    """The configuration in a file of JSON. ``CentralError`` unless it is whole and for this account alone."""
    try:
        if path.stat().st_mode & 0o077:
            raise CentralError(f"Other accounts may read {path.name}, which holds a password. Run chmod 600 on it.")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise CentralError(f"The file {path.name} cannot be read.") from error
    except ValueError as error:
        raise CentralError(f"The file {path.name} is not JSON.") from error
    return _config(found, path.name)


def _config(found: Any, name: str) -> KannelConfig:
    names = KannelConfig.__dataclass_fields__
    if not isinstance(found, dict) or not found.keys() <= names.keys():
        raise CentralError(f"The file {name} holds what Kannel's configuration does not: it knows {', '.join(names)}.")
    values = dict(found)
    networks = values.pop("reports_from", list(LOOPBACK))
    texts = all(isinstance(value, str) and value.isascii() and value.isprintable() for value in values.values())
    if not texts or not all(values.get(wanted) for wanted in ("address", "user", "password", "sender")):
        raise CentralError(f"The file {name} needs address, user, password and sender, in plain ASCII.")
    for place in filter(None, (values["address"], values.get("reports"))):
        if urlsplit(place).scheme not in ("http", "https") or not urlsplit(place).hostname:
            raise CentralError(f"The file {name} names an address that is none: it begins with http:// or https://.")
    try:
        reports_from = tuple(str(ip_network(network)) for network in networks)
    except (TypeError, ValueError) as error:
        raise CentralError(f"The file {name} needs a list of networks in reports_from, such as 127.0.0.0/8.") from error
    return KannelConfig(**values, reports_from=reports_from)


class Kannel:
    """Hands messages to an smsbox. Holds no connection, so that it may be handed to another process."""

    def __init__(self, config: KannelConfig) -> None:
        self._config = config

    def send(self, mobile: str, text: str, report: str) -> State:
        """As ``Gateway`` says. A message that Kannel queued because no SMS centre is there counts as taken."""
        status, answer = self._post(text.encode(), self._headers(mobile, text, report))
        if 200 <= status < 300:
            return State.TAKEN
        if status == http.client.BAD_REQUEST or (
            status == http.client.FORBIDDEN and not answer.startswith(_NO_CREDENTIALS)
        ):
            # Denied by a list, not routable, no number: Kannel's own word for it is "Do not try again".
            log.event("message_refused", status=status)
            raise Undeliverable
        # Ours to put right (address, user, password) or its own trouble: nobody's message is given up for that.
        log.event("gateway_refused", status=status)
        raise GatewayDown

    def _headers(self, mobile: str, text: str, report: str) -> dict[str, str]:
        config = self._config
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": config.user,
            "X-Kannel-Password": config.password,
            "X-Kannel-From": config.sender,
            "X-Kannel-To": f"{_COUNTRY}{mobile}",
            "X-Kannel-Coding": _TEXT_CODING if _GSM.issuperset(text) else _UCS2_CODING,
        }
        if config.reports:
            headers["X-Kannel-DLR-Mask"] = str(DELIVERED | FAILED | REJECTED)
            headers["X-Kannel-DLR-Url"] = f"{config.reports.rstrip('/')}{REPORT_PATH}/{report}?said=%d"
        return headers

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        place = urlsplit(self._config.address)
        connection = _connection(place)
        try:
            connection.request("POST", place.path or "/", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(_LONGEST_ANSWER).decode("latin-1")
        except (OSError, http.client.HTTPException) as error:
            raise GatewayDown from error
        finally:
            connection.close()


def _connection(place: SplitResult) -> http.client.HTTPConnection:
    host = place.hostname or ""
    if place.scheme == "https":
        return http.client.HTTPSConnection(host, place.port, timeout=SECONDS, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, place.port, timeout=SECONDS)
