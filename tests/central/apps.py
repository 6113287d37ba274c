"""A served central and the apps that connect to it, as their owners write them: JSON over TLS and a partner's key."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.central.support import BOUNDLESS, World, partner_key, texts
from vaccinator_app.central.citizens.partners import Partners, Scope
from vaccinator_app.central.http.partner_door import HEADER
from vaccinator_app.central.running.server import Running, running
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.resources import font_files, resources_folder

ANSWER = "234567"
"""What every captcha of these servers shows."""


@contextmanager
def served(world: World, **changes: Any) -> Iterator[Running]:
    """``world`` behind its real server, portal and all, on a free port."""
    fields: dict[str, Any] = {
        "home": world.folder,
        "texts": texts(),
        "port": 0,
        "clock": world.clock,
        "resources": resources_folder(),
        "fonts": font_files(),
        "captcha_answer": lambda: ANSWER,
        "bounds": BOUNDLESS,
    }
    with running(Settings(**{**fields, **changes})) as found:
        (world.folder / "authority.pem").write_bytes(found.authority)
        yield found


@dataclass(slots=True)
class App:
    """A partner's app: its key, and the sessions that citizens opened through it."""

    server: Running
    folder: Path
    key: str
    web: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.web.verify, self.web.trust_env = str(self.folder / "authority.pem"), False

    def call(
        self, method: str, path: str, session: str = "", *, key: str | None = None, **more: Any
    ) -> requests.Response:
        """One call with this app's key, or another; ``session`` is a citizen's."""
        headers = {**more.pop("headers", {}), HEADER: self.key if key is None else key}
        if session:
            headers["Authorization"] = f"Bearer {session}"
        return self.web.request(
            method, f"{self.server.address}{path}", headers=headers, allow_redirects=False, timeout=30, **more
        )

    def sign_in(self, mobile: str) -> str:
        """A session, opened with the one-time password that came by SMS."""
        self.server.drain.run()
        before = len(self._inbox(mobile))
        asked = self.call("POST", "/v1/otp", json={"mobile": mobile})
        assert asked.status_code == 202, asked.text
        until = time.monotonic() + 20
        # The server's own postman may be on the way with it.
        while not (fresh := self._inbox(mobile)[before:]):
            assert time.monotonic() < until, "no one-time password came"
            self.server.drain.run()
        (otp,) = {text[:6] for text in fresh}
        opened = self.call("POST", "/v1/otp/verify", json={"mobile": mobile, "otp": otp})
        assert opened.status_code == 200, opened.text
        return str(opened.json()["session"])

    def partner(self, world: World) -> str:
        """What central calls this app."""
        return Partners(world.home.database, world.home.keys, world.clock).identify(self.key).partner

    def _inbox(self, mobile: str) -> list[str]:
        file = self.folder / "sms" / f"{mobile}.jsonl"
        return [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def app(world: World, server: Running, scopes: Sequence[Scope] = tuple(Scope), calls_a_day: int = 10**6) -> App:
    """A new partner's app."""
    return App(server, world.folder, partner_key(world.folder, scopes, calls_a_day))
