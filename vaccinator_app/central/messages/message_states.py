"""What became of a message: into the outbox, and to the desk whose record it tells of (DESIGN 7.5, 8.4).

A state only goes forward: waiting, taken, then delivered or failed. So it does not matter whether the network's report
or the answer of whoever handed the message over is written first.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, or_, select, update

from vaccinator_app.central import feed, locks, log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.schema import records, sms_outbox
from vaccinator_app.trust.errors import BadSeal

_BEFORE = {
    State.TAKEN: (State.WAITING,),
    State.DELIVERED: (State.WAITING, State.TAKEN),
    State.FAILED: (State.WAITING, State.TAKEN),
}
_FIELD = "sms_report"
_LONGEST_TOKEN = 400

DELIVERED, FAILED, REJECTED = 1, 2, 16
"""What a report says, in Kannel's numbers: on the phone; not, and never will be; not taken by the SMS centre."""

_REPORTED = {DELIVERED: State.DELIVERED, FAILED: State.FAILED, REJECTED: State.FAILED}


@dataclass(frozen=True, slots=True)
class Became:
    """A message and what became of it. ``about`` is the record it tells of: centre, device, ``seq``."""

    recipient: str
    id: str
    state: State
    about: tuple[str, str, int] | None


def settle(connection: Connection, found: Sequence[Became], now: datetime) -> None:
    """Write down what became of these messages, in the caller's transaction. What was secret in them goes."""
    locks.places(connection, (one.about[0] for one in found if one.about is not None))
    for state in (State.TAKEN, State.DELIVERED, State.FAILED):
        rows = [{"whose": one.recipient, "which": one.id} for one in found if one.state is state]
        if rows:
            connection.execute(
                update(sms_outbox)
                .where(
                    sms_outbox.c.recipient == bindparam("whose"),
                    sms_outbox.c.id == bindparam("which"),
                    or_(*(sms_outbox.c.state == before.value for before in _BEFORE[state])),
                )
                .values(state=state.value, secret=None, delivered_at=now if state is State.DELIVERED else None),
                rows,
            )
    _tell(connection, found)


def _tell(connection: Connection, found: Sequence[Became]) -> None:
    """Put the records into the feed of their centres."""
    about: dict[str, list[tuple[str, int, State]]] = {}
    for one in found:
        if one.about is not None:
            centre, device, seq = one.about
            about.setdefault(centre, []).append((device, seq, one.state))
    for centre, told in sorted(about.items()):
        places = feed.take(connection, centre, len(told))
        placed = [(*one, place) for one, place in zip(sorted(told), places, strict=True)]
        for state in {state for _, _, state in told}:
            before = ("", *(earlier.value for earlier in _BEFORE[state]))
            connection.execute(
                update(records)
                .where(
                    records.c.centre == centre,
                    records.c.device == bindparam("whose"),
                    records.c.seq == bindparam("which"),
                    or_(records.c.message.is_(None), *(records.c.message == word for word in before)),
                )
                .values(message=state.value, changed=bindparam("place")),
                [{"whose": device, "which": seq, "place": place} for device, seq, of, place in placed if of is state],
            )


def report_token(cupboard: Cupboard, recipient: str, name: str) -> str:
    """The name under which a network reports on a message: sealed, so that nobody can guess or read one."""
    plain = msgspec.msgpack.encode((recipient, name))
    return base64.urlsafe_b64encode(cupboard.lock(plain, _FIELD)).rstrip(b"=").decode()


class Reports:
    """Takes the telephone network's word on what became of a message."""

    def __init__(self, database: Database, cupboard: Cupboard, clock: Clock) -> None:
        self._database = database
        self._cupboard = cupboard
        self._clock = clock

    def take(self, token: str, said: int) -> bool:
        """Note a report; False when the token is none of ours, which costs no look into the database.

        One that says nothing final, comes a second time or tells of a message long forgotten changes nothing.
        """
        message = self._message(token)
        if message is None:
            return False
        state = _REPORTED.get(said)
        if state is not None:
            self._database.run(lambda connection: self._note(connection, message, state))
        return True

    def _message(self, token: str) -> tuple[str, str] | None:
        if not token.isascii() or len(token) > _LONGEST_TOKEN:
            return None
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            return msgspec.msgpack.decode(self._cupboard.unlock(sealed, _FIELD), type=tuple[str, str])
        except (binascii.Error, BadSeal, ValueError):
            return None

    def _note(self, connection: Connection, message: tuple[str, str], state: State) -> None:
        recipient, name = message
        row = connection.execute(
            select(sms_outbox.c.state, sms_outbox.c.centre, sms_outbox.c.device, sms_outbox.c.seq).where(
                sms_outbox.c.recipient == recipient, sms_outbox.c.id == name
            )
        ).one_or_none()
        if row is None or row.state not in _BEFORE[state]:
            return
        about = None if row.seq is None else (row.centre, row.device, row.seq)
        settle(connection, [Became(recipient, name, state, about)], self._clock())
        log.event("message_reported", status=state.value)
