"""Messages on their way out: the drain of the outbox (DESIGN 8.4).

A message is claimed in one transaction, handed to the gateway in none, and settled in another: a gateway that stalls
holds nothing up, and two servers on one database do not hand over the same message. At least once: after a crash
between handing over and settling the claim runs out and the message goes again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, bindparam, select, text, update

from vaccinator_app.central import log
from vaccinator_app.central.citizens import one_time
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.messages.gateways import Gateway, GatewayDown, Undeliverable
from vaccinator_app.central.messages.message_states import Became, report_token, settle
from vaccinator_app.central.messages.outbox import AHEAD, SHORT_LIVED, Kind, State
from vaccinator_app.central.schema import people, sms_outbox
from vaccinator_app.trust.errors import BadSeal

Texts = Mapping[str, Mapping[str, str]]
"""``resources/sms.json``, parsed: for each kind of message, its text in each language."""

AT_ONCE = 200
"""Messages claimed in one transaction."""

CLAIMED_FOR = timedelta(minutes=5)
ROUND_SECONDS = 10.0
"""What was claimed and not begun by then is given back: far sooner than the claim ends, whatever one message takes."""

_LONGEST_WAIT = timedelta(minutes=5)
WAITING = text("sms_outbox.state = 'waiting'")  # in these words, so that a query finds the index over them


def check_texts(texts: Texts, languages: Sequence[str]) -> None:
    """``CentralError`` unless every kind of message has its text in each language."""
    for kind in Kind:
        for language in languages:
            if not texts.get(kind, {}).get(language):
                raise CentralError(f"sms.json has no text for {kind} in {language}. Install the program again.")


@dataclass(slots=True)
class _Done:
    """What became of the messages of a round; those to try again later; those whose turn did not come."""

    became: list[Became] = field(default_factory=list)
    later: list[Any] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)


class Drain:
    """Brings the outbox to the gateway. ``portal`` is the address that messages name for certificates."""

    def __init__(
        self, database: Database, cupboard: Cupboard, gateway: Gateway, texts: Texts, clock: Clock, portal: str
    ) -> None:
        self._database = database
        self._cupboard = cupboard
        self._gateway = gateway
        self._texts = texts
        self._clock = clock
        self._portal = portal

    def run(self, stands_back: Callable[[], bool] = lambda: False) -> int:
        """Hand over what is due; returns how many the network took.

        Those it did not take now wait longer each time, to 5 minutes, for ever; those it never will are given up.
        While it ``stands_back``, asked before each round, only what somebody waits for at a screen goes out.
        """
        taken = given_up = 0
        while self._is_any_due(due := self._due(urgent=stands_back())):
            batch = self._database.run(partial(self._claim, due))
            done = self._hand_over(batch)
            self._database.run(partial(self._settle, done))
            taken += sum(one.state is not State.FAILED for one in done.became)
            given_up += sum(one.state is State.FAILED for one in done.became)
            if done.left or len(batch) < AT_ONCE:
                break
        if taken or given_up:
            log.event("messages_handed_over", accepted=taken, refused=given_up)
        return taken

    def _due(self, *, urgent: bool) -> list[ColumnElement[bool] | TextClause]:
        now = self._clock()
        if not urgent:
            return [WAITING, sms_outbox.c.due_at <= now]
        # Those that nobody has tried yet, which stand in front: few rows of the index to look at, however many wait.
        return [WAITING, sms_outbox.c.due_at <= now - AHEAD / 2, sms_outbox.c.kind.in_(SHORT_LIVED)]

    def _is_any_due(self, due: Sequence[ColumnElement[bool] | TextClause]) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(sms_outbox.c.id).where(*due).limit(1)).first() is not None

    def _claim(self, due: Sequence[ColumnElement[bool] | TextClause], connection: Connection) -> Sequence[Any]:
        """Take what is due, and what nobody else has taken, out of everybody's sight for a while."""
        now = self._clock()
        rows = connection.execute(
            select(
                sms_outbox,
                people.c.name.label("person_name"),
                people.c.mobile.label("person_mobile"),
                people.c.language.label("person_language"),
            )
            .join_from(sms_outbox, people, people.c.beneficiary == sms_outbox.c.recipient, isouter=True)
            .where(*due)
            .order_by(sms_outbox.c.due_at, sms_outbox.c.created_at)
            .limit(AT_ONCE)
            .with_for_update(of=sms_outbox, skip_locked=True)
        ).all()
        _put_off(connection, [(row, row.attempts, now + CLAIMED_FOR) for row in rows])
        return rows

    def _hand_over(self, batch: Sequence[Any]) -> _Done:
        done = _Done()
        ends = time.monotonic() + ROUND_SECONDS
        for place, row in enumerate(batch):
            if time.monotonic() >= ends:
                done.left.extend(batch[place:])
                break
            try:
                state = self._send(row)
            except GatewayDown:
                done.later.append(row)
            except Exception as error:  # noqa: BLE001  (what went before it must be settled, or it would go again)
                log.failure("gateway_failed", error)
                done.later.append(row)
            else:
                about = None if row.seq is None else (row.centre, row.device, row.seq)
                done.became.append(Became(row.recipient, row.id, state, about))
        return done

    def _send(self, row: Any) -> State:
        """Hand one message over. What is wrong with it is wrong with no other."""
        if row.kind in SHORT_LIVED and self._clock() >= row.created_at + one_time.LIFE:
            return State.FAILED
        try:
            written = self._write(row)
        except (BadSeal, ValueError, LookupError) as error:
            log.failure("message_unreadable", error, kind=row.kind)
            return State.FAILED
        if written is None:
            return State.FAILED
        try:
            return self._gateway.send(*written, report_token(self._cupboard, row.recipient, row.id))
        except Undeliverable:
            return State.FAILED

    def _write(self, row: Any) -> tuple[str, str] | None:
        """The number and the text of a message; None for somebody who has no number."""
        values = {"portal": self._portal, **json.loads(row.params)}
        if row.secret is not None:
            values |= json.loads(self._cupboard.unlock(row.secret, "sms_secret", row.recipient, row.id))
        if row.mobile is not None:
            mobile = self._cupboard.unlock(row.mobile, "sms_mobile", row.recipient, row.id)
        elif row.person_mobile is not None:
            mobile = self._cupboard.unlock(row.person_mobile, "mobile", row.recipient)
            values["name"] = row.person_name
        else:
            return None
        return mobile.decode(), self._texts[row.kind][row.language or row.person_language].format_map(values)

    def _settle(self, done: _Done, connection: Connection) -> None:
        now = self._clock()
        settle(connection, done.became, now)
        again = [(row, row.attempts + 1, now + _wait(row.attempts)) for row in done.later]
        _put_off(connection, again + [(row, row.attempts, row.due_at) for row in done.left])


def _wait(attempts: int) -> timedelta:
    return min(timedelta(seconds=2.0 ** min(attempts, 10)), _LONGEST_WAIT)


def _put_off(connection: Connection, rows: Sequence[tuple[Any, int, datetime]]) -> None:
    if rows:
        connection.execute(
            update(sms_outbox)
            .where(sms_outbox.c.recipient == bindparam("whose"), sms_outbox.c.id == bindparam("which"), WAITING)
            .values(attempts=bindparam("tries"), due_at=bindparam("then")),
            [{"whose": row.recipient, "which": row.id, "tries": tries, "then": then} for row, tries, then in rows],
        )
