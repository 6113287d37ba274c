"""Messages on their way out: the gateway port, the demo's inbox, and the drain of the outbox (DESIGN 8.4).

At least once: a message is marked delivered after the gateway took it, so a crash between the two sends it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import bindparam, select, update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keys import Cupboard
from vaccinator_app.central.outbox import Kind, State
from vaccinator_app.central.schema import people, sms_outbox

Texts = Mapping[str, Mapping[str, str]]
"""``resources/sms.json``, parsed: for each kind of message, its text in each language."""

_AT_ONCE = 200
_LONGEST_WAIT = timedelta(minutes=5)


class GatewayDown(Exception):
    """The gateway did not take the message; it stays in the outbox."""


class Gateway(Protocol):
    """Hands one message to a telephone network."""

    def send(self, mobile: str, text: str) -> None:
        """``mobile`` is ten digits. Raises ``GatewayDown``."""
        ...


class FileGateway:
    """The demo's inbox: one file of JSON lines a number. It is the phone, not a log, and holds the full texts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    def send(self, mobile: str, text: str) -> None:
        """Append the message; durable when this returns."""
        line = json.dumps({"to": mobile, "text": text}, ensure_ascii=False) + "\n"
        try:
            handle = os.open(self._folder / f"{mobile}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(line.encode())
        except OSError as error:
            raise GatewayDown("the inbox cannot be written") from error


def check_texts(texts: Texts, languages: Sequence[str]) -> None:
    """``CentralError`` unless every kind of message has its text in each language."""
    for kind in Kind:
        for language in languages:
            if not texts.get(kind, {}).get(language):
                raise CentralError(f"sms.json has no text for {kind} in {language}. Install the program again.")


class Drain:
    """Brings the outbox to the gateway."""

    def __init__(
        self, database: Database, cupboard: Cupboard, gateway: Gateway, texts: Texts, clock: Clock, portal: str
    ) -> None:
        self._database = database
        self._cupboard = cupboard
        self._gateway = gateway
        self._texts = texts
        self._clock = clock
        self._portal = portal

    def run(self) -> int:
        """Deliver what is due; returns how many went out. Refused ones wait longer each time, to 5 minutes."""
        now = self._clock()
        delivered = 0
        while True:
            batch = self._due(now)
            done = [row for row in batch if self._deliver(row)]
            self._settle(batch, done, now)
            delivered += len(done)
            if len(batch) < _AT_ONCE:
                break
        if delivered:
            log.event("messages_delivered", count=delivered)
        return delivered

    def _due(self, now: datetime) -> Sequence[Any]:
        statement = (
            select(
                sms_outbox,
                people.c.name.label("person_name"),
                people.c.mobile.label("person_mobile"),
                people.c.language.label("person_language"),
            )
            .join_from(sms_outbox, people, people.c.beneficiary == sms_outbox.c.recipient, isouter=True)
            .where(sms_outbox.c.state == State.WAITING.value, sms_outbox.c.due_at <= now)
            .order_by(sms_outbox.c.due_at, sms_outbox.c.created_at)
            .limit(_AT_ONCE)
        )
        with self._database.read() as connection:
            return connection.execute(statement).all()

    def _deliver(self, row: Any) -> bool:
        values = {"portal": self._portal, **json.loads(row.params)}
        if row.secret is not None:
            values |= json.loads(self._cupboard.unlock(row.secret, "sms_secret", row.recipient, row.id))
        if row.mobile is not None:
            mobile = self._cupboard.unlock(row.mobile, "sms_mobile", row.recipient, row.id)
        else:
            mobile = self._cupboard.unlock(row.person_mobile, "mobile", row.recipient)
            values["name"] = row.person_name
        text = self._texts[row.kind][row.language or row.person_language].format_map(values)
        try:
            self._gateway.send(mobile.decode(), text)
        except GatewayDown:
            return False
        return True

    def _settle(self, batch: Sequence[Any], done: Sequence[Any], now: datetime) -> None:
        if not batch:
            return
        went = {(row.recipient, row.id) for row in done}
        rows = [
            {
                "whose": row.recipient,
                "which": row.id,
                "is": State.DELIVERED.value if (row.recipient, row.id) in went else State.WAITING.value,
                "tries": row.attempts + 1,
                "then": now + min(timedelta(seconds=2.0 ** min(row.attempts, 10)), _LONGEST_WAIT),
                "went_at": now if (row.recipient, row.id) in went else None,
                "kept": None if (row.recipient, row.id) in went else row.secret,
            }
            for row in batch
        ]
        statement = (
            update(sms_outbox)
            .where(sms_outbox.c.recipient == bindparam("whose"), sms_outbox.c.id == bindparam("which"))
            .values(
                state=bindparam("is"),
                attempts=bindparam("tries"),
                due_at=bindparam("then"),
                delivered_at=bindparam("went_at"),
                secret=bindparam("kept"),
            )
        )
        with self._database.write() as connection:
            connection.execute(statement, rows)
