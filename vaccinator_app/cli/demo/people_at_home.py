"""The people who book: what they would do on their phones, in an app that is a partner of central (DESIGN 8.2)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from vaccinator_app.sync.tls import OneAuthority

_SECONDS = 20.0
_OTP = re.compile(r"\b(\d{6})\b")


class NotBooked(Exception):
    """Central said no; the text is its own sentence."""


class AtHome:
    """Everybody's phone and app. ``key`` is that app's at central, ``inbox`` where the file gateway puts each number's
    messages."""

    def __init__(self, address: str, authority: Path, inbox: Path, key: str) -> None:
        self._address = address
        self._inbox = inbox
        self._http = requests.Session()
        # Session.verify alone would give way to REQUESTS_CA_BUNDLE of the environment.
        self._http.mount("https://", OneAuthority(authority.read_text(encoding="ascii")))
        self._http.headers["X-Partner-Key"] = key
        self._sessions: dict[str, str] = {}

    def close(self) -> None:
        """Put the phone away."""
        self._http.close()

    def book(self, mobile: str, wish: Mapping[str, object]) -> dict[str, Any]:
        """Book one person with the OTP from this mobile's messages. Raises ``NotBooked``."""
        session = self._sessions.get(mobile) or self._sign_in(mobile)
        return self._post("/v1/bookings", wish, {"Authorization": f"Bearer {session}"})

    def code_from_sms(self, mobile: str, reference: str) -> str:
        """The security code as it stands in the newest message about ``reference``, once it has come."""
        code = re.compile(r"(?:code|कोड)(?: is)? (\d{4})\b")

        def newest() -> str | None:
            about = [text for text in self.messages(mobile) if reference in text]
            found = [match[1] for text in about if (match := code.search(text))]
            return found[-1] if found else None

        return _soon(newest, "no message with a security code came")

    def forget_sessions(self) -> None:
        """The day was longer than any session: whoever asks next signs in again."""
        self._sessions.clear()

    def certificates(self, mobile: str, name: str) -> list[str]:
        """The ids of the certificates of one's own ``name``. Raises ``NotBooked`` with what central says."""
        told = json.loads(self._get("/v1/doses", mobile))
        doses = [dose for person in told if person["name"] == name for dose in person["doses"]]
        return [dose["certificate"] for dose in doses if dose["certificate"]]

    def card(self, mobile: str, certificate: str) -> str:
        """A certificate as a SMART Health Card."""
        (card,) = json.loads(self._get(f"/v1/certificates/{certificate}/card", mobile))["verifiableCredential"]
        return str(card)

    def certificate_pdf(self, mobile: str, certificate: str) -> bytes:
        """A certificate on paper, in Hindi with English beside it."""
        return self._get(f"/v1/certificates/{certificate}?language=hi", mobile)

    def slip_pdf(self, mobile: str, reference: str) -> bytes:
        """The slip to bring along."""
        return self._get(f"/v1/bookings/{reference}/slip?language=hi", mobile)

    def fetch(self, path: str) -> bytes:
        """What central publishes for everybody."""
        return self._read(path, {})

    def messages(self, mobile: str) -> list[str]:
        """Everything this number has received, oldest first."""
        path = self._inbox / f"{_ten_digits(mobile)}.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines]

    def _sign_in(self, mobile: str) -> str:
        before = len(self.messages(mobile))
        self._post("/v1/otp", {"mobile": mobile})

        def arrived() -> str | None:
            found = [match[1] for text in self.messages(mobile)[before:] if (match := _OTP.search(text))]
            return found[-1] if found else None

        otp = _soon(arrived, "no one-time password came")
        opened = self._post("/v1/otp/verify", {"mobile": mobile, "otp": otp})
        session: str = opened["session"]
        self._sessions[mobile] = session
        return session

    def _get(self, path: str, mobile: str) -> bytes:
        session = self._sessions.get(mobile) or self._sign_in(mobile)
        return self._read(path, {"Authorization": f"Bearer {session}"})

    def _read(self, path: str, headers: Mapping[str, str]) -> bytes:
        answer = self._http.get(self._address + path, headers=headers, timeout=_SECONDS)
        if not answer.ok:
            raise NotBooked(str(answer.json().get("sentence", "central refused.")))
        return answer.content

    def _post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        answer = self._http.post(self._address + path, json=dict(body), headers=headers, timeout=_SECONDS)
        found: dict[str, Any] = answer.json()
        if not answer.ok:
            raise NotBooked(str(found.get("sentence", "central refused the booking.")))
        return found


def _ten_digits(mobile: str) -> str:
    return "".join(c for c in mobile if c.isdecimal())[-10:]


def _soon(look: Callable[[], str | None], otherwise: str) -> str:
    """What ``look`` finds once it is there. Messages travel on their own; a phone waits for them too."""
    until = time.monotonic() + _SECONDS
    while (found := look()) is None:
        if time.monotonic() > until:
            raise NotBooked(otherwise)
        time.sleep(0.01)
    return found
