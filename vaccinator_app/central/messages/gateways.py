"""Where messages go: the port to a telephone network, and the demo's inbox (DESIGN 8.4)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Protocol

from vaccinator_app.central.messages.outbox import State


class GatewayDown(Exception):
    """The gateway did not take the message and may take it later."""


class Undeliverable(Exception):
    """This message will never reach this number: it need not be tried again."""


class Gateway(Protocol):
    """Hands one message to a telephone network."""

    def send(self, mobile: str, text: str, report: str) -> State:
        """``mobile`` is ten digits. ``report`` is the token by which the network may say later what became of it
        (``message_states.Reports``). Returns ``TAKEN``, or ``DELIVERED`` when it is on the phone already.

        Raises ``GatewayDown`` or ``Undeliverable``; returns within seconds whatever the network does.
        """
        ...


class FileGateway:
    """The demo's inbox: one file of JSON lines a number. It is the phone, not a log, and holds the full texts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    def send(self, mobile: str, text: str, report: str) -> State:
        """Append the message."""
        line = json.dumps({"to": mobile, "text": text}, ensure_ascii=False) + "\n"
        try:
            handle = os.open(self._folder / f"{mobile}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(line.encode())
        except OSError as error:
            raise GatewayDown("the inbox cannot be written") from error
        return State.DELIVERED
